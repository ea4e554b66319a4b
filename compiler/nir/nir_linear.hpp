// One linear NIR node to a LinearMap, and its bias.
#pragma once

#include <string>
#include <vector>

#include "compiler/nir/linear_map.hpp"
#include "compiler/nir/nir_conventions.hpp"
#include "compiler/nir/nir_shapes.hpp"

namespace spikeloom::compiler {

/// The map of a node that is no neuron, from what arrives to what it gives; ports and Flatten are identities. The
/// error says why there is none.
[[nodiscard]] tl::expected<LinearMap, std::string> linear_map_of(const NirNode& node, const Shape& in, const Shape& out,
                                                                 const NirConventions& conventions);

/// The node's bias, one value an output; empty if it has none.
[[nodiscard]] std::vector<double> bias_of(const NirNode& node, const Shape& out);

/// The delay of a Delay node in steps, unrounded.
[[nodiscard]] std::vector<double> delays_of(const NirNode& node, const Shape& shape, const NirConventions& conventions);

}  // namespace spikeloom::compiler
