#include "compiler/passes/core_plan.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "compiler/passes/list_sharing.hpp"

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
    window_.gather(neuron_at_.subspan(begin, last - begin));
}

CorePlan CorePlanner::plan(std::uint32_t end) {
    CorePlan plan{.first = begin_, .count = end - begin_};
    compartment_profiles_.restart();
    threshold_profiles_.restart();
    formats_.restart();
    rules_.restart();
    for (const std::uint32_t neuron : neuron_at_.subspan(begin_, plan.count)) {
        compartment_profiles_.add(facts_.compartment_profile[neuron]);
        threshold_profiles_.add(facts_.threshold_profile[neuron]);
    }
    count_outputs(plan);
    std::vector<AxonSlice> whole;
    for (std::uint32_t i = 0; i < window_.sources().size(); ++i) {
        AxonSlice slice{.source = window_.sources()[i]};
        for (const CoreSynapse& synapse : window_.row(i)) {
            if (synapse.target >= plan.count) {
                break;
            }
            const FormatLearning learning = table_.learning_of(synapse.format);
            formats_.add(synapse.format);
            if (learning.profile > 0) {
                rules_.add(learning.rule);
            }
            plan.use.longest_delay =
                std::max({plan.use.longest_delay, static_cast<int>(synapse.delay), learning.longest_delay});
            ++slice.last;
        }
        if (slice.last > 0) {
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

/// Axons and sources of the window both ascend by source.
template <class Axons, class Use>
void CorePlanner::for_each_axon(Axons& axons, Use use) const {
    std::size_t i = 0;
    for (auto& slice : axons) {
        while (window_.sources()[i] < slice.source) {
            ++i;
        }
        use(slice, slice.of(window_.row(i)));
    }
}

/// Of each slice the one whose list it can read: itself, or one before.
std::vector<std::uint32_t> CorePlanner::share_lists(const std::vector<AxonSlice>& whole) const {
    std::vector<std::uint32_t> like;
    like.reserve(whole.size());
    ListSharing sharing(table_, chip_.synapses);
    for_each_axon(whole, [&](const AxonSlice& /*slice*/, std::span<const CoreSynapse> synapses) {
        const auto i = static_cast<std::uint32_t>(like.size());
        like.push_back(chip_.synapses.shared_lists ? sharing.find_or_add(synapses, i).value_or(i) : i);
    });
    return like;
}

/// Lists of all axons, in the menu of encodings that is smallest of those that the formats leave.
void CorePlanner::lay_axons(CorePlan& plan, const std::vector<AxonSlice>& whole) const {
    const std::int64_t weight_formats = plan.use[Limit::synapse_formats];
    const std::vector<std::uint32_t> like = share_lists(whole);
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
        std::vector<std::uint32_t> first_piece;  // of each slice, among the axons
        first_piece.reserve(whole.size() + 1);
        first_piece.push_back(0);
        for_each_axon(whole, [&](const AxonSlice& slice, std::span<const CoreSynapse> synapses) {
            const auto i = static_cast<std::uint32_t>(first_piece.size() - 1);
            const std::uint32_t base =
                shared[i] ? base_of(static_cast<std::uint32_t>(synapses.front().target), memory) : 0;
            if (like[i] != i) {
                for (std::uint32_t piece = first_piece[like[i]]; piece < first_piece[like[i] + 1]; ++piece) {
                    AxonSlice again = axons[piece];
                    again.source = slice.source;
                    again.base = base;
                    axons.push_back(again);
                }
            } else {
                words += cut_axon(slice, synapses, meter, memory, axons, longest);
                for (std::uint32_t piece = first_piece[i]; piece < axons.size(); ++piece) {
                    axons[piece].list = lists++;
                    axons[piece].base = base;
                }
            }
            first_piece.push_back(static_cast<std::uint32_t>(axons.size()));
        });
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

/// Those of one neuron, and of the copies of it that its destinations ask for.
std::int64_t CorePlanner::compartments(std::uint32_t neuron) const {
    const std::int64_t each = chip_.limits.destinations_per_compartment;
    const std::int64_t copies =
        each > 0 ? std::max<std::int64_t>(1, (reckoned_.destinations[neuron] + each - 1) / each) : 1;
    return facts_.compartments[neuron] * copies;
}

/// What the axons take of a crossbar, whose words are their rows.
void CorePlanner::join_crossbar(CorePlan& plan) const {
    const auto neurons = neuron_at_.subspan(plan.first, plan.count);
    std::int64_t rows = 0;
    std::int64_t most = 0;
    for_each_axon(plan.axons, [&](AxonSlice& slice, std::span<const CoreSynapse> synapses) {
        slice.rows = static_cast<std::uint32_t>(facts_.crossbar.axons(synapses, table_.formats, neurons));
        rows += slice.rows;
        most = std::max<std::int64_t>(most, slice.rows);
    });
    plan.use[Limit::input_axons] = rows;
    plan.use[Limit::synapse_words] = rows;
    plan.use[Limit::axon_words] = most;
    for (const std::uint32_t neuron : neurons) {
        plan.use[Limit::axon_types] =
            std::max<std::int64_t>(plan.use[Limit::axon_types], facts_.crossbar.digits(neuron).count);
    }
}

/// Each rule that the synapses of an axon follow keeps traces of its own for the axon.
void CorePlanner::count_plastic_axons(CorePlan& plan) {
    std::int64_t traced = 0;
    for_each_axon(plan.axons, [&](const AxonSlice& /*slice*/, std::span<const CoreSynapse> synapses) {
        rules_.restart();
        for (const CoreSynapse& synapse : synapses) {
            if (const FormatLearning learning = table_.learning_of(synapse.format); learning.profile > 0) {
                rules_.add(learning.rule);
            }
        }
        traced += rules_.count();
    });
    plan.use[Limit::plastic_axons] = traced;
}

void CorePlanner::reckon(std::span<const CorePlan> cores) {
    before_ = std::move(reckoned_);
    reckoned_.outputs.assign(facts_.compartments.size(), 0);
    reckoned_.destinations.assign(facts_.compartments.size(), 0);
    for (const CorePlan& core : cores) {
        for (const AxonSlice& slice : core.axons) {
            if (slice.source < facts_.compartments.size()) {
                ++reckoned_.outputs[slice.source];
                reckoned_.destinations[slice.source] += slice.rows;
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

CoreFacts core_facts(const MappedNetwork& mapped, const chip::ChipSpec& chip) {
    CoreFacts facts;
    facts.nodes = mapped.nodes();
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
