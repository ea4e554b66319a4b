// The NIR graph without nesting: sub-graphs dissolved into their nodes ("hidden.lif"), their Input and Output nodes
// kept as ports that pass on what they get. Every way from port or neuron to neuron or port runs through linear nodes
// only, and no linear node is on a cycle without a neuron.
#pragma once

#include <string>
#include <vector>

#include "compiler/nir/nir_graph.hpp"

namespace spikeloom::compiler {

struct NirFlatNode {
    const NirNode* node = nullptr;
    std::string name;                 ///< '.' between the levels; no '/', as SONATA wants it
    std::vector<std::size_t> before;  ///< nodes with an edge to this one, in the order of the file
    std::vector<std::size_t> after;

    [[nodiscard]] NirType type() const { return node->type; }
    /// Data enter the network here: an Input that nothing feeds, or a node that nothing feeds (an implicit input).
    [[nodiscard]] bool is_source() const { return before.empty(); }
};

struct NirFlatGraph {
    std::vector<NirFlatNode> nodes;
    std::vector<std::size_t> order;  ///< all nodes by distance from the inputs; those that none reaches come last
    std::vector<std::size_t> distance;
};

/// Points into the file, which must outlive the result. Refuses several ports on one side of a sub-graph (an edge
/// can't say which is meant), edges into an Input or out of an Output, and cycles without a neuron.
[[nodiscard]] Result<NirFlatGraph> flatten_nir(const NirFile& file);

}  // namespace spikeloom::compiler
