#include "compiler/analog/weight_scale.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

namespace spikeloom::compiler::analog {

TEST_CASE("registers round to nearest and stop at the largest") {
    CHECK(register_of(0.49, 1, 63) == 0);
    CHECK(register_of(0.5, 1, 63) == 1);
    CHECK(register_of(-0.5, 1, 63) == -1);
    CHECK(register_of(62.6, 1, 63) == 63);
    CHECK(register_of(1e300, 1e-300, 63) == 63);
    CHECK(register_of(-64, 1, 63) == -63);
}

TEST_CASE("the largest weight of a population is its largest register") {
    const std::vector<ScaledWeight> weights{{0, 1.0}, {0, -6.3}, {0, 0.04}, {2, 0.0}};
    const auto scales = population_scales(weights, 3, 6, 0);
    CHECK(scales[0].unit == doctest::Approx(0.1));
    CHECK(scales[0].synapses == 3);
    CHECK(scales[0].zeroed == 1);
    CHECK(scales[0].clipped == 0);
    CHECK(scales[0].largest_weight == 6.3);
    CHECK(scales[0].rms_error == doctest::Approx(0.04 / std::sqrt(3.0)));
    CHECK(scales[1].unit == 1);
    CHECK(scales[1].synapses == 0);
    CHECK(scales[2].unit == 1);
}

TEST_CASE("a fixed unit clips what it can't reach") {
    const std::vector<ScaledWeight> weights{{0, 1.0}, {0, -6.3}, {0, 3.0}};
    const auto scales = population_scales(weights, 1, 4, 0.2);
    CHECK(scales[0].unit == 0.2);
    CHECK(scales[0].largest == 15);
    CHECK(scales[0].clipped == 1);
    CHECK(scales[0].rms_error == doctest::Approx(3.3 / std::sqrt(3.0)));
}

}  // namespace spikeloom::compiler::analog
