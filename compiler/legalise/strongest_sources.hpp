// What pruning a neuron that fits no core comes to: every neuron keeps its strongest synapses, as many as are asked
// for.
#pragma once

#include <cstddef>
#include <vector>

#include "compiler/network.hpp"

namespace spikeloom::compiler {

/// The network in which every neuron keeps at most `keep` synapses, those of largest weight; of equals the first of
/// their projection. Convolutions, and what learns, stay whole. `lost` takes, by projection, the root of what share of
/// the sum of squares went.
[[nodiscard]] Network with_strongest_sources(const Network& network, std::size_t keep, std::vector<double>& lost);

}  // namespace spikeloom::compiler
