// What can be said of a NIR node's parameters before data flow: ranks, counts, and sizes that agree.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/network.hpp"
#include "compiler/nir/nir_graph.hpp"

namespace spikeloom::compiler {

constexpr std::uint64_t most_layer_elements = 1U << 24;  ///< of what a node takes or gives

/// A shape from numbers that were read, () as (1); nothing if it is absurdly large.
[[nodiscard]] std::optional<Shape> sound_shape(const std::vector<double>& extents);
[[nodiscard]] std::optional<Shape> sound_shape(const std::vector<std::uint64_t>& extents);

/// The parameter with the most elements: its shape is that of the neurons.
[[nodiscard]] const NirArray& largest_of(const NirNode& node);

void check_parameters(const NirFile& file, const NirNode& node, Diagnostics& findings, Diagnostics& remarks);

}  // namespace spikeloom::compiler
