#include "runtime/analog/timed_stimulus.hpp"

#include <doctest/doctest.h>

#include "core/files/hdf5.hpp"
#include "support/temporary_folder.hpp"
#include "timed_builder.hpp"

namespace spikeloom::runtime {
namespace {

using core::analog::InputSpike;

chip::AnalogImage two_inputs() {
    chip::AnalogImage image = small_image(3, 1, {1, 1, 1});
    image.inputs[0].count = 2;
    image.inputs[0].shape = {2};
    image.inputs.push_back({.name = "more", .shape = {1}, .first_channel = 2, .count = 1, .constant_times = {}});
    return image;
}

bool refused(const std::string& text, const std::string& where, const std::string& found) {
    const auto spikes = parse_timed_csv(text, "t", two_inputs());
    REQUIRE_FALSE(spikes);
    INFO(to_text(spikes.error()));
    return spikes.error()[0].where == where && spikes.error()[0].found.find(found) != std::string::npos;
}

}  // namespace

TEST_CASE("lines of time, input and channel, in any order, with header and comments") {
    const auto spikes =
        parse_timed_csv("time_s,input,channel\n2e-6, more, 0 # late\n\n1e-6,in,1\r\n", "t", two_inputs());
    REQUIRE(spikes);
    CHECK(*spikes == std::vector<InputSpike>{{.time = 1e-6, .input = 1}, {.time = 2e-6, .input = 2}});
    CHECK(parse_timed_csv("1e-6,2\n", "t", small_image(3, 1, {1, 1, 1}))->size() == 1);
}

TEST_CASE("what can't be a spike is refused with its line") {
    CHECK(refused("1e-6,in,2\n", "t:1", "channel 2"));
    CHECK(refused("1e-6,in,0.5\n", "t:1", "channel 0.5"));
    CHECK(refused("1e-6,in,0\n-1,in,0\n", "t:2", "a time of -1"));
    CHECK(refused("nan,in,0\n", "t:1", "a time of nan"));
    CHECK(refused("1e-6,out,0\n", "t:1", "an input that the data don't drive"));
    CHECK(refused("1e-6,0\n", "t:1", "an input"));  // which of the two?
    CHECK(refused("time\n1e-6\n", "t:2", "'1e-6'"));
}

TEST_CASE("SONATA spikes are in ms and belong to the input of their name") {
    const test::TemporaryFolder folder;
    const std::string path = folder("in.h5");
    auto file = files::Hdf5Writer::create(path);
    REQUIRE(file);
    const std::vector<double> times{2e-3, 1e-3};
    const std::vector<std::uint64_t> ids{0, 1};
    file->array<double>("/spikes/in/timestamps", times);
    file->array<std::uint64_t>("/spikes/in/node_ids", ids);
    REQUIRE(file->close());
    const auto spikes = read_timed_stimulus(path, two_inputs());
    REQUIRE_MESSAGE(spikes.has_value(), to_text(spikes.error()));
    REQUIRE(spikes->size() == 2);
    CHECK((*spikes)[0].input == 1);
    CHECK((*spikes)[1].time == doctest::Approx(2e-6));
}

}  // namespace spikeloom::runtime
