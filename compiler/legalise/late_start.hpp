// Biases and leaks act from the first step, whatever is added to the ways of the spikes. A population whose spikes come
// d steps later must be, after d steps without any, where a run starts; then it does what it would have done, d steps
// later. Some are anyway; others are reset once, before step d + 1 (models that can reset periodically), or their u
// starts from what decays to its start. All in the chip's integers, and each neuron is run alone to see: exact or not.
#pragma once

#include "chip/spec/chip_spec.hpp"
#include "compiler/legalise/legal_network.hpp"

namespace spikeloom::compiler {

/// Chooses how the populations that move by themselves start, and remarks on what stays inexact, with figures.
void start_late(LegalMapping& mapping, const chip::ChipSpec& chip);

}  // namespace spikeloom::compiler
