#include "core/analog/adaptive_neuron.hpp"

#include <algorithm>
#include <cmath>

namespace spikeloom::core::analog {
namespace {

/// The series of exp(-x) is cut where it no longer damps: at x = 2.5 its 17 terms are still good to 3e-8 of the value,
/// which near rest is nothing.
constexpr double damped_length = 2.5;
constexpr double most_of_the_way = 0.6;
/// Nets keep leak and reset below V_T + 10 slope (faults_of).
constexpr double least_runaway = 12;

constexpr Polynomial reciprocals = [] {
    Polynomial all{};
    for (std::size_t k = 1; k <= polynomial_degree; ++k) {
        all[k] = 1 / static_cast<double>(k);
    }
    return all;
}();

}  // namespace

AdaptiveNeuron::AdaptiveNeuron(const AdEx& model, const IntegrationTolerance& tolerance)
    : model_(model),
      tolerance_(tolerance),
      rate_membrane_(1 / model.lif.tau_mem),
      rate_excitatory_(1 / model.lif.tau_syn),
      rate_inhibitory_(model.tau_syn_inhibitory > 0 ? 1 / model.tau_syn_inhibitory : 1 / model.lif.tau_syn),
      rate_adaptation_(model.adaptation ? 1 / model.tau_w : 0) {
    reset(0);
}

void AdaptiveNeuron::reset(double time, double threshold_shift) {
    time_ = time;
    threshold_ = model_.lif.threshold + threshold_shift - model_.lif.leak;
    held_until_ = -never;
    at_ = {};
    synapses_ = {};
    plan_.known = false;
}

double AdaptiveNeuron::next() const {
    look_ahead();
    return plan_.end;
}

bool AdaptiveNeuron::advance() {
    look_ahead();
    if (plan_.end == never) {
        return false;
    }
    const Point at = state_at(plan_.end);
    synapses_ = synapses_at(plan_.end);
    at_ = at;
    time_ = plan_.end;
    plan_.known = false;
    if (!plan_.spike) {
        return false;
    }
    at_.u = model_.lif.reset - model_.lif.leak;
    at_.w += model_.adaptation ? model_.b : 0;
    held_until_ = time_ + model_.lif.refractory;
    return true;
}

void AdaptiveNeuron::arrive(double time, double weight) {
    if (weight == 0) {
        return;
    }
    if (time > time_) {
        const Point at = state_at(time);
        synapses_ = synapses_at(time);
        at_ = at;
        time_ = time;
    }
    if (weight > 0) {
        synapses_.excitatory += weight;
    } else {
        synapses_.inhibitory += model_.conductance ? -weight : weight;
    }
    plan_.known = false;
}

double AdaptiveNeuron::voltage(double time) const {
    return model_.lif.leak + state_at(time).u;
}

double AdaptiveNeuron::current(double time) const {
    const Synapses at = synapses_at(time);
    return model_.conductance ? at.excitatory - at.inhibitory : at.excitatory + at.inhibitory;
}

double AdaptiveNeuron::adaptation(double time) const {
    return state_at(time).w;
}

AdaptiveNeuron::Synapses AdaptiveNeuron::synapses_at(double time) const {
    const double elapsed = time - time_;
    return {.excitatory = synapses_.excitatory * std::exp(-elapsed * rate_excitatory_),
            .inhibitory = synapses_.inhibitory * std::exp(-elapsed * rate_inhibitory_)};
}

AdaptiveNeuron::Point AdaptiveNeuron::state_at(double time) const {
    if (time <= time_) {
        return at_;
    }
    if (held()) {
        const double goal = model_.adaptation ? model_.a * at_.u : 0;
        return {.u = at_.u, .w = goal + (at_.w - goal) * std::exp(-(time - time_) * rate_adaptation_)};
    }
    look_ahead();
    if (plan_.still) {
        return at_;
    }
    const double share = (time - time_) / plan_.length;
    return {.u = value(plan_.u, share), .w = model_.adaptation ? value(plan_.w, share) : 0};
}

double AdaptiveNeuron::exponential_at(double u) const {
    return model_.exponential ? std::exp((u + model_.lif.leak - model_.exp_threshold) / model_.slope) : 0;
}

double AdaptiveNeuron::fastest_rate(double bend) const {
    double membrane = 1 + bend;
    if (model_.conductance) {
        membrane += model_.lif.resistance * (synapses_.excitatory + synapses_.inhibitory);
    }
    return std::max({membrane * rate_membrane_, rate_adaptation_, rate_excitatory_, rate_inhibitory_});
}

/// Of what is damped: near rest the series' terms are small however long the step.
double AdaptiveNeuron::longest_step() const {
    double membrane = rate_membrane_;
    if (model_.conductance) {
        membrane *= 1 + model_.lif.resistance * (synapses_.excitatory + synapses_.inhibitory);
    }
    const double turning = std::sqrt(std::abs(model_.a) * rate_membrane_ * rate_adaptation_);
    return damped_length / (std::max(membrane, rate_adaptation_) + turning);
}

/// The threshold of u. With the exponential at most where V runs away within a time that the clock doesn't resolve:
/// tau_mem e^-x from V_T + x slope on.
double AdaptiveNeuron::spike_level() const {
    if (!model_.exponential) {
        return threshold_;
    }
    const double moment = std::max(1e-13 * model_.lif.tau_mem, 1e-14 * std::abs(time_));
    const double exponent = std::max(least_runaway, std::log(model_.lif.tau_mem / moment));
    return std::min(threshold_, model_.exp_threshold - model_.lif.leak + exponent * model_.slope);
}

/// At rest: no current left, and so near a stable fixed point below the threshold that Newton's step to it, and all
/// that the exponential's curvature could add, is less than the error allowed anyhow. A distance, not a speed: a slow
/// drift is not rest.
bool AdaptiveNeuron::at_rest() const {
    const double near = tolerance_.absolute + 1e-15 * std::abs(at_.u);
    const double voltage = at_.u + model_.lif.leak;
    const double reach =
        model_.conductance ? std::max(std::abs(model_.e_excitatory - voltage), std::abs(model_.e_inhibitory - voltage))
                           : 1;
    if (model_.lif.resistance * (std::abs(synapses_.excitatory) + std::abs(synapses_.inhibitory)) * reach > near) {
        return false;
    }
    const double bend = exponential_at(at_.u);
    const double a = model_.adaptation ? model_.a : 0;
    const double pull_u = model_.slope * bend - at_.u - at_.w;
    const double pull_w = model_.adaptation ? a * at_.u - at_.w : 0;
    if (pull_u == 0 && pull_w == 0) {
        return true;
    }
    // Jacobian, rows times tau_mem and tau_w: {bend - 1, -1}, {a, -1}.
    const double determinant = a + 1 - bend;
    const double trace = (bend - 1) * rate_membrane_ - rate_adaptation_;
    if (determinant <= 0 || trace >= 0) {
        return false;
    }
    const double to_u = (pull_u - pull_w) / determinant;
    const double to_w = a * to_u + pull_w;
    const double distance = std::max(std::abs(to_u), std::abs(to_w));
    const bool straight = !model_.exponential || bend * distance / model_.slope < 1e-3 * determinant;
    return distance <= near && straight && threshold_ - at_.u > 1e3 * near;
}

void AdaptiveNeuron::look_ahead() const {
    if (plan_.known) {
        return;
    }
    plan_.known = true;
    plan_.spike = false;
    plan_.still = true;
    if (held()) {
        plan_.end = held_until_;
        return;
    }
    const double level = spike_level();
    if (at_.u >= level) {
        plan_.spike = true;
        plan_.end = time_;
    } else if (at_rest()) {
        plan_.end = never;
    } else {
        plan_step(level);
    }
}

/// Taylor coefficients of u and w at time_, in the time unit `unit`. exp((V - V_T) / slope) =: y has y' = y u' / slope;
/// a product's coefficients are the convolution of its factors'.
void AdaptiveNeuron::expand(double unit, double bend) const {
    const Lif& lif = model_.lif;
    const double membrane = unit * rate_membrane_;
    const double adaptation = unit * rate_adaptation_;
    const double per_slope = 1 / model_.slope;
    double excitatory = lif.resistance * synapses_.excitatory;
    double inhibitory = lif.resistance * synapses_.inhibitory;
    Series conductance{};
    Series y{};
    Series rise{};  // j u_j / slope
    Series& u = plan_.u;
    Series& w = plan_.w;
    u[0] = at_.u;
    w[0] = at_.w;
    y[0] = bend;
    for (std::size_t k = 0; k < order; ++k) {
        double pull = -u[k] - w[k];
        if (model_.conductance) {
            conductance[k] = excitatory + inhibitory;
            pull += excitatory * (model_.e_excitatory - lif.leak) + inhibitory * (model_.e_inhibitory - lif.leak);
            for (std::size_t j = 0; j <= k; ++j) {
                pull -= conductance[j] * u[k - j];
            }
        } else {
            pull += excitatory + inhibitory;
        }
        const double divisor = reciprocals[k + 1];
        u[k + 1] = membrane * divisor * (pull + model_.slope * y[k]);
        w[k + 1] = adaptation * divisor * (model_.a * u[k] - w[k]);
        if (model_.exponential) {
            rise[k + 1] = static_cast<double>(k + 1) * per_slope * u[k + 1];
            double sum = 0;
            for (std::size_t j = 1; j <= k + 1; ++j) {
                sum += rise[j] * y[k + 1 - j];
            }
            y[k + 1] = sum * divisor;
        }
        excitatory *= -unit * rate_excitatory_ * divisor;
        inhibitory *= -unit * rate_inhibitory_ * divisor;
    }
}

/// How much of a step may be gone, as far as the exponential y goes. Where y is still tiny and V rises by many slopes,
/// y's terms grow up to about that number before they fall: the last ones, which say how long the step is, don't show
/// it.
double AdaptiveNeuron::safe_share(double length, double allowed) const {
    if (!model_.exponential) {
        return 1;
    }
    double way = 0;
    double rise = 0;
    for (std::size_t k = 1; k <= order; ++k) {
        way += std::abs(plan_.u[k]);
        rise += std::max(0.0, plan_.u[k]);
    }
    // Up to half the order, in slopes, the terms fall before they are cut.
    const double short_share = 0.5 * static_cast<double>(order) * model_.slope / way;
    // Up to this exponent the exponential moves V by less than the error allowed.
    const double silent = std::log(allowed / (model_.slope * length * rate_membrane_));
    const double exponent = (at_.u + model_.lif.leak - model_.exp_threshold) / model_.slope;
    const double silent_share = (silent - exponent) * model_.slope / rise;
    return std::max(short_share, silent_share) >= 1 ? 1 : std::max(short_share, 0.9 * silent_share);
}

void AdaptiveNeuron::plan_step(double level) const {
    plan_.still = false;
    const double bend = exponential_at(at_.u);
    const double unit = 1 / fastest_rate(bend);
    expand(unit, bend);
    const double allowed = tolerance_.absolute + tolerance_.relative * std::max(std::abs(at_.u), std::abs(at_.w));
    // On the upstroke V's slope grows as its errors do: what they do to the time of the spike counts.
    const double steep = bend > 1 ? std::abs(plan_.u[1]) / (unit * rate_membrane_) : 0;
    const double allowed_u = allowed + 0.1 * tolerance_.relative * steep;
    const auto reach = [&](std::size_t k) {
        const double term = std::max(std::abs(plan_.u[k]) * (allowed / allowed_u), std::abs(plan_.w[k]));
        return term > 0 ? std::pow(allowed / term, 1 / static_cast<double>(k)) : never;
    };
    double length = unit;
    const auto rescale = [&](double to) {
        double scale = 1;
        for (std::size_t k = 1; k <= order; ++k) {
            scale *= to / length;
            plan_.u[k] *= scale;
            plan_.w[k] *= scale;
        }
        length = to;
    };
    double farthest = std::min(unit * std::min(reach(order - 1), reach(order)), longest_step());
    if (steep > 0) {
        // The terms' ratio is the distance of the pole at which V would run away.
        farthest = std::min(farthest, most_of_the_way * unit * std::abs(plan_.u[order - 1] / plan_.u[order]));
    }
    rescale(farthest);
    for (double share = safe_share(length, allowed); share < 1; share = safe_share(length, allowed)) {
        rescale(share * length);
    }
    // The clock has nothing between shorter steps.
    plan_.end = time_ + std::max(length, 4e-16 * std::abs(time_));
    rescale(plan_.end - time_);
    plan_.length = length;
    if (level == never) {
        return;
    }
    if (const auto share = first_crossing(plan_.u, level)) {
        plan_.spike = true;
        plan_.end = time_ + *share * length;
    }
}

}  // namespace spikeloom::core::analog
