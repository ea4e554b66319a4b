// Small analog images by hand, on an ideal chip.
#pragma once

#include <vector>

#include "chip/image/analog_image.hpp"

namespace spikeloom::runtime {

inline constexpr double tau = 1e-6;

/// `inputs` channels all-to-all onto `outputs` neurons that spike once: weights[input][output].
inline chip::AnalogImage small_image(std::uint32_t inputs, std::uint32_t outputs, std::vector<double> weights) {
    chip::AnalogImage image;
    image.chip.name = "ideal";
    image.chip.title = "an ideal chip";
    image.chip.description = "only the equations";
    image.chip.ideal = true;
    image.network_name = "small";
    image.inputs = {{.name = "in", .shape = {inputs}, .first_channel = 0, .count = inputs, .constant_times = {}}};
    image.populations = {{.name = "label", .shape = {outputs}, .first_neuron = 0, .count = outputs}};
    image.outputs = {0};
    image.coding = chip::TtfsCoding{.time_unit_s = tau,
                                    .earliest_s = 0.15 * tau,
                                    .latest_s = 2 * tau,
                                    .inverted = false,
                                    .silent_below = -1,
                                    .window_s = 30 * tau};
    const AdEx neuron{.lif = {.tau_mem = tau, .tau_syn = tau, .refractory = never}};
    image.neurons.assign(outputs, {.model = neuron});
    image.synapses.row_begin.push_back(0);
    for (std::uint32_t i = 0; i < inputs; ++i) {
        for (std::uint32_t o = 0; o < outputs; ++o) {
            image.synapses.targets.push_back(o);
        }
        image.synapses.row_begin.push_back(image.synapses.targets.size());
    }
    image.synapses.row_begin.resize(inputs + outputs + 1, image.synapses.targets.size());
    image.synapses.weights = std::move(weights);
    return image;
}

}  // namespace spikeloom::runtime
