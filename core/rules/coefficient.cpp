#include "core/rules/coefficient.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace spikeloom::rules {

namespace {

constexpr std::size_t most_digits = 18;
constexpr std::int64_t far_exponent = 1'000'000;
constexpr double far_value = 900;  ///< exponents beyond are told as this one: neither 0 nor infinite

std::uint64_t power_of_five(std::int64_t exponent) {
    std::uint64_t power = 1;
    for (std::int64_t i = 0; i < exponent; ++i) {
        power *= 5;
    }
    return power;
}

}  // namespace

bool Coefficient::multiply_decimal(std::string_view number) {
    std::string digits(number);
    std::size_t decimals = 0;
    if (const std::size_t point = digits.find('.'); point != std::string::npos) {
        digits.erase(digits.find_last_not_of('0') + 1);
        decimals = digits.size() - point - 1;
        digits.erase(point, 1);
    }
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
    if (digits.size() > most_digits || decimals > most_digits) {
        return false;
    }
    std::uint64_t whole = 0;
    for (const char digit : digits) {
        whole = whole * 10 + static_cast<std::uint64_t>(digit - '0');
    }
    if (whole == 0 || odd_ == 0) {
        odd_ = 0;
        return true;
    }
    tens_ += static_cast<std::int64_t>(decimals);
    logarithm_ += std::log2(static_cast<double>(whole)) - static_cast<double>(decimals) * std::log2(10.0);
    for (; whole % 2 == 0; whole /= 2) {
        ++twos_;
    }
    if (__builtin_mul_overflow(odd_, whole, &odd_)) {
        huge_ = true;
        odd_ = 1;
    }
    return true;
}

void Coefficient::multiply_power_of_two(std::int64_t exponent) {
    exponent_ = std::clamp(exponent_ + exponent, -far_exponent, far_exponent);
}

void Coefficient::multiply(const Coefficient& other) {
    negative_ = negative_ != other.negative_;
    twos_ += other.twos_;
    tens_ += other.tens_;
    logarithm_ += other.logarithm_;
    multiply_power_of_two(other.exponent_);
    huge_ = huge_ || other.huge_;
    if (__builtin_mul_overflow(odd_, other.odd_, &odd_)) {
        huge_ = true;
        odd_ = 1;
    }
}

Coefficient Coefficient::zero() {
    Coefficient zero;
    zero.odd_ = 0;
    return zero;
}

double Coefficient::value() const {
    if (odd_ == 0) {
        return 0;
    }
    const bool by_logarithm = huge_ || tens_ > static_cast<std::int64_t>(most_digits);
    const double mantissa = by_logarithm ? 1 : static_cast<double>(odd_) / static_cast<double>(power_of_five(tens_));
    const double exponent = static_cast<double>(exponent_) +
                            (by_logarithm ? logarithm_ : static_cast<double>(twos_) - static_cast<double>(tens_));
    const double magnitude = mantissa * std::exp2(std::clamp(exponent, -far_value, far_value));
    return negative_ ? -magnitude : magnitude;
}

std::optional<Coefficient::Exact> Coefficient::exact(const RuleLimits& limits) const {
    if (huge_) {
        return std::nullopt;
    }
    if (odd_ == 0) {
        return Exact{.odd = 0, .twos = 0, .exponent = exponent_};
    }
    Exact exact{.odd = odd_, .twos = twos_, .exponent = exponent_};
    for (std::int64_t i = 0; i < tens_; ++i) {
        if (exact.odd % 5 != 0) {
            return std::nullopt;
        }
        exact.odd /= 5;
    }
    const std::int64_t cancelled = std::min(exact.twos, tens_);
    exact.twos -= cancelled;
    exact.exponent -= tens_ - cancelled;
    const std::uint64_t most = static_cast<std::uint64_t>(std::max(limits.mantissa_most, 0));
    const auto too_large = [&] { return exact.twos > 32 || exact.odd > (most >> exact.twos); };
    while (too_large() && exact.twos > 0 && exact.exponent < limits.exponent_most) {
        --exact.twos;
        ++exact.exponent;
    }
    return exact;
}

std::optional<MantissaExponent> Coefficient::normalised(const RuleLimits& limits) const {
    const std::optional<Exact> found = exact(limits);
    if (!found || found->twos > 30 || found->odd > std::numeric_limits<std::uint32_t>::max()) {
        return std::nullopt;
    }
    const auto magnitude = static_cast<std::int64_t>(found->odd << found->twos);
    const std::int64_t mantissa = negative_ ? -magnitude : magnitude;
    if (mantissa < limits.mantissa_least || mantissa > limits.mantissa_most ||
        found->exponent < limits.exponent_least || found->exponent > limits.exponent_most) {
        return std::nullopt;
    }
    return MantissaExponent{static_cast<int>(mantissa), static_cast<int>(found->exponent)};
}

std::string Coefficient::describe(const RuleLimits& limits) const {
    const std::optional<Exact> found = exact(limits);
    const double size = std::abs(value());
    const bool told = size == 0 || (size > 1e-100 && size < 1e100);
    const std::string value_text = told ? fmt::format("{:.6g}", value()) : "given";
    if (!found) {
        return huge_ ? fmt::format("the coefficient {} has too many digits", value_text)
                     : fmt::format("the coefficient {} is no whole number times a power of two", value_text);
    }
    const bool shiftable = found->twos <= 30 && found->odd <= std::numeric_limits<std::uint32_t>::max();
    const std::string magnitude =
        shiftable ? fmt::format("{}", found->odd << found->twos) : fmt::format("{}*2^{}", found->odd, found->twos);
    return fmt::format("the coefficient {} is mantissa {}{}, exponent {}", value_text, negative_ ? "-" : "", magnitude,
                       found->exponent);
}

MantissaExponent nearest_coefficient(double value, const RuleLimits& limits) {
    value = std::clamp(value, std::ldexp(std::min(limits.mantissa_least, 0), limits.exponent_most),
                       std::ldexp(std::max(limits.mantissa_most, 0), limits.exponent_most));
    MantissaExponent nearest{value < 0 ? -1 : 1, limits.exponent_least};
    double distance = std::numeric_limits<double>::infinity();
    for (int exponent = limits.exponent_least; exponent <= limits.exponent_most; ++exponent) {
        for (int mantissa = limits.mantissa_least; mantissa <= limits.mantissa_most; ++mantissa) {
            const double error = std::abs(std::ldexp(mantissa, exponent) - value);
            const bool simpler = error == distance && std::abs(mantissa) < std::abs(nearest.mantissa);
            if (mantissa != 0 && (mantissa < 0) == (value < 0) && (error < distance || simpler)) {
                distance = error;
                nearest = {mantissa, exponent};
            }
        }
    }
    return nearest;
}

MantissaExponent finest(MantissaExponent coefficient, const RuleLimits& limits) {
    while (coefficient.mantissa != 0 && 2 * std::abs(coefficient.mantissa) <= limits.mantissa_most &&
           coefficient.exponent > limits.exponent_least) {
        coefficient = {2 * coefficient.mantissa, coefficient.exponent - 1};
    }
    return coefficient;
}

std::string to_text(const MantissaExponent& coefficient) {
    if (coefficient.exponent == 0) {
        return fmt::format("{}", coefficient.mantissa);
    }
    if (std::abs(coefficient.mantissa) == 1) {
        return fmt::format("{}2^{}", coefficient.mantissa < 0 ? "-" : "", coefficient.exponent);
    }
    return fmt::format("{}*2^{}", coefficient.mantissa, coefficient.exponent);
}

}  // namespace spikeloom::rules
