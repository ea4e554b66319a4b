// The cheap search for large boards: every core in turn is offered the slots around the median of the places that it
// talks to, and trades with who is there if that gains. A pass takes time in proportion to the flows.
#pragma once

#include "compiler/placement/placement_problem.hpp"

namespace spikeloom::compiler {

/// At most so many passes, fewer when they stop to pay. Never dearer than `start`.
[[nodiscard]] Arrangement search_near_medians(const PlacementProblem& problem, const Arrangement& start, int passes,
                                              const SearchOptions& options);

}  // namespace spikeloom::compiler
