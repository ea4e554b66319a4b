// How far a placement is from the best possible (MAPPING facts 6). Hops: whatever the arrangement, a core's heaviest
// partners can at best get the nearest places. The Gilmore-Lawler bound lets an assignment choose every core's place
// under that view; the row bound lets every core have the best place of the board. Link load: for the places as they
// are, whatever ways messages took, the mean over all links, and over those that a straight cut crosses.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "compiler/placement/core_flows.hpp"
#include "router/mesh.hpp"
#include "router/parameters.hpp"

namespace spikeloom::compiler {

enum class HopsBound : std::uint8_t { rows, gilmore_lawler };
/// "row bound", "Gilmore-Lawler bound".
[[nodiscard]] std::string_view name_of(HopsBound bound);

struct PlacementBounds {
    std::uint64_t messages = 0;    ///< between different cores, if every neuron spikes once
    std::uint64_t hops = 0;        ///< of the placement
    std::uint64_t hops_bound = 0;  ///< of any placement on the board
    HopsBound hops_bound_by = HopsBound::rows;
    std::uint64_t largest_link = 0;        ///< messages over the busiest link
    std::uint64_t largest_link_bound = 0;  ///< of any ways between these places
};

/// By messages, not by weights. `place`: physical core by core; `forbidden`: places that no core may get.
[[nodiscard]] PlacementBounds placement_bounds(const CoreFlows& flows, std::span<const std::uint32_t> place,
                                               const router::Mesh& mesh, const router::NetworkParameters& network,
                                               std::span<const std::uint32_t> forbidden = {});

/// The bound alone: sum over pairs of flow x distance, of any arrangement. `distances`: slots x slots, symmetric.
[[nodiscard]] std::uint64_t gilmore_lawler_bound(const FlowGraph& flows, std::span<const std::int32_t> distances,
                                                 std::uint32_t slots);

/// Weaker, for large problems: every core as near to its partners as any place is to others. Cheap: slots x slots x
/// log.
[[nodiscard]] std::uint64_t row_bound(const FlowGraph& flows, std::span<const std::int32_t> distances,
                                      std::uint32_t slots);

/// The least sum of one entry a row, no two in a column, of a table of rows <= columns.
[[nodiscard]] std::int64_t least_assignment(std::span<const std::int64_t> table, std::size_t rows, std::size_t columns);

}  // namespace spikeloom::compiler
