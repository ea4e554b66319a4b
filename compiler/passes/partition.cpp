#include "compiler/passes/partition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

#include "chip/image/synapse_size.hpp"

namespace spikeloom::compiler {
namespace {

/// What does not change with the order: profile numbers of the neurons, the skip width.
struct Profiles {
    std::vector<std::uint32_t> compartment;  ///< by neuron
    std::vector<std::uint32_t> threshold;
    std::uint32_t compartments = 0;
    std::uint32_t thresholds = 0;
};

Profiles number_profiles(const MappedNetwork& mapped) {
    Profiles profiles;
    std::map<NeuronRegisters, std::uint32_t> compartments;
    std::map<std::pair<bool, std::int32_t>, std::uint32_t> thresholds;
    for (std::size_t p = 0; p < mapped.populations.size(); ++p) {
        const std::uint32_t size = mapped.population_first[p + 1] - mapped.population_first[p];
        for (std::uint32_t i = 0; i < size; ++i) {
            NeuronRegisters registers = mapped.populations[p].of(i);
            const std::pair threshold(registers.spikes, registers.threshold_mantissa);
            registers.threshold_mantissa = 0;
            registers.spikes = true;
            profiles.compartment.push_back(
                compartments.emplace(registers, static_cast<std::uint32_t>(compartments.size())).first->second);
            profiles.threshold.push_back(
                thresholds.emplace(threshold, static_cast<std::uint32_t>(thresholds.size())).first->second);
        }
    }
    profiles.compartments = static_cast<std::uint32_t>(compartments.size());
    profiles.thresholds = static_cast<std::uint32_t>(thresholds.size());
    return profiles;
}

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

/// Fills cores in the order of the positions.
class Filler {
public:
    Filler(const SynapseTable& table, const Profiles& profiles, const std::vector<std::uint32_t>& neuron_at,
           const chip::ChipSpec& chip, int skip_bits)
        : table_(table),
          profiles_(profiles),
          neuron_at_(neuron_at),
          chip_(chip),
          skip_bits_(skip_bits),
          compartment_profiles_(profiles.compartments),
          threshold_profiles_(profiles.thresholds),
          formats_(table.formats.size()) {}

    struct Misfit {
        std::uint32_t neuron = 0;
        CoreUse use;
    };
    struct Filling {
        std::vector<CorePlan> cores;
        std::vector<Misfit> misfits;  ///< neurons that fit no core alone
        bool gave_up = false;         ///< more than `most` cores
    };
    /// `outputs`: output axons by neuron. `tightness`: share of every amount that may be used, (0, 1].
    [[nodiscard]] Filling fill(const std::vector<std::uint32_t>& outputs, double tightness, std::size_t most);

private:
    [[nodiscard]] CorePlan plan(std::uint32_t begin, std::uint32_t end);
    [[nodiscard]] std::optional<Limit> exceeded(const CoreUse& use, double tightness) const;
    [[nodiscard]] CorePlan largest_from(std::uint32_t begin, std::uint32_t guess, double tightness);
    void take(std::uint32_t end);

    const SynapseTable& table_;
    const Profiles& profiles_;
    const std::vector<std::uint32_t>& neuron_at_;
    const chip::ChipSpec& chip_;
    int skip_bits_;
    const std::vector<std::uint32_t>* outputs_ = nullptr;
    std::vector<std::uint64_t> cursor_;   ///< by node: first synapse not yet on a core
    std::vector<std::uint32_t> sources_;  ///< nodes whose rows are not used up
    DistinctCounter compartment_profiles_;
    DistinctCounter threshold_profiles_;
    DistinctCounter formats_;
};

CorePlan Filler::plan(std::uint32_t begin, std::uint32_t end) {
    CorePlan plan{.first = begin, .count = end - begin};
    compartment_profiles_.restart();
    threshold_profiles_.restart();
    formats_.restart();
    for (std::uint32_t position = begin; position < end; ++position) {
        const std::uint32_t neuron = neuron_at_[position];
        compartment_profiles_.add(profiles_.compartment[neuron]);
        threshold_profiles_.add(profiles_.threshold[neuron]);
        plan.use[Limit::output_axons] += (*outputs_)[neuron];
    }
    for (const std::uint32_t source : sources_) {
        AxonSlice slice{.source = source, .first = cursor_[source], .last = cursor_[source]};
        const std::uint64_t row_end = table_.row_begin[source + 1];
        while (slice.last < row_end && table_.synapses[slice.last].target < end) {
            formats_.add(table_.synapses[slice.last].format);
            plan.use.longest_delay = std::max<int>(plan.use.longest_delay, table_.synapses[slice.last].delay);
            ++slice.last;
        }
        if (slice.last > slice.first) {
            plan.axons.push_back(slice);
        }
    }
    plan.memory = core_memory(chip_.synapses, plan.count, static_cast<std::size_t>(formats_.count()), skip_bits_);
    ListMeter meter(plan.memory, table_.formats);
    const std::vector<AxonSlice> whole = std::exchange(plan.axons, {});
    for (const AxonSlice& slice : whole) {
        plan.use[Limit::synapse_words] +=
            cut_axon(slice, table_.synapses, meter, plan.memory, plan.axons, plan.use[Limit::axon_words]);
    }
    plan.use[Limit::compartments] = plan.count;
    plan.use[Limit::input_axons] = static_cast<std::int64_t>(plan.axons.size());
    plan.use[Limit::compartment_profiles] = compartment_profiles_.count();
    plan.use[Limit::threshold_profiles] = threshold_profiles_.count();
    plan.use[Limit::synapse_formats] =
        formats_.count() * static_cast<std::int64_t>(formats_.count() > 0 ? plan.memory.encodings.size() : 0);
    return plan;
}

std::optional<Limit> Filler::exceeded(const CoreUse& use, double tightness) const {
    for (std::size_t i = 0; i < limit_count; ++i) {
        const auto limit = static_cast<Limit>(i);
        const bool spread = limit == Limit::compartments || limit == Limit::input_axons ||
                            limit == Limit::output_axons || limit == Limit::synapse_words;
        const auto allowed = static_cast<double>(room(limit, use, chip_)) * (spread ? tightness : 1.0);
        if (static_cast<double>(use[limit]) > allowed) {
            return limit;
        }
    }
    return std::nullopt;
}

CorePlan Filler::largest_from(std::uint32_t begin, std::uint32_t guess, double tightness) {
    const auto last = static_cast<std::uint32_t>(
        std::min<std::int64_t>(static_cast<std::int64_t>(neuron_at_.size()), begin + chip_.limits.compartments));
    std::uint32_t fits = begin;      // largest end known to fit
    std::uint32_t fails = last + 1;  // smallest end known not to
    CorePlan best{.first = begin};
    Limit stopped = Limit::compartments;
    std::uint32_t end = std::clamp(begin + guess, begin + 1, last);
    while (fails - fits > 1) {
        CorePlan here = plan(begin, end);
        if (const auto limit = exceeded(here.use, tightness); limit) {
            stopped = *limit;
            fails = end;
        } else {
            fits = end;
            best = std::move(here);
        }
        end = fits + (fails - fits) / 2;
        if (fails == last + 1 && fits == begin + guess) {
            end = std::min(last, fits + guess / 8 + 1);
        }
    }
    best.stopped_by = stopped;
    return best;
}

void Filler::take(std::uint32_t end) {
    std::size_t kept = 0;
    for (const std::uint32_t source : sources_) {
        const std::uint64_t row_end = table_.row_begin[source + 1];
        std::uint64_t& cursor = cursor_[source];
        while (cursor < row_end && table_.synapses[cursor].target < end) {
            ++cursor;
        }
        if (cursor < row_end) {
            sources_[kept++] = source;
        }
    }
    sources_.resize(kept);
}

Filler::Filling Filler::fill(const std::vector<std::uint32_t>& outputs, double tightness, std::size_t most) {
    outputs_ = &outputs;
    cursor_.assign(table_.row_begin.begin(), table_.row_begin.end() - 1);
    sources_.resize(cursor_.size());
    std::iota(sources_.begin(), sources_.end(), 0U);
    Filling filling;
    const auto positions = static_cast<std::uint32_t>(neuron_at_.size());
    auto guess = static_cast<std::uint32_t>(std::min<std::int64_t>(chip_.limits.compartments, positions));
    for (std::uint32_t begin = 0; begin < positions;) {
        if (filling.cores.size() + filling.misfits.size() >= most) {
            filling.gave_up = true;
            break;
        }
        CorePlan core = largest_from(begin, guess, tightness);
        if (core.count == 0) {
            filling.misfits.push_back({neuron_at_[begin], plan(begin, begin + 1).use});
            take(++begin);
            continue;
        }
        guess = core.count;
        begin += core.count;
        take(begin);
        filling.cores.push_back(std::move(core));
    }
    return filling;
}

/// Output axons by neuron: on how many input axons its spikes arrive.
std::vector<std::uint32_t> count_outputs(const std::vector<CorePlan>& cores, std::size_t neurons) {
    std::vector<std::uint32_t> outputs(neurons, 0);
    for (const CorePlan& core : cores) {
        for (const AxonSlice& slice : core.axons) {
            if (slice.source < neurons) {
                ++outputs[slice.source];
            }
        }
    }
    return outputs;
}

std::int64_t worst_outputs(const std::vector<CorePlan>& cores, const std::vector<std::uint32_t>& outputs,
                           const std::vector<std::uint32_t>& neuron_at) {
    std::int64_t worst = 0;
    for (const CorePlan& core : cores) {
        std::int64_t sum = 0;
        for (std::uint32_t i = 0; i < core.count; ++i) {
            sum += outputs[neuron_at[core.first + i]];
        }
        worst = std::max(worst, sum);
    }
    return worst;
}

class Partitioner {
public:
    Partitioner(const Network& network, MappedNetwork& mapped, const chip::ChipSpec& chip)
        : network_(network), mapped_(mapped), chip_(chip), profiles_(number_profiles(mapped)) {}

    [[nodiscard]] Result<Partition> run();

private:
    [[nodiscard]] int choose_skip_bits() const;
    [[nodiscard]] Filler::Filling settle(Filler& filler, const std::vector<std::uint32_t>& neuron_at, double tightness,
                                         std::size_t most) const;
    [[nodiscard]] Diagnostics refusal(const Filler::Filling& filling) const;
    void refuse_misfits(const Filler::Filling& filling, Diagnostics& findings) const;

    const Network& network_;
    MappedNetwork& mapped_;
    const chip::ChipSpec& chip_;
    Profiles profiles_;
};

/// The skip width at which run-length lists of the whole network are shortest, from a sample of rows.
int Partitioner::choose_skip_bits() const {
    const SynapseTable& table = mapped_.table;
    const std::size_t stride = mapped_.nodes() / 512 + 1;
    int best = 0;
    std::int64_t least = 0;
    for (const int skip_bits : chip_.synapses.skip_bits) {
        const chip::SynapseMemory memory = core_memory(chip_.synapses, chip_.limits.compartments, 1, skip_bits);
        ListMeter meter(memory, table.formats);
        std::int64_t bits = 0;
        for (std::size_t node = 0; node < mapped_.nodes(); node += stride) {
            bits += meter.bits(table.row(node));
        }
        if (best == 0 || bits < least) {
            best = skip_bits;
            least = bits;
        }
    }
    return best;
}

/// Fills until the output axons that the filling itself causes are respected.
Filler::Filling Partitioner::settle(Filler& filler, const std::vector<std::uint32_t>& neuron_at, double tightness,
                                    std::size_t most) const {
    std::vector<std::uint32_t> outputs(neuron_at.size(), 0);
    for (int round = 0;; ++round) {
        Filler::Filling filling = filler.fill(outputs, tightness, most);
        if (filling.gave_up || !filling.misfits.empty()) {
            return filling;
        }
        const std::vector<std::uint32_t> caused = count_outputs(filling.cores, neuron_at.size());
        const auto limit = static_cast<double>(chip_.limits.output_axons) * tightness;
        if (static_cast<double>(worst_outputs(filling.cores, caused, neuron_at)) <= limit) {
            for (CorePlan& core : filling.cores) {
                core.use[Limit::output_axons] = worst_outputs({core}, caused, neuron_at);
            }
            return filling;
        }
        for (std::size_t i = 0; i < outputs.size(); ++i) {
            outputs[i] = round < 4 ? caused[i] : std::max(outputs[i], caused[i]);
        }
    }
}

void Partitioner::refuse_misfits(const Filler::Filling& filling, Diagnostics& findings) const {
    struct Case {
        std::uint32_t neuron = 0;
        std::int64_t need = 0, room = 0, count = 0;
    };
    std::map<std::pair<std::uint32_t, Limit>, Case> cases;
    for (const Filler::Misfit& misfit : filling.misfits) {
        const std::uint32_t population = mapped_.population_of(misfit.neuron);
        for (std::size_t i = 0; i < limit_count; ++i) {
            const auto limit = static_cast<Limit>(i);
            const std::int64_t allowed = room(limit, misfit.use, chip_);
            if (misfit.use[limit] > allowed) {
                Case& found = cases[{population, limit}];
                ++found.count;
                if (misfit.use[limit] > found.need) {
                    found.need = misfit.use[limit];
                    found.room = allowed;
                    found.neuron = misfit.neuron - mapped_.population_first[population];
                }
            }
        }
    }
    for (const auto& [key, found] : cases) {
        const LimitInfo& info = limit_info(key.second);
        const Population& population = network_.populations[key.first];
        findings.push_back({Severity::error, fmt::format("population '{}'", population.name),
                            fmt::format("{} of {} neurons fit no core: neuron {} alone needs {} {}", found.count,
                                        population.size(), found.neuron, found.need, info.name),
                            fmt::format("{} {} a core of chip '{}'", found.room, info.name, chip_.name),
                            std::string(info.help)});
    }
}

Diagnostics Partitioner::refusal(const Filler::Filling& filling) const {
    Diagnostics findings;
    refuse_misfits(filling, findings);
    const auto cores = static_cast<std::size_t>(chip_.mesh.cores());
    if (filling.cores.size() > cores) {
        std::array<std::size_t, limit_count> stopped{};
        for (const CorePlan& core : filling.cores) {
            ++stopped[static_cast<std::size_t>(core.stopped_by)];
        }
        const auto binding = static_cast<Limit>(std::ranges::max_element(stopped) - stopped.begin());
        const CorePlan& last = filling.cores.back();
        const std::uint32_t reached =
            mapped_.population_of(std::min(last.first + last.count - 1, mapped_.neurons() - 1));
        const LimitInfo& info = limit_info(binding);
        findings.push_back(
            {Severity::error, fmt::format("network '{}'", network_.name),
             filling.gave_up
                 ? fmt::format("needs more than {} cores (population '{}' and on lie beyond); what most "
                               "cores run out of: {}",
                               filling.cores.size(), network_.populations[reached].name, info.name)
                 : fmt::format("needs {} cores; what most cores run out of: {}", filling.cores.size(), info.name),
             fmt::format("{} cores (chip '{}')", cores, chip_.name),
             fmt::format("a chip with more cores, or {}", info.help)});
    }
    return findings;
}

Result<Partition> Partitioner::run() {
    Partition result;
    result.method = "filled in the order of the populations";
    result.neuron_at.resize(mapped_.neurons());
    std::iota(result.neuron_at.begin(), result.neuron_at.end(), 0U);
    result.position_of = result.neuron_at;
    result.table = std::move(mapped_.table);
    mapped_.table = {};
    const auto room_for = static_cast<std::size_t>(chip_.mesh.cores());

    Filler filler(result.table, profiles_, result.neuron_at, chip_, [&] {
        std::swap(mapped_.table, result.table);
        const int skip_bits = choose_skip_bits();
        std::swap(mapped_.table, result.table);
        return skip_bits;
    }());
    Filler::Filling filling = settle(filler, result.neuron_at, 1.0, 2 * room_for + 16);
    if (!filling.misfits.empty() || filling.cores.size() > room_for) {
        return fail(refusal(filling));
    }
    result.cores = std::move(filling.cores);
    result.core_of.resize(mapped_.neurons());
    for (std::uint32_t c = 0; c < result.cores.size(); ++c) {
        std::fill_n(result.core_of.begin() + result.cores[c].first, result.cores[c].count, c);
        result.messages += result.cores[c].axons.size();
    }
    return result;
}

}  // namespace

Result<Partition> partition(const Network& network, MappedNetwork& mapped, const chip::ChipSpec& chip) {
    return Partitioner(network, mapped, chip).run();
}

}  // namespace spikeloom::compiler
