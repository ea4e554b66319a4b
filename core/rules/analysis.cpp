#include "core/rules/analysis.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "core/rules/analysis_findings.hpp"
#include "core/rules/coefficient.hpp"

namespace spikeloom::rules {

namespace {

constexpr std::array<Operand, 5> trace_operands{Operand::x1, Operand::x2, Operand::y1, Operand::y2, Operand::y3};

struct TraceOf {
    const TraceParameters* parameters = nullptr;
    bool from_outside = false;  ///< payloads or the neuron write it too
};

TraceOf trace_of(const Rule& rule, Operand operand) {
    switch (operand) {
    case Operand::x1:
        return {&rule.x[0], rule.graded != GradedMode::regular_impulse};
    case Operand::x2:
        return {&rule.x[1], false};
    case Operand::y1:
        return {&rule.y[0], rule.post_traces == PostTraces::neuron};
    case Operand::y2:
        return {&rule.y[1], rule.post_traces == PostTraces::neuron};
    case Operand::y3:
        return {&rule.y[2], rule.post_traces == PostTraces::neuron};
    default:
        return {};
    }
}

/// Spikes in every step: impulse / (1 - exp(-1/tau)).
double largest_trace(const TraceParameters& trace, int most) {
    if (trace.tau == 0) {
        return 0;
    }
    return std::min<double>(most, std::ceil(trace.impulse / -std::expm1(-1 / trace.tau)));
}

class Analysis {
public:
    Analysis(const Rule& rule, const AnalysisOptions& options) : rule_(rule), options_(options) {}

    RuleAnalysis run() {
        RuleAnalysis analysis;
        for (const Variable variable : variables) {
            const ProductSeries& series = rule_.series(variable);
            for (std::size_t i = 0; i < series.products.size(); ++i) {
                analysis.products.push_back(analyse_product(variable, i));
            }
            if (!series.empty()) {
                analysis.series.push_back(analyse_series(variable, analysis.products));
            }
        }
        analyse_traces(analysis);
        analysis.forced_interval_steps = forced_interval();
        analysis.memory.tag = rule_.uses_tag();
        analysis.memory.trace_bits = options_.arithmetic.trace_bits;
        analysis.findings = find_trouble(rule_, analysis, options_);
        return analysis;
    }

private:
    [[nodiscard]] IntegerRange weight_range() const {
        const std::int32_t unit = std::int32_t{1} << options_.arithmetic.weight_bits;
        return options_.weight.value_or(IntegerRange{.least = -unit, .most = unit - 1});
    }

    /// Every value that an operand can have.
    [[nodiscard]] IntegerRange operand_range(Operand operand) const {
        const LearningArithmetic& arithmetic = options_.arithmetic;
        const std::int32_t tag_unit = std::int32_t{1} << arithmetic.tag_bits;
        switch (operand) {
        case Operand::x0:
        case Operand::y0:
        case Operand::r0:
            return {0, 1};
        case Operand::r1:
            return {-128, 127};
        case Operand::w:
            return weight_range();
        case Operand::d:
            return {0, arithmetic.delay_most};
        case Operand::t:
            return rule_.dt.empty() ? IntegerRange{0, 0} : IntegerRange{-tag_unit, tag_unit - 1};
        case Operand::constant:
            return {0, 0};
        default:
            break;
        }
        const TraceOf trace = trace_of(rule_, operand);
        const int most = arithmetic.trace_most();
        const bool known = options_.traces_known && !trace.from_outside;
        return {0, known ? static_cast<std::int32_t>(largest_trace(*trace.parameters, most)) : most};
    }

    [[nodiscard]] std::int64_t factor_value(const Factor& factor, std::int32_t operand) const {
        const std::int64_t sum = std::int64_t{operand} + factor.constant;
        if (factor.sign) {
            return (sum > 0 ? 1 : 0) - (sum < 0 ? 1 : 0);
        }
        const IntegerRange range = factor_range(factor.operand, options_.arithmetic);
        return std::clamp<std::int64_t>(sum, range.least, range.most);
    }

    [[nodiscard]] FactorAnalysis analyse_factor(const Factor& factor) const {
        const IntegerRange operand = operand_range(factor.operand);
        const IntegerRange clip = factor_range(factor.operand, options_.arithmetic);
        return {.factor = factor,
                .width_bits = factor_width(factor.operand, options_.arithmetic),
                .range = {static_cast<double>(factor_value(factor, operand.least)),
                          static_cast<double>(factor_value(factor, operand.most))},
                .clipped = !factor.sign && (operand.most + factor.constant > clip.most ||
                                            operand.least + factor.constant < clip.least)};
    }

    /// Of all factors that read one operand, over all of its values: w*(w-3) is no product of independent ranges.
    [[nodiscard]] Interval joint_range(const std::vector<Factor>& factors, Operand operand) const {
        const IntegerRange range = operand_range(operand);
        Interval joint{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
        for (std::int32_t value = range.least; value <= range.most; ++value) {
            double product = 1;
            for (const Factor& factor : factors) {
                product *= factor.operand == operand ? static_cast<double>(factor_value(factor, value)) : 1;
            }
            joint = {std::min(joint.least, product), std::max(joint.most, product)};
        }
        return joint;
    }

    [[nodiscard]] Interval factors_range(const Product& product) const {
        Interval range{1, 1};
        std::array<bool, operand_count> seen{};
        for (const Factor& factor : product.factors) {
            if (std::exchange(seen[static_cast<std::size_t>(factor.operand)], true)) {
                continue;
            }
            const Interval one = joint_range(product.factors, factor.operand);
            const auto corners = {range.least * one.least, range.least * one.most, range.most * one.least,
                                  range.most * one.most};
            range = {std::min(corners), std::max(corners)};
        }
        return range;
    }

    /// mantissa * factors after the shift down, times 2^exponent: the change in the variable's units, unclipped.
    [[nodiscard]] double change(const Product& product, double factors) const {
        const double scaled = std::ldexp(factors * product.mantissa, -product_shift(product, options_.arithmetic));
        const bool whole = options_.arithmetic.products != ProductArithmetic::real_brian2;
        return std::ldexp(whole ? std::floor(scaled) : scaled, product.exponent) + 0.0;
    }

    [[nodiscard]] std::optional<double> change_at_impulse(const Product& product) const {
        double factors = 1;
        for (const Factor& factor : product.factors) {
            const TraceOf trace = trace_of(rule_, factor.operand);
            const bool is_spike = factor.operand == Operand::x0 || factor.operand == Operand::y0;
            if (!is_spike && factor.operand != Operand::constant &&
                (trace.parameters == nullptr || trace.from_outside || !options_.traces_known)) {
                return std::nullopt;
            }
            const double value = is_spike ? 1 : trace.parameters != nullptr ? std::floor(trace.parameters->impulse) : 0;
            factors *= static_cast<double>(factor_value(factor, static_cast<std::int32_t>(value)));
        }
        return change(product, factors);
    }

    [[nodiscard]] ProductAnalysis analyse_product(Variable variable, std::size_t index) const {
        const ProductSeries& series = rule_.series(variable);
        const Product& product = series.products[index];
        const LearningArithmetic& arithmetic = options_.arithmetic;
        ProductAnalysis analysis;
        analysis.variable = variable;
        analysis.index = index;
        analysis.product = product;
        analysis.text = print(ProductSeries{{product}, series.decimation});
        analysis.width_bits = product_mantissa_bits(arithmetic);
        for (const Factor& factor : product.factors) {
            analysis.factors.push_back(analyse_factor(factor));
            analysis.width_bits += analysis.factors.back().width_bits;
        }
        analysis.dropped_bits = product_shift(product, arithmetic);
        analysis.net_exponent = product.exponent - analysis.dropped_bits;
        const Interval factors = factors_range(product);
        const double one = change(product, factors.least), other = change(product, factors.most);
        analysis.range = {std::min(one, other), std::max(one, other)};
        analysis.saturation =
            std::ldexp(static_cast<double>(accumulator_range(arithmetic).most), -arithmetic.fraction_bits);
        analysis.step = std::ldexp(1.0, product.exponent);
        analysis.move_most = std::min(1.0, std::max(analysis.range.most, -analysis.range.least));
        analysis.lost_below = product.mantissa == 0
                                  ? 0
                                  : std::max(1.0, std::ldexp(1.0, analysis.dropped_bits) /
                                                      std::abs(static_cast<double>(product.mantissa)));
        analysis.at_impulse = change_at_impulse(product);
        return analysis;
    }

    [[nodiscard]] Interval variable_range(Variable variable) const {
        const IntegerRange range = variable == Variable::weight  ? weight_range()
                                   : variable == Variable::delay ? IntegerRange{0, options_.arithmetic.delay_most}
                                                                 : operand_range(Operand::t);
        return {static_cast<double>(range.least), static_cast<double>(range.most)};
    }

    [[nodiscard]] std::string finer(ProductSeries series) const {
        const ProductSeries before = series;
        for (Product& product : series.products) {
            if (product_shift(product, options_.arithmetic) > 0) {
                const MantissaExponent fine = finest({product.mantissa, product.exponent}, options_.limits);
                product.mantissa = fine.mantissa;
                product.exponent = fine.exponent;
            }
        }
        return series == before ? std::string() : print(series);
    }

    [[nodiscard]] SeriesAnalysis analyse_series(Variable variable, const std::vector<ProductAnalysis>& products) const {
        SeriesAnalysis analysis{.variable = variable,
                                .variable_range = variable_range(variable),
                                .change = {},
                                .epochs_to_end = std::nullopt};
        for (const ProductAnalysis& product : products) {
            if (product.variable == variable) {
                analysis.change.least += std::max(product.range.least, -product.saturation);
                analysis.change.most += std::min(product.range.most, product.saturation);
            }
        }
        analysis.finer = finer(rule_.series(variable));
        const double largest = std::max(analysis.change.most, -analysis.change.least);
        if (largest > 0) {
            analysis.epochs_to_end =
                std::ceil((analysis.variable_range.most - analysis.variable_range.least) / largest);
        }
        return analysis;
    }

    /// Of the u products, in steps.
    [[nodiscard]] int forced_interval() const {
        int least = 0;
        for (const Variable variable : variables) {
            if (const std::optional<int> k = rule_.series(variable).decimation) {
                const int interval = rule_.epoch * (1 << *k);
                least = least == 0 ? interval : std::min(least, interval);
            }
        }
        return least;
    }

    void analyse_traces(RuleAnalysis& analysis) const {
        for (const Operand operand : trace_operands) {
            const TraceOf trace = trace_of(rule_, operand);
            TraceAnalysis found{.operand = operand,
                                .read = rule_.reads(operand),
                                .given = trace.parameters->tau > 0,
                                .impulse = trace.parameters->impulse,
                                .tau = trace.parameters->tau};
            if (!found.read && !found.given) {
                continue;
            }
            (operand == Operand::x1 || operand == Operand::x2 ? analysis.memory.pre_traces
                                                              : analysis.memory.post_traces) += 1;
            const double most = options_.arithmetic.trace_most();
            if (found.given && found.impulse > 0) {
                found.lifetime_steps = std::max(0.0, found.tau * std::log(2 * found.impulse));
                const double interval = found.impulse >= most ? std::numeric_limits<double>::infinity()
                                                              : -found.tau * std::log1p(-found.impulse / most);
                found.saturating_interval = interval;
            }
            analysis.traces.push_back(found);
        }
    }

    const Rule& rule_;
    const AnalysisOptions& options_;
};

}  // namespace

RuleAnalysis analyse(const Rule& rule, const AnalysisOptions& options) {
    return Analysis(rule, options).run();
}

}  // namespace spikeloom::rules
