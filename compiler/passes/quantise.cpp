#include "compiler/passes/quantise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <map>
#include <span>

#include "compiler/passes/expand_weights.hpp"
#include "compiler/passes/neuron_model.hpp"
#include "compiler/passes/plastic_fit.hpp"
#include "compiler/passes/scale.hpp"
#include "compiler/passes/tile_links.hpp"

namespace spikeloom::compiler {
namespace {

void number_nodes(const Network& network, MappedNetwork& mapped) {
    mapped.population_first.push_back(0);
    for (const Population& population : network.populations) {
        const auto [channels, rows, columns] = picture_of(population);
        mapped.map_size.push_back(channels * rows > 1 ? rows * columns : 1);
        mapped.population_first.push_back(mapped.population_first.back() +
                                          static_cast<std::uint32_t>(population.size()));
    }
    mapped.input_first.push_back(mapped.population_first.back());
    for (const InputPort& port : network.inputs) {
        mapped.input_first.push_back(mapped.input_first.back() + static_cast<std::uint32_t>(port.size()));
    }
}

std::int32_t initial_current(double wanted, const chip::NeuronFormat& format) {
    const double most = std::ldexp(1.0, format.state_bits - 1) - 1;
    return static_cast<std::int32_t>(std::lround(std::clamp(wanted, -most, most)));
}

/// `given`: registers of the network, not of our derivation.
MappedPopulation program_population(const PopulationModel& model, const PopulationScale& scale, bool given,
                                    const chip::ChipSpec& chip) {
    MappedPopulation population;
    population.voltage_per_unit = scale.voltage_per_unit;
    population.current_per_unit = model.neurons.empty() ? 1 : model.neurons[0].current_gain * scale.voltage_per_unit;
    bool any_bias = false;
    for (const DerivedNeuron& neuron : model.neurons) {
        NeuronRegisters registers = neuron.registers;
        registers.threshold_mantissa =
            given ? registers.threshold_mantissa
                  : static_cast<std::int32_t>(
                        registers.spikes ? threshold_mantissa(neuron.threshold, scale.voltage_per_unit, chip.neuron)
                                         : chip.neuron.threshold_mantissa_max);
        population.registers.push_back(registers);
        population.biases.push_back(bias_register(neuron.bias * scale.voltage_per_unit, chip.neuron));
        any_bias = any_bias || population.biases.back().mantissa != 0;
        population.initial_currents.push_back(
            initial_current(neuron.initial_current * scale.voltage_per_unit, chip.neuron));
    }
    if (std::ranges::adjacent_find(population.registers, std::ranges::not_equal_to{}) == population.registers.end() &&
        !population.registers.empty()) {
        population.registers.resize(1);
    }
    if (!any_bias) {
        population.biases.clear();
    }
    if (std::ranges::all_of(population.initial_currents, [](std::int32_t current) { return current == 0; })) {
        population.initial_currents.clear();
    }
    return population;
}

/// What the compiler itself can number.
void check_size(const Network& network, int magnitude_classes, Diagnostics& findings) {
    std::uint64_t nodes = 0;
    for (const Population& population : network.populations) {
        nodes += population.size();
    }
    for (const InputPort& port : network.inputs) {
        nodes += port.size();
    }
    if (nodes > most_mapped_nodes) {
        findings.push_back({Severity::error, fmt::format("network '{}'", network.name),
                            fmt::format("{} neurons and input channels", nodes),
                            fmt::format("at most {} (the compiler's own limit)", most_mapped_nodes),
                            "compile it in parts"});
    }
    const std::size_t formats =
        2 * network.projections.size() * static_cast<std::size_t>(std::max(magnitude_classes, 1));
    if (formats > most_mapped_formats) {
        findings.push_back(
            {Severity::error, fmt::format("network '{}'", network.name),
             fmt::format("{} projections", network.projections.size()),
             fmt::format("at most {} (the compiler's own limit)",
                         most_mapped_formats / static_cast<std::size_t>(2 * std::max(magnitude_classes, 1))),
             "join projections between the same populations"});
    }
}

void check_projections(const Network& network, const chip::ChipSpec& chip, Diagnostics& findings) {
    for (const InputPort& port : network.inputs) {
        if (port.graded && chip.neuron.payload_bits <= 0) {
            findings.push_back({Severity::error, fmt::format("input '{}'", port.name), "its spikes carry values",
                                fmt::format("spikes without value (chip '{}')", chip.name),
                                "compute what the port feeds outside the chip (netx: --netx-input spikes)"});
        }
    }
    for (const Projection& projection : network.projections) {
        const std::string where = fmt::format("projection '{}'", projection.name);
        const int delay = longest_delay(projection);
        const bool representable = narrowest_delay(chip.synapses, delay) <= 8;
        if (delay > chip.synapses.max_delay || !representable) {
            findings.push_back({Severity::error, where, fmt::format("delay of {} steps", delay),
                                fmt::format("at most {} (chip '{}')", chip.synapses.max_delay, chip.name),
                                "use a longer step or shorter delays"});
        }
        if (projection.source.kind == Source::Kind::population &&
            !spikes(network.populations[projection.source.index].kind)) {
            findings.push_back({Severity::error, where,
                                fmt::format("its source, population '{}', never spikes",
                                            network.populations[projection.source.index].name),
                                "spiking sources: the chip's messages are spikes", "add a spiking layer between them"});
        }
    }
}

/// Weights into given registers that no synapse delivers.
void check_exact(const Network& network, const Scaling& scaling, const chip::ChipSpec& chip, bool approximate,
                 Diagnostics& findings) {
    for (std::size_t p = 0; p < network.projections.size(); ++p) {
        const std::vector<std::int32_t>& lost = scaling.exact[p].lost;
        if (!lost.empty()) {
            findings.push_back(
                {.severity = approximate ? Severity::warning : Severity::error,
                 .where = fmt::format("projection '{}'", network.projections[p].name),
                 .found = fmt::format("{} different weights that no synapse format of chip '{}' holds exactly, {} for "
                                      "one",
                                      lost.size(), chip.name, lost.front()),
                 .allowed = "0..255 times a power of two, of either sign",
                 .help = approximate ? "" : "--approximate-weights rounds them"});
        }
    }
}

void remark_losses(const Network& network, const MappedNetwork& mapped, const Scaling& scaling,
                   const chip::ChipSpec& chip, Diagnostics& remarks) {
    for (const chip::ProjectionLoss& loss : mapped.losses) {
        if (loss.synapses > 0 && loss.zeroed * 5 > loss.synapses) {
            remarks.push_back({Severity::warning, fmt::format("projection '{}'", loss.name),
                               fmt::format("{} of {} weights are zero on the chip (weight error {:.1f} % rms)",
                                           loss.zeroed, loss.synapses, 100 * loss.rms_error),
                               "", "a few large weights set the scale: clip them, or split the projection"});
        }
    }
    for (std::size_t p = 0, profile = 0; p < network.projections.size(); ++p) {
        if (network.projections[p].learning) {
            remark_reach(network.projections[p], mapped.learning[profile++], chip, remarks);
        }
    }
    for (std::size_t i = 0; i < scaling.populations.size(); ++i) {
        if (scaling.populations[i].simultaneous < 1) {
            const auto severity = scaling.populations[i].simultaneous < 0.1 ? Severity::warning : Severity::note;
            remarks.push_back({severity, fmt::format("population '{}'", network.populations[i].name),
                               fmt::format("if more than {:.1f} % of a neuron's sources of one sign spike together, "
                                           "its registers may overflow",
                                           100 * scaling.populations[i].simultaneous),
                               "", ""});
        }
    }
}

/// Thresholds that no register comes near at their population's scale, which large weights have made small.
void remark_thresholds(const Network& network, const std::vector<PopulationModel>& models, const MappedNetwork& mapped,
                       const chip::ChipSpec& chip, Diagnostics& remarks) {
    constexpr double far = 0.1;
    for (std::size_t i = 0; i < models.size(); ++i) {
        if (network.populations[i].fixed) {
            continue;
        }
        const MappedPopulation& population = mapped.populations[i];
        std::size_t worst = 0;
        double most = 0;
        for (std::size_t n = 0; n < models[i].neurons.size(); ++n) {
            const DerivedNeuron& neuron = models[i].neurons[n];
            if (neuron.registers.spikes && neuron.threshold > 0) {
                const double off =
                    std::abs(threshold_error(neuron.threshold, population.voltage_per_unit, chip.neuron));
                if (off > most) {
                    most = off;
                    worst = n;
                }
            }
        }
        if (most > far) {
            remarks.push_back({Severity::warning, fmt::format("population '{}'", network.populations[i].name),
                               fmt::format("thresholds are rounded by up to {:.0f} %: neuron {}'s, {:.4g} above its "
                                           "reset, is {} in the register",
                                           100 * most, worst, models[i].neurons[worst].threshold,
                                           population.of(worst).threshold_mantissa),
                               "", "large weights and voltages set the scale: clip the weights into it"});
        }
    }
}

/// More than a few findings that differ in their place alone become one, which names the first places: a deep network
/// has one fault often.
Diagnostics joined(const Diagnostics& findings) {
    constexpr std::size_t a_few = 3;
    constexpr std::size_t most_kinds = 64;  // then as they come
    std::vector<Diagnostics> kinds;
    for (const Diagnostic& finding : findings) {
        const auto looked_at = std::span(kinds).first(std::min(kinds.size(), most_kinds));
        const auto alike = std::ranges::find_if(looked_at, [&](const Diagnostics& kind) {
            const Diagnostic& other = kind.front();
            return other.severity == finding.severity && other.found == finding.found &&
                   other.allowed == finding.allowed && other.help == finding.help;
        });
        (alike != looked_at.end() ? *alike : kinds.emplace_back()).push_back(finding);
    }
    Diagnostics all;
    for (const Diagnostics& kind : kinds) {
        if (kind.size() <= a_few) {
            all.insert(all.end(), kind.begin(), kind.end());
            continue;
        }
        Diagnostic one = kind.front();
        for (std::size_t i = 1; i < a_few; ++i) {
            one.where += ", " + kind[i].where;
        }
        one.where += fmt::format(" and {} more", kind.size() - a_few);
        all.push_back(std::move(one));
    }
    return all;
}

}  // namespace

Result<MappedNetwork> quantise(const Network& network, const chip::ChipSpec& chip, const QuantiseOptions& options,
                               Diagnostics& remarks, QuantiseMemory* memory) {
    Diagnostics findings;
    const int weight_bits = widest_weight(chip.synapses, options.weight_bits);
    if (weight_bits < 1) {
        findings.push_back({Severity::error, "options", fmt::format("weights of at most {} bits", options.weight_bits),
                            fmt::format("a width of chip '{}'", chip.name), ""});
    }
    std::vector<PopulationModel> models;
    for (std::size_t i = 0; i < network.populations.size(); ++i) {
        models.push_back(
            derive_neuron_model(network, i, chip, {.approximate_reset = options.approximate_reset}, findings));
    }
    check_size(network, options.magnitude_classes, findings);
    check_projections(network, chip, findings);
    check_plastic(network, chip, findings);
    check_gains(network, models, findings);
    if (has_error(findings)) {
        return fail(joined(findings));
    }

    QuantiseMemory own;
    QuantiseMemory& known = memory != nullptr ? *memory : own;
    if (!known.survey) {
        known.survey = survey_drive(network, models);
    }
    const DriveSurvey& survey = *known.survey;
    const Scaling scaling = choose_scales(network, models, survey, chip, weight_bits, options.split);
    check_exact(network, scaling, chip, options.approximate_weights, findings);
    if (has_error(findings)) {
        return fail(joined(findings));
    }
    remarks.insert(remarks.end(), findings.begin(), findings.end());
    MappedNetwork mapped;
    number_nodes(network, mapped);
    for (std::size_t i = 0; i < models.size(); ++i) {
        mapped.populations.push_back(
            program_population(models[i], scaling.populations[i], network.populations[i].fixed.has_value(), chip));
    }
    expand_weights(network, models, scaling, chip, options, mapped);
    remark_losses(network, mapped, scaling, chip, remarks);
    remark_thresholds(network, models, mapped, chip, remarks);
    return mapped;
}

}  // namespace spikeloom::compiler
