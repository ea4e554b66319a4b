// What the vector unit computes in one lane: the plain definition of what is right. A lane of a mod type is unsigned
// and wraps; one of a fracsat type is signed and saturates, its product drops the low bits (rounds down, also below 0:
// libnux' hardware tests expect -12 * 42 = -4 and -4 * 42 = -2 of 8 bits). Shifts never saturate: bits that leave are
// lost, and to the right a fracsat lane keeps its sign.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/ppu/program.hpp"

namespace spikeloom::ppu {

using Lane = std::int32_t;

[[nodiscard]] constexpr Lane least_of(Type type) {
    return is_saturating(type) ? -(1 << (bits_of(type) - 1)) : 0;
}
[[nodiscard]] constexpr Lane most_of(Type type) {
    return is_saturating(type) ? (1 << (bits_of(type) - 1)) - 1 : (1 << bits_of(type)) - 1;
}

/// The low bits of a value, as the type reads them: what a cast of elements does.
template <Type type>
[[nodiscard]] constexpr Lane wrapped(Lane value) {
    switch (type) {
    case Type::mod8:
        return static_cast<std::uint8_t>(value);
    case Type::mod16:
        return static_cast<std::uint16_t>(value);
    case Type::fracsat8:
        return static_cast<std::int8_t>(value);
    case Type::fracsat16:
        return static_cast<std::int16_t>(value);
    default:
        return value;
    }
}
/// Into range as an addition does: wrapped, or saturated.
template <Type type>
[[nodiscard]] constexpr Lane settled(Lane value) {
    if constexpr (is_saturating(type)) {
        return std::clamp(value, least_of(type), most_of(type));
    } else {
        return wrapped<type>(value);
    }
}

template <Type type>
[[nodiscard]] constexpr Lane multiplied(Lane a, Lane b) {
    if constexpr (is_saturating(type)) {
        return settled<type>((a * b) >> (bits_of(type) - 1));
    } else {
        return wrapped<type>(static_cast<Lane>(static_cast<std::uint32_t>(a) * static_cast<std::uint32_t>(b)));
    }
}
template <Type type>
[[nodiscard]] constexpr Lane shifted_left(Lane a, int bits) {
    return wrapped<type>(static_cast<Lane>(static_cast<std::uint32_t>(a) << bits));
}
/// `noise`: random bits, of which the low `bits` count.
template <Type type>
[[nodiscard]] constexpr Lane rounded(Lane a, Lane noise, int bits) {
    const Lane low = (1 << bits) - 1;
    return wrapped<type>(settled<type>(a + (noise & low)) & ~low);
}

[[nodiscard]] constexpr bool holds(Condition condition, std::int64_t difference) {
    switch (condition) {
    case Condition::less:
        return difference < 0;
    case Condition::less_equal:
        return difference <= 0;
    case Condition::greater:
        return difference > 0;
    case Condition::greater_equal:
        return difference >= 0;
    case Condition::equal:
        return difference == 0;
    case Condition::unequal:
        return difference != 0;
    }
    return false;
}

}  // namespace spikeloom::ppu
