// The part of the verifier on learning: whether an image's profiles are those of the network's plastic projections.
#pragma once

#include <cstdint>
#include <vector>

#include "chip/image/image.hpp"
#include "compiler/network.hpp"

namespace spikeloom::compiler {

/// By projection: SynapseEntry::learning of its synapses, 0 where its weights stay.
[[nodiscard]] std::vector<std::uint32_t> rules_of(const Network& network);

/// `gains`: u register per unit of x, by population and neuron. Findings are appended.
void verify_learning(const chip::Image& image, const Network& network, const std::vector<std::vector<double>>& gains,
                     Diagnostics& findings);

}  // namespace spikeloom::compiler
