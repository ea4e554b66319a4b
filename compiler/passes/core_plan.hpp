// What a stretch of an order of the neurons takes of a core: every limit counted exactly (core_use.hpp), its axons and
// lists laid out in the menu of encodings that is smallest. One planner serves many stretches, a window at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/passes/core_lists.hpp"
#include "compiler/passes/core_synapses.hpp"
#include "compiler/passes/core_use.hpp"
#include "compiler/passes/crossbar.hpp"
#include "compiler/passes/mapped_network.hpp"

namespace spikeloom::compiler {

struct CorePlan {
    std::uint32_t first = 0;             ///< position of compartment 0
    std::uint32_t count = 0;             ///< neurons
    std::uint64_t synapses = 0;          ///< that end at them
    std::vector<std::uint32_t> axons{};  ///< the source of each input axon, ascending
    std::vector<std::uint32_t> rows{};   ///< of a crossbar: input axons that each of them takes; else empty
    chip::SynapseMemory memory{};        ///< as this core uses it
    bool in_part = false;                ///< whether axons may leave out entries of the lists that they read
    CoreUse use{};
    std::optional<Limit> stopped_by{};  ///< what kept the next neuron out; nothing at the end of the order
};

/// What does not change with the order: profile numbers of the neurons, the skip width.
struct CoreFacts {
    std::vector<std::uint32_t> compartment_profile;  ///< by neuron
    std::vector<std::uint32_t> threshold_profile;
    std::vector<std::uint8_t> compartments;  ///< that each neuron takes
    std::vector<std::uint32_t> pixel;  ///< of each neuron, different over populations; where lists are read in part
    std::uint32_t compartment_profiles = 0;
    std::uint32_t threshold_profiles = 0;
    std::uint32_t nodes = 0;
    Crossbar crossbar;  ///< of what the weights take, where the chip has one
    int skip_bits = 0;  ///< at which run-length lists are shortest over a sample of cores; 0: none
};
/// Of each neuron the number of the pixel that it looks at, different over populations.
[[nodiscard]] std::vector<std::uint32_t> number_pixels(const MappedNetwork& mapped);
[[nodiscard]] CoreFacts core_facts(const MappedNetwork& mapped, const chip::ChipSpec& chip);

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

class CorePlanner {
public:
    /// Of all that outlives it. `neuron_at`: the order, of all neurons or some.
    CorePlanner(const FanInTable& table, std::span<const std::uint32_t> neuron_at, const CoreFacts& facts,
                const chip::ChipSpec& chip);

    /// Moves the window to these positions: what follows plans stretches from `begin` on, up to `last`.
    void look_at(std::uint32_t begin, std::uint32_t last);
    /// Positions begin..end-1 of the window as a core, its output axons and the copies of neurons by the reckoning.
    [[nodiscard]] CorePlan plan(std::uint32_t end);

    // The reckoning: what the neurons' spikes cost, as the cores with their targets turn out.
    /// Takes it from a filling.
    void reckon(std::span<const CorePlan> cores);
    /// Gives back what was reckoned before, where that was more.
    void reckon_no_less();
    /// Output axons and compartments of a core, by the reckoning.
    void count_outputs(CorePlan& core) const;

private:
    void count_synapses(CorePlan& plan, std::span<const SourceRow> rows);
    [[nodiscard]] CoreLists lay_lists(CorePlan& plan, std::span<const SourceRow> rows) const;
    void join_crossbar(CorePlan& plan, std::span<const SourceRow> rows) const;
    void count_plastic_axons(CorePlan& plan, const CoreLists& lists);
    [[nodiscard]] bool worth_leaving_out(const CorePlan& plan) const;
    [[nodiscard]] bool crossbar() const { return chip_.synapses.crossbar_types > 0; }
    [[nodiscard]] std::int64_t compartments(std::uint32_t neuron) const;
    const FanInTable& table_;
    std::span<const std::uint32_t> neuron_at_;
    const CoreFacts& facts_;
    const chip::ChipSpec& chip_;
    CoreSynapses window_;
    std::vector<std::uint32_t> pixels_;  ///< of the window's compartments, as ListSharing has them
    std::uint32_t begin_ = 0;
    /// By neuron.
    struct Reckoning {
        std::vector<std::uint32_t> outputs;       ///< output axons
        std::vector<std::uint32_t> destinations;  ///< axons that its spikes reach
    };
    Reckoning reckoned_;
    Reckoning before_;
    DistinctCounter compartment_profiles_;
    DistinctCounter threshold_profiles_;
    DistinctCounter formats_;
    DistinctCounter rules_;
};

}  // namespace spikeloom::compiler
