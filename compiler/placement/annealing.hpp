// Simulated annealing by swaps, and the descent that follows it. Each sweep proposes one swap for every core, with a
// partner from anywhere (small boards) or from near the core or one that it talks to (large ones); the temperature
// falls from sweep to sweep. Effort is counted in proposals, never in time, so results depend on the seed alone.
#pragma once

#include <cstdint>

#include "compiler/placement/placement_problem.hpp"

namespace spikeloom::compiler {

struct AnnealingPlan {
    std::uint64_t proposals = 0;
    double hot = 0.15;        ///< first temperature, in mean sizes of a change
    double cold = 0.025;      ///< last one
    std::uint32_t run = 0;    ///< names the random numbers
    std::uint32_t reach = 0;  ///< columns and rows from which a partner is taken; 0: any
};

/// The cheapest arrangement seen, descended; never dearer than `start`.
[[nodiscard]] Arrangement anneal(const PlacementProblem& problem, const Arrangement& start, const AnnealingPlan& plan,
                                 const SearchOptions& options);

/// Swaps until no pair of items can trade slots with gain, or until `proposals` pairs were tried.
[[nodiscard]] Arrangement descend(const PlacementProblem& problem, const Arrangement& start, std::uint64_t proposals,
                                  const SearchOptions& options);

/// So many plain swap moves between any two items over a geometric schedule, proposals reckoned from the flows: the
/// yardstick that the other methods are measured by.
[[nodiscard]] Arrangement anneal_plainly(const PlacementProblem& problem, const Arrangement& start, std::uint64_t moves,
                                         std::uint64_t seed);

}  // namespace spikeloom::compiler
