// Every projection as rows of synapses with mantissas (FanInTable), in the formats that scale.hpp chose, with an
// account of what rounding did to each projection.
#pragma once

#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/network.hpp"
#include "compiler/passes/mapped_network.hpp"
#include "compiler/passes/neuron_model.hpp"
#include "compiler/passes/quantise.hpp"
#include "compiler/passes/scale.hpp"

namespace spikeloom::compiler {

/// Fills table, losses and learning of a network whose nodes and populations are there.
void expand_weights(const Network& network, const std::vector<PopulationModel>& models, const Scaling& scaling,
                    const chip::ChipSpec& chip, const QuantiseOptions& options, MappedNetwork& mapped);

/// The longest delay of a projection, synapse delays included.
[[nodiscard]] int longest_delay(const Projection& projection);
/// Bits of the narrowest delay field that holds the delay; 64: none does.
[[nodiscard]] int narrowest_delay(const chip::SynapseMemory& memory, int delay);

}  // namespace spikeloom::compiler
