// The chains of linear nodes that lead to a node of a flat NIR graph, each from one source. Edges that meet in a node
// sum, so every chain is a projection of its own.
#pragma once

#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "compiler/nir/nir_flat.hpp"

namespace spikeloom::compiler {

constexpr std::size_t longest_nir_chain = 1024;  ///< linear nodes in a row
constexpr std::size_t most_nir_ways = 4096;      ///< chains to one node

struct NirWay {
    std::size_t from = 0;            ///< a neuron, or where data enter the network
    bool from_neuron = false;        ///< else from the input at that node
    std::vector<std::size_t> nodes;  ///< the linear nodes in between, in the order of the data
    std::vector<bool> brings_bias;   ///< a bias that several chains share comes with the first
};

/// The chains to a neuron, or to and through a node that is none. The error says what there is too much of.
[[nodiscard]] tl::expected<std::vector<NirWay>, std::string> nir_ways(const NirFlatGraph& graph, std::size_t target);

}  // namespace spikeloom::compiler
