#include "compiler/analog/map_network.hpp"

#include <fmt/format.h>

#include <utility>

#include "compiler/analog/analog_report.hpp"
#include "compiler/analog/analog_symbols.hpp"
#include "compiler/analog/check_fit.hpp"
#include "compiler/analog/divide_runs.hpp"
#include "compiler/analog/fabric.hpp"
#include "compiler/analog/flat_synapses.hpp"
#include "compiler/analog/weight_scale.hpp"

namespace spikeloom::compiler::analog {
namespace {

std::vector<ScaledWeight> weights_by_population(const FanIn& fan_in, const Numbering& numbering) {
    std::vector<ScaledWeight> weights;
    weights.reserve(fan_in.weights.size());
    for (std::uint32_t neuron = 0; neuron < numbering.neurons(); ++neuron) {
        const std::uint32_t population = numbering.population_of(neuron);
        for (std::uint64_t s = fan_in.begin[neuron]; s < fan_in.begin[neuron + 1]; ++s) {
            weights.push_back({population, fan_in.weights[s]});
        }
    }
    return weights;
}

}  // namespace

Result<AnalogCompileResult> map_network(const TimedNetwork& network, const chip::AnalogSpec& chip,
                                        const AnalogCompileOptions& options) {
    const auto fabric = fabric_of(chip);
    if (!fabric) {
        return fail(fabric.error());
    }
    const Numbering numbering(network);
    const FanIn fan = fan_in(network);
    AnalogCompileResult result;
    result.remarks = check_fit(network, fan, chip);
    if (has_error(result.remarks)) {
        return fail(std::move(result.remarks));
    }

    const std::vector<ScaledWeight> weights = weights_by_population(fan, numbering);
    const int bits = options.weight_bits > 0 ? options.weight_bits : chip.array.weight_bits;
    const auto scales = population_scales(weights, network.populations.size(), bits, options.weight_unit);
    for (Diagnostic& remark : clipping_remarks(network, scales)) {
        result.remarks.push_back(std::move(remark));
    }
    std::vector<std::int32_t> registers;
    registers.reserve(weights.size());
    for (const ScaledWeight& weight : weights) {
        const PopulationScale& scale = scales[weight.population];
        registers.push_back(register_of(weight.weight, scale.unit, scale.largest));
    }

    auto runs = divide_runs({.network = network,
                             .fan_in = fan,
                             .registers = registers,
                             .fabric = *fabric,
                             .joined_circuits = chip.array.joined_circuits,
                             .max_runs = options.max_runs});
    if (!runs) {
        Diagnostics findings = std::move(result.remarks);
        findings.insert(findings.end(), runs.error().begin(), runs.error().end());
        return fail(std::move(findings));
    }
    result.image = symbols_of(network, chip);
    result.image.runs = std::move(*runs);
    for (std::uint32_t neuron = 0; neuron < numbering.neurons(); ++neuron) {
        chip::NeuronTarget& target = result.image.neurons[neuron];
        target.weight_unit = scales[numbering.population_of(neuron)].unit;
        target.model.lif.refractory = chip_refractory(target.model.lif.refractory, chip);
    }
    result.image.mapping_report = analog_report(network, fan, scales, result.image);
    return result;
}

}  // namespace spikeloom::compiler::analog
