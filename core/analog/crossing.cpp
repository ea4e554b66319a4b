#include "core/analog/crossing.hpp"

#include <algorithm>
#include <boost/math/special_functions/lambert_w.hpp>
#include <cmath>
#include <limits>

#include "core/base/analog_neuron.hpp"

namespace spikeloom::core::analog {

namespace {

/// expm1(x) / x, 1 at zero.
double relative_expm1(double x) {
    return x == 0 ? 1.0 : std::expm1(x) / x;
}

/// U(s) and its derivative times tau_mem.
struct Course {
    double potential;
    double slope;
};

Course course(const Membrane& m, double s) {
    const double decay_mem = std::exp(-s / m.tau_mem);
    const double decay_syn = m.tau_mem == m.tau_syn ? decay_mem : std::exp(-s / m.tau_syn);
    // k (decay_mem - decay_syn), without the cancellation of nearly equal constants.
    const double difference = s * (1 / m.tau_syn - 1 / m.tau_mem);
    const double gain = s / m.tau_mem * std::max(decay_mem, decay_syn) * relative_expm1(-std::abs(difference));
    const double potential = m.potential * decay_mem + m.drive * gain;
    return {potential, m.drive * decay_syn - potential};
}

/// Newton's steps upward along a concave rise: from the left they never pass the crossing.
CrossingBound climb(const Membrane& m, double threshold, double from, double horizon) {
    constexpr int most_steps = 200;
    double s = from;
    for (int step = 0; step < most_steps; ++step) {
        const Course now = course(m, s);
        const double missing = threshold - now.potential;
        if (missing <= 0) {
            return {s, true};
        }
        if (now.slope <= 0) {
            return {never, true};
        }
        const double advance = missing * m.tau_mem / now.slope;
        if (s + advance == s || advance <= s * std::numeric_limits<double>::epsilon()) {
            return {s, true};
        }
        s += advance;
        // So late, no drive is left.
        if (s > 750 * std::max(m.tau_mem, m.tau_syn)) {
            return {never, true};
        }
        if (s > horizon) {
            return {s, false};
        }
    }
    return {s, true};
}

/// The extremum of U after now, or a negative number where there is none.
double extremum(const Membrane& m) {
    if (m.tau_mem == m.tau_syn) {
        return m.drive == 0 ? -1 : m.tau_mem * (1 - m.potential / m.drive);
    }
    const double k = m.tau_syn / (m.tau_mem - m.tau_syn);
    const double b = m.drive * k;
    const double a = m.potential + b;
    const double ratio = b * m.tau_mem / (a * m.tau_syn);
    return ratio > 0 ? std::log(ratio) / (1 / m.tau_syn - 1 / m.tau_mem) : -1;
}

/// Thresholds at or below the leak: U rises to them from below whatever comes. Bisection on the rise, which begins at
/// the minimum if there is one.
double crossing_from_below(const Membrane& m, double threshold) {
    const double begin = std::max(0.0, extremum(m));
    const double slowest = std::max(m.tau_mem, m.tau_syn);
    const Course start = course(m, begin);
    if (start.potential >= threshold) {
        // A maximum came first.
        return m.potential >= threshold ? 0 : climb(m, threshold, 0, never).s;
    }
    if (threshold >= 0) {
        return never;
    }
    double low = begin;
    double high = begin + slowest;
    while (course(m, high).potential < threshold) {
        low = high;
        high += slowest;
        if (high > begin + 2000 * slowest) {
            return never;
        }
    }
    while (high - low > std::numeric_limits<double>::epsilon() * high) {
        const double middle = low + (high - low) / 2;
        if (middle == low || middle == high) {
            break;
        }
        (course(m, middle).potential < threshold ? low : high) = middle;
    }
    return high;
}

/// tau_mem == tau_syn == tau: (u + x y) e^-y = threshold with y = s / tau. The principal branch is the rising crossing.
double crossing_equal(const Membrane& m, double threshold) {
    const double start = m.potential / m.drive;
    const double argument = -threshold / m.drive * std::exp(-start);
    if (argument < -std::exp(-1.0)) {
        return never;
    }
    return m.tau_mem * std::max(0.0, -start - boost::math::lambert_w0(argument));
}

/// tau_mem == 2 tau_syn: a quadratic in z = e^(-s / tau_mem); the larger root comes first.
double crossing_double(const Membrane& m, double threshold) {
    const double a = m.potential + m.drive;
    const double discriminant = a * a - 4 * m.drive * threshold;
    if (a <= 0 || discriminant < 0) {
        return never;
    }
    const double z = (a + std::sqrt(discriminant)) / (2 * m.drive);
    return std::max(0.0, -m.tau_mem * std::log(z));
}

/// Whether U is below a positive threshold and has a drive that could bring it there: U rises only while drive
/// e^(-s/tau_syn) > U.
bool may_cross(const Membrane& m, double threshold) {
    return m.drive > threshold;
}

}  // namespace

double potential_after(const Membrane& membrane, double s) {
    return course(membrane, s).potential;
}

double crossing_by_newton(const Membrane& membrane, double threshold) {
    if (membrane.potential >= threshold) {
        return 0;
    }
    if (threshold <= 0) {
        return crossing_from_below(membrane, threshold);
    }
    return may_cross(membrane, threshold) ? climb(membrane, threshold, 0, never).s : never;
}

double crossing(const Membrane& membrane, double threshold) {
    return crossing_within(membrane, threshold, never).s;
}

CrossingBound crossing_within(const Membrane& membrane, double threshold, double horizon) {
    if (threshold <= 0 || membrane.potential >= threshold) {
        return {crossing_by_newton(membrane, threshold), true};
    }
    if (!may_cross(membrane, threshold)) {
        return {never, true};
    }
    if (membrane.tau_mem == membrane.tau_syn) {
        return {crossing_equal(membrane, threshold), true};
    }
    if (membrane.tau_mem == 2 * membrane.tau_syn) {
        return {crossing_double(membrane, threshold), true};
    }
    return climb(membrane, threshold, 0, horizon);
}

}  // namespace spikeloom::core::analog
