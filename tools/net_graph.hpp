// The graph of a network as people draw it: inputs first, every population one layer below the last that feeds it,
// projections between them with their kind and kernel; those that close a cycle are marked. As text, and as a picture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "compiler/network.hpp"

namespace spikeloom::tools {

struct GraphNode {
    std::string name;
    std::string shape;           ///< "12x34x34"
    std::string kind;            ///< "input", "leaky integrate and fire", ...
    std::size_t size = 0;        ///< neurons or channels
    std::size_t parameters = 0;  ///< numbers that its neurons were given, one for all or one each
    std::size_t layer = 0;
    bool input = false;
    bool output = false;
    bool spikes = true;
};

struct GraphEdge {
    std::size_t from = 0;
    std::size_t to = 0;
    std::string name;
    std::string kind;         ///< "dense", "convolution 3x3, stride 2", ...
    std::size_t weights = 0;  ///< numbers of its own: of a convolution those of the kernel
    std::uint64_t synapses = 0;
    int delay = 0;
    bool back = false;  ///< closes a cycle: its target is no lower than its source
    bool plastic = false;
};

struct NetGraph {
    std::string name;
    double step_s = 0;
    std::vector<GraphNode> nodes;  ///< inputs, then populations
    std::vector<GraphEdge> edges;  ///< as the projections
    std::size_t layers = 0;
};

/// Of a sound network. Layers are longest ways from the inputs over edges that close no cycle; which edges do is found
/// in the order of inputs, populations and projections.
[[nodiscard]] NetGraph net_graph(const compiler::Network& network);

/// "leaky integrate and fire"; "convolution 3x3, stride 2".
[[nodiscard]] std::string_view kind_text(compiler::NeuronKind kind);
[[nodiscard]] std::string kind_text(const compiler::Weights& weights);

[[nodiscard]] std::string graph_text(const NetGraph& graph);
/// A file by itself, light or dark as the viewer prefers.
[[nodiscard]] std::string graph_svg(const NetGraph& graph);

}  // namespace spikeloom::tools
