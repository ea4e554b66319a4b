#include "compiler/map_network.hpp"

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

/// Made of neurons that cores can hold, where partition() found some that none can; else its reasons.
Result<Mapping> legalise_and_partition(const Network& network, Mapping mapping, const chip::ChipSpec& chip,
                                       const CompileOptions& options, PartitionChoices choices,
                                       const LegalNetwork* like, Diagnostics reasons) {
    auto made = legalise(network, mapping.mapped, chip, options, like);
    if (!made || !*made) {
        return fail(made ? std::move(reasons) : std::move(made.error()));
    }
    mapping.legal = std::move((*made)->legal);
    mapping.mapped = std::move((*made)->mapped);
    mapping.remarks.insert(mapping.remarks.end(), (*made)->remarks.begin(), (*made)->remarks.end());
    const auto overrides = plan_overrides(mapping.legal->network, chip, options.overrides);
    if (!overrides) {
        return fail(overrides.error());
    }
    const std::vector<float> rates = rates_by_node(mapping.legal->rates);
    choices.overrides = &*overrides;
    choices.rates = rates;
    if (choices.known_order != nullptr && choices.known_order->neuron_at.size() != mapping.mapped.neurons()) {
        choices.known_order = nullptr;
    }
    auto parts = partition(mapping.legal->network, mapping.mapped, chip, choices);
    if (!parts) {
        return fail(std::move(parts.error()));
    }
    mapping.partition = std::move(*parts);
    return mapping;
}

Result<Mapping> quantise_and_partition(const Network& network, const chip::ChipSpec& chip,
                                       const CompileOptions& options, const QuantiseOptions& quantise_options,
                                       PartitionChoices choices, const LegalNetwork* like = nullptr) {
    Mapping mapping;
    auto mapped = quantise(network, chip, quantise_options, mapping.remarks);
    if (!mapped) {
        return fail(std::move(mapped.error()));
    }
    mapping.mapped = std::move(*mapped);
    const NeuronOrder* const known_order = choices.known_order;
    if (known_order != nullptr && known_order->neuron_at.size() != mapping.mapped.neurons()) {
        choices.known_order = nullptr;  // that of a legalised network
    }
    auto parts = partition(network, mapping.mapped, chip, choices);
    if (!parts) {
        choices.known_order = known_order;
        return legalise_and_partition(network, std::move(mapping), chip, options, choices, like,
                                      std::move(parts.error()));
    }
    mapping.partition = std::move(*parts);
    return mapping;
}

/// Sum over the projections of what rounding did to their weights.
double weight_error(const Mapping& mapping) {
    double sum = 0;
    for (const chip::ProjectionLoss& loss : mapping.losses()) {
        sum += loss.rms_error;
    }
    return sum;
}

bool has_rounding(const Mapping& mapping) {
    constexpr double negligible = 1e-4;
    return weight_error(mapping) > negligible * static_cast<double>(mapping.losses().size());
}

}  // namespace

/// Better formats for the weights, as far as they are free. Weights of both signs in one format lose a bit to the
/// sign; in a format for each sign they do not. And a few large weights coarsen all others, unless the small ones have
/// formats of their own. Both take more memory: kept where that costs no core and no message.
Result<Mapping> map_network(const Network& network, const chip::ChipSpec& chip, const CompileOptions& options,
                            const OverridePlan& overrides) {
    QuantiseOptions quantise_options;
    quantise_options.weight_bits = options.weight_bits;
    quantise_options.approximate_reset = options.approximate_reset;
    quantise_options.approximate_weights = options.approximate_weights;
    const std::vector<float> rates = rates_by_node(options.rates);
    PartitionChoices choices{.effort = options.effort,
                             .threads = options.threads,
                             .seed = options.seed,
                             .rates = rates,
                             .stop = options.stop,
                             .overrides = &overrides};
    auto best = quantise_and_partition(network, chip, options, quantise_options, choices);
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
        choices.known_order = &best->partition.order;
        choices.most_cores = best->partition.cores.size();
        auto refined = quantise_and_partition(network, chip, options, quantise_options, choices,
                                              best->legal ? &*best->legal : nullptr);
        const bool free = refined && refined->partition.cores.size() <= best->partition.cores.size() &&
                          refined->partition.messages <= best->partition.messages;
        if (!free || weight_error(*refined) > 0.9 * weight_error(*best)) {
            break;
        }
        best = std::move(refined);
    }
    return best;
}

}  // namespace spikeloom::compiler
