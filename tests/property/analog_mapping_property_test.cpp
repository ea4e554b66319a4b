// A mapped network, followed by the emulator through the chip's routes, spikes when the same network with the same
// rounded weights does on an ideal chip, where nothing is mapped.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "chip/analog/analog_chip.hpp"
#include "compiler/analog/compile_analog.hpp"
#include "tests/compiler/analog/timed_networks.hpp"

namespace spikeloom::compiler {
namespace {

using core::analog::InputSpike;
using core::analog::Spike;

constexpr double tau = 6e-6;

std::vector<Spike> spikes_of(const chip::AnalogImage& image, const std::vector<InputSpike>& inputs) {
    const auto chip = chip::analog::AnalogChip::load(image, {.time_stamps = false});
    REQUIRE(chip);
    chip::analog::AnalogTrial trial(*chip);
    trial.run(inputs, {.window_s = 8 * tau});
    std::vector<Spike> spikes(trial.spikes().begin(), trial.spikes().end());
    std::ranges::sort(spikes, {}, &Spike::neuron);
    return spikes;
}

/// Feed-forward populations, some with recurrent synapses, of sizes that take up to a thousand circuits.
TimedNetwork random_network(test::TimedNetworkBuilder& builder) {
    std::vector<Source> sources{builder.input(1 + builder.below(300))};
    for (std::uint32_t p = 0; p < 3; ++p) {
        const Source next = builder.population(1 + builder.below(240));
        for (const Source& source : sources) {
            builder.connect(source, next, builder.uniform());
        }
        if (builder.uniform() < 0.3) {
            builder.connect(next, next, 0.3);
        }
        sources.push_back(next);
    }
    return builder.build();
}

}  // namespace

TEST_CASE("mapped networks spike as unmapped ones, over one run or several") {
    std::size_t compared = 0;
    std::size_t divided = 0;
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
        CAPTURE(seed);
        test::TimedNetworkBuilder builder(seed);
        const TimedNetwork network = random_network(builder);
        const auto mapped = compile_analog(network, test::bundled_analog("brainscales2"));
        const auto ideal = compile_analog(network, test::bundled_analog("ideal_analog"), {.weight_bits = 6});
        REQUIRE(ideal);
        if (!mapped) {
            continue;
        }
        divided += mapped->image.runs.size() > 1 ? 1 : 0;
        std::vector<InputSpike> inputs;
        for (std::uint32_t channel = 0; channel < network.inputs[0].size(); ++channel) {
            inputs.push_back({.time = 2 * tau * builder.uniform(), .input = channel});
        }
        const std::vector<Spike> expected = spikes_of(ideal->image, inputs);
        const std::vector<Spike> found = spikes_of(mapped->image, inputs);
        REQUIRE(found.size() == expected.size());
        for (std::size_t i = 0; i < found.size(); ++i) {
            CHECK(found[i].neuron == expected[i].neuron);
            CHECK(std::abs(found[i].time - expected[i].time) <= 1e-9 * tau);
        }
        compared += found.size();
    }
    CHECK(compared > 500);
    CHECK(divided >= 2);
}

}  // namespace spikeloom::compiler
