// A flat NIR graph with shapes and conventions to a Network: neurons become populations, the linear nodes on every way
// from a source to a neuron become one projection, with the biases on the way composed into its own.
#pragma once

#include "compiler/network.hpp"
#include "compiler/nir/nir_conventions.hpp"
#include "compiler/nir/nir_shapes.hpp"

namespace spikeloom::compiler {

struct NirLowered {
    Network network;
    Diagnostics remarks;
};

[[nodiscard]] Result<NirLowered> lower_nir(const NirFile& file, const NirFlatGraph& graph, const NirShapes& shapes,
                                           const NirConventions& conventions);

}  // namespace spikeloom::compiler
