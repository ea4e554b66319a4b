#include "chip/analog/background.hpp"

#include <bit>

#include "core/base/random.hpp"

namespace spikeloom::chip::analog {
namespace {

std::uint32_t start(const BackgroundSetting& setting, std::uint64_t trial) {
    if (trial == 0 || setting.seed == 0) {
        return setting.seed;
    }
    const auto block = random_block(
        {.seed = setting.seed, .purpose = RandomPurpose::background_source, .step = trial, .core = setting.source});
    return block[0] != 0 ? block[0] : 1;
}

}  // namespace

std::uint32_t ShiftRegister::bits(int n) {
    std::uint32_t drawn = 0;
    for (int i = 0; i < n; ++i) {
        const std::uint32_t next = ((state_ >> 31) ^ (state_ >> 21) ^ (state_ >> 1) ^ state_) & 1U;
        state_ = (state_ << 1) | next;
        drawn = (drawn << 1) | next;
    }
    return drawn;
}

std::uint32_t label_count(const BackgroundSetting& setting) {
    return 1U << std::popcount(setting.mask);
}

std::uint16_t background_label(const BackgroundSetting& setting, std::uint32_t random_bits) {
    std::uint32_t label = setting.label & ~static_cast<std::uint32_t>(setting.mask);
    for (std::uint32_t mask = setting.mask; mask != 0; mask &= mask - 1) {
        label |= (random_bits & 1U) << std::countr_zero(mask);
        random_bits >>= 1;
    }
    return static_cast<std::uint16_t>(label);
}

void append_background(const BackgroundFormat& format, const BackgroundSetting& setting, std::uint64_t trial,
                       double window_s, std::uint32_t first_source, std::vector<core::analog::InputSpike>& spikes) {
    ShiftRegister shift_register(start(setting, trial));
    const int label_bits = std::popcount(setting.mask);
    const double period_s = setting.period / format.clock_hz;
    for (std::uint64_t k = 1;; ++k) {
        const double time = static_cast<double>(k) * period_s;
        if (!(time <= window_s)) {
            return;
        }
        if (setting.random) {
            // Of the 2^n values, 0 is drawn again: rate of the others' 2^n - 1 make a spike.
            std::uint32_t value = shift_register.bits(format.rate_bits);
            while (value == 0) {
                value = shift_register.bits(format.rate_bits);
            }
            if (value > setting.rate) {
                continue;
            }
        }
        spikes.push_back({.time = time, .input = first_source + shift_register.bits(label_bits)});
    }
}

}  // namespace spikeloom::chip::analog
