#include "core/analog/polynomial.hpp"

#include <algorithm>
#include <cmath>

namespace spikeloom::core::analog {
namespace {

constexpr int halvings = 52;

double derivative(const Polynomial& power, double x) {
    double sum = static_cast<double>(polynomial_degree) * power[polynomial_degree];
    for (std::size_t i = polynomial_degree; i-- > 1;) {
        sum = sum * x + static_cast<double>(i) * power[i];
    }
    return sum;
}

/// Row j turns powers into the Bernstein coefficient j over [0, 1]: binomial(j, i) / binomial(polynomial_degree, i).
constexpr std::array<Polynomial, polynomial_degree + 1> bernstein_rows() {
    std::array<Polynomial, polynomial_degree + 1> rows{};
    for (std::size_t j = 0; j <= polynomial_degree; ++j) {
        double ratio = 1;
        for (std::size_t i = 0; i <= j; ++i) {
            rows[j][i] = ratio;
            ratio *=
                static_cast<double>(j - i) / static_cast<double>(polynomial_degree - i < 1 ? 1 : polynomial_degree - i);
        }
    }
    return rows;
}

Polynomial bernstein(const Polynomial& power) {
    static constexpr std::array<Polynomial, polynomial_degree + 1> rows = bernstein_rows();
    Polynomial all{};
    for (std::size_t j = 0; j <= polynomial_degree; ++j) {
        for (std::size_t i = 0; i <= j; ++i) {
            all[j] += rows[j][i] * power[i];
        }
    }
    return all;
}

struct Bracket {
    double below = 0;
    double above = 1;
};

/// Where in [first, first + width] a polynomial first comes from below zero to zero. Its graph lies in the hull of its
/// Bernstein coefficients and has no more roots than they have changes of sign: halving goes on until that decides.
std::optional<Bracket> bracket_crossing(const Polynomial& b, double first, double width, int depth) {
    int changes = 0;
    for (std::size_t i = 1; i < b.size(); ++i) {
        changes += (b[i - 1] < 0) != (b[i] < 0) ? 1 : 0;
    }
    const bool rises = b[0] < 0 && b[polynomial_degree] >= 0;
    if (changes == 0 || (changes == 1 && !rises)) {
        return std::nullopt;
    }
    if (changes == 1 || depth == halvings) {
        return rises ? std::optional(Bracket{.below = first, .above = first + width}) : std::nullopt;
    }
    Polynomial left{};
    Polynomial right = b;
    for (std::size_t i = 0; i < b.size(); ++i) {
        left[i] = right[0];
        for (std::size_t j = 0; j + i + 1 < b.size(); ++j) {
            right[j] = 0.5 * (right[j] + right[j + 1]);
        }
    }
    const double half = 0.5 * width;
    if (const auto found = bracket_crossing(left, first, half, depth + 1)) {
        return found;
    }
    return bracket_crossing(right, first + half, half, depth + 1);
}

/// The one root in a bracket: Newton, and halving where that leaves it.
double root(const Polynomial& power, Bracket bracket) {
    double x = 0.5 * (bracket.below + bracket.above);
    for (int i = 0; i < 2 * halvings; ++i) {
        const double y = value(power, x);
        (y < 0 ? bracket.below : bracket.above) = x;
        const double newton = x - y / derivative(power, x);
        const bool inside = newton > bracket.below && newton < bracket.above;
        const double next = inside ? newton : 0.5 * (bracket.below + bracket.above);
        if (std::abs(next - x) <= 1e-16) {
            return next;
        }
        x = next;
    }
    return x;
}

}  // namespace

std::optional<double> first_crossing(const Polynomial& power, double level) {
    Polynomial above = power;
    above[0] -= level;
    double most = above[0];
    for (std::size_t i = 1; i <= polynomial_degree; ++i) {
        most += std::max(0.0, power[i]);
    }
    if (most < 0) {
        return std::nullopt;
    }
    const auto bracket = bracket_crossing(bernstein(above), 0, 1, 0);
    return bracket ? std::optional(root(above, *bracket)) : std::nullopt;
}

}  // namespace spikeloom::core::analog
