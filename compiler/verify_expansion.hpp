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
    /// Appends the synapses of one source of a projection. Quick where sources come in order: a convolution's taps are
    /// kept for one channel.
    void append(std::size_t projection, std::uint32_t source, std::vector<ExpandedSynapse>& out);

private:
    /// A convolution's taps from one channel by pixel, each pixel's ascending by target.
    struct Taps {
        std::uint32_t channel = 0;
        std::vector<std::uint64_t> first{};
        std::vector<std::uint32_t> targets{};
        std::vector<float> weights{};
        double scale = 1;
    };
    static Taps collect(const ConvolutionWeights& convolution, std::uint32_t channel);

    const Network* network_;
    std::vector<Taps> taps_;  ///< by projection; of the channel that was asked for last
};

}  // namespace spikeloom::compiler
