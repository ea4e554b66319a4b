#include "chip/image/rule_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace spikeloom::chip {
namespace {

class RuleCheck {
public:
    explicit RuleCheck(const LearningFormat& learning) : learning_(learning), limits_(learning.rule) {}

    Diagnostics check(const rules::Rule& rule, const std::string& where) {
        if (!learning_.epoch.contains(rule.epoch)) {
            add(where, fmt::format("the epoch has {} steps", rule.epoch),
                fmt::format("{}..{}", learning_.epoch.least, learning_.epoch.most));
        }
        series(rule.dw, where + ", dw");
        series(rule.dd, where + ", dd");
        series(rule.dt, where + ", dt");
        for (std::size_t i = 0; i < rule.x.size(); ++i) {
            trace(rule.x[i], fmt::format("{}, trace x{}", where, i + 1));
        }
        for (std::size_t i = 0; i < rule.y.size(); ++i) {
            trace(rule.y[i], fmt::format("{}, trace y{}", where, i + 1));
        }
        if (!std::isfinite(rule.reward_tau) || rule.reward_tau < 0) {
            add(where, fmt::format("the reward's time constant is {} steps", rule.reward_tau), "0, or more steps");
        }
        if (rule.post_traces > rules::PostTraces::neuron || rule.graded > rules::GradedMode::add_without_saturation) {
            add(where, "traces are moved in an unknown way", "a way that the engine has");
        }
        return std::move(findings_);
    }

private:
    void add(std::string where, std::string found, std::string allowed, std::string help = {}) {
        findings_.push_back({.severity = Severity::error,
                             .where = std::move(where),
                             .found = std::move(found),
                             .allowed = std::move(allowed),
                             .help = std::move(help)});
    }

    void range(const std::string& where, const char* what, int found, int least, int most) {
        if (found < least || found > most) {
            add(where, fmt::format("{} is {}", what, found), fmt::format("{}..{}", least, most));
        }
    }

    void series(const rules::ProductSeries& sum, const std::string& where) {
        if (std::cmp_greater(sum.products.size(), limits_.products)) {
            add(where, fmt::format("{} products", sum.products.size()), fmt::format("at most {}", limits_.products));
        }
        for (std::size_t i = 0; i < std::min(sum.products.size(), static_cast<std::size_t>(limits_.products)); ++i) {
            product(sum.products[i], fmt::format("{}, product {}", where, i + 1));
        }
        const bool decimated = std::ranges::any_of(
            sum.products, [](const rules::Product& p) { return p.dependency == rules::Dependency::u; });
        if (decimated != sum.decimation.has_value()) {
            add(where, decimated ? "its u_k has no k" : "it has a k, but no u_k", "a k with products that use u_k");
        } else if (decimated) {
            range(where, "the k of u_k", *sum.decimation, 0, limits_.decimation_most);
        }
    }

    void product(const rules::Product& one, const std::string& where) {
        range(where, "the mantissa", one.mantissa, limits_.mantissa_least, limits_.mantissa_most);
        range(where, "the exponent", one.exponent, limits_.exponent_least, limits_.exponent_most);
        if (one.dependency > rules::Dependency::u) {
            add(where, "its dependency is unknown", "x0, y0, u_k");
        }
        if (std::cmp_greater(one.factors.size(), limits_.factors)) {
            add(where, fmt::format("{} factors", one.factors.size()), fmt::format("at most {}", limits_.factors),
                "the dependency does not count");
            return;
        }
        int bits = 0;
        for (const rules::Factor& factor : one.factors) {
            range(where, "a constant", factor.constant, limits_.constant_least, limits_.constant_most);
            if (factor.operand > rules::Operand::constant) {
                add(where, "a factor reads an unknown operand", "x0..x2, y0..y3, r0, r1, w, d, t, a constant");
            }
            bits += rules::factor_width(factor.operand, learning_.arithmetic);
        }
        if (bits > rules::product_bits_most) {
            add(where, fmt::format("its factors have {} bits in all", bits),
                fmt::format("at most {}", rules::product_bits_most), "fewer factors, or narrower traces and weights");
        }
    }

    void trace(const rules::TraceParameters& parameters, const std::string& where) {
        const int most = learning_.arithmetic.trace_most();
        if (!(parameters.impulse >= 0 && parameters.impulse <= most)) {
            add(where, fmt::format("its impulse is {}", parameters.impulse), fmt::format("0..{}", most));
        }
        if (!std::isfinite(parameters.tau) || parameters.tau < 0) {
            add(where, fmt::format("its time constant is {} steps", parameters.tau), "0 (not used), or more steps");
        }
    }

    const LearningFormat& learning_;
    const rules::RuleLimits& limits_;
    Diagnostics findings_;
};

}  // namespace

Diagnostics check_rule(const rules::Rule& rule, const LearningFormat& learning, const std::string& where) {
    return RuleCheck(learning).check(rule, where);
}

}  // namespace spikeloom::chip
