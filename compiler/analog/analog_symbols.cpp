#include "compiler/analog/analog_symbols.hpp"

#include <fmt/format.h>

#include "compiler/analog/flat_synapses.hpp"

namespace spikeloom::compiler::analog {

chip::AnalogImage symbols_of(const TimedNetwork& network, const chip::AnalogSpec& chip) {
    const Numbering numbering(network);
    chip::AnalogImage image;
    image.chip = chip;
    image.network_name = network.name;
    image.coding = network.coding;
    for (std::size_t i = 0; i < network.inputs.size(); ++i) {
        const TimedInput& input = network.inputs[i];
        image.inputs.push_back({.name = input.name,
                                .shape = input.shape,
                                .first_channel = numbering.first_channel(i),
                                .count = static_cast<std::uint32_t>(input.size()),
                                .constant_times = input.constant_times});
    }
    for (std::size_t p = 0; p < network.populations.size(); ++p) {
        const TimedPopulation& population = network.populations[p];
        image.populations.push_back({.name = population.name,
                                     .shape = population.shape,
                                     .first_neuron = numbering.first_neuron(p),
                                     .count = static_cast<std::uint32_t>(population.size())});
        for (std::size_t n = 0; n < population.size(); ++n) {
            image.neurons.push_back({.model = population.neuron(n), .adaptive = population.adaptive});
        }
    }
    for (const PopulationId output : network.outputs) {
        image.outputs.push_back(output.value());
    }
    return image;
}

Diagnostics clipping_remarks(const TimedNetwork& network, std::span<const PopulationScale> scales) {
    Diagnostics remarks;
    for (std::size_t p = 0; p < scales.size(); ++p) {
        const PopulationScale& scale = scales[p];
        if (scale.clipped == 0) {
            continue;
        }
        const double reach = scale.unit * scale.largest;
        remarks.push_back(
            {.severity = Severity::warning,
             .where = fmt::format("population '{}'", network.populations[p].name),
             .found = fmt::format("{} of {} weights are beyond {:.4g} and were clipped; the largest is {:.4g}",
                                  scale.clipped, scale.synapses, reach, scale.largest_weight),
             .allowed = fmt::format("{} LSB of {:.4g}", scale.largest, scale.unit),
             .help = fmt::format("a weight unit of {:.4g} clips none, and so does leaving it to the compiler",
                                 scale.largest_weight / scale.largest)});
    }
    return remarks;
}

std::string scale_report(const TimedNetwork& network, std::span<const PopulationScale> scales) {
    std::string text;
    for (std::size_t p = 0; p < scales.size(); ++p) {
        const PopulationScale& scale = scales[p];
        text += fmt::format("  {}: ", network.populations[p].name);
        if (scale.synapses == 0) {
            text += "no synapses\n";
            continue;
        }
        const double error = scale.rms_weight > 0 ? scale.rms_error / scale.rms_weight : 0;
        text += fmt::format(
            "LSB {:.6g}, {} LSB = {:.6g} (largest |weight| {:.6g}); error {:.3f} % of the rms weight, {} of {} "
            "synapses "
            "rounded to zero, {} clipped\n",
            scale.unit, scale.largest, scale.unit * scale.largest, scale.largest_weight, 100 * error, scale.zeroed,
            scale.synapses, scale.clipped);
    }
    return text;
}

}  // namespace spikeloom::compiler::analog
