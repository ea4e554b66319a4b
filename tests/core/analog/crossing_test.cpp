#include "core/analog/crossing.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "core/base/analog_neuron.hpp"
#include "core/base/random.hpp"

namespace spikeloom::core::analog {

namespace {

double draw(std::uint64_t index, double low, double high) {
    return low + (high - low) * random_uniform({.seed = 3, .purpose = RandomPurpose::test, .step = index});
}

/// States as they come up: below a threshold of 1, with any drive.
Membrane state(std::uint64_t index, double ratio) {
    return {.potential = draw(3 * index, -2, 1),
            .drive = draw(3 * index + 1, -1, 6),
            .tau_mem = ratio * 1.3,
            .tau_syn = 1.3};
}

}  // namespace

TEST_CASE("closed forms and Newton's method agree") {
    std::size_t crossings = 0;
    for (std::uint64_t i = 0; i < 5000; ++i) {
        for (const double ratio : {1.0, 2.0}) {
            const Membrane membrane = state(i, ratio);
            const double closed = crossing(membrane, 1);
            const double newton = crossing_by_newton(membrane, 1);
            CAPTURE(membrane.potential);
            CAPTURE(membrane.drive);
            CAPTURE(ratio);
            if ((closed == never) != (newton == never)) {
                // Only where the maximum touches the threshold to the last bits.
                const double s = closed == never ? newton : closed;
                CHECK(std::abs(potential_after(membrane, s) - 1) < 1e-14);
                continue;
            }
            if (closed != never) {
                CHECK(closed == doctest::Approx(newton).epsilon(1e-9));
                ++crossings;
            }
        }
    }
    CHECK(crossings > 3000);
}

TEST_CASE("a crossing is the first time at the threshold, and none is missed or invented") {
    for (std::uint64_t i = 0; i < 2000; ++i) {
        const Membrane membrane = state(i, draw(90'000 + i, 0.2, 5));
        const double found = crossing(membrane, 1);
        double highest = -never;
        const double end = found == never ? 40 : found;
        for (int k = 0; k < 400; ++k) {
            highest = std::max(highest, potential_after(membrane, end * k / 400));
        }
        CAPTURE(i);
        CHECK(highest < 1);
        if (found != never) {
            CHECK(potential_after(membrane, found) == doctest::Approx(1).epsilon(1e-12));
        }
    }
}

TEST_CASE("a maximum just above the threshold is a crossing, one just below is none") {
    // Equal constants from rest: the maximum is drive / e, at s = tau.
    for (const double tau : {1.0, 6e-6}) {
        const Membrane above{.potential = 0, .drive = std::exp(1.0) * (1 + 1e-12), .tau_mem = tau, .tau_syn = tau};
        const Membrane below{.potential = 0, .drive = std::exp(1.0) * (1 - 1e-12), .tau_mem = tau, .tau_syn = tau};
        CHECK(crossing(above, 1) == doctest::Approx(tau).epsilon(1e-5));
        CHECK(crossing_by_newton(above, 1) == doctest::Approx(tau).epsilon(1e-5));
        CHECK(crossing(below, 1) == never);
        CHECK(crossing_by_newton(below, 1) == never);
    }
}

TEST_CASE("thresholds below the leak are reached from below by the leak alone") {
    const Membrane membrane{.potential = -3, .drive = 0, .tau_mem = 2, .tau_syn = 1};
    CHECK(crossing(membrane, -1) == doctest::Approx(2 * std::log(3.0)).epsilon(1e-12));
    CHECK(crossing(membrane, 0) == never);
    // With inhibition on the way: down first, then up.
    const Membrane inhibited{.potential = -1.5, .drive = -4, .tau_mem = 2, .tau_syn = 1};
    const double found = crossing(inhibited, -1);
    CHECK(potential_after(inhibited, found) == doctest::Approx(-1).epsilon(1e-12));
    CHECK(found > 2 * std::log(1.5));
    CHECK(crossing({.potential = 0.5, .drive = 0, .tau_mem = 2, .tau_syn = 1}, 0.5) == 0);
}

TEST_CASE("nearly equal constants lose no digits") {
    const Membrane equal{.potential = 0.1, .drive = 4, .tau_mem = 1, .tau_syn = 1};
    for (const double apart : {1e-15, 1e-12, 1e-9}) {
        const Membrane near{.potential = 0.1, .drive = 4, .tau_mem = 1 + apart, .tau_syn = 1};
        CHECK(crossing(near, 1) == doctest::Approx(crossing(equal, 1)).epsilon(apart + 1e-14));
    }
}

TEST_CASE("a bound within a horizon lies beyond it and before the crossing") {
    for (std::uint64_t i = 0; i < 2000; ++i) {
        const Membrane membrane = state(i, draw(70'000 + i, 0.2, 5));
        const double horizon = draw(80'000 + i, 0, 1);
        const CrossingBound bound = crossing_within(membrane, 1, horizon);
        const double exact = crossing(membrane, 1);
        if (bound.exact) {
            CHECK((bound.s == exact || bound.s == doctest::Approx(exact).epsilon(1e-9)));
        } else {
            CHECK(bound.s > horizon);
            CHECK(bound.s <= exact * (1 + 1e-12));
        }
    }
}

}  // namespace spikeloom::core::analog
