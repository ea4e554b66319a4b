#include "compiler/map_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/legalise/legalise.hpp"
#include "compiler/spike_rates.hpp"

namespace spikeloom::compiler {
namespace {

void say(const CompileOptions& options, double fraction, const std::string& phase) {
    if (options.progress) {
        options.progress(fraction, phase);
    }
}

/// What partition() is told of a legalised network.
struct LegalChoices {
    std::vector<float> rates;
    std::optional<OverridePlan> overrides;
};

Result<LegalChoices> legal_choices(const LegalNetwork& legal, const chip::ChipSpec& chip,
                                   const CompileOptions& options) {
    auto overrides = plan_overrides(legal.network, chip, options.overrides);
    if (!overrides) {
        return fail(std::move(overrides.error()));
    }
    return LegalChoices{.rates = rates_by_node(legal.rates), .overrides = std::move(*overrides)};
}

PartitionChoices with(PartitionChoices choices, const LegalChoices& legal) {
    choices.rates = legal.rates;
    choices.overrides = &*legal.overrides;
    return choices;
}

PartitionChoices order_fitting(PartitionChoices choices, const MappedNetwork& mapped) {
    if (choices.known_order != nullptr && choices.known_order->neuron_at.size() != mapped.neurons()) {
        choices.known_order = nullptr;  // of a network that was legalised otherwise
    }
    return choices;
}

/// Made of neurons that cores can hold, where there are some that none can; else nothing.
Result<std::optional<Mapping>> legalise_and_partition(const Network& network, const Mapping& mapping,
                                                      const chip::ChipSpec& chip, const CompileOptions& options,
                                                      const PartitionChoices& choices, const LegalNetwork* like) {
    auto made = legalise(network, mapping.mapped, chip, options, like);
    if (!made) {
        return fail(std::move(made.error()));
    }
    if (!*made) {
        return std::optional<Mapping>();
    }
    Mapping legal{.mapped = std::move((*made)->mapped),
                  .partition = {},
                  .remarks = mapping.remarks,
                  .legal = std::move((*made)->legal)};
    legal.remarks.insert(legal.remarks.end(), (*made)->remarks.begin(), (*made)->remarks.end());
    const auto own = legal_choices(*legal.legal, chip, options);
    if (!own) {
        return fail(own.error());
    }
    auto parts = partition(legal.legal->network, legal.mapped, chip, order_fitting(with(choices, *own), legal.mapped));
    if (!parts) {
        return fail(std::move(parts.error()));
    }
    legal.partition = std::move(*parts);
    return std::optional(std::move(legal));
}

/// Dealt to cores, legalised if need be: at once where other formats needed it (`like`), or where the user wants sums
/// in parts.
Result<Mapping> partitioned(const Network& network, Mapping mapping, const chip::ChipSpec& chip,
                            const CompileOptions& options, const PartitionChoices& choices,
                            const LegalNetwork* like = nullptr) {
    const auto legalised = [&] { return legalise_and_partition(network, mapping, chip, options, choices, like); };
    if (like != nullptr || !options.overrides.fan_in_parts.empty()) {
        auto legal = legalised();
        if (!legal || *legal) {
            return legal ? Result<Mapping>(std::move(**legal)) : fail(std::move(legal.error()));
        }
    }
    auto parts = partition(network, mapping.mapped, chip, order_fitting(choices, mapping.mapped));
    if (parts) {
        mapping.partition = std::move(*parts);
        return mapping;
    }
    auto legal = legalised();
    if (!legal || !*legal) {
        return fail(legal ? std::move(parts.error()) : std::move(legal.error()));
    }
    return std::move(**legal);
}

/// Sum over the projections of what rounding did to their weights.
double weight_error(const std::vector<chip::ProjectionLoss>& losses) {
    double sum = 0;
    for (const chip::ProjectionLoss& loss : losses) {
        sum += loss.rms_error;
    }
    return sum;
}

bool has_rounding(const Mapping& mapping) {
    constexpr double negligible = 1e-4;
    return weight_error(mapping.losses()) > negligible * static_cast<double>(mapping.losses().size());
}

/// Synapses of the user's network that have a weight on the chip: what spikes cost in synaptic events.
double synapses(const std::vector<chip::ProjectionLoss>& losses) {
    double sum = 0;
    for (const chip::ProjectionLoss& loss : losses) {
        sum += static_cast<double>(loss.synapses - loss.zeroed);
    }
    return sum;
}

/// Networks whose neurons alone, one a compartment, are many times more than the chip has room for are not looked at
/// synapse by synapse: a few numbers of a file can ask for millions of neurons.
std::optional<Diagnostic> refuse_size(const Network& network, const chip::ChipSpec& chip) {
    constexpr std::size_t far_too_many = 4;  // below that, what binds where is worth the look
    std::size_t neurons = 0;
    for (const Population& population : network.populations) {
        neurons += population.size();
    }
    const auto compartments = static_cast<std::size_t>(std::max<std::int64_t>(chip.limits.compartments, 1));
    const std::size_t cores = (neurons + compartments - 1) / compartments;
    const auto there = static_cast<std::size_t>(chip.mesh.cores());
    if (cores <= far_too_many * there) {
        return std::nullopt;
    }
    return Diagnostic{.where = fmt::format("network '{}'", network.name),
                      .found = fmt::format("its {} neurons need at least {} cores, of {} compartments each", neurons,
                                           cores, compartments),
                      .allowed = fmt::format("{} cores (chip '{}')", there, chip.name),
                      .help = "a chip with more cores, or a smaller network"};
}

/// Whether other formats round by a tenth less, and by more than they add synapses that were rounded away.
bool rounds_less(const Mapping& refined, const Mapping& best) {
    constexpr double worth_while = 0.9;
    const double error = weight_error(refined.losses()) / weight_error(best.losses());
    const double events = synapses(refined.losses()) / std::max(synapses(best.losses()), 1.0);
    return error * std::max(events, 1.0) <= worth_while;
}

}  // namespace

/// Better formats for the weights, as far as they are free. Weights of both signs in one format lose a bit to the
/// sign; in a format for each sign they do not. And a few large weights coarsen all others, unless the small ones have
/// formats of their own. Both take more memory: kept where that costs no core and no message.
Result<Mapping> map_network(const Network& network, const chip::ChipSpec& chip, const CompileOptions& options,
                            const OverridePlan& overrides) {
    if (auto too_large = refuse_size(network, chip)) {
        return fail(std::move(*too_large));
    }
    QuantiseOptions quantise_options;
    quantise_options.weight_bits = options.weight_bits;
    quantise_options.approximate_reset = options.approximate_reset;
    quantise_options.approximate_weights = options.approximate_weights;
    QuantiseMemory memory;
    const auto quantised = [&]() -> Result<Mapping> {
        Mapping mapping;
        auto mapped = quantise(network, chip, quantise_options, mapping.remarks, &memory);
        if (!mapped) {
            return fail(std::move(mapped.error()));
        }
        mapping.mapped = std::move(*mapped);
        return mapping;
    };
    const std::vector<float> rates = rates_by_node(options.rates);
    PartitionChoices choices{.effort = options.effort,
                             .threads = options.threads,
                             .seed = options.seed,
                             .rates = rates,
                             .stop = options.stop,
                             .balance = false,
                             .overrides = &overrides};
    auto best = quantised();
    if (best) {
        best = partitioned(network, std::move(*best), chip, options, choices);
    }
    if (!best || options.effort == 0) {
        return best;
    }
    struct Refinement {
        SignSplit split;
        int magnitude_classes;
    };
    double done = 0.3;
    for (const Refinement refinement :
         {Refinement{SignSplit::always, 1}, Refinement{SignSplit::always, 2}, Refinement{SignSplit::always, 3}}) {
        if (!has_rounding(*best) || (options.stop && options.stop())) {
            break;
        }
        say(options, done, "refine the weights' formats");
        done += 0.1;
        quantise_options.split = refinement.split;
        quantise_options.magnitude_classes = refinement.magnitude_classes;
        auto refined = quantised();
        if (!refined || !rounds_less(*refined, *best)) {
            break;
        }
        choices.known_order = &best->partition.order;
        choices.most_cores = best->partition.cores.size();
        refined =
            partitioned(network, std::move(*refined), chip, options, choices, best->legal ? &*best->legal : nullptr);
        if (!refined || refined->partition.cores.size() > best->partition.cores.size() ||
            refined->partition.messages > best->partition.messages) {
            break;
        }
        best = std::move(refined);
    }
    if (best->legal) {
        if (const auto own = legal_choices(*best->legal, chip, options)) {
            best->partition =
                balanced(best->legal->network, best->mapped, chip, with(choices, *own), std::move(best->partition));
        }
    } else {
        best->partition = balanced(network, best->mapped, chip, choices, std::move(best->partition));
    }
    return best;
}

}  // namespace spikeloom::compiler
