// The recording of one run of an analog image: SONATA spikes at real times, sampled membranes, counts, provenance.
// Layout: RECORDING.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chip/analog/analog_chip.hpp"
#include "chip/analog/readout.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::runtime {

struct TimedRunFile {
    const chip::AnalogImage& image;
    double duration_s = 0;
    std::string instance;
    std::uint64_t seed = 0;
    std::string stimulus;
    std::string program;
    std::vector<std::string> options;
    std::span<const core::analog::Spike> spikes;
    std::span<const chip::analog::MembraneTrace> traces;
    chip::analog::AnalogCounts counts;
};

/// Whole or not at all.
[[nodiscard]] Result<void> write_timed_run(const TimedRunFile& run, const std::string& path, bool force);

}  // namespace spikeloom::runtime
