// Clusters of vertices that should share a part, each to become one vertex of a coarser problem: every vertex joins
// the cluster with which its nets tie it most (heavy-edge rating, a net of p pins counts 1 / (p - 1) a pair).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compiler/partition/grouped_nets.hpp"

namespace spikeloom::compiler {

struct CoarsenOptions {
    std::uint64_t heaviest = 1;  ///< most weight of a cluster
    std::uint32_t fewest = 0;    ///< clusters left: no fewer
    std::uint64_t seed = 0;
    std::uint32_t level = 0;                 ///< draws differ from level to level
    std::span<const std::uint32_t> apart{};  ///< by vertex: vertices with different numbers never meet; may be empty
};

struct Clusters {
    std::vector<std::uint32_t> of;  ///< by vertex
    std::uint32_t count = 0;
};

[[nodiscard]] Clusters find_clusters(const GroupedNets& nets, const CoarsenOptions& options);

}  // namespace spikeloom::compiler
