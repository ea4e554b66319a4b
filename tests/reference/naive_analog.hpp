// The same analog neurons, as plainly as possible: every membrane is the explicit sum over all arrivals since its last
// reset, every crossing is searched on a fine grid and bisected. Shares no code with core/analog but the Net itself.
#pragma once

#include <vector>

#include "core/analog/net.hpp"

namespace spikeloom::test {

/// Spikes up to `until`, in order of time. Crossings that last less than a grid step (`grid` s) above the threshold are
/// missed: for nets whose maxima don't graze.
[[nodiscard]] std::vector<core::analog::Spike> naive_analog_run(const core::analog::Net& net,
                                                                const std::vector<core::analog::InputSpike>& inputs,
                                                                double until, double grid);

}  // namespace spikeloom::test
