// Fourth pass: numbers. Compartments, input axons with their lists in synaptic memory, output axons, the symbol
// table: everything that the chip is programmed with.
#pragma once

#include "chip/image/image.hpp"
#include "chip/spec/chip_spec.hpp"
#include "compiler/network.hpp"
#include "compiler/passes/mapped_network.hpp"
#include "compiler/passes/partition.hpp"
#include "compiler/passes/place.hpp"

namespace spikeloom::compiler {

/// The image, but for its report, provenance and source network.
[[nodiscard]] chip::Image allocate(const Network& network, const MappedNetwork& mapped, const Partition& partition,
                                   const Placement& placement, const chip::ChipSpec& chip);

}  // namespace spikeloom::compiler
