// One neuron without a closed form, integrated by adaptive steps with located events. It looks ahead by one step:
// next() is the earliest time at which something can happen to it, a spike or the end of the step that was tried. Until
// then an arrival may come and cut the step short, so that neurons need not know of each other.
//
// V and w go by their Taylor series, of order 16, as long as its last terms stay below the tolerance (Jorba & Zou
// 2005). Not by Dormand & Prince: at 1e-10 that takes fourteen steps where this takes one at 1e-12, its interpolant
// between the steps is worse than the steps, and an exponential is due seven times a step. Here the polynomial is the
// solution anywhere within the step, so that arrivals cut it where they like; synaptic currents decay exactly; and the
// polynomial's Bernstein coefficients enclose it, so that a crossing is found whenever there is one.
#pragma once

#include "core/analog/net.hpp"
#include "core/analog/polynomial.hpp"

namespace spikeloom::core::analog {

/// Terms of the series left out in one step: below absolute + relative * max(|V - leak|, |w|), and above V_T, where V's
/// slope grows as fast as its errors, relative * tau_mem / 10 * that slope more.
struct IntegrationTolerance {
    double relative = 1e-12;
    double absolute = 1e-13;  ///< in units of V
    friend bool operator==(const IntegrationTolerance&, const IntegrationTolerance&) = default;
};

/// Copies are independent. One thread at a time, also for the const functions: they remember the step that was tried.
class AdaptiveNeuron {
public:
    /// The model must be sound (faults_of). With the exponential term V runs away in finite time; a threshold so far
    /// above exp_threshold that the rest of the way takes no measurable time (`never` included) is brought down to
    /// where that begins.
    explicit AdaptiveNeuron(const AdEx& model, const IntegrationTolerance& tolerance = {});

    /// V at leak, no current, at `time`, with `threshold_shift` added to the threshold. V at or above the threshold
    /// spikes at once, then and after each reset.
    void reset(double time, double threshold_shift = 0);
    /// When it wants advance(): a spike, or a checkpoint. `never`: nothing will happen without an arrival.
    [[nodiscard]] double next() const;
    /// Goes on to next(). True: it spiked there.
    bool advance();
    /// A spike of weight `weight` arrives at `time`, not after next() and not before the last arrival. Of weight zero:
    /// nothing happens, to the bit.
    void arrive(double time, double weight);

    /// State at `time`, between the last event and next().
    [[nodiscard]] double voltage(double time) const;
    /// Excitatory plus inhibitory synaptic current (conductances: g_exc - g_inh).
    [[nodiscard]] double current(double time) const;
    [[nodiscard]] double adaptation(double time) const;

private:
    static constexpr std::size_t order = polynomial_degree;
    /// In the share of a step that has gone by; of V - leak, or of w.
    using Series = Polynomial;
    struct Point {
        double u = 0;  ///< V - leak
        double w = 0;
    };
    struct Synapses {
        double excitatory = 0;
        double inhibitory = 0;
    };
    /// What was found out by looking ahead from time_.
    struct Plan {
        bool known = false;
        bool spike = false;
        bool still = true;   ///< V and w stay as they are: at rest
        double end = never;  ///< next()
        double length = 0;   ///< s, of the step whose series these are
        Series u{};
        Series w{};
    };

    [[nodiscard]] Synapses synapses_at(double time) const;
    [[nodiscard]] Point state_at(double time) const;
    [[nodiscard]] double exponential_at(double u) const;
    [[nodiscard]] double fastest_rate(double bend) const;
    [[nodiscard]] double longest_step() const;
    [[nodiscard]] double spike_level() const;
    [[nodiscard]] bool at_rest() const;
    [[nodiscard]] bool held() const { return time_ < held_until_; }
    void look_ahead() const;
    void expand(double unit, double bend) const;
    [[nodiscard]] double safe_share(double length, double allowed) const;
    void plan_step(double level) const;

    AdEx model_;
    IntegrationTolerance tolerance_;
    double rate_membrane_ = 0;  ///< 1 / tau_mem, and so on
    double rate_excitatory_ = 0;
    double rate_inhibitory_ = 0;
    double rate_adaptation_ = 0;  ///< 0 without adaptation

    double threshold_ = never;  ///< of u
    double time_ = 0;           ///< of the last event; the state below is that at time_
    double held_until_ = -never;
    Point at_;
    Synapses synapses_;
    mutable Plan plan_;
};

}  // namespace spikeloom::core::analog
