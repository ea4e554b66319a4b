// Neurons whose registers are given (FixedNeuron): taken as they are, or refused. Nothing is scaled: one unit of the
// network's membrane is one of v, and a weight of 1 is 2^6 of u.
#pragma once

#include "chip/spec/chip_spec.hpp"
#include "compiler/network.hpp"
#include "compiler/passes/neuron_model.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// The model of a population with `fixed`. A register that the chip can't hold is an error among `findings`, but for
/// readouts that sum up their input in u (current_decay 0, voltage_decay 4096, no bias): they sum it up in v instead,
/// which holds the same number after every step.
[[nodiscard]] PopulationModel fixed_neuron_model(const Population& population, const chip::ChipSpec& chip,
                                                 Diagnostics& findings);

}  // namespace spikeloom::compiler
