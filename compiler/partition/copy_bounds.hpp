// What no partition can go below, and what chance would give: the figures that a result is held against (MAPPING facts
// 6.2, 6.3, and section 2 for chance).
#pragma once

#include <algorithm>
#include <cstdint>

#include "compiler/partition/hypergraph.hpp"

namespace spikeloom::compiler {

struct CopyBounds {
    std::uint64_t fan_out = 0;  ///< a net reaches as many parts as its pins fill
    std::uint64_t fan_in = 0;   ///< a part receives at least the nets of its vertex with most
    double random = 0;          ///< expected copies of vertices dealt out at random to all parts

    [[nodiscard]] std::uint64_t best() const { return std::max(fan_out, fan_in); }
};

/// Lower bounds at `capacity` a part, whatever the number of parts; `parts` counts for chance alone.
[[nodiscard]] CopyBounds copy_bounds(const Hypergraph& graph, std::uint64_t capacity, std::uint32_t parts);

}  // namespace spikeloom::compiler
