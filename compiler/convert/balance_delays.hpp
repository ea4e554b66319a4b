// On a chip every message between populations takes a step, so of two paths to one neuron the one through fewer
// populations brings its spikes earlier: a residual sum adds spikes of different moments, which frameworks (same-step
// timing) add up in one. Delays on the shorter paths bring them together again: then every population does on the chip
// what it does in the framework, as many steps later as the longest way to it has hops (its latency).
#pragma once

#include <cstddef>
#include <vector>

#include "compiler/network.hpp"

namespace spikeloom::compiler {

/// Hops of the longest way from the inputs to every population, recurrent projections left out: its latency on a chip.
[[nodiscard]] std::vector<int> latencies_of(const Network& network);

/// Whether the population's neurons move without spikes: by a bias, theirs or a projection's, or a leak.
[[nodiscard]] bool acts_alone(const Network& network, std::size_t population);

/// One note where paths of different length meet, else none: it names the projection that comes earliest.
[[nodiscard]] Diagnostics find_imbalance(const Network& network);

/// Delays added to the projections that would come early (Projection::aligned_steps). Appends a note on what was added,
/// and warnings on loops that take more steps on the chip whatever the delays, and on biases that act before the
/// first spikes can come.
[[nodiscard]] Network balance_delays(Network network, Diagnostics& remarks);

}  // namespace spikeloom::compiler
