// Partitions made in one pass: vertices dealt out in their order, packed by weight, or each part grown around what its
// vertices receive already. The simple members of the portfolio, and the starts where packing is hard.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/partition/hypergraph.hpp"

namespace spikeloom::compiler {

/// Parts filled one after another in the order of the vertices. Nothing if the parts do not suffice.
[[nodiscard]] std::optional<std::vector<std::uint32_t>> fill_in_order(const Hypergraph& graph,
                                                                      const PartitionOptions& options);

/// Heaviest first, each onto the fullest part that has room. Nothing if the parts do not suffice.
[[nodiscard]] std::optional<std::vector<std::uint32_t>> pack(const Hypergraph& graph, const PartitionOptions& options);

/// Parts filled one after another, always by the vertex of whose nets the part has the largest share (MAPPING facts
/// 2: greedy overlap). Nothing if the parts do not suffice.
[[nodiscard]] std::optional<std::vector<std::uint32_t>> fill_by_overlap(const Hypergraph& graph,
                                                                        const PartitionOptions& options);

}  // namespace spikeloom::compiler
