// What explain() says of a mapping that was made, before anything is changed: how full every limit is, what every
// population needs by itself, and, where single neurons fit no core, what they need and the room.
#pragma once

#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/explain.hpp"
#include "compiler/map_network.hpp"
#include "compiler/network.hpp"

namespace spikeloom::compiler {

/// Limits that any core uses, in their order.
[[nodiscard]] std::vector<LimitUse> limit_uses(const Mapping& mapping, const MappingBounds& bounds,
                                               const chip::ChipSpec& chip);

/// One a population of the network, helpers and copies of a split network included.
[[nodiscard]] std::vector<PopulationNeed> population_needs(const Network& network, const Mapping& mapping,
                                                           const chip::ChipSpec& chip);

/// By population and limit; empty where every neuron fits a core.
[[nodiscard]] std::vector<Excess> excesses(const Network& network, const MappedNetwork& mapped,
                                           const chip::ChipSpec& chip);

}  // namespace spikeloom::compiler
