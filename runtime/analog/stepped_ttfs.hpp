// A time-to-first-spike network on a chip with steps: the same samples and the same answer (the output neuron that
// spikes first), to stand beside the chip in continuous time. An input spike at time t acts in step floor(t / step); a
// neuron that crosses its threshold in step k spikes at (k + 1) step, where the step ends.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "chip/cost.hpp"
#include "chip/image/image.hpp"
#include "core/base/counters.hpp"
#include "core/base/diagnostics.hpp"
#include "runtime/analog/timed_encoder.hpp"
#include "runtime/analog/timed_set.hpp"

namespace spikeloom::runtime {

/// A part of the run under one cost table.
struct SteppedPrice {
    std::string table;
    double time_ns = 0;           ///< sum of step times
    double decision_time_ns = 0;  ///< the same up to the first label spike (silent samples: to the end)
    friend bool operator==(const SteppedPrice&, const SteppedPrice&) = default;
};

struct SteppedTtfs {
    std::uint64_t samples = 0;
    std::uint64_t correct = 0;
    std::uint64_t silent = 0;
    double mean_decision_s = never;    ///< network time
    std::uint64_t steps = 0;           ///< of one sample
    Counters counters;                 ///< of all samples
    Counters decision_counters;        ///< up to the first label spikes
    std::vector<SteppedPrice> prices;  ///< of all samples, one a cost table of the chip
    std::uint32_t cores = 0;
    bool interrupted = false;
    friend bool operator==(const SteppedTtfs&, const SteppedTtfs&) = default;
};

struct SteppedTtfsOptions {
    TimedEncoderOptions encoder;
    std::uint64_t limit = 0;  ///< samples at most; 0: all
    int threads = 1;
    std::function<void(std::uint64_t done, std::uint64_t samples)> progress{};
    std::function<bool()> stop{};
};

/// `timed` is the same network's analog image (of any chip): its inputs, in the order of the stepped image's ports, and
/// its constant times. Errors: an encoder that doesn't fit, no output, labels beyond its neurons, too long a sample.
[[nodiscard]] Result<SteppedTtfs> run_stepped_ttfs(const chip::Image& image, const chip::AnalogImage& timed,
                                                   const TimedSet& set, const SteppedTtfsOptions& options);

}  // namespace spikeloom::runtime
