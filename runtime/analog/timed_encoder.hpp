// The encoder of time-to-first-spike networks: a sample's values become one spike a channel, at
//     t = earliest + v (latest - earliest),   inverted: earliest + (1 - v)(latest - earliest),
// none where v <= silent_below (BRAINSCALES2_TTFS facts 1.6). Spike times of a set go in as they are.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chip/image/analog_image.hpp"
#include "core/analog/net.hpp"
#include "core/base/diagnostics.hpp"
#include "runtime/analog/timed_set.hpp"

namespace spikeloom::runtime {

struct TimedEncoderOptions {
    chip::TtfsCoding coding;
    double grid_s = 0;  ///< spike times are rounded up to multiples; 0: not
    friend bool operator==(const TimedEncoderOptions&, const TimedEncoderOptions&) = default;
};

class TimedEncoder {
public:
    /// The set drives the image's inputs without constant times, in order. An input of shape {r, n, ...} that has r
    /// times the set's channels gets them r times over. Errors: channels that don't fit, an impossible coding.
    [[nodiscard]] static Result<TimedEncoder> create(const chip::AnalogImage& image, const TimedSet& set,
                                                     const TimedEncoderOptions& options);

    /// Replaces `out` by the spikes of one sample (a row of the set), by channel of the image.
    void encode(std::span<const double> sample, std::vector<core::analog::InputSpike>& out) const;
    [[nodiscard]] const TimedEncoderOptions& options() const { return options_; }

private:
    [[nodiscard]] double time_of(double value) const;

    TimedEncoderOptions options_;
    TimedSet::Holds holds_ = TimedSet::Holds::values;
    std::vector<std::uint32_t> channels_;  ///< of the image; entry i takes value i modulo the set's channels
};

}  // namespace spikeloom::runtime
