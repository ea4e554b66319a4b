#include "compiler/analog/compile_ideal.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/analog/analog_symbols.hpp"
#include "compiler/analog/flat_synapses.hpp"
#include "compiler/analog/weight_scale.hpp"

namespace spikeloom::compiler::analog {
namespace {

std::vector<PopulationScale> round_weights(const TimedNetwork& network, const AnalogCompileOptions& options,
                                           chip::IdealSynapses& synapses) {
    const Numbering numbering(network);
    std::vector<ScaledWeight> weights(synapses.weights.size());
    for (std::size_t s = 0; s < weights.size(); ++s) {
        weights[s] = {numbering.population_of(synapses.targets[s]), synapses.weights[s]};
    }
    auto scales = population_scales(weights, network.populations.size(), options.weight_bits, options.weight_unit);
    for (std::size_t s = 0; s < weights.size(); ++s) {
        const PopulationScale& scale = scales[weights[s].population];
        synapses.weights[s] = scale.unit * register_of(weights[s].weight, scale.unit, scale.largest);
    }
    return scales;
}

}  // namespace

AnalogCompileResult compile_ideal(const TimedNetwork& network, const chip::AnalogSpec& chip,
                                  const AnalogCompileOptions& options) {
    AnalogCompileResult result;
    result.image = symbols_of(network, chip);
    result.image.synapses = flat_synapses(network);
    const chip::IdealSynapses& synapses = result.image.synapses;
    std::string& report = result.image.mapping_report;
    report = fmt::format("'{}' on ideal chip '{}': nothing is mapped\n  neurons {}, input channels {}, synapses {}",
                         network.name, chip.name, result.image.neurons.size(), Numbering(network).channels(),
                         synapses.targets.size());
    if (!synapses.delays.empty()) {
        const auto [least, most] = std::ranges::minmax(synapses.delays);
        report += fmt::format(", delays {:.4g} to {:.4g} us", 1e6 * least, 1e6 * most);
    }
    if (options.weight_bits == 0) {
        report += "\n  weights as they are\n";
        return result;
    }
    const std::vector<PopulationScale> scales = round_weights(network, options, result.image.synapses);
    result.remarks = clipping_remarks(network, scales);
    report += fmt::format("\nweights, rounded to sign and {} bits, by target population\n{}", options.weight_bits,
                          scale_report(network, scales));
    return result;
}

}  // namespace spikeloom::compiler::analog
