#include "runtime/stimulus.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "core/files/hdf5.hpp"
#include "core/files/npy.hpp"
#include "runtime/small_image.hpp"
#include "runtime/stimulus_files.hpp"
#include "support/temporary_folder.hpp"

using namespace spikeloom;
using namespace spikeloom::runtime;

namespace {

/// An image with nothing but ports.
chip::Image ports(const std::vector<std::pair<std::string, std::uint32_t>>& sizes) {
    chip::Image image;
    for (const auto& [name, size] : sizes) {
        image.inputs.push_back(
            {.name = name, .shape = {size}, .output_first = std::vector<std::uint32_t>(size + 1, 0), .outputs = {}});
    }
    return image;
}

using Events = std::vector<SpikeEvent>;

/// All spikes of the first steps, one event each, in the order in which they come.
Events all_spikes(Stimulus& stimulus, std::uint64_t steps) {
    Events events;
    std::vector<chip::InputSpike> spikes;
    for (std::uint64_t step = 0; step < steps; ++step) {
        spikes.clear();
        stimulus.spikes(Step{step}, spikes);
        for (const chip::InputSpike& spike : spikes) {
            events.push_back({step, spike.port, spike.channel});
        }
    }
    return events;
}

std::string failure(const Result<std::unique_ptr<Stimulus>>& result) {
    REQUIRE_FALSE(result.has_value());
    return to_text(result.error());
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

files::Array raster(std::vector<std::size_t> shape, const std::vector<std::uint8_t>& values) {
    return files::make_array(std::move(shape), values);
}

}  // namespace

TEST_CASE("events come sorted, once each, whatever the order of the steps asked for") {
    const auto stimulus = make_event_stimulus({{5, 0, 1}, {2, 1, 0}, {2, 0, 3}, {2, 0, 3}, {0, 0, 0}}, 8);
    const Events expected{{0, 0, 0}, {2, 0, 3}, {2, 1, 0}, {5, 0, 1}};
    CHECK(all_spikes(*stimulus, 8) == expected);
    CHECK(all_spikes(*stimulus, 8) == expected);
    std::vector<chip::InputSpike> spikes;
    stimulus->spikes(Step{2}, spikes);
    CHECK(spikes.size() == 2);
    stimulus->spikes(Step{2}, spikes);
    CHECK(spikes.size() == 4);
    CHECK(check_stimulus_length(*stimulus, 8).empty());
    CHECK(has(to_text(check_stimulus_length(*stimulus, 7)), "lasts 8 steps and the run 7"));
}

TEST_CASE("Poisson sources: rate, independence, seed") {
    chip::Image image = ports({{"a", 100}, {"b", 30}});
    const auto one = open_stimulus("poisson:50", image, 1);
    REQUIRE(one.has_value());
    const Events spikes = all_spikes(**one, 2000);
    const double expected = 130 * 2000 * 0.05;
    CHECK(std::abs(static_cast<double>(spikes.size()) - expected) < 4 * std::sqrt(expected));
    CHECK(all_spikes(**one, 2000) == spikes);
    CHECK(all_spikes(**open_stimulus("poisson:50", image, 2), 2000) != spikes);
    CHECK(all_spikes(**open_stimulus("poisson:0", image, 2), 100).empty());
    CHECK(all_spikes(**open_stimulus("poisson:1000", image, 2), 10).size() == 1300);
    for (const char* wrong :
         {"poisson:", "poisson:-1", "poisson:1001", "poisson:nan", "poisson:1e999", "poisson:5Hz"}) {
        CAPTURE(wrong);
        CHECK(has(failure(open_stimulus(wrong, image, 0)), "0 to 1000 Hz"));
    }
}

TEST_CASE("rasters: one port, several, and samples") {
    const test::TemporaryFolder folder;
    const chip::Image image = ports({{"input", 3}});
    const Events expected{{0, 0, 1}, {1, 0, 0}, {1, 0, 2}};
    REQUIRE(files::write_npy(raster({2, 3}, {0, 1, 0, 1, 0, 1}), folder("a.npy")).has_value());
    const auto plain = open_stimulus(folder("a.npy"), image, 0);
    REQUIRE(plain.has_value());
    CHECK((*plain)->steps() == 2);
    CHECK(all_spikes(**plain, 2) == expected);

    REQUIRE(files::write_npy(raster({2, 2, 3}, {1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0, 1}), folder("b.npy")).has_value());
    CHECK(all_spikes(**open_stimulus(folder("b.npy") + "#1", image, 0), 2) == expected);
    CHECK(stimulus_file(folder("b.npy") + "#1") == folder("b.npy"));
    CHECK(has(failure(open_stimulus(folder("b.npy"), image, 0)), "choose a sample: write #0 to #1"));
    CHECK(has(failure(open_stimulus(folder("b.npy") + "#2", image, 0)), "samples are 0..1"));
    CHECK(has(failure(open_stimulus(folder("a.npy") + "#0", image, 0)), "leave out #0"));

    const chip::Image two = ports({{"left", 2}, {"right", 1}});
    REQUIRE(files::write_npz({{"right", raster({3, 1}, {0, 0, 1})}, {"left", raster({2, 2}, {1, 0, 0, 0})}},
                             folder("c.npz"))
                .has_value());
    const auto both = open_stimulus(folder("c.npz"), two, 0);
    REQUIRE(both.has_value());
    CHECK((*both)->steps() == 3);
    CHECK(all_spikes(**both, 3) == Events{{0, 0, 0}, {2, 1, 0}});
    CHECK(has(failure(open_stimulus(folder("a.npy"), two, 0)), "'left' (2 channels), port 'right' (1 channels)"));
}

TEST_CASE("rasters: what doesn't fit is said with what the port wants") {
    const chip::Image image = ports({{"input", 3}});
    const auto text = [&](const files::NamedArrays& arrays) {
        const auto list = raster_events(arrays, "r.npz", std::nullopt, image);
        REQUIRE_FALSE(list.has_value());
        return to_text(list.error());
    };
    CHECK(has(text({{"x", raster({4, 2}, std::vector<std::uint8_t>(8))}}), "'input' (3 channels) wants steps x 3"));
    CHECK(has(text({{"x", raster({3, 4}, std::vector<std::uint8_t>(12))}}), "transpose"));
    CHECK(has(text({{"x", raster({3}, {1, 0, 1})}}), "shape 3"));
    CHECK(has(text({{"x", raster({0, 3}, {})}}), "an empty array"));
    CHECK(has(text({}), "the archive is empty"));
    CHECK(has(text({{"inputs", raster({1, 3}, {0, 0, 0})}, {"labels", raster({1}, {0})}}), "spikeloom eval"));
    const std::string values = text({{"x", files::make_array({2, 3}, std::vector<double>{0, 2, 0.5, -1, NAN, 1})}});
    for (const char* part : {"value 2 at step 0, channel 1", "value 0.5", "value -1", "value nan"}) {
        CAPTURE(part);
        CHECK(has(values, part));
    }
}

TEST_CASE("events as text") {
    const chip::Image one = ports({{"input", 3}});
    const auto list = parse_event_csv("step,channel\n# a comment\n0,2\r\n 7 , 0 # late\n\n", "e.csv", one);
    REQUIRE(list.has_value());
    CHECK(list->events == Events{{0, 0, 2}, {7, 0, 0}});
    CHECK(list->steps == 8);

    const chip::Image two = ports({{"left", 2}, {"right", 1}});
    CHECK(parse_event_csv("3,right,0\n3,0,1", "e.csv", two)->events == Events{{3, 1, 0}, {3, 0, 1}});

    const auto graded = parse_event_csv("step,port,channel,payload\n3,left,1,200\n4,1,0,0", "e.csv", two);
    REQUIRE(graded.has_value());
    CHECK(graded->events == Events{{3, 0, 1, 200}, {4, 1, 0, 0}});
    const auto beyond = parse_event_csv("3,left,1,-1\n3,left,1,16777216", "e.csv", two);
    REQUIRE_FALSE(beyond.has_value());
    CHECK(has(to_text(beyond.error()), "e.csv:1:10: error: payload '-1'; allowed: an integer 0..2^24 - 1"));
    CHECK(has(to_text(beyond.error()), "e.csv:2:10"));
    chip::Image signed_image = two;
    for (chip::InputSymbol& input : signed_image.inputs) {
        input.graded = true;
    }
    const auto negative = parse_event_csv("step,port,channel,payload\n3,left,1,-200\n", "e.csv", signed_image);
    REQUIRE(negative.has_value());
    CHECK(negative->events.at(0).payload == -200);

    const auto wrong =
        parse_event_csv("0,3\n-1,0\n0,0,0,0,0\nstep,channel\n1.5,0\n99999999999999999999,0\n0,\n", "e.csv", one);
    REQUIRE_FALSE(wrong.has_value());
    CHECK(wrong.error().size() == 7);
    CHECK(has(to_text(wrong.error()), "e.csv:1:3: error: channel '3'; allowed: an integer 0..2"));
    CHECK(has(to_text(wrong.error()), "e.csv:2:1: error: step '-1'"));
    const auto portless = parse_event_csv("0,0\n0,up,0", "e.csv", two);
    REQUIRE_FALSE(portless.has_value());
    CHECK(has(to_text(portless.error()), "no port 'up'; allowed: port 'left' (2 channels)"));

    std::string flood;
    for (int i = 0; i < 100; ++i) {
        flood += "x,y\n";
    }
    const auto many = parse_event_csv(flood, "e.csv", one);
    REQUIRE_FALSE(many.has_value());
    CHECK(many.error().size() == 21);
    CHECK(has(to_text(many.error()), "80 findings more"));
}

namespace {

struct SonataFile {
    std::string times = "/spikes/input/timestamps";
    std::string ids = "/spikes/input/node_ids";
    std::string units = "ms";
    std::vector<double> time_values;
    std::vector<std::uint64_t> id_values;
};

std::string write_sonata(const test::TemporaryFolder& folder, const SonataFile& content) {
    const std::string path = folder("s.h5");
    auto file = files::Hdf5Writer::create(path);
    REQUIRE(file.has_value());
    file->array<double>(content.times, content.time_values);
    file->array<std::uint64_t>(content.ids, content.id_values);
    if (!content.units.empty()) {
        file->attribute(content.times, "units", content.units);
    }
    REQUIRE(file->close().has_value());
    return path;
}

}  // namespace

TEST_CASE("SONATA: the standard's layout, units, and the old dialects") {
    const test::TemporaryFolder folder;
    chip::Image image = ports({{"input", 3}});
    image.step_s = 1e-4;
    const Events expected{{0, 0, 2}, {3, 0, 1}, {10, 0, 0}};
    const std::vector<double> times{1.04, 0.3, 0.0};  // 0.3 / 0.1 is below 3 in floating point
    const std::vector<std::uint64_t> ids{0, 1, 2};
    for (const SonataFile& file :
         {SonataFile{.time_values = times, .id_values = ids},
          SonataFile{.units = "", .time_values = times, .id_values = ids},
          SonataFile{.units = "s", .time_values = {0.00104, 0.0003, 0}, .id_values = ids},
          SonataFile{.times = "/spikes/timestamps", .ids = "/spikes/gids", .time_values = times, .id_values = ids},
          SonataFile{.times = "/spikes/timestamps", .ids = "/spikes/node_ids", .time_values = times, .id_values = ids},
          SonataFile{.times = "/spikes/other/timestamps",
                     .ids = "/spikes/other/node_ids",
                     .time_values = times,
                     .id_values = ids}}) {
        CAPTURE(file.times);
        const auto stimulus = open_stimulus(write_sonata(folder, file), image, 0);
        REQUIRE(stimulus.has_value());
        CHECK((*stimulus)->steps() == 11);
        CHECK(all_spikes(**stimulus, 11) == expected);
    }
}

TEST_CASE("SONATA: broken files are diagnosed with the HDF5 path") {
    const test::TemporaryFolder folder;
    const chip::Image image = ports({{"input", 3}});
    const auto text = [&](const SonataFile& file) {
        return failure(open_stimulus(write_sonata(folder, file), image, 0));
    };
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const std::string values = text({.time_values = {-1, nan, 1e300, 1, 1}, .id_values = {0, 0, 0, 3, 2}});
    CHECK(has(values, "s.h5:/spikes/input/timestamps[0]: error: a spike at -1 ms"));
    CHECK(has(values, "timestamps[1]"));
    CHECK(has(values, "timestamps[2]"));
    CHECK(has(values, "node_ids[3]: error: node id 3; allowed: 0..2 of port 'input'"));
    CHECK_FALSE(has(values, "[4]"));
    CHECK(has(text({.time_values = {1, 2}, .id_values = {0}}), "2 times for 1 node ids"));
    CHECK(has(text({.units = "parsec", .time_values = {1}, .id_values = {0}}), "@units: error: times in 'parsec'"));
    const SonataFile foreign{.times = "/other/times", .ids = "/other/ids", .time_values = {}, .id_values = {}};
    CHECK(has(text(foreign), "no SONATA spikes"));
    const chip::Image two = ports({{"left", 2}, {"right", 1}});
    CHECK(has(failure(open_stimulus(write_sonata(folder, {}), two, 0)), "no port has this population's name"));
    CHECK(has(failure(open_stimulus(folder("missing.h5"), image, 0)), "no such file"));
    CHECK(has(failure(open_stimulus("t10k-images-idx3-ubyte.gz", image, 0)), "spikeloom eval"));
    CHECK(has(failure(open_stimulus("a.wav", image, 0)), "poisson:RATE"));
    CHECK(has(failure(open_stimulus("a.npy", chip::Image(), 0)), "no input port"));
}
