// A network faster or slower: all times by one factor. Its spikes are the same, at times multiplied by the factor; the
// equations of core/base/analog_neuron.hpp hold weights and potentials fixed. So a network in biological time becomes
// one that a chip computes which is a thousand times faster.
#pragma once

#include "compiler/timed/timed_network.hpp"

namespace spikeloom::compiler {

/// `factor` > 0. Time constants, refractory times (`never` stays), delays, constant times and the coding.
void scale_times(TimedNetwork& network, double factor);

}  // namespace spikeloom::compiler
