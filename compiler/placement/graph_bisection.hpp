// A graph cut in two parts of given sizes with the least flow across: multilevel (heavy-edge matching down to some tens
// of vertices, greedy growing there, Fiduccia-Mattheyses moves on the way back). Each vertex may prefer a side, by
// what it has to do with vertices outside the graph (terminal propagation).
#pragma once

#include <cstdint>
#include <vector>

namespace spikeloom::compiler {

struct WeightedGraph {
    struct Edge {
        std::uint32_t to = 0;
        std::int64_t weight = 0;
    };
    std::vector<std::uint64_t> begin{0};  ///< vertices + 1
    std::vector<Edge> edges;              ///< both directions
    std::vector<std::uint32_t> size;      ///< by vertex
    std::vector<std::int64_t> bias;       ///< by vertex: what side 1 costs more than side 0

    [[nodiscard]] std::uint32_t vertices() const { return static_cast<std::uint32_t>(begin.size() - 1); }
};

struct BisectionLimits {
    std::uint64_t least = 0;  ///< size of side 0
    std::uint64_t most = 0;
    std::uint64_t wanted = 0;  ///< within them
};

/// 0 or 1 by vertex; the sizes are within the limits, if all vertices have size 1. A function of its arguments.
[[nodiscard]] std::vector<std::uint8_t> bisect_graph(const WeightedGraph& graph, const BisectionLimits& limits,
                                                     std::uint64_t seed, std::uint32_t run);

/// Flow across, and what the biases of side 1 add up to: what bisect_graph makes small.
[[nodiscard]] std::int64_t cost_of_cut(const WeightedGraph& graph, const std::vector<std::uint8_t>& sides);

}  // namespace spikeloom::compiler
