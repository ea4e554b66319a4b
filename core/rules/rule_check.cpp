// The checks of a rule's numbers.
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <functional>

#include "core/rules/rule_check.hpp"

namespace spikeloom::rules {

namespace {

constexpr double most_tau = 1e6;
constexpr double impulse_steps = 128;

class Check {
public:
    Check(const Rule& rule, const RuleTarget& target, const PlaceOf& where, Diagnostics& findings)
        : rule_(rule), target_(target), where_(where), findings_(findings) {}

    void run() {
        check_epoch();
        check_traces();
        check_reward();
        for (const Variable variable : variables) {
            check_series(variable);
        }
        if (rule_.dw.empty() && rule_.dd.empty() && rule_.dt.empty()) {
            say("", "a rule that changes nothing", "at least one of dw, dd, dt");
        }
    }

private:
    void say(const std::string& field, std::string found, std::string allowed, std::string help = {},
             Severity severity = Severity::error) {
        findings_.push_back({severity, where_(field), std::move(found), std::move(allowed), std::move(help)});
    }

    void check_epoch() {
        if (rule_.epoch < target_.epoch_least || rule_.epoch > target_.epoch_most) {
            say("epoch", fmt::format("an epoch of {} steps", rule_.epoch),
                fmt::format("{}..{} steps", target_.epoch_least, target_.epoch_most));
        }
    }

    void check_traces() {
        constexpr std::array<Operand, 2> x{Operand::x1, Operand::x2};
        constexpr std::array<Operand, 3> y{Operand::y1, Operand::y2, Operand::y3};
        for (std::size_t i = 0; i < x.size(); ++i) {
            check_trace(x[i], rule_.x[i], false);
        }
        for (std::size_t i = 0; i < y.size(); ++i) {
            check_trace(y[i], rule_.y[i], rule_.post_traces == PostTraces::neuron);
        }
    }

    void check_trace(Operand operand, const TraceParameters& trace, bool from_outside) {
        const std::string name(name_of(operand));
        const int most = target_.arithmetic.trace_most();
        if (from_outside) {
            if (trace != TraceParameters{}) {
                say(name, fmt::format("{} has an impulse or a tau, but the neuron writes it", name), "no parameters",
                    fmt::format("leave {} out, or 'post_traces: spikes'", name));
            }
            return;
        }
        if (!(trace.impulse >= 0 && trace.impulse <= most)) {
            say(name + ".impulse", fmt::format("an impulse of {}", trace.impulse), fmt::format("0..{}", most));
        } else if (const double steps = trace.impulse * impulse_steps; steps != std::floor(steps)) {
            say(name + ".impulse", fmt::format("an impulse of {}", trace.impulse), "steps of 1/128",
                fmt::format("it is taken as {}", std::round(steps) / impulse_steps), Severity::warning);
        }
        if (!(trace.tau >= 0 && trace.tau <= most_tau)) {
            say(name + ".tau", fmt::format("a time constant of {} steps", trace.tau),
                fmt::format("above 0, at most {:.0f}", most_tau));
        } else if (trace.tau > 0 && trace.tau < 1 &&
                   target_.arithmetic.trace_decay == TraceDecay::first_order_each_step) {
            say(name + ".tau", fmt::format("a time constant of {} steps", trace.tau), "at least 1",
                "1 - 1/tau is the factor of a step under brian2's convention");
        }
        if (trace.tau == 0 && rule_.reads(operand)) {
            say(name, fmt::format("the rule reads {}, which has no time constant", name),
                fmt::format("{0} {{ impulse: ... tau: ... }}", name), "a trace without one stays 0");
        }
    }

    void check_reward() {
        if (!(rule_.reward_tau >= 0 && rule_.reward_tau <= most_tau)) {
            say("reward_tau", fmt::format("a time constant of {} steps", rule_.reward_tau),
                fmt::format("0..{:.0f}", most_tau));
        }
    }

    void check_series(Variable variable) {
        const ProductSeries& series = rule_.series(variable);
        const std::string name(name_of(variable));
        const RuleLimits& limits = target_.parse.limits;
        if (series.products.size() > static_cast<std::size_t>(limits.products)) {
            say(name, fmt::format("{} products", series.products.size()), fmt::format("at most {}", limits.products));
        }
        if (series.decimation && (*series.decimation < 0 || *series.decimation > limits.decimation_most)) {
            say(name, fmt::format("u{}", *series.decimation), fmt::format("u0..u{}", limits.decimation_most));
        }
        for (std::size_t i = 0; i < series.products.size(); ++i) {
            check_product(name, i, series.products[i], series.decimation.has_value());
        }
    }

    void check_product(const std::string& name, std::size_t index, const Product& product, bool has_decimation) {
        const RuleLimits& limits = target_.parse.limits;
        const std::string which = fmt::format("product {}", index + 1);
        if (product.mantissa < limits.mantissa_least || product.mantissa > limits.mantissa_most ||
            product.exponent < limits.exponent_least || product.exponent > limits.exponent_most) {
            say(name, fmt::format("{}: mantissa {}, exponent {}", which, product.mantissa, product.exponent),
                fmt::format("mantissa {}..{}, exponent {}..{}", limits.mantissa_least, limits.mantissa_most,
                            limits.exponent_least, limits.exponent_most));
        }
        if (product.dependency == Dependency::u && !has_decimation) {
            say(name, fmt::format("{} waits for u, whose k is not given", which), "u0..u9");
        }
        if (product.factors.size() > static_cast<std::size_t>(limits.factors)) {
            say(name, fmt::format("{}: {} factors", which, product.factors.size()),
                fmt::format("at most {}", limits.factors));
        }
        int bits = 0;
        for (const Factor& factor : product.factors) {
            bits += factor_width(factor.operand, target_.arithmetic);
            if (factor.constant < limits.constant_least || factor.constant > limits.constant_most) {
                say(name, fmt::format("{}: the constant {}", which, factor.constant),
                    fmt::format("{}..{}", limits.constant_least, limits.constant_most));
            }
        }
        if (bits > product_bits_most) {
            say(name, fmt::format("{}: its factors have {} bits in all", which, bits),
                fmt::format("at most {}", product_bits_most), "fewer factors, or narrower traces and weights");
        }
    }

    const Rule& rule_;
    const RuleTarget& target_;
    const PlaceOf& where_;
    Diagnostics& findings_;
};

}  // namespace

void check_rule_at(const Rule& rule, const RuleTarget& target, const PlaceOf& where, Diagnostics& findings) {
    Check(rule, target, where, findings).run();
}

Diagnostics check_rule(const Rule& rule, const RuleTarget& target) {
    Diagnostics findings;
    const auto where = [&](const std::string& field) {
        const std::string whole = rule.name.empty() ? "rule" : fmt::format("rule '{}'", rule.name);
        return field.empty() ? whole : whole + ": " + field;
    };
    check_rule_at(rule, target, where, findings);
    return findings;
}

}  // namespace spikeloom::rules
