// Robust tabu search (Taillard 1991) for small boards: of all swaps the best one that is not forbidden is done, even if
// it costs; an item may not go back to a slot for a number of steps drawn at random, unless that beats everything seen.
// The changes of all swaps are held in a matrix and updated after each step, one multiplication a pair: with
// flow differences w and distance differences z of the two items that moved, a pair (u, v) changes by
// (w_u - w_v) (z_v - z_u).
#pragma once

#include <cstdint>

#include "compiler/placement/placement_problem.hpp"

namespace spikeloom::compiler {

struct TabuPlan {
    std::uint64_t steps = 0;
    std::uint32_t run = 0;  ///< names the random numbers
};

/// Whether the problem has few enough slots, and sums that are exact in the search's arithmetic.
[[nodiscard]] bool tabu_serves(const PlacementProblem& problem);

/// The cheapest arrangement seen; never dearer than `start`. The problem must be one that tabu_serves.
[[nodiscard]] Arrangement tabu_search(const PlacementProblem& problem, const Arrangement& start, const TabuPlan& plan,
                                      const SearchOptions& options);

}  // namespace spikeloom::compiler
