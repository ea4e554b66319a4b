#include "compiler/passes/core_plan.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

namespace spikeloom::compiler {

CorePlanner::CorePlanner(const FanInTable& table, std::span<const std::uint32_t> neuron_at, const CoreFacts& facts,
                         const chip::ChipSpec& chip)
    : table_(table),
      neuron_at_(neuron_at),
      facts_(facts),
      chip_(chip),
      window_(table, facts.nodes),
      reckoned_{.outputs = std::vector<std::uint32_t>(facts.compartments.size(), 0),
                .destinations = std::vector<std::uint32_t>(facts.compartments.size(), 0)},
      compartment_profiles_(facts.compartment_profiles),
      threshold_profiles_(facts.threshold_profiles),
      formats_(table.formats.size()),
      rules_(256) {}

void CorePlanner::look_at(std::uint32_t begin, std::uint32_t last) {
    begin_ = begin;
    const auto neurons = neuron_at_.subspan(begin, last - begin);
    window_.gather(neurons);
    if (chip_.synapses.shared_in_part) {
        pixels_.clear();
        for (const std::uint32_t neuron : neurons) {
            pixels_.push_back(facts_.pixel[neuron]);
        }
    }
}

CorePlan CorePlanner::plan(std::uint32_t end) {
    CorePlan plan{.first = begin_, .count = end - begin_};
    const std::vector<SourceRow> rows = rows_of(window_, plan.count);
    count_synapses(plan, rows);
    count_outputs(plan);
    const CoreLists lists = lay_lists(plan, rows);
    plan.use[Limit::synapse_words] = lists.words;
    plan.use[Limit::axon_words] = lists.longest;
    plan.use[Limit::input_axons] = static_cast<std::int64_t>(lists.axons.size());
    plan.use[Limit::synapse_formats] = lists.formats;
    plan.axons.reserve(lists.axons.size());
    for (const CoreLists::Axon& axon : lists.axons) {
        plan.axons.push_back(axon.source);
    }
    if (crossbar()) {
        join_crossbar(plan, rows);
    }
    if (plan.use[Limit::learning_rules] > 0) {
        count_plastic_axons(plan, lists);
    }
    return plan;
}

/// Profiles, formats, rules and delays.
void CorePlanner::count_synapses(CorePlan& plan, std::span<const SourceRow> rows) {
    compartment_profiles_.restart();
    threshold_profiles_.restart();
    formats_.restart();
    rules_.restart();
    for (const std::uint32_t neuron : neuron_at_.subspan(begin_, plan.count)) {
        compartment_profiles_.add(facts_.compartment_profile[neuron]);
        threshold_profiles_.add(facts_.threshold_profile[neuron]);
    }
    for (const SourceRow& row : rows) {
        plan.synapses += row.synapses.size();
        for (const CoreSynapse& synapse : row.synapses) {
            const FormatLearning learning = table_.learning_of(synapse.format);
            formats_.add(synapse.format);
            if (learning.profile > 0) {
                rules_.add(learning.rule);
            }
            plan.use.longest_delay =
                std::max({plan.use.longest_delay, static_cast<int>(synapse.delay), learning.longest_delay});
        }
    }
    plan.use[Limit::compartment_profiles] = compartment_profiles_.count();
    plan.use[Limit::threshold_profiles] = threshold_profiles_.count();
    plan.use[Limit::synapse_formats] = formats_.count();
    plan.use[Limit::learning_rules] = rules_.count();
}

/// Whether axons should leave out entries. Not where an order scatters the neurons of a pixel: then runs are so short
/// that it gains little and costs much time.
bool CorePlanner::worth_leaving_out(const CorePlan& plan) const {
    constexpr std::size_t least_together = 4;
    constexpr std::uint64_t few_synapses = 200'000;
    if (pixels_.empty()) {
        return false;
    }
    std::size_t runs = 1;
    for (std::size_t i = 1; i < plan.count; ++i) {
        runs += pixels_[i] != pixels_[i - 1] ? 1 : 0;
    }
    return runs * least_together <= plan.count || plan.synapses <= few_synapses;
}

/// In the menu of encodings that is smallest of those that the formats leave, with lists read in part or not. Notes the
/// choice in the plan.
CoreLists CorePlanner::lay_lists(CorePlan& plan, std::span<const SourceRow> rows) const {
    std::optional<CoreLists> best;
    for (const bool in_part : {true, false}) {
        if (in_part && !worth_leaving_out(plan)) {
            continue;
        }
        const SharedRows shared(rows, table_, chip_.synapses, pixels_, in_part);
        const std::int64_t targets = std::max<std::int64_t>(plan.count, shared.highest_target() + 1);
        for (chip::SynapseMemory& memory :
             core_memories(chip_.synapses, targets, static_cast<std::size_t>(plan.use[Limit::synapse_formats]),
                           facts_.skip_bits)) {
            if (crossbar()) {
                memory.words_per_axon = std::numeric_limits<std::int64_t>::max();  // its rows are counted apart
            }
            CoreLists lists = shared.lay_out(memory);
            const bool fits = !in_part || lists.longest <= memory.words_per_axon;
            if (fits && (!best || lists.words < best->words)) {
                best = std::move(lists);
                plan.memory = std::move(memory);
                plan.in_part = in_part;
            }
        }
        if (in_part && best && (!shared.any_in_part() || best->words <= chip_.synapses.words)) {
            break;  // whole lists would be the same, or need not be tried
        }
    }
    return std::move(*best);
}

/// Those of one neuron, and of the copies of it that its destinations ask for.
std::int64_t CorePlanner::compartments(std::uint32_t neuron) const {
    const std::int64_t each = chip_.limits.destinations_per_compartment;
    const std::int64_t copies =
        each > 0 ? std::max<std::int64_t>(1, (reckoned_.destinations[neuron] + each - 1) / each) : 1;
    return facts_.compartments[neuron] * copies;
}

/// What the axons take of a crossbar, whose words are their rows.
void CorePlanner::join_crossbar(CorePlan& plan, std::span<const SourceRow> rows) const {
    const auto neurons = neuron_at_.subspan(plan.first, plan.count);
    std::int64_t sum = 0;
    std::int64_t most = 0;
    for (const SourceRow& row : rows) {
        plan.rows.push_back(static_cast<std::uint32_t>(facts_.crossbar.axons(row.synapses, table_.formats, neurons)));
        sum += plan.rows.back();
        most = std::max<std::int64_t>(most, plan.rows.back());
    }
    plan.use[Limit::input_axons] = sum;
    plan.use[Limit::synapse_words] = sum;
    plan.use[Limit::axon_words] = most;
    for (const std::uint32_t neuron : neurons) {
        plan.use[Limit::axon_types] =
            std::max<std::int64_t>(plan.use[Limit::axon_types], facts_.crossbar.digits(neuron).count);
    }
}

/// Each rule that the synapses of an axon follow keeps traces of its own for the axon.
void CorePlanner::count_plastic_axons(CorePlan& plan, const CoreLists& lists) {
    std::int64_t traced = 0;
    for (const CoreLists::Axon& axon : lists.axons) {
        rules_.restart();
        for (const CoreLists::Run& run : lists.list(axon.list)) {
            for (const CoreSynapse& synapse : run.synapses) {
                if (const FormatLearning learning = table_.learning_of(synapse.format); learning.profile > 0) {
                    rules_.add(learning.rule);
                }
            }
        }
        traced += rules_.count();
    }
    plan.use[Limit::plastic_axons] = traced;
}

void CorePlanner::reckon(std::span<const CorePlan> cores) {
    before_ = std::move(reckoned_);
    reckoned_.outputs.assign(facts_.compartments.size(), 0);
    reckoned_.destinations.assign(facts_.compartments.size(), 0);
    for (const CorePlan& core : cores) {
        for (std::size_t i = 0; i < core.axons.size(); ++i) {
            if (const std::uint32_t source = core.axons[i]; source < facts_.compartments.size()) {
                ++reckoned_.outputs[source];
                reckoned_.destinations[source] += core.rows.empty() ? 1 : core.rows[i];
            }
        }
    }
}

void CorePlanner::reckon_no_less() {
    for (std::size_t i = 0; i < facts_.compartments.size(); ++i) {
        reckoned_.outputs[i] = std::max(reckoned_.outputs[i], before_.outputs[i]);
        reckoned_.destinations[i] = std::max(reckoned_.destinations[i], before_.destinations[i]);
    }
}

void CorePlanner::count_outputs(CorePlan& core) const {
    core.use[Limit::output_axons] = 0;
    core.use[Limit::compartments] = 0;
    core.use.splitters = 0;
    for (const std::uint32_t neuron : neuron_at_.subspan(core.first, core.count)) {
        core.use[Limit::output_axons] += reckoned_.outputs[neuron];
        core.use[Limit::compartments] += compartments(neuron);
        core.use.splitters += compartments(neuron) - facts_.compartments[neuron];
    }
}

namespace {

/// The skip width at which run-length lists are shortest, from a sample of stretches of neurons.
int choose_skip_bits(const MappedNetwork& mapped, const chip::ChipSpec& chip) {
    if (chip.synapses.skip_bits.empty() || mapped.neurons() == 0) {
        return 0;
    }
    constexpr std::uint32_t stretches = 4;
    constexpr std::uint64_t most_synapses = 4'000'000;
    const auto length = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(chip.limits.compartments, 1, std::max(mapped.neurons() / stretches, 1U)));
    std::vector<std::int64_t> bits(chip.synapses.skip_bits.size(), 0);
    std::vector<std::uint32_t> neurons;
    CoreSynapses synapses(mapped.table, mapped.nodes());
    for (std::uint32_t k = 0; k < stretches; ++k) {
        const std::uint32_t first = (mapped.neurons() - length) / stretches * k;
        neurons.clear();
        std::uint64_t count = 0;
        for (std::uint32_t n = first; n < first + length && count < most_synapses; ++n) {
            neurons.push_back(n);
            count += mapped.table.fan_in(n);
        }
        synapses.gather(neurons);
        for (std::size_t i = 0; i < bits.size(); ++i) {
            const auto memories = core_memories(chip.synapses, chip.limits.compartments, 1, chip.synapses.skip_bits[i]);
            ListMeter meter(memories.front(), mapped.table.formats, mapped.table.learning);
            for (std::size_t row = 0; row < synapses.sources().size(); ++row) {
                bits[i] += meter.bits(synapses.row(row));
            }
        }
    }
    return chip.synapses.skip_bits[static_cast<std::size_t>(std::ranges::min_element(bits) - bits.begin())];
}

}  // namespace

std::vector<std::uint32_t> number_pixels(const MappedNetwork& mapped) {
    std::vector<std::uint32_t> pixels(mapped.neurons());
    for (std::size_t p = 0; p < mapped.map_size.size(); ++p) {
        const std::uint32_t first = mapped.population_first[p];
        for (std::uint32_t neuron = first; neuron < mapped.population_first[p + 1]; ++neuron) {
            pixels[neuron] = first + (neuron - first) % mapped.map_size[p];
        }
    }
    return pixels;
}

CoreFacts core_facts(const MappedNetwork& mapped, const chip::ChipSpec& chip) {
    CoreFacts facts;
    facts.nodes = mapped.nodes();
    facts.pixel = chip.synapses.shared_in_part ? number_pixels(mapped) : std::vector<std::uint32_t>();
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
    facts.crossbar = Crossbar(mapped.table, chip);
    facts.skip_bits = choose_skip_bits(mapped, chip);
    return facts;
}

}  // namespace spikeloom::compiler
