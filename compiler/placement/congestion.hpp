// The last term of placement: among arrangements of equal cost, the one whose busiest link carries least. Pairs of
// items that trade slots for nothing are tried, and kept where the largest load falls, or the loads become more even.
#pragma once

#include "compiler/placement/core_flows.hpp"
#include "compiler/placement/placement_problem.hpp"
#include "router/mesh.hpp"
#include "router/parameters.hpp"

namespace spikeloom::compiler {

/// Of the same cost as `start`, and with no larger load (by the flows' weights). `slots`: physical cores.
[[nodiscard]] Arrangement ease_congestion(const PlacementProblem& problem, const CoreFlows& flows,
                                          std::span<const std::uint32_t> slots, const Arrangement& start,
                                          const router::Mesh& mesh, const router::NetworkParameters& network,
                                          const SearchOptions& options);

}  // namespace spikeloom::compiler
