#include "compiler/legalise/split_fan_in.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include "chip/spec/weight_format.hpp"
#include "compiler/legalise/free_name.hpp"
#include "compiler/legalise/retime.hpp"
#include "compiler/overrides.hpp"
#include "compiler/passes/exact_fit.hpp"
#include "compiler/passes/expand_weights.hpp"
#include "compiler/passes/fixed_neuron.hpp"
#include "compiler/passes/neuron_model.hpp"
#include "compiler/passes/weight_fit.hpp"

namespace spikeloom::compiler {
namespace {

/// Deals the sources of a neuron over its parts, one by one in the order of the nodes, evenly; a part ends early where
/// its sum could outgrow a payload.
class Dealer {
public:
    Dealer(std::uint32_t sources, std::uint32_t parts, std::int64_t payload_most)
        : quota_(std::max((sources + parts - 1) / parts, 1U)), most_(payload_most) {}

    /// The part of the next source, which can bring so much; 0: not known.
    std::uint32_t next(std::int64_t brings) {
        if (in_part_ == quota_ || (in_part_ > 0 && load_ + brings > most_)) {
            ++part_;
            in_part_ = 0;
            load_ = 0;
        }
        ++in_part_;
        load_ += brings;
        return part_;
    }

private:
    std::uint32_t quota_;
    std::int64_t most_;
    std::uint32_t part_ = 0;
    std::uint32_t in_part_ = 0;
    std::int64_t load_ = 0;
};

class FanInSplitter {
public:
    FanInSplitter(const LegalMapping& from, const PartsByPopulation& parts, const chip::ChipSpec& chip)
        : from_(from),
          network_(from.legal.network),
          mapped_(from.mapped),
          parts_(parts),
          chip_(chip),
          payload_most_((std::int64_t{1} << (chip.neuron.payload_bits - 1)) - 1) {}

    [[nodiscard]] Result<LegalMapping> run(bool approximate_reset);

private:
    /// What a helper adds up: synapses with their sources as nodes of `from`.
    struct Part {
        std::vector<FanInSynapse> synapses{};
        std::uint32_t helper = 0;
        std::int64_t most = 0;  ///< magnitude that the sum can have
        bool bounded = true;
    };
    /// A neuron that is split.
    struct Neuron {
        std::uint32_t node = 0;
        std::uint32_t population = 0;
        std::uint32_t sources = 0;  ///< that lead through helpers
        std::vector<Part> parts{};
        double unit = 1;  ///< contribution to u in units of 2^6, of a weight of 1
    };
    /// A population of helpers.
    struct Group {
        std::uint32_t population = 0;  ///< whose parts they make
        std::uint32_t first = 0;       ///< helper
        std::uint32_t count = 0;
        std::vector<const Part*> parts{};  ///< by helper
        std::vector<const Neuron*> neurons{};
    };

    void find_detours();
    void list_nodes();
    void deal(Diagnostics& findings);
    void deal(Neuron& neuron, std::uint32_t parts, Diagnostics& findings);
    void number_helpers();
    void find_units(bool approximate_reset);
    void find_formats(Diagnostics& findings);
    void write_populations(LegalMapping& to, Diagnostics& findings) const;
    void write_table(LegalMapping& to) const;
    void write_projections(LegalMapping& to) const;
    void write_projections(LegalMapping& to, const Group& group, std::uint32_t population) const;
    void write_rates(LegalMapping& to) const;
    void remark(LegalMapping& to) const;

    /// Calls use(synapses of one source) along synapses in their order.
    template <class Use>
    static void for_each_source(std::span<const FanInSynapse> synapses, const Use& use) {
        for (std::size_t begin = 0; begin < synapses.size();) {
            std::size_t end = begin + 1;
            while (end < synapses.size() && synapses[end].source == synapses[begin].source) {
                ++end;
            }
            use(synapses.subspan(begin, end - begin));
            begin = end;
        }
    }
    /// Those that lead through helpers.
    [[nodiscard]] std::vector<FanInSynapse> helped_synapses(const Neuron& neuron) const;
    /// What the synapses can bring in a step; 0: not known.
    [[nodiscard]] std::int64_t brings(std::span<const FanInSynapse> synapses) const;
    [[nodiscard]] std::int32_t contribution(const FanInSynapse& synapse) const {
        return chip::effective_weight_64(static_cast<int>(synapse.weight), formats_[synapse.format],
                                         chip_.conventions.negative_mixed_weight);
    }
    [[nodiscard]] std::uint32_t neurons() const { return mapped_.neurons(); }
    [[nodiscard]] std::uint32_t helpers() const { return groups_.back().first + groups_.back().count; }
    /// The node as `to` numbers it: helpers stand between neurons and inputs.
    [[nodiscard]] std::uint32_t renumbered(std::uint32_t node) const {
        return node + (node < neurons() ? 0 : helpers());
    }
    /// Steps that a synapse waits longer, its helper's taken off.
    [[nodiscard]] int longer(std::uint32_t source, std::uint32_t target) const {
        const std::uint32_t population = entity_at_[target];
        return added_[population] - (source < neurons() ? added_[entity_at_[source]] : 0) -
               (helped(source, target) ? 1 : 0);
    }
    /// Whether the synapses between the two lead through a helper.
    [[nodiscard]] bool helped(std::uint32_t source, std::uint32_t target) const {
        const auto from = detours_.find(entity_at_[target]);
        return from != detours_.end() && from->second[entity_at_[source]];
    }
    /// A synapse as `to` has it, in time.
    [[nodiscard]] FanInSynapse moved(FanInSynapse synapse, std::uint32_t source, std::uint32_t target) const {
        if (const int more = longer(source, target); more != 0) {
            synapse.delay = static_cast<std::uint64_t>(static_cast<int>(synapse.delay) + more);
            synapse.format = delayed_.at({static_cast<std::uint16_t>(synapse.format), entity_at_[target]});
        }
        synapse.source = renumbered(source);
        return synapse;
    }

    const LegalMapping& from_;
    const Network& network_;
    const MappedNetwork& mapped_;
    const PartsByPopulation& parts_;
    const chip::ChipSpec& chip_;
    std::int64_t payload_most_;
    std::vector<int> added_;                ///< steps, by population
    std::vector<std::uint32_t> entity_at_;  ///< by node: its population, or its input, numbered behind them
    std::vector<bool> detour_;              ///< by projection
    std::map<std::uint32_t, std::vector<bool>> detours_;  ///< into each split population, by entity of the source
    std::vector<Neuron> neurons_;
    std::vector<Group> groups_;
    std::vector<chip::WeightFormat> formats_;
    std::map<std::pair<std::uint16_t, std::uint32_t>, std::uint16_t> delayed_;  ///< format of (format, population)
    std::uint16_t one_format_ = 0;
    std::int16_t one_mantissa_ = 1;
};

std::int64_t FanInSplitter::brings(std::span<const FanInSynapse> synapses) const {
    std::int64_t sum = 0;
    for (const FanInSynapse& synapse : synapses) {
        sum += std::abs(contribution(synapse));
    }
    return sum * from_.largest_payload[synapses.front().source];
}

std::vector<FanInSynapse> FanInSplitter::helped_synapses(const Neuron& neuron) const {
    std::vector<FanInSynapse> all;
    mapped_.table.for_each(neuron.node, [&](std::uint32_t source, FanInSynapse synapse) {
        if (helped(source, neuron.node)) {
            synapse.source = source;
            all.push_back(synapse);
        }
    });
    return all;
}

void FanInSplitter::list_nodes() {
    for (std::uint32_t p = 0; p < network_.populations.size(); ++p) {
        entity_at_.insert(entity_at_.end(), network_.populations[p].size(), p);
    }
    for (std::uint32_t i = 0; i < network_.inputs.size(); ++i) {
        entity_at_.insert(entity_at_.end(), network_.inputs[i].size(),
                          static_cast<std::uint32_t>(network_.populations.size()) + i);
    }
    formats_ = mapped_.table.formats;
}

/// All ways into a split population lead through helpers, but for those that close a loop.
void FanInSplitter::find_detours() {
    detour_.assign(network_.projections.size(), false);
    for (const auto& [population, parts] : parts_) {
        const std::vector<bool> open = open_to_detours(network_, population);
        std::vector<bool>& from = detours_[population];
        from.assign(network_.populations.size() + network_.inputs.size(), false);
        for (std::size_t p = 0; p < open.size(); ++p) {
            if (open[p]) {
                const Source& source = network_.projections[p].source;
                from[source.index + (source.kind == Source::Kind::input ? network_.populations.size() : 0)] = true;
                detour_[p] = true;
            }
        }
    }
}

void FanInSplitter::deal(Diagnostics& findings) {
    for (const auto& [population, parts] : parts_) {
        std::uint64_t most = 1;
        const std::size_t first = neurons_.size();
        for (std::uint32_t node = mapped_.population_first[population]; node < mapped_.population_first[population + 1];
             ++node) {
            Neuron neuron{.node = node, .population = population};
            mapped_.table.for_each_source(
                node, [&](std::uint32_t source) { neuron.sources += helped(source, node) ? 1 : 0; });
            most = std::max<std::uint64_t>(most, neuron.sources);
            neurons_.push_back(std::move(neuron));
        }
        for (std::size_t i = first; i < neurons_.size(); ++i) {
            const std::uint64_t own = (std::uint64_t{parts} * neurons_[i].sources + most - 1) / most;
            deal(neurons_[i], std::max(static_cast<std::uint32_t>(own), 1U), findings);
        }
    }
}

void FanInSplitter::deal(Neuron& neuron, std::uint32_t parts, Diagnostics& findings) {
    Dealer dealer(neuron.sources, parts, payload_most_);
    std::int64_t too_large = 0;
    const std::vector<FanInSynapse> all = helped_synapses(neuron);
    for_each_source(all, [&](std::span<const FanInSynapse> synapses) {
        const std::int64_t here = brings(synapses);
        too_large = std::max(too_large, here > payload_most_ ? here : 0);
        neuron.parts.resize(std::max<std::size_t>(neuron.parts.size(), dealer.next(here) + std::size_t{1}));
        Part& part = neuron.parts.back();
        part.synapses.insert(part.synapses.end(), synapses.begin(), synapses.end());
        part.most += here;
        part.bounded = part.bounded && from_.largest_payload[synapses.front().source] > 0;
    });
    if (too_large > 0) {
        findings.push_back({.where = fmt::format("population '{}'", network_.populations[neuron.population].name),
                            .found = fmt::format(
                                "neuron {}: a source can bring {} x 64 in a step, and a helper could not pass that on",
                                neuron.node - mapped_.population_first[neuron.population], too_large),
                            .allowed = fmt::format("{} (payloads of {} bits, chip '{}')", payload_most_,
                                                   chip_.neuron.payload_bits, chip_.name),
                            .help = "fewer weight bits (--weight-bits), fewer sources a neuron"});
    }
}

/// First parts first: helpers that hear the same sources of a dense layer lie side by side.
void FanInSplitter::number_helpers() {
    std::uint32_t helper = 0;
    for (const auto& [population, parts] : parts_) {
        Group group{.population = population, .first = helper};
        for (std::size_t part = 0, found = 1; found > 0; ++part) {
            found = 0;
            for (Neuron& neuron : neurons_) {
                if (neuron.population == population && neuron.parts.size() > part) {
                    neuron.parts[part].helper = helper++;
                    group.parts.push_back(&neuron.parts[part]);
                    group.neurons.push_back(&neuron);
                    ++found;
                }
            }
        }
        group.count = helper - group.first;
        groups_.push_back(std::move(group));
    }
}

/// What the weight from a helper is in the network's terms, so that it counts 1 on the chip.
void FanInSplitter::find_units(bool approximate_reset) {
    for (const Group& group : groups_) {
        Diagnostics told;  // when it was quantised
        const PopulationModel model =
            derive_neuron_model(network_, group.population, chip_, {.approximate_reset = approximate_reset}, told);
        const double scale =
            network_.populations[group.population].fixed ? 1 : mapped_.populations[group.population].voltage_per_unit;
        for (Neuron& neuron : neurons_) {
            if (neuron.population == group.population) {
                neuron.unit =
                    model.neurons[neuron.node - mapped_.population_first[group.population]].gain * scale / 64.0;
            }
        }
    }
}

void FanInSplitter::find_formats(Diagnostics& findings) {
    const std::vector<FormatLearning>& learning = mapped_.table.learning;
    const auto number = [&](const chip::WeightFormat& format) {
        std::size_t i = 0;
        while (i < formats_.size() && !(formats_[i] == format && (i >= learning.size() || learning[i].profile == 0))) {
            ++i;
        }
        if (i == formats_.size()) {
            formats_.push_back(format);
        }
        return static_cast<std::uint16_t>(i);
    };
    const int widest = widest_weight(chip_.synapses, 8);
    const ExactFormats one = exact_formats({1}, widest, chip_.synapses);
    chip::WeightFormat format = one.positive.front();
    one_mantissa_ = WeightLattice(format).mantissa(1);
    format.weight_bits = narrowest_weight(chip_.synapses, format.sign_mode,
                                          std::countr_zero(static_cast<unsigned>(one_mantissa_)), format.weight_bits);
    format.delay_bits = narrowest_delay(chip_.synapses, 0);
    if (!one.lost.empty() || format.delay_bits > 8) {
        findings.push_back({.where = fmt::format("chip '{}'", chip_.name),
                            .found = "no synapse passes a helper's sum on as it is",
                            .allowed = "a weight of 1 without delay",
                            .help = "fewer sources a neuron"});
        return;
    }
    one_format_ = number(format);

    std::map<std::pair<std::uint16_t, std::uint32_t>, int> longest;
    for (std::uint32_t target = 0; target < neurons(); ++target) {
        mapped_.table.for_each(target, [&](std::uint32_t source, const FanInSynapse& synapse) {
            if (const int more = longer(source, target); more != 0) {
                int& delay = longest[{static_cast<std::uint16_t>(synapse.format), entity_at_[target]}];
                delay = std::max(delay, static_cast<int>(synapse.delay) + more);
            }
        });
    }
    for (const auto& [key, delay] : longest) {
        chip::WeightFormat longer_format = mapped_.table.formats[key.first];
        longer_format.delay_bits = narrowest_delay(chip_.synapses, delay);
        if (delay > chip_.synapses.max_delay || longer_format.delay_bits > 8) {
            findings.push_back({.where = fmt::format("population '{}'", network_.populations[key.second].name),
                                .found = fmt::format("a synapse would need a delay of {} steps to stay in time with "
                                                     "neurons whose fan-in is split",
                                                     delay),
                                .allowed = fmt::format("at most {} (chip '{}')", chip_.synapses.max_delay, chip_.name),
                                .help = "fewer sources a neuron, shorter delays"});
        }
        delayed_[key] = number(longer_format);
    }
}

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
                         .helpers = static_cast<std::uint32_t>(legal.network.populations.size())};
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
            payloads.push_back(part->bounded ? part->most : 0);
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
            if (!helped(source, target)) {
                row.push_back(moved(synapse, source, target));
            }
        });
        if (split != neurons_.end() && split->node == target) {
            const auto inputs = std::ranges::lower_bound(row, neurons(), {}, [](const FanInSynapse& synapse) {
                return static_cast<std::uint32_t>(synapse.source);
            });
            std::vector<FanInSynapse> sums;
            for (const Part& part : split->parts) {
                sums.push_back({.source = neurons() + part.helper, .weight = one_mantissa_, .format = one_format_});
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

/// Projections that lead through helpers keep their biases alone; their synapses, in whole numbers, lead to the
/// helpers.
void FanInSplitter::write_projections(LegalMapping& to) const {
    std::vector<chip::ProjectionLoss>& losses = to.mapped.losses;
    for (std::size_t p = 0; p < network_.projections.size(); ++p) {
        if (detour_[p]) {
            const std::size_t sources = network_.source_size(network_.projections[p].source);
            to.legal.network.projections[p].weights = SparseWeights{
                .row_begin = std::vector<std::uint64_t>(sources + 1, 0), .targets = {}, .weights = {}, .delays = {}};
            losses[p] = {.name = losses[p].name,
                         .weight_exponent = losses[p].weight_exponent,
                         .weight_bits = losses[p].weight_bits};
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
                 .weight = static_cast<float>(contribution(synapse)),
                 .delay = static_cast<std::uint8_t>(moved(synapse, source, group.neurons[i]->node).delay)});
        }
        sums.targets.push_back(group.neurons[i]->node - mapped_.population_first[group.population]);
        sums.weights.push_back(static_cast<float>(1.0 / group.neurons[i]->unit));
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
        to.mapped.losses.push_back({.name = projection.name,
                                    .weights = weights.weights.size(),
                                    .synapses = weights.weights.size(),
                                    .weight_bits = formats_[one_format_].weight_bits});
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
                 "its neurons hear up to {} sources, more than a core takes in: {} helper neurons "
                 "('{}') make their sums in up to {} parts, exactly; its spikes come {} later",
                 split.most_sources, group.count, to.legal.network.populations[split.helpers].name, split.most_parts,
                 added_[group.population] == 1 ? "a step" : fmt::format("{} steps", added_[group.population])),
             .allowed = {},
             .help = "--split-fan-in never refuses instead"});
        const auto unbounded = std::ranges::count(group.parts, false, &Part::bounded);
        if (unbounded > 0) {
            to.remarks.push_back(
                {.severity = Severity::warning,
                 .where = fmt::format("population '{}'", population.name),
                 .found = fmt::format("its sources send values: the parts of its sums are exact as long as none goes "
                                      "beyond {} x 64 in a step",
                                      payload_most_),
                 .allowed = {},
                 .help = {}});
        }
    }
}

Result<LegalMapping> FanInSplitter::run(bool approximate_reset) {
    list_nodes();
    find_detours();
    auto added = retime(network_, detour_);
    if (!added) {
        return fail(std::move(added.error()));
    }
    added_ = std::move(*added);
    Diagnostics findings;
    deal(findings);
    number_helpers();
    for (const Group& group : groups_) {
        if (group.count == 0) {
            findings.push_back(refuse_loops(network_.populations[group.population]));
        }
    }
    find_units(approximate_reset);
    find_formats(findings);
    if (has_error(findings)) {
        return fail(std::move(findings));
    }
    LegalMapping to = from_;
    write_populations(to, findings);
    if (has_error(findings)) {
        return fail(std::move(findings));
    }
    write_table(to);
    write_projections(to);
    write_rates(to);
    remark(to);
    return to;
}

}  // namespace

Diagnostic refuse_loops(const Population& population) {
    return {.where = fmt::format("population '{}'", population.name),
            .found =
                "even with its other sources in parts it fits no core: those on loops with it, without a delay, "
                "reach it directly, since a part of a sum takes a step more",
            .allowed = "as many sources on loops as a core takes in",
            .help = "a delay of one step on the recurrent projection, or fewer recurrent sources a neuron"};
}

bool passes_sums_on(const chip::ChipSpec& chip) {
    return chip.neuron.payload_bits > 1 &&
           std::ranges::find(chip.neuron.models, NeuronModel::graded_vector) != chip.neuron.models.end();
}

Result<LegalMapping> split_fan_in(const LegalMapping& from, const PartsByPopulation& parts, const chip::ChipSpec& chip,
                                  bool approximate_reset) {
    return FanInSplitter(from, parts, chip).run(approximate_reset);
}

}  // namespace spikeloom::compiler
