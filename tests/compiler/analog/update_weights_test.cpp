#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "compiler/analog/compile_analog.hpp"
#include "tests/compiler/analog/timed_networks.hpp"

namespace spikeloom::compiler {
namespace {

/// As `network`, weights turned round and halved: the largest register stays within reach.
TimedNetwork turned(TimedNetwork network) {
    for (TimedProjection& projection : network.projections) {
        for (double& weight : projection.weights) {
            weight *= -0.5;
        }
    }
    return network;
}

}  // namespace

TEST_CASE("new weights of any sign reach the cells; placement and routes stay") {
    for (const TimedNetwork& network :
         {test::layered({6, 120, 3}), test::layered({256, 128, 10}), test::layered({500, 200, 7})}) {
        auto compiled = compile_analog(network, test::bundled_analog("brainscales2"));
        REQUIRE(compiled);
        chip::AnalogImage image = compiled->image;
        const TimedNetwork other = turned(network);
        CHECK_FALSE(verify_analog(image, other).empty());
        REQUIRE(update_weights(image, other));
        const Diagnostics wrong = verify_analog(image, other);
        CHECK_MESSAGE(wrong.empty(), to_text(wrong));
        for (std::size_t r = 0; r < image.runs.size(); ++r) {
            CHECK(image.runs[r].neurons == compiled->image.runs[r].neurons);
            CHECK(image.runs[r].drivers == compiled->image.runs[r].drivers);
            CHECK(image.runs[r].crossbar == compiled->image.runs[r].crossbar);
            CHECK(image.runs[r].host_sources == compiled->image.runs[r].host_sources);
        }
        REQUIRE(update_weights(image, network));
        CHECK(image == compiled->image);
    }
}

TEST_CASE("weights that were zero can grow, weights beyond the register are clipped") {
    TimedNetwork network = test::layered({6, 20, 3});
    const TimedNetwork full = network;
    for (std::size_t s = 1; s < network.projections[0].weights.size(); ++s) {
        network.projections[0].weights[s] = 0;
    }
    network.projections[0].weights[0] = 0.5;
    auto compiled = compile_analog(network, test::bundled_analog("brainscales2"));
    REQUIRE(compiled);
    chip::AnalogImage image = compiled->image;
    REQUIRE(update_weights(image, full));
    CHECK(verify_analog(image, full).empty());
    const double reach = 63 * image.neurons[0].weight_unit;
    CHECK(std::ranges::any_of(full.projections[0].weights, [&](double w) { return std::abs(w) > reach; }));
}

TEST_CASE("other networks are refused and leave the image as it was") {
    const TimedNetwork network = test::layered({6, 20, 3});
    for (const char* chip : {"brainscales2", "ideal_analog"}) {
        auto compiled = compile_analog(network, test::bundled_analog(chip));
        REQUIRE(compiled);
        chip::AnalogImage image = compiled->image;
        CHECK_FALSE(update_weights(image, test::layered({6, 21, 3})));
        TimedNetwork fewer = turned(network);
        fewer.projections[1].targets.pop_back();
        fewer.projections[1].weights.pop_back();
        --fewer.projections[1].row_begin.back();
        CHECK_FALSE(update_weights(image, fewer));
        CHECK(image == compiled->image);
        REQUIRE(update_weights(image, turned(network)));
        CHECK(verify_analog(image, turned(network)).empty());
    }
}

}  // namespace spikeloom::compiler
