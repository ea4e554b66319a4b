// What one NIR node makes of the shape that arrives at it: matrix, convolution, pooling, Flatten, element by element.
// What it can't take becomes a finding that says what would fit. How shapes travel between nodes is nir_shapes' matter.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/network.hpp"
#include "compiler/nir/nir_graph.hpp"
#include "compiler/nir/nir_node_findings.hpp"
#include "compiler/nir/nir_shapes.hpp"

namespace spikeloom::compiler {

/// "(2, 34, 34)".
[[nodiscard]] std::string shape_text(const Shape& shape);

/// What a node takes, by its parameters alone; nothing where they don't say.
[[nodiscard]] std::optional<Shape> own_shape(const NirNode& node);

class NirNodeShapes {
public:
    /// Keeps the references: findings and remarks are appended as nodes are asked for.
    NirNodeShapes(const NirFile& file, const NirShapeOptions& options, Diagnostics& findings, Diagnostics& remarks)
        : options_(options), say_(file, findings, remarks) {}

    struct Output {
        Shape shape;
        bool old_flatten = false;  ///< NirShapes::old_flatten
    };

    /// What the node gives for what arrives, at most most_layer_elements; nothing (and one finding or more) if it can't
    /// take that. `after`: the nodes that take what it gives.
    [[nodiscard]] std::optional<Output> output(const NirNode& node, const Shape& in,
                                               const std::vector<const NirNode*>& after);

private:
    std::optional<Output> unchecked(const NirNode& node, const Shape& in, const std::vector<const NirNode*>& after);
    Shape port(const NirNode& node, const Shape& in);
    std::optional<Shape> matrix(const NirNode& node, const Shape& in);
    std::optional<Shape> map_of(const NirNode& node, const Shape& in);
    bool takes_channels(const NirNode& node, const Shape& map);
    bool agrees_with_input_shape(const NirNode& node, const Shape& map, const Shape& in);
    std::optional<Shape> convolution(const NirNode& node, const Shape& in);
    std::optional<Shape> pool(const NirNode& node, const Shape& in);
    std::optional<std::array<std::uint32_t, 2>> windows(const NirNode& node, const Shape& map,
                                                        const std::array<std::uint64_t, 2>& reach,
                                                        const std::array<std::uint32_t, 2>& padding);
    std::optional<Shape> elementwise(const NirNode& node, const Shape& in);
    std::optional<Output> flatten(const NirNode& node, const Shape& in, const std::vector<const NirNode*>& after);

    const NirShapeOptions& options_;
    NirNodeFindings say_;
};

}  // namespace spikeloom::compiler
