// Parts grown one after another, each around what its vertices receive already and from the edge of what is left: a
// start for the search on coarse levels. Finds chains and rings, which annealing from a random start leaves in pieces.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compiler/partition/grouped_nets.hpp"

namespace spikeloom::compiler {

/// Parts may pass their capacity where vertices do not pack. `first`: the vertex to begin with.
[[nodiscard]] std::vector<std::uint32_t> grow_parts(const GroupedNets& nets, std::span<const std::uint64_t> capacity,
                                                    std::uint32_t first);

/// At most so many steps are needed: all groups, once for each part that may reach them, and for each source.
[[nodiscard]] std::uint64_t growing_steps(const GroupedNets& nets, std::size_t parts);

}  // namespace spikeloom::compiler
