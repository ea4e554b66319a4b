// Whether a legalised network computes what the user's does, found out from the two networks alone: every synapse of
// the user's is set against the sum of the ways from its source to its target, by way of helpers, copies being their
// originals. Weights of helpers are in the chip's integers: they may be off by what rounding does to a projection, as
// its loss admits, and no more. Shares no code with the passes.
#pragma once

#include "compiler/legalise/legal_network.hpp"
#include "compiler/network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// Empty: ways, weights and times are those of the network, `legal.added_steps` later.
[[nodiscard]] Diagnostics verify_legal(const Network& network, const LegalNetwork& legal);

}  // namespace spikeloom::compiler
