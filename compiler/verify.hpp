// What the verifier measures on the way: the cost of a mapping, recomputed from the image alone. The compiler asserts
// that its own running values equal it. Nothing here is shared with the passes.
#pragma once

#include <cstdint>
#include <vector>

#include "chip/image/image.hpp"

namespace spikeloom::compiler {

struct MeasuredCore {
    std::int64_t compartments = 0;
    std::int64_t input_axons = 0;
    std::int64_t output_axons = 0;
    std::int64_t synapse_words = 0;
    std::int64_t longest_axon_words = 0;
    std::int64_t compartment_profiles = 0;
    std::int64_t threshold_profiles = 0;
    std::int64_t synapse_formats = 0;  ///< distinct (weight format, encoding, index width, skip width)
    std::int64_t learning_rules = 0;   ///< distinct rules (with reward and third factors) that its synapses follow
    std::int64_t plastic_axons = 0;    ///< pairs of an input axon and a rule of its synapses
    std::int64_t axon_types = 0;       ///< of a crossbar: binary digits of the weights into one neuron
    std::int64_t splitters = 0;        ///< of the compartments, copies of neurons with several destinations

    friend bool operator==(const MeasuredCore&, const MeasuredCore&) = default;
};

struct MeasuredCost {
    std::vector<MeasuredCore> cores;
    std::uint64_t messages = 0;  ///< if every neuron and every input channel spikes once
    std::uint64_t hops = 0;      ///< links that the neurons' messages cross, each message by itself

    friend bool operator==(const MeasuredCost&, const MeasuredCost&) = default;
};

/// Of an image whose indices are sound (verify finds nothing).
[[nodiscard]] MeasuredCost measure_cost(const chip::Image& image);

}  // namespace spikeloom::compiler
