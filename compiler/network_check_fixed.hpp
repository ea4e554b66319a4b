// The rules of populations with registers (FixedNeuron), for check_network.
#pragma once

#include "compiler/network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// Registers in range of any chip, as many biases as neurons, and no parameter of the float equations beside them.
[[nodiscard]] Diagnostics check_fixed(const Population& population);
/// A projection into such a population, sizes aside: whole-numbered weights, no bias, no learning.
[[nodiscard]] Diagnostics check_fixed_projection(const Network& network, const Projection& projection);

}  // namespace spikeloom::compiler
