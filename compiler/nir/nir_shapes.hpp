// The shape of what every node of a flat NIR graph gives out, found by carrying the shapes of the inputs along the
// edges; and every edge whose two ends disagree.
#pragma once

#include <vector>

#include "compiler/network.hpp"
#include "compiler/nir/nir_flat.hpp"

namespace spikeloom::compiler {

struct NirShapes {
    std::vector<Shape> in;          ///< what arrives at each node; of a node without predecessor, what it would take
    std::vector<Shape> out;         ///< what each node gives out
    std::vector<bool> old_flatten;  ///< per node: a Flatten whose dims count a batch dimension that NIR leaves out
    Diagnostics remarks;
};

struct NirShapeOptions {
    bool ignore_port_shapes = false;  ///< Input and Output nodes inside the graph that declare another size: a remark
};

[[nodiscard]] Result<NirShapes> infer_shapes(const NirFile& file, const NirFlatGraph& graph,
                                             const NirShapeOptions& options);

/// (channels, height, width) of what arrives at a convolution or pooling node.
[[nodiscard]] std::array<std::uint32_t, 3> as_map(const Shape& shape, NirType type);

/// The two values of a parameter such as `stride`: one for both, or one each. 1-D: (1, value) or (0, value).
[[nodiscard]] std::array<std::uint32_t, 2> pair_of(const NirNode& node, const std::string& parameter);
/// Padding at top and left; "same" and "valid" resolved. Second: the sum of both sides.
struct NirPadding {
    std::array<std::uint32_t, 2> before{};
    std::array<std::uint32_t, 2> total{};
};
[[nodiscard]] NirPadding padding_of(const NirNode& node);
/// Rows and columns of the kernel of a Conv1d or Conv2d.
[[nodiscard]] std::array<std::uint32_t, 2> kernel_of(const NirNode& node);
/// Rows and columns of a weight matrix (its last two dimensions).
[[nodiscard]] std::array<std::uint64_t, 2> matrix_of(const NirNode& node);

/// The values of an array, spread over a shape as numpy does it; nothing if they don't fit. An array of as many
/// elements as the shape fits whatever its own shape.
[[nodiscard]] std::optional<std::vector<double>> spread(const NirArray& array, const Shape& shape);

}  // namespace spikeloom::compiler
