// The numbers in front of a product, kept exactly while they are multiplied: sign * odd * 2^n / 5^m. At the end they
// become a mantissa and an exponent as Lava normalises them, or are told to be none, with the nearest that is.
// Internal to core/rules.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/rules/parse.hpp"

namespace spikeloom::rules {

struct MantissaExponent {
    int mantissa = 0;
    int exponent = 0;
};

class Coefficient {
public:
    void negate() { negative_ = !negative_; }
    /// Of the lexer's form, "12" or "0.25". False where it has more than 18 digits.
    [[nodiscard]] bool multiply_decimal(std::string_view number);
    void multiply_power_of_two(std::int64_t exponent);
    void multiply(const Coefficient& other);
    [[nodiscard]] static Coefficient zero();

    [[nodiscard]] double value() const;
    /// While the mantissa is too large, even, and the exponent may grow: halved. Nothing where the outcome is no
    /// mantissa and exponent of the limits.
    [[nodiscard]] std::optional<MantissaExponent> normalised(const RuleLimits& limits) const;
    /// Which of both went wrong, for a finding: "0.3", "2^9 (mantissa 1, exponent 9)".
    [[nodiscard]] std::string describe(const RuleLimits& limits) const;

private:
    struct Exact {
        std::uint64_t odd = 0;
        std::int64_t twos = 0;      ///< of the mantissa
        std::int64_t exponent = 0;  ///< of the power of two beside it
    };
    /// Nothing where it is no whole number times a power of two, or has too many digits.
    [[nodiscard]] std::optional<Exact> exact(const RuleLimits& limits) const;

    bool negative_ = false;
    bool huge_ = false;          ///< the odd part has outgrown its 64 bits
    std::uint64_t odd_ = 1;      ///< 0: the coefficient is 0
    std::int64_t twos_ = 0;      ///< in plain numbers
    std::int64_t exponent_ = 0;  ///< of written powers of two
    std::int64_t tens_ = 0;      ///< decimals to divide by
    double logarithm_ = 0;       ///< to the base 2, of the plain numbers
};

/// The representable coefficient nearest to a value other than 0, of its sign and not 0.
[[nodiscard]] MantissaExponent nearest_coefficient(double value, const RuleLimits& limits);
/// The same coefficient with as many bits as fit in the mantissa, which the shift of a product spares.
[[nodiscard]] MantissaExponent finest(MantissaExponent coefficient, const RuleLimits& limits);
/// "3*2^-2"
[[nodiscard]] std::string to_text(const MantissaExponent& coefficient);

}  // namespace spikeloom::rules
