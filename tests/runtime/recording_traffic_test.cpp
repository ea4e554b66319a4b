// /traffic of a recording, and what timing leaves alone: spikes and counters.
#include "runtime/recording_traffic.hpp"

#include <doctest/doctest.h>

#include <numeric>
#include <optional>

#include "core/files/hdf5.hpp"
#include "runtime/evaluation.hpp"
#include "runtime/recording.hpp"
#include "runtime/small_image.hpp"
#include "support/temporary_folder.hpp"

using namespace spikeloom;
using namespace spikeloom::runtime;
using files::Hdf5Reader;

namespace {

chip::Image busy_image() {
    test::SmallImageOptions options{.channels = 20, .layers = {30, 10}, .cores_per_layer = 6, .threshold = 200};
    options.voltage_decay = 300;
    options.weight = [](std::uint32_t l, std::uint32_t s, std::uint32_t n) {
        return static_cast<int>((s * 31 + n * 13 + l * 7) % 61) - 20;
    };
    return test::small_image(options);
}

struct RunOptions {
    std::optional<TimingOptions> timing = TimingOptions{};
    std::uint64_t steps = 100;
    int threads = 1;
    bool core_steps = false;
};

Hdf5Reader record(const chip::Image& image, const std::string& path, const RunOptions& options) {
    auto session = Session::open(
        image, {.threads = options.threads, .seed = 1, .least_parallel_work = 0, .timing = options.timing});
    REQUIRE_MESSAGE(session.has_value(), to_text(session.error()));
    auto recorder = Recorder::create({.path = path, .core_steps = options.core_steps}, *session);
    REQUIRE(recorder.has_value());
    const auto stimulus = make_poisson_stimulus(image, {.rate_hz = 300, .seed = 1});
    Sink* const sinks[] = {recorder->get()};
    REQUIRE(session->run(options.steps, *stimulus, sinks) == options.steps);
    REQUIRE((*recorder)->close(false).has_value());
    auto file = Hdf5Reader::open(path);
    REQUIRE(file.has_value());
    return std::move(*file);
}

template <class T>
std::vector<T> read(const Hdf5Reader& file, const std::string& path) {
    auto array = file.read<T>(path);
    REQUIRE_MESSAGE(array.has_value(), path);
    return array->values;
}

template <class T>
T sum(const std::vector<T>& values) {
    return std::accumulate(values.begin(), values.end(), T{});
}

}  // namespace

TEST_CASE("spikes and counters don't depend on how steps are timed; times do") {
    const test::TemporaryFolder folder;
    const chip::Image image = busy_image();
    const Hdf5Reader bare = record(image, folder("bare.h5"), {.timing = std::nullopt});
    CHECK_FALSE(bare.has("/traffic"));
    std::vector<double> times;
    for (const router::Model model : {router::Model::free, router::Model::queued, router::Model::flit}) {
        const std::string name(router::name_of(model));
        CAPTURE(name);
        const Hdf5Reader file = record(image, folder(name + ".h5"), {.timing = TimingOptions{.model = model}});
        for (const char* path :
             {"/spikes/layer0/node_ids", "/spikes/layer1/node_ids", "/counters/total", "/counters/per_step"}) {
            CHECK(read<std::uint64_t>(file, path) == read<std::uint64_t>(bare, path));
        }
        for (const chip::CostTable& costs : image.chip.costs) {
            const std::string energy = "/energy/" + costs.name;
            CHECK(read<double>(file, energy + "/core_dynamic") == read<double>(bare, energy + "/core_dynamic"));
            CHECK(file.attribute_text(energy + "/step_time", "model") ==
                  (&costs == image.chip.costs.data() ? name : "free"));
        }
        CHECK(file.read_text("/traffic/model") == name);
        times.push_back(sum(read<double>(file, "/energy/" + image.chip.costs[0].name + "/step_time")));
    }
    CHECK(times[1] > times[0]);
    CHECK(times[2] > times[0]);
}

TEST_CASE("a table's times under free are the same whichever table and model are chosen") {
    const test::TemporaryFolder folder;
    const chip::Image image = busy_image();
    REQUIRE(image.chip.costs.size() > 1);
    const std::string name = image.chip.costs[0].name;
    const TimingOptions itself{.model = router::Model::free, .costs = name};
    const TimingOptions other{.model = router::Model::queued, .costs = image.chip.costs[1].name};
    const Hdf5Reader chosen = record(image, folder("a.h5"), {.timing = itself});
    const Hdf5Reader beside = record(image, folder("b.h5"), {.timing = other, .threads = 2});
    CHECK(read<double>(chosen, "/energy/" + name + "/step_time") ==
          read<double>(beside, "/energy/" + name + "/step_time"));
    CHECK(read<int>(chosen, "/energy/" + name + "/slowest_core") ==
          read<int>(beside, "/energy/" + name + "/slowest_core"));
}

TEST_CASE("phases add up to the step's time, links to the messages' hops") {
    const test::TemporaryFolder folder;
    const chip::Image image = busy_image();
    const Hdf5Reader file = record(image, folder("run.h5"), {.steps = 1000});
    const auto phases = read<double>(file, "/traffic/phases");
    const auto times = read<double>(file, "/energy/" + image.chip.costs[0].name + "/step_time");
    REQUIRE(phases.size() == 8 * 1000);
    REQUIRE(times.size() == 1000);
    for (std::size_t step = 0; step < times.size(); ++step) {
        const double* row = &phases[8 * step];
        CHECK(row[0] == times[step]);
        CHECK(row[0] == doctest::Approx(row[1] + row[5] + row[6] + row[7]).epsilon(1e-6));
        CHECK(row[1] >= row[2]);
        CHECK(row[1] >= row[3]);
    }
    const auto counters = read<std::uint64_t>(file, "/counters/total");
    std::uint64_t hops = 0;
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < counters.size(); ++i) {
        const Counter counter = counter_table[i % counter_count].counter;
        hops += counter == Counter::hops_ew || counter == Counter::hops_ns ? counters[i] : 0;
        out += counter == Counter::messages_out ? counters[i] : 0;
    }
    const auto flits = read<std::uint64_t>(file, "/traffic/links/flits");
    CHECK(hops > 100);
    CHECK(sum(flits) == hops);
    CHECK(sum(read<std::uint64_t>(file, "/traffic/cores/out")) == out);
    const auto window_flits = read<std::uint64_t>(file, "/traffic/windows/flits");
    CHECK(sum(window_flits) == hops);
    const auto windows = read<std::uint32_t>(file, "/traffic/windows/window");
    const auto links = read<std::uint32_t>(file, "/traffic/windows/link");
    CHECK(read<std::uint64_t>(file, "/traffic/windows/steps") == std::vector<std::uint64_t>{8});
    CHECK(windows.back() < most_recorded_windows);
    CHECK(windows.back() >= 120);
    std::vector<std::uint64_t> by_link(flits.size());
    for (std::size_t row = 0; row < links.size(); ++row) {
        by_link[links[row]] += window_flits[row];
        CHECK((row == 0 || std::pair(windows[row - 1], links[row - 1]) < std::pair(windows[row], links[row])));
    }
    CHECK(by_link == flits);
}

TEST_CASE("a trace keeps what its filter says, and tells when it was cut") {
    const test::TemporaryFolder folder;
    const chip::Image image = busy_image();
    TimingOptions timing;
    timing.trace.on = true;
    const Hdf5Reader all = record(image, folder("all.h5"), {.timing = timing});
    const auto counters = read<std::uint64_t>(all, "/traffic/cores/out");
    const auto steps = read<std::uint64_t>(all, "/traffic/trace/step");
    CHECK(steps.size() == sum(counters));
    CHECK(read<int>(all, "/traffic/trace/cut") == std::vector<int>{0});
    const auto source = read<std::uint32_t>(all, "/traffic/trace/source");
    const auto made = read<double>(all, "/traffic/trace/made");
    const auto arrived = read<double>(all, "/traffic/trace/arrived");
    const auto processed = read<double>(all, "/traffic/trace/processed");
    std::size_t wanted = 0;
    const auto destination = read<std::uint32_t>(all, "/traffic/trace/destination");
    for (std::size_t i = 0; i < steps.size(); ++i) {
        CHECK(made[i] < arrived[i]);
        CHECK(arrived[i] < processed[i]);
        const bool there = (source[i] >= 2 && source[i] < 4) || destination[i] == 7 ||
                           (destination[i] >= 2 && destination[i] < 4) || source[i] == 7;
        wanted += there && steps[i] >= 10 && steps[i] < 50 ? 1 : 0;
    }
    timing.trace.first_step = 10;
    timing.trace.last_step = 50;
    timing.trace.places = {{2, 4}, {7, 8}};
    const Hdf5Reader some = record(image, folder("some.h5"), {.timing = timing});
    CHECK(wanted > 10);
    CHECK(read<std::uint64_t>(some, "/traffic/trace/step").size() == wanted);
    timing.trace.limit = wanted - 1;
    const Hdf5Reader cut = record(image, folder("cut.h5"), {.timing = timing, .threads = 3});
    CHECK(read<std::uint64_t>(cut, "/traffic/trace/step").size() == wanted - 1);
    CHECK(read<int>(cut, "/traffic/trace/cut") == std::vector<int>{1});
    timing.traffic = false;
    const Hdf5Reader only = record(image, folder("only.h5"), {.timing = timing});
    CHECK(only.has("/traffic/trace/step"));
    CHECK_FALSE(only.has("/traffic/links"));
}

TEST_CASE("the same times and traffic on one thread and on three") {
    const test::TemporaryFolder folder;
    const chip::Image image = busy_image();
    const Hdf5Reader one = record(image, folder("1.h5"), {.threads = 1, .core_steps = true});
    const Hdf5Reader three = record(image, folder("3.h5"), {.threads = 3, .core_steps = true});
    const std::string time = "/energy/" + image.chip.costs[0].name + "/step_time";
    for (const std::string& path :
         {time, std::string("/traffic/phases"), std::string("/traffic/bound"), std::string("/traffic/core"),
          std::string("/traffic/link"), std::string("/traffic/links/flits"), std::string("/traffic/links/waited"),
          std::string("/traffic/windows/flits"), std::string("/traffic/core_steps/counters")}) {
        CAPTURE(path);
        CHECK(read<double>(one, path) == read<double>(three, path));
    }
    const auto counters = read<std::uint64_t>(one, "/traffic/core_steps/counters");
    const auto at = read<std::uint64_t>(one, "/traffic/core_steps/step");
    const auto core = read<std::uint32_t>(one, "/traffic/core_steps/core");
    REQUIRE(counters.size() == counter_count * core.size());
    std::vector<std::vector<Counters>> steps(100, std::vector<Counters>(image.cores.size()));
    for (std::size_t row = 0; row < core.size(); ++row) {
        for (std::size_t i = 0; i < counter_count; ++i) {
            steps[at[row]][core[row]][counter_table[i].counter] = counters[row * counter_count + i];
        }
    }
    // Whoever prices these counters finds the times that were recorded beside them.
    const chip::CostTable& other = image.chip.costs[1];
    const auto times = read<double>(one, "/energy/" + other.name + "/step_time");
    for (std::size_t step = 0; step < steps.size(); ++step) {
        const double expected = chip::step_time(steps[step], other, 3).time_ns;
        CHECK(times[step] == doctest::Approx(expected).epsilon(1e-6));
    }
}

TEST_CASE("a cost table that the chip lacks is refused, with those that it has") {
    const chip::Image image = busy_image();
    const auto session = Session::open(image, {.timing = TimingOptions{.costs = "nobody's"}});
    REQUIRE_FALSE(session.has_value());
    CHECK(to_text(session.error()).find(image.chip.costs[0].name) != std::string::npos);
}

TEST_CASE("samples: latency until the first output spike, and whether they may follow one another") {
    const test::TemporaryFolder folder;
    const chip::Image image = test::small_image({.channels = 2, .layers = {2, 2}});
    CHECK(is_feed_forward(image));
    chip::Image loop = image;  // layer1's core sends where layer0's does: to itself
    loop.cores[1].outputs = {loop.cores[0].outputs[0], loop.cores[0].outputs[1]};
    loop.cores[1].output_first = {0, 1, 2};
    CHECK_FALSE(is_feed_forward(loop));
    auto session = Session::open(image, {.timing = TimingOptions{}});
    REQUIRE(session.has_value());
    auto recorder = Recorder::create({.path = folder("eval.h5")}, *session);
    REQUIRE(recorder.has_value());
    (*recorder)->describe_samples({.input_steps = 5, .feed_forward = true});
    Sink* const sinks[] = {recorder->get()};
    for (const std::int32_t first : {3, -1}) {
        session->reset_state();
        const auto stimulus = make_poisson_stimulus(image, {.rate_hz = 500, .seed = 1});
        REQUIRE(session->run(6, *stimulus, sinks).has_value());
        REQUIRE((*recorder)
                    ->add_sample(
                        {.label = 0, .predicted = 0, .steps = 6, .first_spike_step = first, .output_spikes = {1, 0}})
                    .has_value());
    }
    REQUIRE((*recorder)->close(false).has_value());
    const auto file = Hdf5Reader::open(folder("eval.h5"));
    REQUIRE(file.has_value());
    const std::string name = image.chip.costs[0].name;
    const auto times = read<double>(*file, "/energy/" + name + "/step_time");
    const auto whole = read<double>(*file, "/eval/time_" + name);
    const auto first_spike = read<double>(*file, "/eval/first_spike_" + name);
    CHECK(first_spike[0] == doctest::Approx(times[0] + times[1] + times[2] + times[3]));
    CHECK(first_spike[1] == -1);
    CHECK(whole[0] == doctest::Approx(std::accumulate(times.begin(), times.begin() + 6, 0.0)));
    CHECK(whole[1] == doctest::Approx(std::accumulate(times.begin() + 6, times.end(), 0.0)));
    CHECK(read<int>(*file, "/eval/input_steps") == std::vector<int>{5});
    CHECK(read<int>(*file, "/eval/feed_forward") == std::vector<int>{1});
    CHECK(read<double>(*file, "/provenance/wall")[0] > 0);
}
