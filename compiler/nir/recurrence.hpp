// Which projections are recurrent: of those on a cycle of populations, the ones that lead back, to a population as
// near to the inputs as their source or nearer. What is left has no cycle, so that it can run within one step.
#pragma once

#include <vector>

#include "compiler/network.hpp"

namespace spikeloom::compiler {

/// Sets Projection::recurrent. `distance`: of each population from the inputs.
void mark_recurrent(Network& network, const std::vector<std::size_t>& distance);

}  // namespace spikeloom::compiler
