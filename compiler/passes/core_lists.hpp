// How the synapses that end on a core lie in its memory, as lists that its input axons read: which axons share one,
// where one that is too long is cut, and what all of it takes. The planner asks for the figures, the allocator for the
// lists.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/passes/core_synapses.hpp"
#include "compiler/passes/fan_in_table.hpp"
#include "compiler/passes/list_sharing.hpp"

namespace spikeloom::compiler {

/// A source's synapses on a core: ascending targets, at least one.
struct SourceRow {
    std::uint32_t source = 0;
    std::span<const CoreSynapse> synapses;
};

/// Of all sources, up to the first so many compartments.
[[nodiscard]] std::vector<SourceRow> rows_of(const CoreSynapses& synapses, std::uint32_t compartments);

struct CoreLists {
    /// Synapses of a list that lie in entries of their own.
    struct Run {
        std::span<const CoreSynapse> synapses;
        std::int64_t move = 0;  ///< taken off their targets
    };
    struct Axon {
        std::uint32_t source = 0;
        std::uint32_t list = 0;
        std::int32_t base = 0;
        std::uint32_t part = 0;  ///< as chip::SharedAxon
    };
    std::vector<Run> runs;
    std::vector<std::uint32_t> first_run{0};  ///< lists + 1 offsets into runs
    std::vector<Axon> axons;                  ///< ascending by source, then by list
    bool shared = false;                      ///< some axon reads a list of another one, or moves its own
    std::vector<std::uint32_t> part_first;    ///< as in chip::CoreImage
    std::vector<std::uint32_t> part_entries;
    std::int64_t words = 0;    ///< of all, parts included
    std::int64_t longest = 0;  ///< words of the longest list
    std::int64_t formats = 0;  ///< pairs of weight format and encoding in use

    [[nodiscard]] std::size_t lists() const { return first_run.size() - 1; }
    [[nodiscard]] std::span<const Run> list(std::size_t i) const {
        return std::span(runs).subspan(first_run[i], first_run[i + 1] - first_run[i]);
    }
};

/// What does not depend on the encodings: the rows of a core, and who shares with whom.
class SharedRows {
public:
    /// Rows ascending by source. `pixels`: as ListSharing has it; in_part: whether axons may leave out entries.
    SharedRows(std::span<const SourceRow> rows, const FanInTable& table, const chip::SynapseMemory& memory,
               std::span<const std::uint32_t> pixels, bool in_part);

    [[nodiscard]] bool any_in_part() const { return any_in_part_; }
    /// The highest target of a list, which may lie beyond the compartments of the core: bases move it.
    [[nodiscard]] std::int64_t highest_target() const { return sharing_.highest_target(); }
    /// In one of the ways to use the memory (core_memories). A list that is read in part is never cut: `longest` tells
    /// if it is too long.
    [[nodiscard]] CoreLists lay_out(const chip::SynapseMemory& memory) const;

private:
    std::span<const SourceRow> rows_;
    const FanInTable& table_;
    ListSharing sharing_;
    bool shares_ = false;
    bool any_in_part_ = false;
};

}  // namespace spikeloom::compiler
