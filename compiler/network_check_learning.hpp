// The part of check_network on plastic projections.
#pragma once

#include "compiler/network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// All that is wrong with the learning of a projection, as far as no chip is known: `projection` belongs to the
/// network, has learning, and its source and target are there.
[[nodiscard]] Diagnostics check_learning(const Network& network, const Projection& projection);

}  // namespace spikeloom::compiler
