#include "chip/spec/weight_format.hpp"

#include <algorithm>

namespace spikeloom::chip {
namespace {

/// Drops the low bits toward minus infinity, as an arithmetic shift does.
int floor_to_multiple(int value, int dropped_bits) {
    return (value >> dropped_bits) * (1 << dropped_bits);
}

constexpr std::int64_t brian2_largest = 32767;  // (2^21 - 2^6) / 2^6

}  // namespace

IntRange weight_range(SignMode sign_mode) {
    switch (sign_mode) {
    case SignMode::mixed:
        return {.least = -256, .most = 254};
    case SignMode::excitatory:
        return {.least = 0, .most = 255};
    case SignMode::inhibitory:
        return {.least = -255, .most = 0};
    }
    return {};
}

IntRange stored_weights(SignMode sign_mode, int weight_bits) {
    const std::int64_t unit = std::int64_t{1} << weight_bits;
    switch (sign_mode) {
    case SignMode::mixed:
        return {.least = -unit, .most = unit - 1};
    case SignMode::excitatory:
        return {.least = 0, .most = unit - 1};
    case SignMode::inhibitory:
        return {.least = 1 - unit, .most = 0};
    }
    return {};
}

int truncated_weight(int mantissa, const WeightFormat& format, Conventions::NegativeMixedWeight rounding) {
    const bool mixed = format.sign_mode == SignMode::mixed;
    const int dropped_bits = 8 - (format.weight_bits - (mixed ? 1 : 0));
    const bool toward_zero = !mixed || rounding == Conventions::NegativeMixedWeight::toward_zero;
    if (mantissa < 0 && toward_zero) {
        return -floor_to_multiple(-mantissa, dropped_bits);
    }
    return floor_to_multiple(mantissa, dropped_bits);
}

std::int32_t effective_weight_64(int mantissa, const WeightFormat& format, Conventions::NegativeMixedWeight rounding) {
    const std::int64_t truncated = truncated_weight(mantissa, format, rounding);
    const int exponent = format.weight_exponent;
    const std::int64_t scaled =
        exponent >= 0 ? truncated * (std::int64_t{1} << exponent) : truncated >> static_cast<unsigned>(-exponent);
    if (rounding == Conventions::NegativeMixedWeight::toward_zero) {
        return static_cast<std::int32_t>(std::clamp(scaled, -brian2_largest, brian2_largest));
    }
    return static_cast<std::int32_t>(scaled);
}

}  // namespace spikeloom::chip
