// A projection from its targets' side: the synapses that end at one neuron, without expanding the others. What
// append_connections (network.hpp) gives by source, sorted the other way; so a part of a large network can be looked at
// that is as large as a core.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/network.hpp"

namespace spikeloom::compiler {

class FanIn {
public:
    /// Of a checked network, which outlives it. Sparse weights are indexed by target: 8 bytes a synapse.
    FanIn(const Network& network, const Projection& projection);

    /// Appends the synapses of one target, ascending by source, then delay, then weight; zero weights left out unless
    /// the projection is plastic.
    void append(std::uint32_t target, std::vector<Connection>& out) const;

private:
    void index_sparse(const SparseWeights& sparse, std::size_t targets);
    void append_sparse(const SparseWeights& sparse, std::uint32_t target, std::vector<Connection>& out) const;
    void append_convolution(const ConvolutionWeights& convolution, std::uint32_t target,
                            std::vector<Connection>& out) const;

    const Projection* projection_;
    std::size_t sources_;
    std::uint16_t delay_;
    bool keep_zeros_;
    std::vector<std::uint64_t> first_;   ///< sparse: by target, into the next two
    std::vector<std::uint32_t> source_;  ///< ascending
    std::vector<std::uint32_t> in_row_;  ///< which synapse of its source
};

}  // namespace spikeloom::compiler
