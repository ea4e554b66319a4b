// Orders of the neurons that come from the hypergraph partitioner (compiler/partition): parts one after another, each
// meant for a core. Also what a neuron takes of a core, as the one weight that a partitioner can respect: the exact
// limits are counted when cores are filled along the order, and a part that passes one is split there.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/partition/hypergraph.hpp"
#include "compiler/passes/fill_cores.hpp"
#include "compiler/passes/mapped_network.hpp"

namespace spikeloom::compiler {

/// A net for every node with targets: the node, if it is a neuron, and its targets. `rates`: spikes a step by node, or
/// empty; nets then weigh as their rates, in thousandths of the mean and at least 1.
[[nodiscard]] Hypergraph neuron_hypergraph(const MappedNetwork& mapped, std::span<const float> rates);

/// Share of a core by its scarcest memory.
struct CoreShare {
    std::vector<std::uint32_t> weight;  ///< by neuron; empty: 1 each, of a core's compartments
    std::uint64_t capacity = 0;
};
/// Compartments, or words of synaptic memory where these run out first, at the words a synapse took in `filling`.
[[nodiscard]] CoreShare core_shares(const MappedNetwork& mapped, const chip::ChipSpec& chip, const Filling& filling);

/// Parts in the order of their first neurons, each ascending and with a cut behind it.
[[nodiscard]] NeuronOrder order_of_parts(std::string name, std::span<const std::uint32_t> part_of);

}  // namespace spikeloom::compiler
