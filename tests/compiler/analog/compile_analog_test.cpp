#include "compiler/analog/compile_analog.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "support/contains.hpp"
#include "support/sanitized.hpp"
#include "tests/compiler/analog/timed_networks.hpp"

namespace spikeloom::compiler {
namespace {

using test::layered;
using test::TimedNetworkBuilder;

AnalogCompileResult compiled(const TimedNetwork& network, const AnalogCompileOptions& options = {}) {
    auto result = compile_analog(network, test::bundled_analog("brainscales2"), options);
    if (!result) {
        FAIL(to_text(result.error()));
    }
    const Diagnostics wrong = verify_analog(result->image, network);
    CHECK_MESSAGE(wrong.empty(), to_text(wrong));
    const Diagnostics unsound = chip::check_analog_image(result->image);
    CHECK_MESSAGE(unsound.empty(), to_text(unsound));
    return std::move(*result);
}

std::string refusal(const TimedNetwork& network, const AnalogCompileOptions& options = {}) {
    const auto result = compile_analog(network, test::bundled_analog("brainscales2"), options);
    return result ? "fits" : to_text(result.error());
}

using test::contains;

/// 4 inputs and a bias onto 120 hidden and 3 output neurons.
TimedNetwork yin_yang() {
    TimedNetworkBuilder builder;
    const Source in = builder.input(4);
    const Source bias = builder.input(1);
    const Source hidden = builder.population(120);
    const Source out = builder.population(3);
    builder.connect(in, hidden);
    builder.connect(bias, hidden);
    builder.connect(hidden, out);
    builder.connect(bias, out);
    return builder.build();
}

std::size_t circuits(const chip::AnalogRun& run) {
    std::size_t count = 0;
    for (const chip::PlacedNeuron& placed : run.neurons) {
        count += placed.circuits.size();
    }
    return count;
}

}  // namespace

TEST_CASE("the networks of the literature fit one run, with one spike sent for each input") {
    for (const TimedNetwork& network :
         {yin_yang(), layered({4, 30, 3}), layered({20, 120, 3}), layered({256, 128, 10}), layered({256, 246, 10})}) {
        const chip::AnalogImage image = compiled(network).image;
        CHECK(image.runs.size() == 1);
        CHECK(image.runs[0].host_sources.size() == image.inputs.back().first_channel + image.inputs.back().count);
    }
    CHECK(circuits(compiled(layered({256, 246, 10})).image.runs[0]) == 512);
}

TEST_CASE("784-256-10 takes four runs of 64 neurons and one of the outputs") {
    const chip::AnalogImage image = compiled(layered({784, 256, 10})).image;
    REQUIRE(image.runs.size() == 5);
    for (std::size_t r = 0; r < 4; ++r) {
        CHECK(image.runs[r].neurons.size() == 64);
        CHECK(circuits(image.runs[r]) == 512);
        CHECK(image.runs[r].host_sources.size() == 784);
    }
    CHECK(image.runs[4].neurons.size() == 10);
    CHECK(std::ranges::all_of(image.runs[4].host_sources, &chip::HostSource::is_neuron));
}

TEST_CASE("recurrent networks stay in one run") {
    for (const std::uint32_t neurons : {1U, 5U, 100U, 128U, 200U, 250U}) {
        TimedNetworkBuilder builder;
        const Source in = builder.input(6);
        const Source all = builder.population(neurons);
        builder.connect(in, all);
        builder.connect(all, all);
        CHECK(compiled(builder.build()).image.runs.size() == 1);
    }
}

TEST_CASE("more inputs than a hemisphere has drivers: joined circuits over both") {
    for (const std::uint32_t inputs : {128U, 129U, 256U, 257U, 512U, 1000U, 1024U, 5000U, 16384U}) {
        CHECK(compiled(layered({inputs, 2})).image.runs.size() == (inputs > 16384 / 2 + 8192 ? 2 : 1));
    }
}

TEST_CASE("random networks are mapped without a fault, or refused with a reason") {
    constexpr int networks = test::sanitized ? 16 : 60;
    int fitted = 0;
    for (std::uint64_t seed = 0; seed < networks; ++seed) {
        TimedNetworkBuilder builder(seed);
        std::vector<Source> sources;
        for (std::uint32_t i = 0; i <= builder.below(2); ++i) {
            sources.push_back(builder.input(1 + builder.below(400)));
        }
        const double density = builder.uniform();
        const std::uint32_t populations = 1 + builder.below(4);
        for (std::uint32_t p = 0; p < populations; ++p) {
            const Source next = builder.population(1 + builder.below(150));
            for (const Source& source : sources) {
                if (builder.uniform() < 0.6) {
                    builder.connect(source, next, density);
                }
            }
            if (builder.uniform() < 0.3) {
                builder.connect(next, next, density);
            }
            sources.push_back(next);
        }
        const TimedNetwork network = builder.build();
        CAPTURE(seed);
        const auto result = compile_analog(network, test::bundled_analog("brainscales2"));
        if (result) {
            ++fitted;
            const Diagnostics wrong = verify_analog(result->image, network);
            CHECK_MESSAGE(wrong.empty(), to_text(wrong));
            CHECK(chip::check_analog_image(result->image).empty());
        } else {
            const std::string why = to_text(result.error());
            MESSAGE(why);
            CHECK(contains(why, "needs"));
            CHECK(contains(why, "allowed"));
        }
    }
    CHECK(fitted >= networks - 2);
}

TEST_CASE("what the chip can't do is refused with limit, need and help") {
    TimedNetwork delayed = layered({4, 3});
    delayed.projections[0].delays.assign(delayed.projections[0].weights.size(), 2e-6);
    CHECK(contains(refusal(delayed),
                   "12 of 12 synapses have a delay, up to 2 us; allowed: chip 'brainscales2' has no "
                   "synaptic delays; help: run it on ideal_analog"));
    TimedNetwork slow = layered({4, 3});
    slow.populations[0].neurons[0].lif.tau_syn = 1e-3;
    CHECK(contains(refusal(slow), "population 'pop0': error: tau_syn of 1000 us; allowed: 0.1 to 100 us"));
    TimedNetwork resting = layered({4, 3});
    resting.populations[0].neurons[0].lif.refractory = 1;
    CHECK(contains(refusal(resting), "a refractory time of 1e+06 us; allowed: 0.1 to 1.27e+05 us"));
    TimedNetwork deep = layered({4, 3});
    deep.populations[0].neurons[0].lif.reset = -2;
    CHECK(contains(refusal(deep), "reset potential -2 would lie at -10.0 LSB"));
    CHECK(contains(refusal(layered({20000, 1})), "labels"));
    CHECK(contains(refusal(layered({70000, 1})), "a neuron has 70000 inputs; allowed: 32768"));
    TimedNetworkBuilder recurrent;
    const Source all = recurrent.population(600);
    recurrent.connect(all, all);
    CHECK(contains(refusal(recurrent.build()), "a recurrent part of 600 neurons"));
    CHECK(contains(refusal(layered({784, 256, 10}), {.max_runs = 3}), "3 runs leave 74 neurons uncomputed"));
}

}  // namespace spikeloom::compiler
