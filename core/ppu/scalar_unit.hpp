// What the processor's general-purpose side computes on scalars: integers of 32 bits, which wrap, and single-precision
// reals. Beside arithmetic.hpp, which says the same of the vector unit's lanes.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include "core/ppu/arithmetic.hpp"
#include "core/ppu/program.hpp"

namespace spikeloom::ppu {

/// One of the two, by its type; the other counts for nothing.
struct Scalar {
    std::int32_t integer = 0;
    float real = 0;
};

/// Toward zero; what does not fit becomes the nearest integer that does, NaN 0.
[[nodiscard]] inline std::int32_t truncated(float value) {
    constexpr float limit = 2147483648.0F;
    if (!(value > -limit)) {
        return std::isnan(value) ? 0 : std::numeric_limits<std::int32_t>::min();
    }
    return value >= limit ? std::numeric_limits<std::int32_t>::max() : static_cast<std::int32_t>(value);
}

/// For sums that wrap.
[[nodiscard]] constexpr std::uint32_t word(std::int32_t value) {
    return static_cast<std::uint32_t>(value);
}

[[nodiscard]] constexpr Scalar negated(Scalar a) {
    return {static_cast<std::int32_t>(0U - word(a.integer)), -a.real};
}

/// The lower bound first.
[[nodiscard]] inline Scalar clipped(Scalar a, Scalar least, Scalar most) {
    return {std::min(std::max(a.integer, least.integer), most.integer),
            std::fmin(std::fmax(a.real, least.real), most.real)};
}

/// 1 where the condition holds, else 0.
[[nodiscard]] constexpr Scalar compared(Condition condition, bool real, Scalar a, Scalar b) {
    const int order = a.real < b.real ? -1 : a.real > b.real ? 1 : 0;
    return {holds(condition, real ? order : std::int64_t{a.integer} - b.integer) ? 1 : 0, 0};
}

/// Op::add, subtract, multiply or divide; nothing: a division by zero.
[[nodiscard]] constexpr std::optional<Scalar> combined(Op op, bool real, Scalar a, Scalar b) {
    const auto whole = [](std::uint32_t value) { return Scalar{static_cast<std::int32_t>(value), 0}; };
    if (op == Op::add) {
        return real ? Scalar{0, a.real + b.real} : whole(word(a.integer) + word(b.integer));
    }
    if (op == Op::subtract) {
        return real ? Scalar{0, a.real - b.real} : whole(word(a.integer) - word(b.integer));
    }
    if (op == Op::multiply) {
        return real ? Scalar{0, a.real * b.real} : whole(word(a.integer) * word(b.integer));
    }
    if (real ? b.real == 0 : b.integer == 0) {
        return std::nullopt;
    }
    return real ? Scalar{0, a.real / b.real} : whole(static_cast<std::uint32_t>(std::int64_t{a.integer} / b.integer));
}

}  // namespace spikeloom::ppu
