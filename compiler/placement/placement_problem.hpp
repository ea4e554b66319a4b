// Placement as a quadratic assignment problem: flows between items times what a message costs between their slots,
// each pair once. Items are cores and, after them, empties without flows; so a move into a free slot is a swap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "compiler/placement/core_flows.hpp"
#include "compiler/placement/region.hpp"
#include "compiler/placement/slot_metric.hpp"

namespace spikeloom::compiler {

struct PlacementProblem {
    FlowGraph flows;
    SlotMetric metric;
    Permissions permissions{};

    [[nodiscard]] std::uint32_t cores() const { return flows.cores(); }
    [[nodiscard]] std::uint32_t slots() const { return metric.slots(); }
};

/// The slot of each item: a permutation.
using Arrangement = std::vector<std::uint32_t>;

/// Sum over pairs of flow x distance.
[[nodiscard]] std::int64_t cost_of(const PlacementProblem& problem, const Arrangement& slot_of);
/// What the cost becomes larger by if two items trade slots, straight from the flows.
[[nodiscard]] std::int64_t swap_change(const PlacementProblem& problem, const Arrangement& slot_of, std::uint32_t a,
                                       std::uint32_t b);
/// The item in each slot.
[[nodiscard]] std::vector<std::uint32_t> items_of(const Arrangement& slot_of);

struct SearchOptions {
    int effort = 1;  ///< 0..3, as CompileOptions
    std::uint64_t seed = 0;
    std::function<bool()> stop{};  ///< true: the best so far is taken. May be empty
};

/// A cheap arrangement from `start`, which must keep the permissions. Never dearer than it; a function of problem,
/// start, seed and effort.
[[nodiscard]] Arrangement solve_placement(const PlacementProblem& problem, const Arrangement& start,
                                          const SearchOptions& options);

}  // namespace spikeloom::compiler
