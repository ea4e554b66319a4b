// Copies of neurons that reach more cores than a core has output axons: a copy hears what its original hears and has
// its registers, so it spikes when that does; the targets are shared out between them, in the order of the nodes. Exact
// on every chip, and without delay. Neurons that learn, or from which synapses lead that do, are not copied: the
// weights would be learned apart.
#pragma once

#include <cstdint>
#include <map>

#include "compiler/legalise/legal_network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// By node of a neuron: how many copies it gets.
using CopiesByNeuron = std::map<std::uint32_t, std::uint32_t>;

/// `from` with these copies. Errors: learning at a neuron that is copied.
[[nodiscard]] Result<LegalMapping> copy_neurons(const LegalMapping& from, const CopiesByNeuron& copies);

}  // namespace spikeloom::compiler
