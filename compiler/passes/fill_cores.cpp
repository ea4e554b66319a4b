#include "compiler/passes/fill_cores.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <span>
#include <utility>

#include "compiler/passes/list_sharing.hpp"

namespace spikeloom::compiler {
namespace {

/// Counts distinct small numbers, cheap to restart.
class DistinctCounter {
public:
    explicit DistinctCounter(std::size_t numbers) : seen_(numbers, 0) {}
    void restart() {
        ++round_;
        count_ = 0;
    }
    void add(std::uint32_t number) {
        if (seen_[number] != round_) {
            seen_[number] = round_;
            ++count_;
        }
    }
    [[nodiscard]] std::int64_t count() const { return count_; }

private:
    std::vector<std::uint32_t> seen_;
    std::uint32_t round_ = 0;
    std::int64_t count_ = 0;
};

/// Limits that fewer neurons on a core use less of, one by one.
constexpr std::array divisible_limits{Limit::compartments, Limit::input_axons, Limit::output_axons,
                                      Limit::synapse_words, Limit::plastic_axons};

class Filler {
public:
    Filler(const SynapseTable& table, const NeuronOrder& order, const CoreFacts& facts, const chip::ChipSpec& chip,
           const FillOptions& options)
        : table_(table),
          order_(order),
          facts_(facts),
          chip_(chip),
          options_(options),
          outputs_(order.neuron_at.size(), 0),
          destinations_(order.neuron_at.size(), 0),
          compartment_profiles_(facts.compartment_profiles),
          threshold_profiles_(facts.threshold_profiles),
          formats_(table.formats.size()),
          rules_(256) {}

    [[nodiscard]] Filling settle();

private:
    [[nodiscard]] Filling fill();
    [[nodiscard]] CorePlan plan(std::uint32_t begin, std::uint32_t end);
    [[nodiscard]] std::vector<std::uint32_t> share_lists(const CorePlan& plan,
                                                         const std::vector<AxonSlice>& whole) const;
    void lay_axons(CorePlan& plan, const std::vector<AxonSlice>& whole) const;
    void join_crossbar(CorePlan& plan) const;
    void count_plastic_axons(CorePlan& plan);
    [[nodiscard]] bool crossbar() const { return chip_.synapses.crossbar_types > 0; }
    [[nodiscard]] std::uint32_t axons_of(const AxonSlice& slice) const;
    [[nodiscard]] std::int64_t compartments(std::uint32_t neuron) const;
    [[nodiscard]] std::optional<Limit> exceeded(const CoreUse& use) const;
    [[nodiscard]] double fullness(const CoreUse& use) const;
    void count_caused(const Filling& filling);
    [[nodiscard]] CorePlan largest_from(std::uint32_t begin, std::uint32_t guess, std::uint32_t last);
    void start();
    void gather_sources(std::uint32_t last);
    void take(std::uint32_t end);
    [[nodiscard]] std::uint32_t next_target(std::uint32_t node) const {
        return static_cast<std::uint32_t>(table_.synapses[cursor_[node]].target);
    }
    [[nodiscard]] auto later() const {
        return [this](std::uint32_t a, std::uint32_t b) { return next_target(a) > next_target(b); };
    }
    [[nodiscard]] std::uint32_t positions() const { return static_cast<std::uint32_t>(order_.neuron_at.size()); }

    const SynapseTable& table_;
    const NeuronOrder& order_;
    const CoreFacts& facts_;
    const chip::ChipSpec& chip_;
    FillOptions options_;
    std::vector<std::uint32_t> outputs_;       ///< output axons to reckon with, by neuron
    std::vector<std::uint32_t> destinations_;  ///< axons that a neuron's spikes reach, to reckon with
    std::vector<std::uint64_t> cursor_;        ///< by node: first synapse not yet on a core
    /// Nodes with synapses left, a heap by the next target.
    std::vector<std::uint32_t> waiting_;
    std::vector<std::uint32_t> sources_;  ///< nodes that may reach the core being filled, ascending
    DistinctCounter compartment_profiles_;
    DistinctCounter threshold_profiles_;
    DistinctCounter formats_;
    DistinctCounter rules_;
};

CorePlan Filler::plan(std::uint32_t begin, std::uint32_t end) {
    CorePlan plan{.first = begin, .count = end - begin};
    compartment_profiles_.restart();
    threshold_profiles_.restart();
    formats_.restart();
    rules_.restart();
    for (std::uint32_t position = begin; position < end; ++position) {
        const std::uint32_t neuron = order_.neuron_at[position];
        compartment_profiles_.add(facts_.compartment_profile[neuron]);
        threshold_profiles_.add(facts_.threshold_profile[neuron]);
        plan.use[Limit::compartments] += compartments(neuron);
        plan.use.splitters += compartments(neuron) - facts_.compartments[neuron];
        plan.use[Limit::output_axons] += outputs_[neuron];
    }
    std::vector<AxonSlice> whole;
    for (const std::uint32_t source : sources_) {
        AxonSlice slice{.source = source, .first = cursor_[source], .last = cursor_[source]};
        const std::uint64_t row_end = table_.row_begin[source + 1];
        while (slice.last < row_end && table_.synapses[slice.last].target < end) {
            const MappedSynapse& synapse = table_.synapses[slice.last];
            const FormatLearning learning = table_.learning_of(synapse.format);
            formats_.add(synapse.format);
            if (learning.profile > 0) {
                rules_.add(learning.rule);
            }
            plan.use.longest_delay =
                std::max({plan.use.longest_delay, static_cast<int>(synapse.delay), learning.longest_delay});
            ++slice.last;
        }
        if (slice.last > slice.first) {
            whole.push_back(slice);
        }
    }
    plan.use[Limit::compartment_profiles] = compartment_profiles_.count();
    plan.use[Limit::threshold_profiles] = threshold_profiles_.count();
    plan.use[Limit::synapse_formats] = formats_.count();
    plan.use[Limit::learning_rules] = rules_.count();
    lay_axons(plan, whole);
    if (crossbar()) {
        join_crossbar(plan);
    }
    if (rules_.count() > 0) {
        count_plastic_axons(plan);
    }
    return plan;
}

/// Of each slice the one whose list it can read: itself, or one before.
std::vector<std::uint32_t> Filler::share_lists(const CorePlan& plan, const std::vector<AxonSlice>& whole) const {
    std::vector<std::uint32_t> like(whole.size());
    ListSharing sharing(table_, chip_.synapses, plan.first);
    for (std::uint32_t i = 0; i < whole.size(); ++i) {
        like[i] = chip_.synapses.shared_lists ? sharing.find_or_add(whole[i], i).value_or(i) : i;
    }
    return like;
}

/// Lists of all axons, in the menu of encodings that is smallest of those that the formats leave.
void Filler::lay_axons(CorePlan& plan, const std::vector<AxonSlice>& whole) const {
    const std::int64_t weight_formats = plan.use[Limit::synapse_formats];
    const std::vector<std::uint32_t> like = share_lists(plan, whole);
    std::vector<bool> shared(whole.size(), false);
    for (std::uint32_t i = 0; i < whole.size(); ++i) {
        shared[i] = like[i] != i;
        shared[like[i]] = shared[like[i]] || shared[i];
    }
    std::optional<std::int64_t> best;
    for (chip::SynapseMemory& memory :
         core_memories(chip_.synapses, plan.count, static_cast<std::size_t>(weight_formats), facts_.skip_bits)) {
        if (crossbar()) {
            memory.words_per_axon = std::numeric_limits<std::int64_t>::max();  // its rows are counted apart
        }
        ListMeter meter(memory, table_.formats, table_.learning);
        std::vector<AxonSlice> axons;
        axons.reserve(whole.size());
        std::int64_t words = 0;
        std::int64_t longest = 0;
        std::uint32_t lists = 0;
        std::vector<std::uint32_t> first_piece(whole.size() + 1, 0);  // of each slice, among the axons
        for (std::uint32_t i = 0; i < whole.size(); ++i) {
            first_piece[i] = static_cast<std::uint32_t>(axons.size());
            const std::uint32_t base =
                shared[i] ? base_of(table_.synapses[whole[i].first].target - plan.first, memory) : 0;
            if (like[i] != i) {
                const std::uint64_t from = whole[like[i]].first;
                for (std::uint32_t piece = first_piece[like[i]]; piece < first_piece[like[i] + 1]; ++piece) {
                    axons.push_back({.source = whole[i].source,
                                     .first = whole[i].first + (axons[piece].first - from),
                                     .last = whole[i].first + (axons[piece].last - from),
                                     .list = axons[piece].list,
                                     .base = base});
                }
            } else {
                words += cut_axon(whole[i], table_.synapses, meter, memory, axons, longest);
                for (std::uint32_t piece = first_piece[i]; piece < axons.size(); ++piece) {
                    axons[piece].list = lists++;
                    axons[piece].base = base;
                }
            }
            first_piece[i + 1] = static_cast<std::uint32_t>(axons.size());
        }
        if (!best || words < *best) {
            best = words;
            plan.use[Limit::synapse_words] = words;
            plan.use[Limit::axon_words] = longest;
            plan.use[Limit::input_axons] = static_cast<std::int64_t>(axons.size());
            plan.use[Limit::synapse_formats] = meter.formats_in_use();
            plan.axons = std::move(axons);
            plan.lists = lists;
            plan.memory = std::move(memory);
        }
    }
}

/// Axons of the receiving core that the slice takes.
std::uint32_t Filler::axons_of(const AxonSlice& slice) const {
    const auto synapses = std::span(table_.synapses).subspan(slice.first, slice.last - slice.first);
    return crossbar() ? static_cast<std::uint32_t>(facts_.crossbar.axons(synapses, table_.formats, order_.neuron_at))
                      : 1U;
}

/// Those of one neuron, and of the copies of it that its destinations ask for.
std::int64_t Filler::compartments(std::uint32_t neuron) const {
    const std::int64_t each = chip_.limits.destinations_per_compartment;
    const std::int64_t copies = each > 0 ? std::max<std::int64_t>(1, (destinations_[neuron] + each - 1) / each) : 1;
    return facts_.compartments[neuron] * copies;
}

/// What the axons take of a crossbar, whose words are their rows.
void Filler::join_crossbar(CorePlan& plan) const {
    std::int64_t rows = 0;
    std::int64_t most = 0;
    for (const AxonSlice& slice : plan.axons) {
        const std::int64_t here = axons_of(slice);
        rows += here;
        most = std::max(most, here);
    }
    plan.use[Limit::input_axons] = rows;
    plan.use[Limit::synapse_words] = rows;
    plan.use[Limit::axon_words] = most;
    for (std::uint32_t i = 0; i < plan.count; ++i) {
        const WeightDigits& digits = facts_.crossbar.digits(order_.neuron_at[plan.first + i]);
        plan.use[Limit::axon_types] = std::max<std::int64_t>(plan.use[Limit::axon_types], digits.count);
    }
}

/// Each rule that the synapses of an axon follow keeps traces of its own for the axon.
void Filler::count_plastic_axons(CorePlan& plan) {
    std::int64_t traced = 0;
    for (const AxonSlice& slice : plan.axons) {
        rules_.restart();
        for (std::uint64_t i = slice.first; i < slice.last; ++i) {
            if (const FormatLearning learning = table_.learning_of(table_.synapses[i].format); learning.profile > 0) {
                rules_.add(learning.rule);
            }
        }
        traced += rules_.count();
    }
    plan.use[Limit::plastic_axons] = traced;
}

std::optional<Limit> Filler::exceeded(const CoreUse& use) const {
    for (std::size_t i = 0; i < limit_count; ++i) {
        const auto limit = static_cast<Limit>(i);
        const bool divisible = std::ranges::find(divisible_limits, limit) != divisible_limits.end();
        const double allowed = static_cast<double>(room(limit, use, chip_)) * (divisible ? options_.tightness : 1.0);
        if (static_cast<double>(use[limit]) > allowed) {
            return limit;
        }
    }
    return std::nullopt;
}

/// The largest share of a divisible limit that is used.
double Filler::fullness(const CoreUse& use) const {
    double most = 0;
    for (const Limit limit : divisible_limits) {
        const double allowed = static_cast<double>(room(limit, use, chip_)) * options_.tightness;
        most = std::max(most, static_cast<double>(use[limit]) / std::max(allowed, 1e-9));
    }
    return most;
}

/// The core from `begin` on that takes most neurons, up to `last`; count 0 if not even one fits. Aims at where the
/// fullest limit would be met, then closes in from both sides.
CorePlan Filler::largest_from(std::uint32_t begin, std::uint32_t guess, std::uint32_t last) {
    gather_sources(last);
    std::uint32_t fits = begin;      // largest end known to fit
    std::uint32_t fails = last + 1;  // smallest end known not to
    CorePlan best{.first = begin};
    std::optional<Limit> stopped;
    if (last - begin == chip_.limits.compartments && last < positions()) {
        stopped = Limit::compartments;
    }
    std::uint32_t end = std::clamp(begin + guess, begin + 1, last);
    for (int round = 0; fails - fits > 1; ++round) {
        CorePlan here = plan(begin, end);
        const double aim = static_cast<double>(here.count) / std::max(fullness(here.use), 1e-9);
        if (const auto limit = exceeded(here.use); limit) {
            stopped = *limit;
            fails = end;
        } else {
            fits = end;
            best = std::move(here);
        }
        constexpr int aimed_rounds = 4;  // then by halves, which ends
        end = round < aimed_rounds ? begin + static_cast<std::uint32_t>(std::min(aim, 1e9)) : fits + (fails - fits) / 2;
        end = std::clamp(end, fits + 1, std::max(fits + 1, fails - 1));
    }
    best.stopped_by = stopped;
    return best;
}

void Filler::start() {
    cursor_.assign(table_.row_begin.begin(), table_.row_begin.end() - 1);
    waiting_.clear();
    sources_.clear();
    for (std::uint32_t node = 0; node < cursor_.size(); ++node) {
        if (cursor_[node] < table_.row_begin[node + 1]) {
            waiting_.push_back(node);
        }
    }
    std::ranges::make_heap(waiting_, later());
}

/// Moves the nodes whose next target lies before `last` from the heap to the sources.
void Filler::gather_sources(std::uint32_t last) {
    while (!waiting_.empty() && next_target(waiting_.front()) < last) {
        std::ranges::pop_heap(waiting_, later());
        sources_.push_back(waiting_.back());
        waiting_.pop_back();
    }
    std::ranges::sort(sources_);
}

/// Synapses to positions before `end` are on cores.
void Filler::take(std::uint32_t end) {
    for (const std::uint32_t source : sources_) {
        const std::uint64_t row_end = table_.row_begin[source + 1];
        std::uint64_t& cursor = cursor_[source];
        while (cursor < row_end && table_.synapses[cursor].target < end) {
            ++cursor;
        }
        if (cursor < row_end) {
            waiting_.push_back(source);
            std::ranges::push_heap(waiting_, later());
        }
    }
    sources_.clear();
}

Filling Filler::fill() {
    start();
    Filling filling;
    auto guess = static_cast<std::uint32_t>(std::min<std::int64_t>(chip_.limits.compartments, positions()));
    auto cut = order_.cuts.begin();
    for (std::uint32_t begin = 0; begin < positions();) {
        if (filling.cores.size() + filling.misfits.size() >= options_.most_cores) {
            filling.gave_up = true;
            break;
        }
        while (cut != order_.cuts.end() && *cut <= begin) {
            ++cut;
        }
        const std::uint32_t end = cut != order_.cuts.end() ? std::min(*cut, positions()) : positions();
        const auto last = static_cast<std::uint32_t>(
            std::min<std::int64_t>(end, std::int64_t{begin} + std::max<std::int64_t>(chip_.limits.compartments, 1)));
        // Looking as far as two cores like the last one is mostly enough, and far less to look at.
        const auto near =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(last, begin + 2 * std::uint64_t{guess} + 8));
        CorePlan core = largest_from(begin, guess, near);
        if (core.count == near - begin && near < last) {
            core = largest_from(begin, 2 * guess, last);
        }
        if (core.count == 0) {
            filling.misfits.push_back({order_.neuron_at[begin], plan(begin, begin + 1).use});
            take(++begin);
            continue;
        }
        guess = core.count;
        begin += core.count;
        take(begin);
        filling.messages += core.axons.size();
        filling.cores.push_back(std::move(core));
    }
    return filling;
}

/// The output axons and destinations that the filling causes, by neuron.
void Filler::count_caused(const Filling& filling) {
    std::ranges::fill(outputs_, 0U);
    std::ranges::fill(destinations_, 0U);
    for (const CorePlan& core : filling.cores) {
        for (const AxonSlice& slice : core.axons) {
            if (slice.source < outputs_.size()) {
                ++outputs_[slice.source];
                destinations_[slice.source] += axons_of(slice);
            }
        }
    }
}

/// Fills until the output axons and the copies of neurons that the filling itself causes are respected.
Filling Filler::settle() {
    for (int round = 0;; ++round) {
        Filling filling = fill();
        if (filling.gave_up || !filling.misfits.empty()) {
            return filling;
        }
        const std::vector<std::uint32_t> reckoned_outputs = outputs_;
        const std::vector<std::uint32_t> reckoned_destinations = destinations_;
        count_caused(filling);
        bool within = true;
        for (CorePlan& core : filling.cores) {
            core.use[Limit::output_axons] = 0;
            core.use[Limit::compartments] = 0;
            core.use.splitters = 0;
            for (std::uint32_t i = 0; i < core.count; ++i) {
                const std::uint32_t neuron = order_.neuron_at[core.first + i];
                core.use[Limit::output_axons] += outputs_[neuron];
                core.use[Limit::compartments] += compartments(neuron);
                core.use.splitters += compartments(neuron) - facts_.compartments[neuron];
            }
            within = within && !exceeded(core.use);
        }
        if (within) {
            return filling;
        }
        constexpr int free_rounds = 4;  // then the reckoning only grows, so that it ends
        for (std::size_t i = 0; i < outputs_.size() && round >= free_rounds; ++i) {
            outputs_[i] = std::max(outputs_[i], reckoned_outputs[i]);
            destinations_[i] = std::max(destinations_[i], reckoned_destinations[i]);
        }
    }
}

/// The skip width at which run-length lists are shortest, from a sample of rows.
int choose_skip_bits(const SynapseTable& table, const chip::ChipSpec& chip) {
    const std::size_t nodes = table.row_begin.size() - 1;
    const std::size_t stride = nodes / 512 + 1;
    int best = 0;
    std::int64_t least = 0;
    for (const int skip_bits : chip.synapses.skip_bits) {
        const auto memories = core_memories(chip.synapses, chip.limits.compartments, 1, skip_bits);
        ListMeter meter(memories.front(), table.formats, table.learning);
        std::int64_t bits = 0;
        for (std::size_t node = 0; node < nodes; node += stride) {
            bits += meter.bits(table.row(node));
        }
        if (best == 0 || bits < least) {
            best = skip_bits;
            least = bits;
        }
    }
    return best;
}

}  // namespace

CoreFacts core_facts(const MappedNetwork& mapped, const chip::ChipSpec& chip) {
    CoreFacts facts;
    std::map<NeuronRegisters, std::uint32_t> compartments;
    std::map<std::pair<bool, std::int32_t>, std::uint32_t> thresholds;
    const auto number = [](auto& known, const auto& key) {
        return known.emplace(key, static_cast<std::uint32_t>(known.size())).first->second;
    };
    for (std::size_t p = 0; p < mapped.populations.size(); ++p) {
        const std::uint32_t size = mapped.population_first[p + 1] - mapped.population_first[p];
        for (std::uint32_t i = 0; i < size; ++i) {
            NeuronRegisters registers = mapped.populations[p].of(i);
            facts.compartments.push_back(static_cast<std::uint8_t>(compartments_of(registers, chip.neuron)));
            facts.threshold_profile.push_back(
                number(thresholds, std::pair(registers.spikes, registers.threshold_mantissa)));
            registers.threshold_mantissa = 0;
            registers.spikes = true;
            facts.compartment_profile.push_back(number(compartments, registers));
        }
    }
    facts.compartment_profiles = static_cast<std::uint32_t>(compartments.size());
    facts.threshold_profiles = static_cast<std::uint32_t>(thresholds.size());
    facts.crossbar = Crossbar(mapped.table, mapped.neurons(), chip);
    facts.skip_bits = choose_skip_bits(mapped.table, chip);
    return facts;
}

Filling fill_cores(const SynapseTable& table, const NeuronOrder& order, const CoreFacts& facts,
                   const chip::ChipSpec& chip, const FillOptions& options) {
    return Filler(table, order, facts, chip, options).settle();
}

SynapseTable reorder_targets(const SynapseTable& table, const std::vector<std::uint32_t>& position_of) {
    std::vector<MappedSynapse> synapses(table.synapses.begin(), table.synapses.end());
    for (std::size_t node = 0; node + 1 < table.row_begin.size(); ++node) {
        const auto begin = synapses.begin() + static_cast<std::ptrdiff_t>(table.row_begin[node]);
        const auto end = synapses.begin() + static_cast<std::ptrdiff_t>(table.row_begin[node + 1]);
        for (auto synapse = begin; synapse != end; ++synapse) {
            synapse->target = position_of[synapse->target];
        }
        std::stable_sort(begin, end,
                         [](const MappedSynapse& a, const MappedSynapse& b) { return a.target < b.target; });
    }
    return {.row_begin = table.row_begin,
            .synapses = std::move(synapses),
            .formats = table.formats,
            .learning = table.learning};
}

std::vector<std::uint32_t> inverse(const std::vector<std::uint32_t>& neuron_at) {
    std::vector<std::uint32_t> position_of(neuron_at.size());
    for (std::uint32_t position = 0; position < neuron_at.size(); ++position) {
        position_of[neuron_at[position]] = position;
    }
    return position_of;
}

}  // namespace spikeloom::compiler
