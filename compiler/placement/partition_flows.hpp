// Flows between the parts of a partitioned hypergraph: of every net a message from its source to each other part that
// holds a pin. Messages are then the copies that partitioning counts. hMETIS's format names no source: it is vertex n
// of net n where every net holds the vertex of its own number (nets of neurons do), else each net's first pin.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/partition/hypergraph.hpp"
#include "compiler/placement/core_flows.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// `part_of`: by vertex, below `parts`.
[[nodiscard]] CoreFlows flows_of_partition(const Hypergraph& graph, std::span<const std::uint32_t> part_of,
                                           std::uint32_t parts);

/// The part of each vertex, a line each, counted from 0, below `parts`. Errors name the line.
[[nodiscard]] Result<std::vector<std::uint32_t>> parse_parts(std::string_view text, const std::string& origin,
                                                             std::uint32_t vertices, std::uint32_t parts);

}  // namespace spikeloom::compiler
