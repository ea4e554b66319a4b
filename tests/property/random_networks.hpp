// Random networks of every shape that the compiler knows: what a property test draws, a seed a network. Small (tens to
// hundreds of neurons), busy enough that a lost synapse shows.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/network.hpp"
#include "core/base/neuron_model.hpp"

namespace spikeloom::test {

/// What may come up besides the usual.
struct NetworkTraits {
    bool subtracting_resets = false;
    /// Populations with given registers, of these models (empty: none are); and graded inputs.
    std::vector<NeuronModel> models{};
    bool graded_inputs = false;
};

/// One or two inputs (flat, or images), one to five populations of all kinds, joined by dense, sparse, one-to-one and
/// convolving projections, with recurrences, delays, biases, refractory periods; readouts that never spike; corners:
/// populations of one neuron, without input, projections without synapses, several synapses between two neurons.
/// Weights are multiples of a unit in nine networks of ten, so that nothing has to be rounded.
[[nodiscard]] compiler::Network random_network(std::uint64_t seed, const NetworkTraits& traits = {});

}  // namespace spikeloom::test
