// One NIR neuron node to a Population, in the units of the Network.
#pragma once

#include <string>

#include "compiler/network.hpp"
#include "compiler/nir/nir_conventions.hpp"

namespace spikeloom::compiler {

[[nodiscard]] Population population_of(const NirNode& node, const std::string& name, const Shape& shape,
                                       const NirConventions& conventions);

}  // namespace spikeloom::compiler
