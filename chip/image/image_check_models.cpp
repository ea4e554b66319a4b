// The part of check_image on neuron models: what a chip can run, with which parameters, on which compartments.
#include <fmt/format.h>

#include <algorithm>

#include "chip/image/image_findings.hpp"

namespace spikeloom::chip {
namespace {

constexpr std::int64_t unity = 4096;
constexpr IntRange rotation{.least = -unity, .most = unity};
constexpr IntRange fraction{.least = 0, .most = unity};
constexpr IntRange exponent{.least = 0, .most = 24};
constexpr IntRange interval{.least = 0, .most = 1'000'000'000};

/// Whether the threshold is a mantissa, as the leaky circuit's is, or the number itself.
bool has_threshold_mantissa(NeuronModel model) {
    return model == NeuronModel::leaky || model == NeuronModel::ternary_leaky ||
           model == NeuronModel::adaptive_threshold;
}

bool is_known(NeuronModel model) {
    return static_cast<std::size_t>(model) < neuron_model_names.size();
}

void check_parameters(const CompartmentGroup& group, const NeuronFormat& neuron, const std::string& where,
                      Findings& findings) {
    const ModelParameters& p = group.parameters;
    const std::int64_t state = (std::int64_t{1} << (neuron.state_bits - 1)) - 1;
    findings.range(where, "threshold_low", p.threshold_low,
                   {.least = -neuron.threshold_mantissa_max, .most = neuron.threshold_mantissa_max});
    findings.range(where, "sin_decay", p.sin_decay, rotation);
    findings.range(where, "cos_decay", p.cos_decay, rotation);
    findings.range(where, "state_exponent", p.state_exponent, exponent);
    findings.range(where, "reset_interval", p.reset_interval, interval);
    findings.range(where, "reset_offset", p.reset_offset,
                   {.least = 0, .most = std::max<std::int64_t>(p.reset_interval - std::int64_t{1}, 0)});
    findings.range(where, "adaptation_decay", p.adaptation_decay, fraction);
    findings.range(where, "adaptation_step", p.adaptation_step, {.least = 0, .most = state});
    findings.range(where, "refractory_decay", p.refractory_decay, fraction);
}

}  // namespace

void check_model(const CompartmentGroup& group, const NeuronFormat& neuron, const std::string& where,
                 Findings& findings) {
    if (!is_known(group.model) || std::ranges::find(neuron.models, group.model) == neuron.models.end()) {
        findings.add(where,
                     is_known(group.model) ? fmt::format("its neurons are of model {}", name_of(group.model))
                                           : "its neuron model is unknown",
                     "a model that the chip runs");
        return;
    }
    const std::int64_t most_threshold = has_threshold_mantissa(group.model)
                                            ? neuron.threshold_mantissa_max
                                            : (std::int64_t{1} << (neuron.state_bits - 1)) - 1;
    findings.range(where, "threshold_mantissa", group.threshold_mantissa, {.least = 0, .most = most_threshold});
    check_parameters(group, neuron, where, findings);
    if (group.parameters.soft_reset && (group.model != NeuronModel::leaky || neuron.soft_reset_compartments <= 0)) {
        findings.add(where, "a spike takes the threshold off the voltage",
                     "a reset to zero: the chip, or the model, has no other");
    }
    if (sends_values(group.model) && group.spikes && neuron.payload_bits <= 0) {
        findings.add(where, fmt::format("neurons of model {} send values", name_of(group.model)),
                     "spikes without payload, as the chip has them");
    }
    const auto inputs = static_cast<std::uint32_t>(inputs_of(group.model));
    if (group.first % inputs != 0 || group.count % inputs != 0) {
        findings.add(
            where, fmt::format("{} compartments from {} on", group.count, group.first),
            fmt::format("multiples of {}, the compartments of a neuron of model {}", inputs, name_of(group.model)));
    }
}

void check_pairs(const Image& image, Findings& findings) {
    for (std::size_t c = 0; c < image.cores.size() && !findings.full(); ++c) {
        const CoreImage& core = image.cores[c];
        for (const CompartmentGroup& group : core.groups) {
            if (core.noise.target != NoiseRegister::Target::off && !integrates(group.model)) {
                findings.add(fmt::format("core {}", c),
                             fmt::format("noise on neurons of model {}", name_of(group.model)),
                             "no noise, or models with u and v");
            }
        }
    }
    for (const PopulationSymbol& population : image.populations) {
        const std::string where = fmt::format("population '{}'", population.name);
        if (population.compartments_per_neuron > 1 && !image.learning.empty()) {
            findings.add(where, "its neurons have several inputs, and the image learns",
                         "plastic synapses in images of neurons with one input");
        }
        for (const PopulationTile& tile : population.tiles) {
            const std::vector<CompartmentGroup>& groups = image.cores[tile.core.value()].groups;
            auto group =
                std::prev(std::ranges::upper_bound(groups, tile.first_compartment, {}, &CompartmentGroup::first));
            for (; group != groups.end() && group->first < population.end(tile) && !findings.full(); ++group) {
                const auto inputs = static_cast<std::uint32_t>(inputs_of(group->model));
                if (inputs != population.compartments_per_neuron ||
                    (std::int64_t{tile.first_compartment} - group->first) % inputs != 0) {
                    findings.add(
                        where,
                        fmt::format("{} compartments a neuron from compartment {} of core {} on",
                                    population.compartments_per_neuron, tile.first_compartment, tile.core.value()),
                        fmt::format("{}, as model {} has inputs", inputs, name_of(group->model)));
                }
            }
        }
    }
}

std::int64_t compartments_taken(const CoreImage& core, const NeuronFormat& neuron) {
    std::int64_t taken = core.compartments;
    for (const CompartmentGroup& group : core.groups) {
        if (group.model == NeuronModel::leaky && group.parameters.soft_reset) {
            taken += group.count * std::max<std::int64_t>(neuron.soft_reset_compartments - std::int64_t{1}, 0);
        }
    }
    return taken;
}

}  // namespace spikeloom::chip
