// What the stepped mode runs: the layers of a net (layers.hpp), each with its neurons' constants for one step and its
// synapses by source, in the precision of the run.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "core/analog/stepped.hpp"

namespace spikeloom::core::analog {

inline constexpr std::uint32_t no_index = std::numeric_limits<std::uint32_t>::max();

/// All synapses of a source onto a layer with one delay.
struct SteppedSegment {
    std::uint32_t source = 0;
    std::uint32_t first = 0;  ///< local target, where `dense`: those that follow it
    bool dense = false;
    std::uint32_t count = 0;
    std::uint64_t begin = 0;  ///< in the layer's weights and targets
    double delay = 0;         ///< in the options' unit, as all times here
};

template <class Real>
struct SteppedAdaptive {
    std::uint32_t local = 0;
    AdEx model;
    Real gain = 0;                 ///< dt / tau_mem
    Real gain_w = 0;               ///< dt / tau_w
    std::uint32_t inhibitory = 0;  ///< index of its inhibitory current
};

/// Arrays by local neuron; the currents' go on with the inhibitory currents of adaptive neurons.
template <class Real>
struct SteppedLayer {
    std::vector<std::uint32_t> neurons;
    bool loops = false;
    std::vector<Real> decay, gain, resistance, leak, threshold, reset;
    std::vector<Real> current_decay;
    std::vector<std::uint32_t> hold;
    std::vector<SteppedAdaptive<Real>> adaptive;
    std::vector<SteppedSegment> segments;  ///< ascending by source
    std::vector<std::uint32_t> targets;
    std::vector<Real> weights;
};

/// Real: double or float.
template <class Real>
[[nodiscard]] std::vector<SteppedLayer<Real>> stepped_layers(const Net& net, const SteppedOptions& options);

extern template std::vector<SteppedLayer<double>> stepped_layers(const Net& net, const SteppedOptions& options);
extern template std::vector<SteppedLayer<float>> stepped_layers(const Net& net, const SteppedOptions& options);

}  // namespace spikeloom::core::analog
