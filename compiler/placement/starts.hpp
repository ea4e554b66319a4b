// First arrangements for the searches: along a Hilbert curve over the slots, in the order of the cores (which is that
// of the partition, so neighbours in it tend to talk); and by recursive bisection of cores and region together: chips
// are parted before what is inside them, because the cut follows the dearest links near the middle.
#pragma once

#include "compiler/placement/placement_problem.hpp"

namespace spikeloom::compiler {

/// For problems without restrictions.
[[nodiscard]] Arrangement hilbert_start(const PlacementProblem& problem);
[[nodiscard]] Arrangement bisection_start(const PlacementProblem& problem, const SearchOptions& options);

/// Index along the Hilbert curve through a square of 2^bits columns and rows.
[[nodiscard]] std::uint64_t hilbert_index(std::uint32_t column, std::uint32_t row, int bits);

}  // namespace spikeloom::compiler
