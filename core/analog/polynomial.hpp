// Polynomials over [0, 1] as the integration of neurons has them: by powers, of one degree, that of its Taylor series.
// Where they first cross a level from below is found from their Bernstein coefficients, which enclose them: nothing is
// sampled, so nothing is missed between samples.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

namespace spikeloom::core::analog {

inline constexpr std::size_t polynomial_degree = 16;
/// Coefficient i belongs to x^i.
using Polynomial = std::array<double, polynomial_degree + 1>;

[[nodiscard]] inline double value(const Polynomial& power, double x) {
    double sum = power[polynomial_degree];
    for (std::size_t i = polynomial_degree; i-- > 0;) {
        sum = sum * x + power[i];
    }
    return sum;
}

/// The first x in [0, 1] at which the polynomial comes from below `level` to it.
[[nodiscard]] std::optional<double> first_crossing(const Polynomial& power, double level);

}  // namespace spikeloom::core::analog
