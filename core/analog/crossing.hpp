// When a membrane next reaches its threshold, if nothing more arrives. In the frame of one neuron: potentials counted
// from the leak, drive = resistance * I, time s counted from now.
//     U(s) = A e^(-s/tau_mem) - B e^(-s/tau_syn),   B = drive k,  A = U + B,  k = tau_syn / (tau_mem - tau_syn)
// U has one extremum. A rising U is concave up to its maximum and some way beyond, so Newton's steps from the left
// never pass the crossing: every iterate is a lower bound of it, and where the slope ends before the threshold, there
// is no crossing. Closed forms: BRAINSCALES2_TTFS facts 1.2 (Lambert W for equal constants, a square root for 2 to 1).
#pragma once

#include <cstdint>

namespace spikeloom::core::analog {

struct Membrane {
    double potential = 0;  ///< U
    double drive = 0;      ///< resistance * I
    double tau_mem = 1;
    double tau_syn = 1;
};

/// U after `s` seconds without input.
[[nodiscard]] double potential_after(const Membrane& membrane, double s);
/// Smallest s >= 0 with U(s) >= threshold, or `never`. By closed forms where there are some.
[[nodiscard]] double crossing(const Membrane& membrane, double threshold);
/// The same by Newton's method alone, for any constants.
[[nodiscard]] double crossing_by_newton(const Membrane& membrane, double threshold);

/// What one look at a neuron gave: the crossing itself, or a lower bound of it that lies beyond `horizon`.
struct CrossingBound {
    double s = 0;
    bool exact = false;
};
/// As crossing, but where that takes Newton's method, it stops as soon as the crossing is known to lie beyond
/// `horizon`.
[[nodiscard]] CrossingBound crossing_within(const Membrane& membrane, double threshold, double horizon);

}  // namespace spikeloom::core::analog
