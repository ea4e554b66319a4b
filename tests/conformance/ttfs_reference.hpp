// The time-to-first-spike nets of the reference data: weights, inputs, and the label times that their authors recorded
// and that an independent exact solver gave. Times in units of tau_syn, which the nets here take as their second.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/analog/net.hpp"

namespace spikeloom::test {

/// Samples x columns, row-major; inf: no spike.
struct TimeTable {
    std::size_t columns = 0;
    std::vector<double> times;
    [[nodiscard]] double at(std::size_t row, std::size_t column) const { return times[row * columns + column]; }
};

struct TtfsCase {
    core::analog::Net net;
    std::uint32_t hidden = 0;  ///< neurons 0 .. hidden - 1; the labels follow
    std::uint32_t labels = 0;
    std::vector<std::vector<core::analog::InputSpike>> samples;
    std::vector<std::int32_t> targets;
    TimeTable recorded;
    TimeTable exact;
};

/// mnist16_v1, yin_yang_v1 or yin_yang_H30_W; nothing where the data are absent (said aloud).
[[nodiscard]] std::optional<TtfsCase> ttfs_case(const std::string& name);

/// First spike times of all neurons in one sample; inf where there is none.
[[nodiscard]] std::vector<double> first_spikes(const core::analog::Net& net,
                                               const std::vector<core::analog::Spike>& spikes);
/// Earliest label; -1 where no label spikes.
[[nodiscard]] std::int32_t answer(const std::vector<double>& label_times);

}  // namespace spikeloom::test
