// How often every neuron of a network spikes, from a recording of it: what a calibration run tells the compiler, so
// that the neurons that spike most get the shortest ways.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/base/diagnostics.hpp"

namespace spikeloom::runtime {

/// A population whose rates are wanted.
struct RatedPopulation {
    std::string name;
    std::size_t size = 0;
    bool spikes = true;  ///< false: no rates are looked for, all are 0
};

struct RecordedRates {
    std::vector<std::vector<float>> populations;  ///< spikes a step of every neuron, as the populations were named
    double input_spikes_a_step = 0;               ///< of all ports together, as the cores counted them
};

/// Read in a child process. Errors: no recording of ours, no steps, a population that it lacks or has in another size.
[[nodiscard]] Result<RecordedRates> read_spike_rates(const std::string& recording,
                                                     const std::vector<RatedPopulation>& populations);

}  // namespace spikeloom::runtime
