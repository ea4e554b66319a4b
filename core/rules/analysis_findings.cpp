#include "core/rules/analysis_findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/rules/coefficient.hpp"

namespace spikeloom::rules {

namespace {

constexpr double much_of_range = 0.25;
constexpr double half_of_range = 0.5;
constexpr double few_levels = 8;
constexpr double short_interval = 2;  ///< steps
constexpr int frequent = 8;           ///< steps

/// "w", "d", "t"
std::string_view letter(Variable variable) {
    return name_of(variable).substr(1);
}

std::string factor_text(const Factor& factor) {
    const Product alone{.dependency = Dependency::x0, .factors = {factor}};
    const std::string text = print(ProductSeries{{alone}, {}});
    return text.substr(0, text.size() - 3);
}

class Findings {
public:
    Findings(const Rule& rule, const RuleAnalysis& analysis, const AnalysisOptions& options)
        : rule_(rule), analysis_(analysis), options_(options) {}

    std::vector<Finding> find() {
        for (const ProductAnalysis& product : analysis_.products) {
            about_product(product);
        }
        for (const SeriesAnalysis& series : analysis_.series) {
            about_series(series);
        }
        for (const TraceAnalysis& trace : analysis_.traces) {
            about_trace(trace);
        }
        if (!rule_.dt.empty() && !rule_.reads(Operand::t)) {
            say(FindingKind::unused_variable, true, "dt", "the tag is computed, and no product reads it",
                "let dw read it, as in 2^-3*u0*t, or leave dt out: the tag takes memory in every synapse");
        }
        std::stable_sort(findings_.begin(), findings_.end(),
                         [](const Finding& a, const Finding& b) { return a.serious && !b.serious; });
        return std::move(findings_);
    }

private:
    void say(FindingKind kind, bool serious, std::string where, std::string found, std::string advice,
             Columns columns = {}) {
        findings_.push_back({.kind = kind,
                             .serious = serious,
                             .where = std::move(where),
                             .columns = columns,
                             .found = std::move(found),
                             .advice = std::move(advice)});
    }
    void say(FindingKind kind, bool serious, const ProductAnalysis& product, std::string found, std::string advice) {
        say(kind, serious, fmt::format("{} product {}", name_of(product.variable), product.index + 1), std::move(found),
            std::move(advice), product.product.columns);
    }

    void about_product(const ProductAnalysis& product) {
        about_factors(product);
        if (product.is_dead()) {
            about_dead(product);
            return;
        }
        about_cost(product);
        about_move(product);
        about_dropped_bits(product);
        about_saturation(product);
    }

    void about_factors(const ProductAnalysis& product) {
        for (const FactorAnalysis& factor : product.factors) {
            const std::string text = factor_text(factor.factor);
            const bool constant = factor.range.least == factor.range.most;
            if (factor.factor.operand == Operand::t && rule_.dt.empty()) {
                say(FindingKind::dead_factor, true, product, "t stays 0, because no dt changes it",
                    "give the rule a dt, or leave the product out");
            } else if (constant && factor.factor.operand != Operand::constant) {
                say(FindingKind::dead_factor, factor.range.least == 0, product,
                    fmt::format("{} is always {:g}", text, factor.range.least),
                    factor.range.least == 0 ? "the product is always 0; leave it out" : "leave the factor out");
            }
            if (factor.clipped) {
                const int most = 1 << factor.width_bits;
                say(FindingKind::factor_clipped, false, product,
                    fmt::format("{} is clipped to {}..{}, the {} bits of {}", text, -most, most, factor.width_bits,
                                name_of(factor.factor.operand)),
                    "choose a smaller constant, or multiply the sum out");
            }
        }
    }

    void about_dead(const ProductAnalysis& product) {
        if (product.product.mantissa == 0) {
            say(FindingKind::dead_product, false, product, "the coefficient is 0", "leave the product out");
            return;
        }
        const bool reads_nothing =
            std::any_of(product.factors.begin(), product.factors.end(),
                        [](const FactorAnalysis& factor) { return factor.range.least == 0 && factor.range.most == 0; });
        if (reads_nothing) {
            return;  // told with the factor
        }
        say(FindingKind::dead_product, true, product,
            fmt::format(
                "always 0: its largest value is lost with the {} bits that {} bits of factors and mantissa drop",
                product.dropped_bits, product.width_bits),
            fmt::format("use fewer or narrower factors, or larger impulses: factors below {:g} together count as 0",
                        std::ceil(product.lost_below)));
    }

    void about_cost(const ProductAnalysis& product) {
        const std::optional<int> k = rule_.series(product.variable).decimation;
        const bool rewarded =
            std::any_of(product.factors.begin(), product.factors.end(), [](const FactorAnalysis& factor) {
                return factor.factor.operand == Operand::r0 || factor.factor.operand == Operand::r1;
            });
        if (product.product.dependency != Dependency::u || !k || rule_.epoch * (1 << *k) >= frequent || rewarded) {
            return;  // a reward that lasts an epoch would be missed by a slower u
        }
        int more = 0;
        while (rule_.epoch * (1 << (*k + more)) < frequent) {
            ++more;
        }
        const MantissaExponent raised{product.product.mantissa, product.product.exponent + more};
        say(FindingKind::costly, false, product,
            fmt::format("u{} updates every synapse every {} step{}, spikes or none", *k, rule_.epoch * (1 << *k),
                        rule_.epoch * (1 << *k) == 1 ? "" : "s"),
            raised.exponent <= options_.limits.exponent_most && *k + more <= options_.limits.decimation_most
                ? fmt::format("u{} with {} changes as much in a time, for 1/{} of the energy", *k + more,
                              to_text(raised), 1 << more)
                : "a larger k, or a longer epoch, takes less energy");
    }

    void about_move(const ProductAnalysis& product) {
        if (options_.arithmetic.products == ProductArithmetic::real_brian2) {
            if (product.move_most < 1) {
                say(FindingKind::rounding_bias, false, product,
                    fmt::format("at most {:.2g} units, and sums are rounded away from 0: alone it moves {} by one",
                                product.move_most, letter(product.variable)),
                    "raise the coefficient above 1 unit, or compute the product less often");
            }
            return;
        }
        if (product.move_most >= options_.rare) {
            return;
        }
        const int more = static_cast<int>(std::ceil(std::log2(options_.rare / product.move_most)));
        say(FindingKind::rare_product, product.move_most < options_.rare / 16, product,
            fmt::format("an update moves {} by one unit with a probability of at most {:.2g}, once in {:.0f} updates",
                        letter(product.variable), product.move_most, 1 / product.move_most),
            fmt::format("raise the exponent by {} or more ({}), or compute the product more often", more,
                        to_text(MantissaExponent{product.product.mantissa, product.product.exponent + more})));
    }

    void about_dropped_bits(const ProductAnalysis& product) {
        if (product.dropped_bits == 0) {
            return;
        }
        const MantissaExponent written{product.product.mantissa, product.product.exponent};
        const MantissaExponent effective{product.product.mantissa, product.net_exponent};
        const MantissaExponent restored{written.mantissa, written.exponent + product.dropped_bits};
        say(FindingKind::scale, false, product,
            fmt::format("{} bits are dropped: {} acts as {}", product.dropped_bits, to_text(written),
                        to_text(effective)),
            restored.exponent <= options_.limits.exponent_most
                ? fmt::format("if {} is meant in the units of the weight, write {}", to_text(written),
                              to_text(restored))
                : fmt::format("in the units of the weight it can be at most {}: use fewer factors for more",
                              to_text(MantissaExponent{written.mantissa,
                                                       options_.limits.exponent_most - product.dropped_bits})));
        const MantissaExponent fine = finest(written, options_.limits);
        const std::string advice =
            fine.exponent == written.exponent
                ? "larger impulses make the loss smaller beside the product"
                : fmt::format("write {} for {}: the same, but the mantissa is multiplied before the bits are dropped",
                              to_text(fine), to_text(written));
        const double bias = product.step * (1 - std::ldexp(1.0, -product.dropped_bits)) / 2;
        if (product.range.least < 0 && bias >= options_.rare) {
            say(FindingKind::rounding_bias, bias >= 1, product,
                fmt::format("the dropped bits are rounded down, below 0 too: about {:.2g} units an update downwards",
                            bias),
                advice);
        } else if (product.lost_below > 1) {
            say(FindingKind::lost_products, false, product,
                fmt::format("factors whose product is below {:g} count as 0", std::ceil(product.lost_below)), advice);
        }
    }

    void about_saturation(const ProductAnalysis& product) {
        const double largest = std::max(product.range.most, -product.range.least);
        const bool by_a_unit = largest >= product.saturation + 1;
        if (!by_a_unit || options_.arithmetic.products == ProductArithmetic::real_brian2) {
            return;
        }
        const int less = static_cast<int>(std::ceil(std::log2(largest / product.saturation)));
        const bool usual = product.at_impulse && std::abs(*product.at_impulse) > product.saturation;
        say(FindingKind::product_saturates, usual, product,
            fmt::format("can reach {:.4g} units, but saturates at {:.4g}{}", largest, product.saturation,
                        usual ? ", with every trace at its impulse already" : ""),
            fmt::format("lower the exponent by {} ({}), or the impulses", less,
                        to_text(MantissaExponent{product.product.mantissa, product.product.exponent - less})));
    }

    /// Whether the changes are those of the rule's own impulses, not of whatever tags, weights and rewards may be.
    [[nodiscard]] bool all_known(Variable variable) const {
        return std::all_of(analysis_.products.begin(), analysis_.products.end(), [&](const ProductAnalysis& product) {
            return product.variable != variable || product.at_impulse.has_value();
        });
    }

    void about_series(const SeriesAnalysis& series) {
        const std::string where(name_of(series.variable));
        const double range = series.variable_range.most - series.variable_range.least;
        const double largest = std::max(series.change.most, -series.change.least);
        const char* growth = series.change.least == 0 ? "grow" : series.change.most == 0 ? "shrink" : nullptr;
        if (largest > 0 && growth != nullptr) {
            const double end = series.change.least == 0 ? series.variable_range.most : series.variable_range.least;
            say(FindingKind::one_way, false, where,
                fmt::format("{} can only {}: every synapse ends at {:g}", letter(series.variable), growth, end),
                fmt::format("add a product of the other sign, or a decay such as -2^-4*u4*{}",
                            letter(series.variable)));
        }
        if (largest >= much_of_range * range) {
            const int less = static_cast<int>(std::ceil(std::log2(largest / (much_of_range * range)))) + 1;
            say(FindingKind::swing, largest >= half_of_range * range && all_known(series.variable), where,
                fmt::format("one epoch can move {} by {:.4g} of the {:g} units that it has", letter(series.variable),
                            largest, range),
                fmt::format("lower the exponents by {}, or the impulses, for more than {} steps from end to end", less,
                            static_cast<int>(1 / much_of_range)));
        }
        if (series.change.least < 0 && series.change.most > 0 && largest >= much_of_range * range) {
            say(FindingKind::sum_saturates, false, where,
                "the accumulator is clipped after every product: near the ends of the range their order decides",
                "put the product that should win last, or lower the exponents");
        }
    }

    void about_trace(const TraceAnalysis& trace) {
        const std::string where(name_of(trace.operand));
        const bool outside =
            (trace.operand == Operand::x1 && rule_.graded != GradedMode::regular_impulse) ||
            (rule_.post_traces == PostTraces::neuron && trace.operand >= Operand::y1 && trace.operand <= Operand::y3);
        if (trace.given && !trace.read && !(trace.operand == Operand::x2 && outside)) {
            say(FindingKind::unused_trace, false, where, fmt::format("{} is given, and no product reads it", where),
                fmt::format("leave {} out: it takes {} bits a neuron", where, options_.arithmetic.trace_bits));
        }
        if (!options_.traces_known || outside || !trace.read) {
            return;
        }
        if (!trace.given || trace.impulse == 0) {
            say(FindingKind::missing_trace, true, where,
                fmt::format("{} has no impulse or time constant: it stays 0", where),
                fmt::format("give {} both", where));
            return;
        }
        const int most = options_.arithmetic.trace_most();
        if (std::isinf(trace.saturating_interval)) {
            say(FindingKind::trace_saturates, false, where,
                fmt::format("one spike sets {} to its most, {}: it knows the last spike only, not how many", where,
                            most),
                fmt::format("for a trace that sums spikes, an impulse of {} or less", most / 4));
        } else if (trace.saturating_interval >= short_interval) {
            say(FindingKind::trace_saturates, false, where,
                fmt::format("regular spikes closer than {:.0f} steps drive {} to its most, {}",
                            std::floor(trace.saturating_interval), where, most),
                "a smaller impulse keeps higher rates apart");
        }
        if (trace.impulse < few_levels) {
            say(FindingKind::trace_coarse, false, where,
                fmt::format("an impulse of {:g} decays through {:.0f} levels only", trace.impulse,
                            std::ceil(trace.impulse)),
                "raise the impulse, and lower the exponents of what reads it by as much");
        }
        if (rule_.epoch > trace.tau) {
            say(FindingKind::trace_coarse, false, where,
                fmt::format("its time constant of {:g} steps is shorter than the epoch of {}", trace.tau, rule_.epoch),
                "shorten the epoch: of each neuron's spikes in an epoch only the last one's time is kept");
        }
    }

    const Rule& rule_;
    const RuleAnalysis& analysis_;
    const AnalysisOptions& options_;
    std::vector<Finding> findings_;
};

}  // namespace

std::string_view name_of(FindingKind kind) {
    switch (kind) {
    case FindingKind::dead_product:
        return "dead_product";
    case FindingKind::dead_factor:
        return "dead_factor";
    case FindingKind::rare_product:
        return "rare_product";
    case FindingKind::lost_products:
        return "lost_products";
    case FindingKind::rounding_bias:
        return "rounding_bias";
    case FindingKind::product_saturates:
        return "product_saturates";
    case FindingKind::factor_clipped:
        return "factor_clipped";
    case FindingKind::sum_saturates:
        return "sum_saturates";
    case FindingKind::swing:
        return "swing";
    case FindingKind::one_way:
        return "one_way";
    case FindingKind::unused_variable:
        return "unused_variable";
    case FindingKind::unused_trace:
        return "unused_trace";
    case FindingKind::missing_trace:
        return "missing_trace";
    case FindingKind::trace_saturates:
        return "trace_saturates";
    case FindingKind::trace_coarse:
        return "trace_coarse";
    case FindingKind::scale:
        return "scale";
    case FindingKind::costly:
        return "costly";
    }
    return {};
}

std::vector<Finding> find_trouble(const Rule& rule, const RuleAnalysis& analysis, const AnalysisOptions& options) {
    return Findings(rule, analysis, options).find();
}

}  // namespace spikeloom::rules
