#include "runtime/analog/stepped_ttfs.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "../small_image.hpp"
#include "timed_builder.hpp"

namespace spikeloom::runtime {

TEST_CASE("a stepped image of another network is refused before anything runs") {
    const chip::AnalogImage timed = small_image(2, 2, {5, 0, 0, 5});
    const TimedSet set{.name = "set", .samples = 1, .channels = 2, .values = {0.1, 0.9}, .labels = {0}};
    chip::Image image;
    image.network_name = "other";
    SteppedTtfsOptions options;
    options.encoder.coding = *timed.coding;
    const auto refused = run_stepped_ttfs(image, timed, set, options);
    REQUIRE_FALSE(refused);
    CHECK(refused.error()[0].where == "other");
    options.encoder.coding.window_s = 0;
    CHECK_FALSE(run_stepped_ttfs(image, timed, set, options));
}

TEST_CASE("input times fall into steps, the first label spike decides at its step's end, and threads change nothing") {
    const chip::Image image = test::small_image({.channels = 2, .layers = {2}});  // neuron i answers input i at once
    chip::AnalogImage timed = small_image(2, 2, {1, 0, 0, 1});
    timed.inputs[0].name = "input";
    SteppedTtfsOptions options;
    options.encoder.coding = {.time_unit_s = 1e-3,
                              .earliest_s = 0,
                              .latest_s = 10e-3,
                              .inverted = false,
                              .silent_below = -1,
                              .window_s = 12e-3};
    TimedSet set{.name = "set", .samples = 40, .channels = 2};
    for (int i = 0; i < 40; ++i) {
        const double first = 0.05 + 0.01 * i;  // step i / 10
        set.values.insert(set.values.end(), {i % 2 == 0 ? first : 0.97, i % 2 == 0 ? 0.97 : first});
        set.labels.push_back(i % 2);
    }
    const auto one = run_stepped_ttfs(image, timed, set, options);
    REQUIRE_MESSAGE(one.has_value(), to_text(one.error()));
    CHECK(one->correct == 40);
    CHECK(one->silent == 0);
    CHECK(one->steps == 12);
    CHECK(one->counters[Counter::spikes] == 80);
    CHECK(one->decision_counters[Counter::spikes] == 40);
    double expected = 0;
    for (int i = 0; i < 40; ++i) {
        expected += std::floor(10 * (0.05 + 0.01 * i) + 1e-6) + 1;
    }
    CHECK(one->mean_decision_s == doctest::Approx(expected / 40 * 1e-3));
    options.threads = 3;
    CHECK(run_stepped_ttfs(image, timed, set, options).value() == *one);
}

}  // namespace spikeloom::runtime
