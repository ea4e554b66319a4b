// Multilevel search: vertices that belong together become one, level by level; the coarsest problem is partitioned and
// annealed, and on the way back every level anneals what the coarser one decided, at ever lower temperatures.
// The same way back and forth from a known partition refines it (a V-cycle); from two partitions, without ever joining
// what one of them separates, it finds the better mixture of both.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "compiler/partition/grouped_nets.hpp"

namespace spikeloom::compiler {

/// What the coarsest level begins with: a partition from anywhere, annealed hot; one grown (grow.hpp), annealed as the
/// finer levels are; or what is better there.
enum class CoarseStart { annealed, grown, better };

struct MultilevelOptions {
    std::uint32_t parts = 2;
    std::vector<std::uint64_t> capacity{};  ///< by part
    std::uint64_t seed = 0;
    std::uint32_t stream = 0;                     ///< draws differ from run to run
    std::uint64_t proposals = 0;                  ///< a vertex, on each level
    bool slow_coarse = false;                     ///< coarse levels get at least half the finest level's proposals
    std::uint64_t work = 0;                       ///< at most, on each level (GainTable::work)
    std::uint32_t clusters_a_part = 8;            ///< the fewest of the heaviest clusters that fill a part
    CoarseStart start = CoarseStart::better;      ///< of a partition from nothing
    double coarse_heat = 0.5;                     ///< first temperature on the coarsest level, in typical_change's
    double fine_heat = 0.1;                       ///< on the others
    const std::function<bool()>* stop = nullptr;  ///< may be null
};

/// A partition from nothing. Empty if no part may pass the capacity and the vertices were not packed.
[[nodiscard]] std::vector<std::uint32_t> multilevel(const GroupedNets& nets, const MultilevelOptions& options);

/// A partition no worse than `better`, within the capacity as both are. `other`: may be the same.
[[nodiscard]] std::vector<std::uint32_t> combine(const GroupedNets& nets, std::span<const std::uint32_t> better,
                                                 std::span<const std::uint32_t> other,
                                                 const MultilevelOptions& options);

/// Heaviest first, each onto the part with most room left; parts may pass their capacity.
[[nodiscard]] std::vector<std::uint32_t> spread(const GroupedNets& nets, std::span<const std::uint64_t> capacity);

}  // namespace spikeloom::compiler
