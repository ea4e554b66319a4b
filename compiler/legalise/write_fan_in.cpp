#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "compiler/legalise/fan_in_splitter.hpp"
#include "compiler/legalise/free_name.hpp"
#include "compiler/legalise/retime.hpp"
#include "compiler/legalise/rounded_synapses.hpp"
#include "compiler/passes/fixed_neuron.hpp"
#include "compiler/spike_rates.hpp"

namespace spikeloom::compiler {

void FanInSplitter::write_populations(LegalMapping& to, Diagnostics& findings) const {
    LegalNetwork& legal = to.legal;
    legal.network = with_added_steps(network_, added_);
    legal.reference = with_added_steps(from_.legal.reference, added_);
    for (std::size_t p = 0; p < legal.added_steps.size(); ++p) {
        legal.added_steps[p] += added_[p];
    }
    for (std::size_t p = 0; p < network_.populations.size(); ++p) {
        for (NeuronRegisters& registers : to.mapped.populations[p].registers) {
            registers.parameters = later_reset(registers.parameters, added_[p]);
        }
    }
    for (const Group& group : groups_) {
        Population helpers;
        helpers.name = free_name(legal.network, network_.populations[group.population].name + ".sums");
        helpers.shape = {group.count};
        helpers.kind = NeuronKind::integrate_fire;
        helpers.fixed = FixedNeuron{.model = NeuronModel::graded_vector, .biases = {}};
        MappedPopulation mapped;
        mapped.registers = {fixed_neuron_model(helpers, chip_, findings).neurons.front().registers};
        to.mapped.populations.push_back(std::move(mapped));
        to.mapped.population_first.push_back(to.mapped.population_first.back() + group.count);
        FanInSplit split{.population = group.population,
                         .helpers = static_cast<std::uint32_t>(legal.network.populations.size()),
                         .shift = shifts_.at(group.population)};
        for (const std::uint32_t node : plan_.at(group.population).neurons) {
            split.neurons.push_back(node - mapped_.population_first[group.population]);
        }
        for (const Neuron* neuron : group.neurons) {
            split.most_sources = std::max(split.most_sources, neuron->sources);
            split.most_parts = std::max(split.most_parts, static_cast<std::uint32_t>(neuron->parts.size()));
        }
        legal.fan_in.push_back(split);
        legal.network.populations.push_back(std::move(helpers));
    }
    for (std::uint32_t& first : to.mapped.input_first) {
        first += helpers();
    }
    std::vector<std::int64_t> payloads;
    for (const Group& group : groups_) {
        for (const Part* part : group.parts) {
            payloads.push_back(part->bounded && part->most <= payload_most_ ? part->most : 0);
        }
    }
    to.largest_payload.insert(to.largest_payload.begin() + neurons(), payloads.begin(), payloads.end());
}

void FanInSplitter::write_table(LegalMapping& to) const {
    FanInTable table;
    table.formats = formats_;
    table.learning = mapped_.table.learning;
    if (!table.learning.empty()) {
        table.learning.resize(formats_.size());
    }
    table.reserve(mapped_.table.stored() + helpers());
    std::vector<FanInSynapse> row;
    auto split = neurons_.begin();
    for (std::uint32_t target = 0; target < neurons(); ++target) {
        row.clear();
        mapped_.table.for_each(target, [&](std::uint32_t source, const FanInSynapse& synapse) {
            if (!helped(source, target, synapse.delay)) {
                row.push_back(moved(synapse, source, target));
            }
        });
        if (split != neurons_.end() && split->node == target) {
            const auto inputs = std::ranges::lower_bound(row, neurons(), {}, [](const FanInSynapse& synapse) {
                return static_cast<std::uint32_t>(synapse.source);
            });
            std::vector<FanInSynapse> sums;
            for (const Part& part : split->parts) {
                sums.push_back({.source = neurons() + part.helper,
                                .weight = passing_on_.at(split->shift).mantissa,
                                .format = passing_on_.at(split->shift).format});
            }
            row.insert(inputs, sums.begin(), sums.end());
            ++split;
        }
        table.add(row);
    }
    for (const Group& group : groups_) {
        for (std::size_t i = 0; i < group.parts.size(); ++i) {
            row.clear();
            for (const FanInSynapse& synapse : group.parts[i]->synapses) {
                row.push_back(moved(synapse, static_cast<std::uint32_t>(synapse.source), group.neurons[i]->node));
            }
            table.add(row);
        }
    }
    to.mapped.table = std::move(table);
}

/// Of a projection into split neurons, the synapses that lead through no helper; nothing where that is all of them.
std::optional<std::vector<RoundedSynapse>> FanInSplitter::direct_synapses(std::size_t p) const {
    const Projection& projection = network_.projections[p];
    const auto plan = plan_.find(projection.target.value());
    const std::optional<DelayRange> delays = delays_of(projection);
    const int more = added_delay(projection, added_);
    if (plan == plan_.end() || !delays || delays->longest + more <= 0) {
        return std::nullopt;
    }
    std::vector<RoundedSynapse> direct;
    const bool whole = plan->second.neurons.size() == network_.populations[plan->first].size();
    if (whole && delays->shortest + more > 0) {
        return direct;
    }
    const std::uint32_t source_first = mapped_.source_first(projection.source);
    const std::uint32_t first = mapped_.population_first[plan->first];
    for_each_rounded(network_, mapped_, p, [&](const RoundedSynapse& synapse) {
        const auto delay = static_cast<std::uint64_t>(projection.delay_steps + synapse.delay);
        if (!helped(source_first + synapse.source, first + synapse.target, delay)) {
            direct.push_back(synapse);
        }
    });
    return direct;
}

/// Projections that lead through helpers keep their biases, and their synapses to neurons that have none; the others,
/// in whole numbers, lead to the helpers.
void FanInSplitter::write_projections(LegalMapping& to) const {
    std::vector<chip::ProjectionLoss>& losses = to.mapped.losses;
    for (std::size_t p = 0; p < network_.projections.size(); ++p) {
        if (auto direct = direct_synapses(p)) {
            Projection& projection = to.legal.network.projections[p];
            projection =
                with_synapses(projection, std::move(*direct), network_.source_size(projection.source), losses[p]);
            if (losses[p].synapses == 0) {
                losses[p] = {.name = losses[p].name,
                             .weight_exponent = losses[p].weight_exponent,
                             .weight_bits = losses[p].weight_bits};
            }
        }
    }
    for (std::size_t g = 0; g < groups_.size(); ++g) {
        write_projections(to, groups_[g], static_cast<std::uint32_t>(network_.populations.size() + g));
    }
}

/// From all sources to the helpers of a group, the population of this number, and from them to their neurons.
void FanInSplitter::write_projections(LegalMapping& to, const Group& group, std::uint32_t population) const {
    struct Synapse {
        std::uint32_t source = 0;  ///< node of `from`
        std::uint32_t helper = 0;
        float weight = 0;
        std::uint8_t delay = 0;
    };
    std::vector<Synapse> synapses;
    SparseWeights sums;
    sums.row_begin.push_back(0);
    for (std::uint32_t i = 0; i < group.count; ++i) {
        for (const FanInSynapse& synapse : group.parts[i]->synapses) {
            const auto source = static_cast<std::uint32_t>(synapse.source);
            synapses.push_back(
                {.source = source,
                 .helper = i,
                 .weight = static_cast<float>(contribution(synapse, group.neurons[i]->shift)),
                 .delay = static_cast<std::uint8_t>(moved(synapse, source, group.neurons[i]->node).delay)});
        }
        sums.targets.push_back(group.neurons[i]->node - mapped_.population_first[group.population]);
        sums.weights.push_back(
            static_cast<float>(std::ldexp(1.0, static_cast<int>(group.neurons[i]->shift)) / group.neurons[i]->unit));
        sums.row_begin.push_back(sums.targets.size());
    }
    std::ranges::stable_sort(synapses, {}, &Synapse::source);

    Network& network = to.legal.network;
    const auto add = [&](Source source, std::uint32_t target, SparseWeights weights) {
        if (std::ranges::all_of(weights.delays, [](std::uint8_t delay) { return delay == 0; })) {
            weights.delays.clear();
        }
        Projection projection;
        projection.source = source;
        projection.target = PopulationId(target);
        projection.name = fmt::format("{} -> {}", network.source_name(source), network.populations[target].name);
        to.mapped.losses.push_back(
            {.name = projection.name,
             .weights = weights.weights.size(),
             .synapses = weights.weights.size(),
             .weight_bits = formats_[passing_on_.at(shifts_.at(group.population)).format].weight_bits});
        projection.weights = std::move(weights);
        network.projections.push_back(std::move(projection));
    };
    for (auto at = synapses.begin(); at != synapses.end();) {
        const std::uint32_t entity = entity_at_[at->source];
        const auto populations = static_cast<std::uint32_t>(network_.populations.size());
        const Source source = entity < populations ? Source{Source::Kind::population, entity}
                                                   : Source{Source::Kind::input, entity - populations};
        const std::uint32_t first = mapped_.source_first(source);
        SparseWeights weights;
        for (std::uint32_t i = 0; i < network_.source_size(source); ++i) {
            weights.row_begin.push_back(weights.targets.size());
            for (; at != synapses.end() && at->source == first + i; ++at) {
                weights.targets.push_back(at->helper);
                weights.weights.push_back(at->weight);
                weights.delays.push_back(at->delay);
            }
        }
        weights.row_begin.push_back(weights.targets.size());
        add(source, population, std::move(weights));
    }
    add({Source::Kind::population, population}, group.population, std::move(sums));
}

/// A helper sends whenever a source of it does, but for sums of 0.
void FanInSplitter::write_rates(LegalMapping& to) const {
    SpikeRates& rates = to.legal.rates;
    if (rates.empty()) {
        return;
    }
    const std::vector<float> by_node = rates_by_node(rates);
    for (const Group& group : groups_) {
        std::vector<float>& own = rates.populations.emplace_back();
        for (const Part* part : group.parts) {
            double silent = 1;
            for_each_source(part->synapses, [&](std::span<const FanInSynapse> synapses) {
                silent *= 1 - std::min<double>(by_node[synapses.front().source], 1);
            });
            own.push_back(static_cast<float>(1 - silent));
        }
    }
}

void FanInSplitter::remark(LegalMapping& to) const {
    for (std::size_t g = 0; g < groups_.size(); ++g) {
        const Group& group = groups_[g];
        const FanInSplit& split = to.legal.fan_in[to.legal.fan_in.size() - groups_.size() + g];
        const Population& population = network_.populations[group.population];
        to.remarks.push_back(
            {.severity = Severity::note,
             .where = fmt::format("population '{}'", population.name),
             .found = fmt::format(
                 "{} of {} neurons hear up to {} sources, more than a core takes in: {} helper neurons "
                 "('{}') make their sums in up to {} parts, exactly; the population's spikes come {} later",
                 split.neurons.size(), population.size(), split.most_sources, group.count,
                 to.legal.network.populations[split.helpers].name, split.most_parts,
                 added_[group.population] == 1 ? "a step" : fmt::format("{} steps", added_[group.population])),
             .allowed = {},
             .help = "--split-fan-in never refuses instead"});
        const auto unbounded =
            std::ranges::count_if(group.parts, [](const Part* part) { return !part->bounded && !part->wraps; });
        if (unbounded > 0) {
            to.remarks.push_back(
                {.severity = Severity::warning,
                 .where = fmt::format("population '{}'", population.name),
                 .found = fmt::format("its sources send values: the parts of its sums are exact as long as none goes "
                                      "beyond {} x {} in a step",
                                      payload_most_, std::int64_t{64} << shifts_.at(group.population)),
                 .allowed = {},
                 .help = {}});
        }
    }
}

}  // namespace spikeloom::compiler
