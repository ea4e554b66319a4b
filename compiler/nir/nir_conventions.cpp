#include "compiler/nir/nir_conventions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

namespace spikeloom::compiler {
namespace {

constexpr double usual_step_s = 1e-4;     ///< snnTorch, SpikingJelly, Lava's importer, the NIR paper
constexpr double nominal_step_s = 1e-3;   ///< where the file counts in steps, or in ms
constexpr double longest_tau_s = 1;       ///< a time constant above this is not in seconds
constexpr double least_inverse_dt = 100;  ///< an r of IF from here on is 1/dt
constexpr double same_dt = 1e-3;          ///< relative spread of the dt that nodes agree on
constexpr double rounding = 1e-4;         ///< relative distance at which a dt is taken for a round number
constexpr double rockpool_rounding = 1e-2;

struct Range {
    double least = std::numeric_limits<double>::infinity();
    double most = 0;
    void add(double value) {
        least = std::min(least, value);
        most = std::max(most, value);
    }
    [[nodiscard]] bool empty() const { return least > most; }
    /// "2 to 5", or "2" where all are equal to the digits shown.
    [[nodiscard]] std::string text() const {
        const std::string from = fmt::format("{:g}", least);
        const std::string to = fmt::format("{:g}", most);
        return from == to ? from : from + " to " + to;
    }
};

/// 1, 2, 2.5 or 5 times a power of ten, if one is within the relative distance; else 0.
double round_number(double value, double distance) {
    const double power = std::pow(10.0, std::floor(std::log10(value)));
    for (const double mantissa : {1.0, 2.0, 2.5, 5.0, 10.0}) {
        // Through text, so that 1e-4 is the double that "1e-4" names.
        const double candidate = std::strtod(fmt::format("{:.3e}", mantissa * power).c_str(), nullptr);
        if (std::abs(value / candidate - 1) <= distance) {
            return candidate;
        }
    }
    return 0;
}

const char* name(NirTimeUnit unit) {
    switch (unit) {
    case NirTimeUnit::seconds:
        return "seconds";
    case NirTimeUnit::milliseconds:
        return "milliseconds";
    case NirTimeUnit::steps:
        return "steps";
    }
    return "";
}

class Settler {
public:
    Settler(const NirFlatGraph& graph, const std::string& stem, const NirOptions& options)
        : stem_(stem), options_(options) {
        for (const NirFlatNode& flat : graph.nodes) {
            look_at(*flat.node);
        }
    }

    NirConventions run() {
        settle_unit();
        settle_step();
        settle_reset();
        settle_rest();
        return std::move(result_);
    }

private:
    void look_at(const NirNode& node) {
        for (const char* parameter : {"tau", "tau_mem", "tau_syn"}) {
            if (const NirArray* tau = node.find(parameter)) {
                std::ranges::for_each(tau->values, [&](double value) { taus_.add(value); });
            }
        }
        const NirArray* r = node.find("r");
        const NirArray* tau = node.find("tau_mem") != nullptr ? node.find("tau_mem") : node.find("tau");
        if (r != nullptr) {
            look_at_resistance(r->values, tau != nullptr ? tau->values : std::vector<double>{});
        }
        if (const NirArray* w_in = node.find("w_in")) {
            std::ranges::for_each(w_in->values, [&](double value) { inputs_.add(value); });
        }
        current_based_ = current_based_ || node.find("tau_syn") != nullptr;
        resets_ = resets_ || node.find("v_reset") != nullptr;
        spikes_ = spikes_ || (node.find("v_threshold") != nullptr);
        biases_ = biases_ || node.find("bias") != nullptr;
        times_ = times_ || node.type == NirType::delay;
    }

    /// Of r and tau, one may hold a single value for all.
    void look_at_resistance(const std::vector<double>& r, const std::vector<double>& tau) {
        const auto at = [](const std::vector<double>& values, std::size_t index) {
            return values[std::min(index, values.size() - 1)];
        };
        for (std::size_t index = 0; index < std::max(r.size(), tau.size()); ++index) {
            const double resistance = at(r, index);
            resistances_.add(std::abs(resistance));
            if (tau.empty()) {
                inverse_dts_.add(std::abs(resistance));
            }
            if (resistance > 1) {
                const double time = tau.empty() ? 1.0 : at(tau, index);
                steps_.add(time / resistance);
                rockpool_steps_.add(time / (1 + resistance));
                witnesses_ += 1;
            }
        }
    }

    void tell(std::string topic, std::string choice, std::string reason, std::string option) {
        result_.resolutions.push_back({std::move(topic), std::move(choice), std::move(reason), std::move(option)});
    }

    void settle_unit() {
        std::string reason;
        if (options_.time_unit) {
            result_.unit = *options_.time_unit;
            reason = "as the option says";
        } else if (!taus_.empty()) {
            const bool seconds = taus_.most <= longest_tau_s;
            result_.unit = seconds ? NirTimeUnit::seconds : NirTimeUnit::steps;
            const std::string range = "time constants of " + taus_.text() + " ";
            reason = range + (seconds ? "lie in the usual range of seconds (at most 1)"
                                      : "are too long for seconds; Sinabs and Rockpool count in steps (hxtorch writes "
                                        "ms: say so if this file comes from there)");
        } else {
            const bool seconds = !inverse_dts_.empty() && inverse_dts_.most >= least_inverse_dt;
            result_.unit = seconds ? NirTimeUnit::seconds : NirTimeUnit::steps;
            reason = seconds ? fmt::format("there are no time constants, and r = {:g} reads as 1/dt", inverse_dts_.most)
                             : "there are no time constants, and no r that reads as 1/dt";
        }
        if (!taus_.empty() || !inverse_dts_.empty() || times_) {
            tell("time unit", name(result_.unit), reason, "--nir-time-unit");
        }
    }

    void settle_step() {
        result_.unit_s = result_.unit == NirTimeUnit::milliseconds ? 1e-3 : 1;
        std::string reason;
        if (options_.step_s) {
            result_.step_s = *options_.step_s;
            reason = "as the option says";
        } else if (result_.unit == NirTimeUnit::steps) {
            result_.step_s = nominal_step_s;
            reason = "the file counts in steps: their length only labels the time axis";
        } else {
            reason = step_from_resistance();
        }
        if (result_.unit == NirTimeUnit::steps) {
            result_.unit_s = result_.step_s;
        }
        tell("dt", fmt::format("{:g} s", result_.step_s), reason, "--nir-dt");
    }

    /// Sets the step, and says why.
    std::string step_from_resistance() {
        result_.step_s = result_.unit == NirTimeUnit::seconds ? usual_step_s : nominal_step_s;
        const std::string usual = result_.unit == NirTimeUnit::seconds
                                      ? "1e-4 s is what snnTorch, SpikingJelly and Lava's importer use (Norse: 1e-3)"
                                      : "1 ms is the usual step of a file in ms";
        if (steps_.empty()) {
            return "r does not tell dt (no r > 1); " + usual;
        }
        const double unit = result_.unit_s;
        const bool agreed = steps_.most - steps_.least <= same_dt * steps_.most;
        if (agreed) {
            if (const double rounded = round_number(steps_.most * unit, rounding); rounded != 0) {
                result_.step_s = rounded;
                return fmt::format("r * dt / tau_mem = 1 for all nodes with r > 1 at dt = {:g}", rounded);
            }
        }
        if (const double rounded = round_number(rockpool_steps_.least * unit, rockpool_rounding); rounded != 0) {
            result_.step_s = rounded;
            return fmt::format("the least tau_mem / (1 + r), {:.4g} s, is Rockpool's dt", rockpool_steps_.least * unit);
        }
        if (agreed && witnesses_ > 1) {
            result_.step_s = steps_.most * unit;
            return fmt::format("r * dt / tau_mem = 1 for all nodes with r > 1 at dt = {:g}", result_.step_s);
        }
        return fmt::format("tau_mem / r is {:g} to {:g} s, which is no dt that all nodes share; ", steps_.least * unit,
                           steps_.most * unit) +
               usual;
    }

    void settle_reset() {
        if (!spikes_) {
            return;
        }
        const bool named = stem_.find("subtract") != std::string::npos && !resets_;
        result_.reset = options_.reset.value_or(named ? ResetRule::subtract_threshold : ResetRule::to_value);
        const std::string reason = options_.reset ? "as the option says"
                                   : named        ? "the file's name says so; NIR itself can't"
                                   : resets_      ? "the file has v_reset, which subtraction does not use"
                                                  : "NIR's default; the file has no v_reset, which counts as 0";
        tell("reset", result_.reset == ResetRule::to_value ? "to v_reset" : "subtract the threshold", reason,
             "--nir-reset");
    }

    void settle_rest() {
        result_.recurrent_bias_at_start = options_.recurrent_bias_at_start.value_or(true);
        if (biases_) {
            tell("recurrent bias", result_.recurrent_bias_at_start ? "from the first step" : "from the second step",
                 options_.recurrent_bias_at_start ? "as the option says"
                                                  : "as snnTorch runs it (Norse leaves it out in the first step)",
                 "--nir-recurrent-bias");
        }
        result_.scale_w_in_by_dt = options_.scale_w_in_by_dt.value_or(false);
        if (current_based_) {
            const std::string stored =
                inputs_.empty() ? "no node has w_in, which counts as 1" : "w_in is " + inputs_.text();
            tell("w_in", result_.scale_w_in_by_dt ? "w_in * tau_syn / dt" : "as stored: s += dt/tau_syn (w_in x - s)",
                 options_.scale_w_in_by_dt ? "as the option says"
                                           : stored + "; NIR's equation, one spike = 1 for a step",
                 "--nir-w-in");
        }
        result_.scale_r_by_dt = options_.scale_r_by_dt.value_or(false);
        if (!resistances_.empty()) {
            const std::string unit = result_.unit == NirTimeUnit::steps
                                         ? "; with tau in steps, dt/tau is 1/tau, and r needs no change"
                                         : "; NIR's equation";
            tell("r", result_.scale_r_by_dt ? "r * tau_mem / dt" : "as stored: v += dt/tau_mem (v_leak - v + r s)",
                 options_.scale_r_by_dt ? "as the option says" : "r is " + resistances_.text() + unit, "--nir-r");
        }
    }

    const std::string& stem_;
    const NirOptions& options_;
    NirConventions result_;
    Range taus_;            ///< all time constants
    Range resistances_;     ///< |r|
    Range inverse_dts_;     ///< |r| of the nodes without time constant (I, IF)
    Range steps_;           ///< tau_mem / r of the nodes with r > 1
    Range rockpool_steps_;  ///< tau_mem / (1 + r)
    Range inputs_;          ///< w_in
    std::size_t witnesses_ = 0;
    bool current_based_ = false;
    bool resets_ = false;
    bool spikes_ = false;
    bool biases_ = false;
    bool times_ = false;
};

}  // namespace

NirConventions settle_conventions(const NirFlatGraph& graph, const std::string& stem, const NirOptions& options) {
    return Settler(graph, stem, options).run();
}

}  // namespace spikeloom::compiler
