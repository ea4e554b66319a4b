// Orders in which neurons may be dealt to cores. Cores are filled along an order, so neighbours in it should share
// their sources: one input axon then serves many neurons, and a spike needs fewer messages.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/network.hpp"
#include "compiler/passes/fill_cores.hpp"
#include "compiler/passes/mapped_network.hpp"

namespace spikeloom::compiler {

/// As the populations stand, neuron by neuron.
[[nodiscard]] NeuronOrder natural_order(const MappedNetwork& mapped);
/// The same, but no core holds two populations.
[[nodiscard]] NeuronOrder separate_order(const MappedNetwork& mapped);
/// Population by population, neurons of equal registers side by side, those of near decays near: where a core has few
/// profiles. Nothing: no population has different ones.
[[nodiscard]] std::optional<NeuronOrder> profile_order(const MappedNetwork& mapped);
/// Populations with a picture's shape by pixel, channels innermost: along rows, or along a Z curve (Morton).
/// Nothing if no population is a picture.
[[nodiscard]] std::optional<NeuronOrder> pixel_order(const Network& network, const MappedNetwork& mapped, bool morton);
/// Each core gathers the neurons whose sources it has already (MAPPING facts 2: greedy overlap), in ascending order
/// within the core. Nothing if it would take more than `most_work` synapse visits.
[[nodiscard]] std::optional<NeuronOrder> overlap_order(const MappedNetwork& mapped, const chip::ChipSpec& chip,
                                                       std::uint64_t most_work);

}  // namespace spikeloom::compiler
