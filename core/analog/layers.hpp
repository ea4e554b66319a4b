// Which neurons must be run together, and which may wait for others: the strongly connected components of a net, laid
// out by the longest way to them. All that a layer's neurons listen to lies in layers before it, or, where neurons
// form loops, in the same component.
#pragma once

#include <cstdint>
#include <vector>

#include "core/analog/net.hpp"

namespace spikeloom::core::analog {

struct NetLayer {
    std::vector<std::uint32_t> neurons;  ///< ascending
    bool loops = false;                  ///< some of them listen to one another, or to themselves
    friend bool operator==(const NetLayer&, const NetLayer&) = default;
};

/// In order; every neuron is in one. Linear in synapses.
[[nodiscard]] std::vector<NetLayer> layers_of(const Net& net);

}  // namespace spikeloom::core::analog
