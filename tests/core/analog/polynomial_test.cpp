#include "core/analog/polynomial.hpp"

#include <cmath>
#include <random>
#include <vector>

#include <doctest/doctest.h>

namespace spikeloom::core::analog {
namespace {

/// scale (x - r0) (x - r1) ...; at most as many roots as the degree.
Polynomial with_roots(const std::vector<double>& roots, double scale) {
    Polynomial power{};
    power[0] = scale;
    for (const double root : roots) {
        for (std::size_t i = polynomial_degree; i > 0; --i) {
            power[i] = power[i - 1] - root * power[i];
        }
        power[0] *= -root;
    }
    return power;
}

}  // namespace

TEST_CASE("a polynomial's value is Horner's") {
    Polynomial power{};
    power[0] = 1;
    power[3] = -2;
    power[polynomial_degree] = 5;
    CHECK(value(power, 0) == 1);
    CHECK(value(power, 1) == 4);
    CHECK(value(power, 0.5) == 1 - 0.25 + 5 * std::pow(0.5, 16));
}

TEST_CASE("the first crossing from below is the first root where it rises") {
    // Falls through 0.1, rises through 0.4, falls through 0.7.
    CHECK(*first_crossing(with_roots({0.1, 0.4, 0.7}, -1), 0) == doctest::Approx(0.4).epsilon(1e-13));
    CHECK(*first_crossing(with_roots({0.1, 0.4, 0.7}, 1), 0) == doctest::Approx(0.1).epsilon(1e-13));
    CHECK(*first_crossing(with_roots({0.3, 0.300001}, -1), 0) == doctest::Approx(0.3).epsilon(1e-10));
    CHECK_FALSE(first_crossing(with_roots({0.6}, -1), 0).has_value());
    CHECK_FALSE(first_crossing(with_roots({1.2, -0.3}, 1), 0).has_value());
    // The level is the constant term's.
    Polynomial power = with_roots({0.25, 0.8}, -1);
    power[0] += 7;
    CHECK(*first_crossing(power, 7) == doctest::Approx(0.25).epsilon(1e-13));
}

TEST_CASE("a maximum a little above the level is found, one a little below is not") {
    std::mt19937 random(3);
    std::uniform_real_distribution<double> place(0.05, 0.95);
    for (int trial = 0; trial < 200; ++trial) {
        const double top = place(random);
        const Polynomial power = with_roots({top, top}, -1);  // touches 0
        for (const double gap : {1e-3, 1e-6, 1e-9, 1e-12}) {
            const auto found = first_crossing(power, -gap);
            REQUIRE((found.has_value() || top < std::sqrt(gap)));
            if (found) {
                CHECK(std::abs(*found - (top - std::sqrt(gap))) < 1e-8);
            }
            CHECK_FALSE(first_crossing(power, gap).has_value());
        }
    }
}

TEST_CASE("all roots random: the first rising one, of any number") {
    std::mt19937 random(4);
    std::uniform_real_distribution<double> place(-0.5, 1.5);
    for (int trial = 0; trial < 500; ++trial) {
        std::vector<double> roots(1 + random() % 7);
        for (double& root : roots) {
            root = place(random);
        }
        const Polynomial power = with_roots(roots, random() % 2 == 0 ? 1 : -1);
        double expected = 2;
        for (const double root : roots) {
            if (root >= 0 && root <= 1 && value(power, root - 1e-7) < 0 && value(power, root + 1e-7) > 0) {
                expected = std::min(expected, root);
            }
        }
        const double found = first_crossing(power, 0).value_or(2);
        CHECK(std::abs(found - expected) < 1e-6);
    }
}

}  // namespace spikeloom::core::analog
