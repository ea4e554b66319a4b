// Background sources: generators of spikes on the chip itself, each on a crossbar input of its own. A spike at the end
// of every period, or there with a probability of rate / 255; the lowest bits of its label can be random. All
// randomness is a 32-bit shift register's.
#pragma once

#include <cstdint>
#include <vector>

#include "chip/image/analog_image.hpp"
#include "core/analog/net.hpp"

namespace spikeloom::chip::analog {

/// Fibonacci shift register of x^32 + x^22 + x^2 + x + 1 (period 2^32 - 1). The chip's own polynomial is not published:
/// same statistics, other sequence. From 0 it never leaves.
class ShiftRegister {
public:
    explicit ShiftRegister(std::uint32_t state) : state_(state) {}
    /// The next n <= 32 bits.
    [[nodiscard]] std::uint32_t bits(int n);

private:
    std::uint32_t state_;
};

/// Labels that a source can send: one for every value of its random bits.
[[nodiscard]] std::uint32_t label_count(const BackgroundSetting& setting);
/// The label with these random bits, 0 .. label_count - 1.
[[nodiscard]] std::uint16_t background_label(const BackgroundSetting& setting, std::uint32_t random_bits);

/// Appends a trial's spikes up to window_s; inputs are `first_source` + the random bits of the label. The register
/// starts from the setting's seed in trial 0, and elsewhere in others, as if it had run on.
void append_background(const BackgroundFormat& format, const BackgroundSetting& setting, std::uint64_t trial,
                       double window_s, std::uint32_t first_source, std::vector<core::analog::InputSpike>& spikes);

}  // namespace spikeloom::chip::analog
