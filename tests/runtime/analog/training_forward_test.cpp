#include "runtime/analog/training_forward.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "runtime/analog/yin_yang.hpp"
#include "tests/runtime/analog/naive_ttfs.hpp"

namespace spikeloom::runtime {
namespace {

constexpr double tau = 6e-6;
constexpr std::size_t hidden = 10;

/// 4 data channels and two constant spikes (channels 4 and 5), two layers, on an ideal chip.
Result<chip::analog::AnalogChip> ideal_chip(std::span<const TtfsLayer> layers) {
    chip::AnalogImage image;
    image.chip.name = "ideal";
    image.chip.ideal = true;
    image.network_name = "two layers";
    image.inputs = {{.name = "in", .shape = {4}, .first_channel = 0, .count = 4, .constant_times = {}},
                    {.name = "b0", .shape = {1}, .first_channel = 4, .count = 1, .constant_times = {0.9 * tau}},
                    {.name = "b1", .shape = {1}, .first_channel = 5, .count = 1, .constant_times = {0.9 * tau}}};
    image.populations = {{.name = "hidden", .shape = {hidden}, .first_neuron = 0, .count = hidden},
                         {.name = "label", .shape = {3}, .first_neuron = hidden, .count = 3}};
    image.outputs = {1};
    image.neurons.assign(hidden + 3, {});
    for (chip::NeuronTarget& neuron : image.neurons) {
        neuron.model.lif = {.tau_mem = tau, .tau_syn = tau, .refractory = never};
    }
    image.synapses.row_begin = {0};
    const auto row = [&](std::size_t layer, std::size_t source) {
        for (std::size_t n = 0; n < layers[layer].neurons; ++n) {
            image.synapses.targets.push_back(static_cast<std::uint32_t>(layer * hidden + n));
            image.synapses.weights.push_back(layers[layer].weights[source * layers[layer].neurons + n]);
        }
    };
    for (std::size_t channel = 0; channel < 6; ++channel) {
        channel < 5 ? row(0, channel) : row(1, hidden);
        image.synapses.row_begin.push_back(image.synapses.targets.size());
    }
    for (std::size_t neuron = 0; neuron < hidden + 3; ++neuron) {
        if (neuron < hidden) {
            row(1, neuron);
        }
        image.synapses.row_begin.push_back(image.synapses.targets.size());
    }
    return chip::analog::AnalogChip::load(image, {});
}

}  // namespace

TEST_CASE("the emulated ideal chip spikes when the naive forward pass does") {
    std::vector<TtfsLayer> layers(2);
    for (std::uint32_t l = 0; l < 2; ++l) {
        layers[l].name = l == 0 ? "hidden" : "label";
        layers[l].inputs = l == 0 ? 4 : hidden;
        layers[l].neurons = l == 0 ? hidden : 3;
        layers[l].bias_times = {0.9};
        draw_weights(layers[l], 0.7, 1.2, 3, l);
    }
    const auto chip = make_chip_forward(ideal_chip, {.time_unit_s = tau,
                                                     .window_s = 12 * tau,
                                                     .first_channel = 0,
                                                     .first_neurons = {0, hidden},
                                                     .neuron_counts = {hidden, 3},
                                                     .threads = 2});
    test::NaiveForward naive;
    REQUIRE(chip->load(layers));
    REQUIRE(naive.load(layers));
    const TimedSet set = make_yin_yang(40, 8);
    std::vector<double> on_chip(hidden + 3), expected(hidden + 3);
    int spikes = 0, silent = 0;
    for (std::size_t i = 0; i < set.samples; ++i) {
        std::vector<double> times;
        for (const double value : set.sample(i)) {
            times.push_back(i % 5 == 0 && value > 0.5 ? never : 0.15 + 1.85 * value);
        }
        chip->run(i % 2, i, times, on_chip);
        naive.run(0, i, times, expected);
        for (std::size_t n = 0; n < on_chip.size(); ++n) {
            CHECK(std::isinf(on_chip[n]) == std::isinf(expected[n]));
            if (std::isinf(expected[n])) {
                ++silent;
            } else {
                CHECK(on_chip[n] == doctest::Approx(expected[n]).epsilon(1e-9));
                ++spikes;
            }
        }
    }
    CHECK(spikes > 100);
    CHECK(silent > 100);
}

}  // namespace spikeloom::runtime
