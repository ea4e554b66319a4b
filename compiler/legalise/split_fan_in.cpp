#include "compiler/legalise/split_fan_in.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include "chip/spec/weight_format.hpp"
#include "compiler/legalise/retime.hpp"
#include "compiler/passes/exact_fit.hpp"
#include "compiler/passes/fixed_neuron.hpp"
#include "compiler/passes/neuron_model.hpp"
#include "compiler/passes/weight_fit.hpp"

namespace spikeloom::compiler {
namespace {

constexpr std::uint32_t nobody = std::numeric_limits<std::uint32_t>::max();

int narrowest_delay_field(const chip::SynapseMemory& memory, int delay) {
    int best = 64;
    for (const int bits : memory.delay_bits) {
        if (delay < (1 << bits)) {
            best = std::min(best, bits);
        }
    }
    return best;
}

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
    /// A neuron that is split.
    struct Neuron {
        std::uint32_t node = 0;
        std::uint32_t population = 0;
        std::uint32_t sources = 0;
        std::vector<std::uint32_t> helpers{};  ///< of each part
        double unit = 1;                       ///< contribution to u in units of 2^6, of a weight of 1
    };
    struct Helper {
        std::uint32_t neuron = 0;  ///< whose part it makes
        std::int64_t most = 0;     ///< magnitude that its sum can have
        bool bounded = true;
    };
    /// A population of helpers.
    struct Group {
        std::uint32_t population = 0;  ///< whose parts they make
        std::uint32_t first = 0;       ///< helper
        std::uint32_t count = 0;
    };

    void find_detours();
    void list_neurons();
    void deal(Diagnostics& findings);
    void number_helpers();
    void find_units(bool approximate_reset);
    void find_formats(Diagnostics& findings);
    void write_populations(LegalMapping& to, Diagnostics& findings) const;
    void write_table(LegalMapping& to) const;
    void write_projections(LegalMapping& to) const;
    void write_rates(LegalMapping& to) const;
    void remark(LegalMapping& to) const;

    /// Calls use(source, index into neurons_, synapses between them), by sources, then targets.
    template <class Use>
    void for_each_pair(const Use& use) const {
        for (std::uint32_t source = 0; source < mapped_.nodes(); ++source) {
            const std::span<const MappedSynapse> row = mapped_.table.row(source);
            for (std::size_t begin = 0; begin < row.size();) {
                std::size_t end = begin + 1;
                while (end < row.size() && row[end].target == row[begin].target) {
                    ++end;
                }
                if (helped(source, static_cast<std::uint32_t>(row[begin].target))) {
                    use(source, split_at_[row[begin].target], row.subspan(begin, end - begin));
                }
                begin = end;
            }
        }
    }
    /// What the synapses can bring in a step; 0: not known.
    [[nodiscard]] std::int64_t brings(std::uint32_t source, std::span<const MappedSynapse> synapses) const;
    [[nodiscard]] std::uint32_t neurons() const { return mapped_.neurons(); }
    /// Steps that a synapse waits longer, its helper's taken off.
    [[nodiscard]] int longer(std::uint32_t source, std::uint32_t target) const {
        const std::uint32_t population = population_at_[target];
        return added_[population] - (source < neurons() ? added_[population_at_[source]] : 0) -
               (helped(source, target) ? 1 : 0);
    }
    /// Whether the synapses between the two lead through a helper.
    [[nodiscard]] bool helped(std::uint32_t source, std::uint32_t target) const {
        return split_at_[target] != nobody && detours_.at(population_at_[target])[entity_at_[source]];
    }

    const LegalMapping& from_;
    const Network& network_;
    const MappedNetwork& mapped_;
    const PartsByPopulation& parts_;
    const chip::ChipSpec& chip_;
    std::int64_t payload_most_;
    std::vector<int> added_;                    ///< steps, by population
    std::vector<std::uint32_t> population_at_;  ///< by neuron node
    std::vector<std::uint32_t> split_at_;       ///< by neuron node: index into neurons_, or nobody
    std::vector<std::uint32_t> entity_at_;      ///< by node: its population, or input behind them
    std::vector<bool> detour_;                  ///< by projection
    std::map<std::uint32_t, std::vector<bool>> detours_;  ///< into each split population, by entity of the source
    std::vector<Neuron> neurons_;
    std::vector<Helper> helpers_;
    std::vector<Group> groups_;
    std::vector<std::uint32_t> helper_of_pair_;  ///< along for_each_pair
    std::vector<chip::WeightFormat> formats_;
    std::map<std::pair<std::uint16_t, std::uint32_t>, std::uint16_t> delayed_;  ///< format of (format, population)
    std::uint16_t one_format_ = 0;
    std::int16_t one_mantissa_ = 1;
};

std::int64_t FanInSplitter::brings(std::uint32_t source, std::span<const MappedSynapse> synapses) const {
    std::int64_t sum = 0;
    for (const MappedSynapse& synapse : synapses) {
        sum += std::abs(chip::effective_weight_64(static_cast<int>(synapse.weight),
                                                  mapped_.table.formats[synapse.format],
                                                  chip_.conventions.negative_mixed_weight));
    }
    return sum * from_.largest_payload[source];
}

void FanInSplitter::list_neurons() {
    population_at_.resize(neurons());
    split_at_.assign(neurons(), nobody);
    for (std::uint32_t p = 0; p < network_.populations.size(); ++p) {
        for (std::uint32_t node = mapped_.population_first[p]; node < mapped_.population_first[p + 1]; ++node) {
            population_at_[node] = p;
            if (parts_.contains(p)) {
                split_at_[node] = static_cast<std::uint32_t>(neurons_.size());
                neurons_.push_back({.node = node, .population = p});
            }
        }
    }
    entity_at_ = population_at_;
    for (std::uint32_t i = 0; i < network_.inputs.size(); ++i) {
        entity_at_.insert(entity_at_.end(), network_.inputs[i].size(),
                          static_cast<std::uint32_t>(network_.populations.size()) + i);
    }
    for_each_pair([&](std::uint32_t, std::uint32_t neuron, std::span<const MappedSynapse>) {
        ++neurons_[neuron].sources;
    });
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
    std::map<std::uint32_t, std::uint32_t> widest;  // by population
    for (const Neuron& neuron : neurons_) {
        widest[neuron.population] = std::max({widest[neuron.population], neuron.sources, 1U});
    }
    std::vector<Dealer> dealers;
    for (const Neuron& neuron : neurons_) {
        const std::uint64_t most = widest[neuron.population];
        const std::uint64_t parts = (std::uint64_t{parts_.at(neuron.population)} * neuron.sources + most - 1) / most;
        dealers.emplace_back(neuron.sources, std::max(static_cast<std::uint32_t>(parts), 1U), payload_most_);
    }
    std::map<std::uint32_t, std::int64_t> too_large;  // by population
    for_each_pair([&](std::uint32_t source, std::uint32_t neuron, std::span<const MappedSynapse> synapses) {
        const std::int64_t here = brings(source, synapses);
        if (here > payload_most_) {
            std::int64_t& most = too_large[neurons_[neuron].population];
            most = std::max(most, here);
        }
        const std::uint32_t part = dealers[neuron].next(here);
        neurons_[neuron].helpers.resize(std::max<std::size_t>(neurons_[neuron].helpers.size(), part + std::size_t{1}));
        helper_of_pair_.push_back(part);
    });
    for (const auto& [population, most] : too_large) {
        findings.push_back({.where = fmt::format("population '{}'", network_.populations[population].name),
                            .found = fmt::format("a synapse can bring {} x 64 in a step, and a helper that splits its "
                                                 "fan-in could not pass that on",
                                                 most),
                            .allowed = fmt::format("{} (payloads of {} bits, chip '{}')", payload_most_,
                                                   chip_.neuron.payload_bits, chip_.name),
                            .help = "fewer weight bits (--weight-bits), fewer sources a neuron"});
    }
}

/// First parts first: helpers that hear the same sources of a dense layer lie side by side.
void FanInSplitter::number_helpers() {
    for (const auto& [population, parts] : parts_) {
        Group group{.population = population, .first = static_cast<std::uint32_t>(helpers_.size())};
        for (std::size_t part = 0, found = 1; found > 0; ++part) {
            found = 0;
            for (std::uint32_t i = 0; i < neurons_.size(); ++i) {
                if (neurons_[i].population == population && neurons_[i].helpers.size() > part) {
                    neurons_[i].helpers[part] = static_cast<std::uint32_t>(helpers_.size());
                    helpers_.push_back({.neuron = i});
                    ++found;
                }
            }
        }
        group.count = static_cast<std::uint32_t>(helpers_.size()) - group.first;
        groups_.push_back(group);
    }
    std::size_t pair = 0;
    for_each_pair([&](std::uint32_t source, std::uint32_t neuron, std::span<const MappedSynapse> synapses) {
        std::uint32_t& helper = helper_of_pair_[pair++];
        helper = neurons_[neuron].helpers[helper];
        helpers_[helper].most += brings(source, synapses);
        helpers_[helper].bounded = helpers_[helper].bounded && from_.largest_payload[source] > 0;
    });
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
    formats_ = mapped_.table.formats;
    const std::vector<FormatLearning>& learning = mapped_.table.learning;
    const auto number = [&](const chip::WeightFormat& format) {
        std::size_t i = 0;
        while (i < formats_.size() &&
               !(formats_[i] == format && (i >= learning.size() || learning[i].profile == 0))) {
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
    format.delay_bits = narrowest_delay_field(chip_.synapses, 0);
    if (!one.lost.empty() || format.delay_bits > 8) {
        findings.push_back({.where = fmt::format("chip '{}'", chip_.name),
                            .found = "no synapse passes a helper's sum on as it is",
                            .allowed = "a weight of 1 without delay",
                            .help = "fewer sources a neuron"});
        return;
    }
    one_format_ = number(format);

    std::map<std::pair<std::uint16_t, std::uint32_t>, int> longest;
    for (std::uint32_t source = 0; source < mapped_.nodes(); ++source) {
        for (const MappedSynapse& synapse : mapped_.table.row(source)) {
            const auto target = static_cast<std::uint32_t>(synapse.target);
            if (const int more = longer(source, target); more != 0) {
                int& delay = longest[{static_cast<std::uint16_t>(synapse.format), population_at_[target]}];
                delay = std::max(delay, static_cast<int>(synapse.delay) + more);
            }
        }
    }
    for (const auto& [key, delay] : longest) {
        chip::WeightFormat longer_format = mapped_.table.formats[key.first];
        longer_format.delay_bits = narrowest_delay_field(chip_.synapses, delay);
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

std::string free_name(const Network& network, const std::string& wanted) {
    std::string name = wanted;
    const auto taken = [&](const auto& named) { return named.name == name; };
    for (int i = 2; std::ranges::any_of(network.populations, taken) || std::ranges::any_of(network.inputs, taken); ++i) {
        name = fmt::format("{} {}", wanted, i);
    }
    return name;
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
        for (const Neuron& neuron : neurons_) {
            if (neuron.population == group.population) {
                split.most_sources = std::max(split.most_sources, neuron.sources);
                split.most_parts = std::max(split.most_parts, static_cast<std::uint32_t>(neuron.helpers.size()));
            }
        }
        legal.fan_in.push_back(split);
        legal.network.populations.push_back(std::move(helpers));
    }
    for (std::uint32_t& first : to.mapped.input_first) {
        first += static_cast<std::uint32_t>(helpers_.size());
    }
    std::vector<std::int64_t> payloads;
    for (const Helper& helper : helpers_) {
        payloads.push_back(helper.bounded ? helper.most : 0);
    }
    to.largest_payload.insert(to.largest_payload.begin() + neurons(), payloads.begin(), payloads.end());
}

void FanInSplitter::write_table(LegalMapping& to) const {
    SynapseTable table;
    table.formats = formats_;
    table.learning = mapped_.table.learning;
    if (!table.learning.empty()) {
        table.learning.resize(formats_.size());
    }
    std::vector<MappedSynapse> synapses;
    synapses.reserve(mapped_.table.synapses.size() + helpers_.size());
    table.row_begin.push_back(0);
    std::size_t pair = 0;
    const auto write_row = [&](std::uint32_t source) {
        const auto first = static_cast<std::ptrdiff_t>(synapses.size());
        std::uint32_t last_target = nobody;
        std::uint32_t helper = 0;
        for (MappedSynapse synapse : mapped_.table.row(source)) {
            const auto target = static_cast<std::uint32_t>(synapse.target);
            if (const int more = longer(source, target); more != 0) {
                synapse.delay = static_cast<std::uint64_t>(static_cast<int>(synapse.delay) + more);
                synapse.format = delayed_.at({static_cast<std::uint16_t>(synapse.format), population_at_[target]});
            }
            if (helped(source, target)) {
                helper = target != last_target ? helper_of_pair_[pair++] : helper;
                last_target = target;
                synapse.target = neurons() + helper;
            }
            synapses.push_back(synapse);
        }
        std::stable_sort(synapses.begin() + first, synapses.end(),
                         [](const MappedSynapse& a, const MappedSynapse& b) { return a.target < b.target; });
        table.row_begin.push_back(synapses.size());
    };
    for (std::uint32_t source = 0; source < neurons(); ++source) {
        write_row(source);
    }
    for (const Helper& helper : helpers_) {
        synapses.push_back({.target = neurons_[helper.neuron].node, .weight = one_mantissa_, .format = one_format_});
        table.row_begin.push_back(synapses.size());
    }
    for (std::uint32_t source = neurons(); source < mapped_.nodes(); ++source) {
        write_row(source);
    }
    table.synapses = std::move(synapses);
    to.mapped.table = std::move(table);
}

/// Projections that lead through helpers keep their biases alone; their synapses, in whole numbers, lead to the helpers.
void FanInSplitter::write_projections(LegalMapping& to) const {
    Network& network = to.legal.network;
    std::vector<chip::ProjectionLoss>& losses = to.mapped.losses;
    for (std::size_t p = 0; p < network_.projections.size(); ++p) {
        if (detour_[p]) {
            const std::size_t sources = network_.source_size(network_.projections[p].source);
            network.projections[p].weights =
                SparseWeights{.row_begin = std::vector<std::uint64_t>(sources + 1, 0), .targets = {}, .weights = {}, .delays = {}};
            losses[p] = {.name = losses[p].name,
                         .weight_exponent = losses[p].weight_exponent,
                         .weight_bits = losses[p].weight_bits};
        }
    }
    const auto add = [&](Source source, std::uint32_t target, SparseWeights weights) {
        if (std::ranges::all_of(weights.delays, [](std::uint8_t delay) { return delay == 0; })) {
            weights.delays.clear();
        }
        Projection projection;
        projection.source = source;
        projection.target = PopulationId(target);
        projection.name = fmt::format("{} -> {}", network.source_name(source), network.populations[target].name);
        losses.push_back({.name = projection.name,
                          .weights = weights.weights.size(),
                          .synapses = weights.weights.size(),
                          .weight_bits = formats_[one_format_].weight_bits});
        projection.weights = std::move(weights);
        network.projections.push_back(std::move(projection));
    };
    const SynapseTable& table = to.mapped.table;
    const auto add_from = [&](Source source, std::uint32_t first, std::uint32_t size) {
        std::map<std::uint32_t, SparseWeights> into;
        for (std::uint32_t i = 0; i < size; ++i) {
            for (const MappedSynapse& synapse : table.row(first + i)) {
                const auto node = static_cast<std::uint32_t>(synapse.target);
                if (node < neurons()) {
                    continue;
                }
                const std::uint32_t population = to.mapped.population_of(node);
                SparseWeights& weights = into[population];
                weights.row_begin.resize(std::size_t{i} + 1, weights.targets.size());
                weights.targets.push_back(node - to.mapped.population_first[population]);
                weights.weights.push_back(static_cast<float>(
                    chip::effective_weight_64(static_cast<int>(synapse.weight), formats_[synapse.format],
                                              chip_.conventions.negative_mixed_weight)));
                weights.delays.push_back(static_cast<std::uint8_t>(synapse.delay));
            }
        }
        for (auto& [population, weights] : into) {
            weights.row_begin.resize(std::size_t{size} + 1, weights.targets.size());
            add(source, population, std::move(weights));
        }
    };
    for (std::uint32_t p = 0; p < network_.populations.size(); ++p) {
        add_from({Source::Kind::population, p}, mapped_.population_first[p],
                 mapped_.population_first[p + 1] - mapped_.population_first[p]);
    }
    for (std::uint32_t i = 0; i < network_.inputs.size(); ++i) {
        add_from({Source::Kind::input, i}, to.mapped.input_first[i],
                 to.mapped.input_first[i + 1] - to.mapped.input_first[i]);
    }
    for (std::size_t g = 0; g < groups_.size(); ++g) {
        const Group& group = groups_[g];
        SparseWeights weights;
        weights.row_begin.push_back(0);
        for (std::uint32_t i = group.first; i < group.first + group.count; ++i) {
            const Neuron& neuron = neurons_[helpers_[i].neuron];
            weights.targets.push_back(neuron.node - mapped_.population_first[group.population]);
            weights.weights.push_back(static_cast<float>(1.0 / neuron.unit));
            weights.row_begin.push_back(weights.targets.size());
        }
        const auto population = static_cast<std::uint32_t>(network_.populations.size() + g);
        add({Source::Kind::population, population}, group.population, std::move(weights));
    }
}

/// A helper sends whenever a source of it does, but for sums of 0.
void FanInSplitter::write_rates(LegalMapping& to) const {
    SpikeRates& rates = to.legal.rates;
    if (rates.empty()) {
        return;
    }
    std::vector<double> silent(helpers_.size(), 1);
    std::vector<float> by_node;
    for (const auto& populations : {rates.populations, rates.inputs}) {
        for (const std::vector<float>& own : populations) {
            by_node.insert(by_node.end(), own.begin(), own.end());
        }
    }
    std::size_t pair = 0;
    for_each_pair([&](std::uint32_t source, std::uint32_t, std::span<const MappedSynapse>) {
        silent[helper_of_pair_[pair++]] *= 1 - std::min<double>(by_node[source], 1);
    });
    for (const Group& group : groups_) {
        std::vector<float>& own = rates.populations.emplace_back();
        for (std::uint32_t i = group.first; i < group.first + group.count; ++i) {
            own.push_back(static_cast<float>(1 - silent[i]));
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
             .found = fmt::format("its neurons hear up to {} sources, more than a core takes in: {} helper neurons "
                                  "('{}') make their sums in up to {} parts, exactly; its spikes come {} later",
                                  split.most_sources, group.count,
                                  to.legal.network.populations[split.helpers].name, split.most_parts,
                                  added_[group.population] == 1 ? "a step"
                                                                : fmt::format("{} steps", added_[group.population])),
             .allowed = {},
             .help = "--split-fan-in never refuses instead"});
        const auto unbounded = std::count_if(helpers_.begin() + group.first, helpers_.begin() + group.first + group.count,
                                             [](const Helper& helper) { return !helper.bounded; });
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
    find_detours();
    auto added = retime(network_, detour_);
    if (!added) {
        return fail(std::move(added.error()));
    }
    added_ = std::move(*added);
    Diagnostics findings;
    list_neurons();
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
            .found = "even with its other sources in parts it fits no core: those on loops with it, without a delay, "
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
