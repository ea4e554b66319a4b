// The verifier's own expansion of projections into synapses: output by output, tap by tap, as the definitions stand.
// It shares nothing with append_connections, which the compiler uses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "compiler/network.hpp"

namespace spikeloom::compiler {

struct ExpandedSynapse {
    std::uint32_t target = 0;
    std::uint32_t delay = 0;  ///< steps, the projection's included
    float weight = 0;         ///< not zero, unless the projection is plastic
};

class NaiveExpansion {
public:
    /// Of a checked network, which outlives it.
    explicit NaiveExpansion(const Network& network);
    /// Appends the synapses of one source of a projection.
    void append(std::size_t projection, std::uint32_t source, std::vector<ExpandedSynapse>& out) const;

private:
    /// A convolution's taps by source, each source's ascending by target.
    struct Taps {
        std::vector<std::uint64_t> first;
        std::vector<std::uint32_t> targets;
        std::vector<float> weights;
        double scale = 1;
    };
    static Taps collect(const ConvolutionWeights& convolution);

    const Network* network_;
    std::vector<Taps> taps_;  ///< by projection; empty but for convolutions
};

}  // namespace spikeloom::compiler
