#include "core/rules/analysis.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/random.hpp"
#include "core/rules/parse.hpp"
#include "support/contains.hpp"

namespace spikeloom::rules {
namespace {

Rule parsed(const std::string& text) {
    const Result<Rule> rule = parse_rule(text, "rule");
    if (!rule) {
        FAIL(to_text(rule.error()));
    }
    return *rule;
}

Rule with_traces(Rule rule, TraceParameters all) {
    rule.x = {all, all};
    rule.y = {all, all, all};
    return rule;
}

const Finding* find(const RuleAnalysis& analysis, FindingKind kind) {
    const auto found = std::find_if(analysis.findings.begin(), analysis.findings.end(),
                                    [kind](const Finding& finding) { return finding.kind == kind; });
    return found == analysis.findings.end() ? nullptr : &*found;
}

bool finds(const RuleAnalysis& analysis, FindingKind kind) {
    return find(analysis, kind) != nullptr;
}

/// The text of the finding of this kind.
std::string told(const RuleAnalysis& analysis, FindingKind kind) {
    const Finding* finding = find(analysis, kind);
    return finding == nullptr ? "" : finding->found + " | " + finding->advice;
}

using test::contains;

TEST_CASE("a pair rule on Loihi has nothing wrong with it") {
    const RuleAnalysis analysis = analyse(
        with_traces(parsed("dw = 2^-2*x1*y0 - 2^-2*y1*x0"), {.impulse = 16, .tau = 10}), {.traces_known = true});
    CHECK(std::none_of(analysis.findings.begin(), analysis.findings.end(), [](const Finding& f) { return f.serious; }));
    REQUIRE(analysis.products.size() == 2);
    // 16 / (1 - exp(-0.1)) is more than the trace holds.
    CHECK(analysis.products[0].range == Interval{0, 31.75});
    CHECK(analysis.products[0].at_impulse == 4);
    CHECK(analysis.products[1].at_impulse == -4);
    CHECK(analysis.products[0].step == 0.25);
    REQUIRE(analysis.series.size() == 1);
    CHECK(analysis.series[0].change == Interval{-31.75, 31.75});
    CHECK(analysis.series[0].epochs_to_end == 17);
    CHECK(analysis.memory.pre_traces == 2);
    CHECK(analysis.memory.post_traces == 3);
    CHECK_FALSE(analysis.memory.tag);
}

TEST_CASE("products that are always 0 are told, with why") {
    const auto never = analyse(parsed("dw = u0*t"));
    CHECK(never.products[0].is_dead());
    CHECK(contains(told(never, FindingKind::dead_factor), "t stays 0"));
    CHECK(find(never, FindingKind::dead_factor)->serious);
    const auto lost =
        analyse(with_traces(parsed("dw = u0*x1*x2*y1"), {.impulse = 1, .tau = 0.1}), {.traces_known = true});
    CHECK(lost.products[0].is_dead());
    CHECK(finds(lost, FindingKind::dead_product));
    CHECK(contains(told(analyse(parsed("dw = 0*x0")), FindingKind::dead_product), "the coefficient is 0"));
    CHECK(contains(told(analyse(parsed("dw = sgn(x1+3)*y0")), FindingKind::dead_factor), "sgn(x1+3) is always 1"));
}

TEST_CASE("products that are mostly rounded away are told with their probability") {
    const auto rare =
        analyse(with_traces(parsed("dw = 2^-7*x1*y0"), {.impulse = 1, .tau = 0.2}), {.traces_known = true});
    CHECK(rare.products[0].move_most == doctest::Approx(2.0 / 128));
    CHECK_FALSE(finds(rare, FindingKind::rare_product));
    const auto rarer = analyse(with_traces(parsed("dw = 2^-7*x1*y0"), {.impulse = 1, .tau = 0.1}),
                               {.traces_known = true, .rare = 0.1});
    CHECK(contains(told(rarer, FindingKind::rare_product), "once in"));
}

TEST_CASE("dropped bits: what a product acts as, and a finer way to write it") {
    const auto analysis = analyse(parsed("dw = -2^-2*u1*x1*y1"));
    CHECK_FALSE(finds(analyse(parsed("dw = -2^-7*u1*x1*y1")), FindingKind::rounding_bias));
    CHECK(analysis.products[0].dropped_bits == 3);
    CHECK(analysis.products[0].net_exponent == -5);
    CHECK(contains(told(analysis, FindingKind::scale), "-2^-2 acts as -2^-5"));
    CHECK(contains(told(analysis, FindingKind::scale), "write -2^1"));
    CHECK(contains(told(analysis, FindingKind::rounding_bias), "write -4*2^-4 for -2^-2"));
    const auto positive = analyse(parsed("dw = 2^-2*u1*x1*y1"));
    CHECK(positive.products[0].lost_below == 8);
    CHECK(contains(told(positive, FindingKind::lost_products), "below 8"));
    LearningArithmetic brian2;
    brian2.products = ProductArithmetic::real_brian2;
    CHECK_FALSE(finds(analyse(parsed("dw = 2^-2*u1*x1*y1"), {.arithmetic = brian2}), FindingKind::scale));
    CHECK(finds(analyse(parsed("dw = 2^-2*x0"), {.arithmetic = brian2}), FindingKind::rounding_bias));
}

TEST_CASE("the finer way to write it loses less") {
    const auto lost = [](const std::string& text) { return analyse(parsed(text)).products[0].lost_below; };
    CHECK(lost("dw = 2^-2*u1*x1*y1") == 8);
    CHECK(lost("dw = 4*2^-4*u1*x1*y1") == 2);
    const auto finer = [](const std::string& text) { return analyse(parsed(text)).series[0].finer; };
    CHECK(finer("dw = 2^-2*u1*x1*y1 - x1*y0") == "4*2^-4*u1*x1*y1 - x1*y0");
    CHECK(finer("dw = -3*2^-7*u1*x1*y1").empty());
    CHECK(finer("dw = -3*2^-6*u1*x1*y1") == "-6*2^-7*u1*x1*y1");
    CHECK(finer("dw = 2^-2*y0*x1").empty());
}

TEST_CASE("saturation of products, factors, and weights") {
    const auto analysis = analyse(parsed("dw = 2^2*x1*y0 - (x1+127)*y0"));
    CHECK(analysis.products[0].saturates());
    CHECK(contains(told(analysis, FindingKind::product_saturates), "lower the exponent by 1 (2^1)"));
    CHECK(contains(told(analysis, FindingKind::factor_clipped), "-128..128"));
    CHECK(analysis.products[1].range == Interval{-128, -127});
    CHECK(finds(analysis, FindingKind::swing));
    CHECK_FALSE(finds(analyse(parsed("dw = 2^-1*t*u0*r0 + w*u0; dt = x0")), FindingKind::product_saturates));
    const auto usual =
        analyse(with_traces(parsed("dw = 2^2*x1*y0"), {.impulse = 100, .tau = 5}), {.traces_known = true});
    CHECK(find(usual, FindingKind::product_saturates)->serious);
    CHECK_FALSE(finds(analyse(parsed("dw = x1*y0 - x0*y1")), FindingKind::product_saturates));
}

TEST_CASE("one-way rules, and rules with a decay") {
    CHECK(contains(told(analyse(parsed("dw = x1*y0")), FindingKind::one_way),
                   "can only grow: every synapse ends at 255"));
    CHECK(contains(told(analyse(parsed("dt = -x1*y0; dw = u0*t")), FindingKind::one_way), "can only shrink"));
    CHECK_FALSE(finds(analyse(parsed("dw = x1*y0 - 2^-4*u4*w")), FindingKind::one_way));
    const IntegerRange inhibitory{-255, 0};
    CHECK(finds(analyse(parsed("dw = -x1*y0 + 2^-4*u4*w"), {.weight = inhibitory}), FindingKind::one_way));
}

TEST_CASE("u_k updates every synapse: how often, and what would do") {
    Rule rule = parsed("dw = x1*y0 - 2^-5*u1*w");
    CHECK(analyse(rule).forced_interval_steps == 2);
    CHECK(contains(told(analyse(rule), FindingKind::costly), "u3 with -2^-3"));
    CHECK(contains(told(analyse(parsed("dw = 2^8*u1")), FindingKind::costly), "a larger k"));
    CHECK_FALSE(finds(analyse(parsed("dw = u1*r1")), FindingKind::costly));
    rule.epoch = 4;
    CHECK(analyse(rule).forced_interval_steps == 8);
    CHECK_FALSE(finds(analyse(rule), FindingKind::costly));
    CHECK(analyse(parsed("dw = x1*y0")).forced_interval_steps == 0);
}

TEST_CASE("what is given and not used, or used and not given") {
    CHECK(find(analyse(parsed("dt = x1*y0")), FindingKind::unused_variable)->serious);
    Rule rule = parsed("dw = x1*y0");
    rule.y[1] = {.impulse = 5, .tau = 5};
    const auto analysis = analyse(rule, {.traces_known = true});
    CHECK(find(analysis, FindingKind::unused_trace)->where == "y2");
    CHECK(find(analysis, FindingKind::missing_trace)->where == "x1");
}

TEST_CASE("traces: lifetime, saturation, levels, epochs") {
    Rule rule = parsed("dw = x1*y0 - x2*y0 + y1*x0 - y2*x0");
    rule.epoch = 8;
    rule.x = {TraceParameters{.impulse = 127, .tau = 10}, {.impulse = 64, .tau = 20}};
    rule.y[0] = {.impulse = 2, .tau = 20};
    rule.y[1] = {.impulse = 20, .tau = 4};
    const auto analysis = analyse(rule, {.traces_known = true});
    REQUIRE(analysis.traces.size() == 4);
    CHECK(analysis.traces[0].lifetime_steps == doctest::Approx(10 * std::log(254)));
    CHECK(std::isinf(analysis.traces[0].saturating_interval));
    CHECK(analysis.traces[1].saturating_interval == doctest::Approx(-20 * std::log(1 - 64.0 / 127)));
    CHECK(contains(told(analysis, FindingKind::trace_saturates), "one spike sets x1 to its most, 127"));
    CHECK(contains(told(analysis, FindingKind::trace_coarse), "2 levels"));
    rule.graded = GradedMode::overwrite;
    CHECK(analyse(rule, {.traces_known = true}).products[0].range.most == 127);
}

TEST_CASE("serious findings come first, with the columns of their product") {
    const auto analysis = analyse(parsed("dw = 2^-2*u0*x1*y1 + u0*t"));
    REQUIRE(analysis.findings.size() > 1);
    CHECK(analysis.findings[0].serious);
    CHECK(analysis.findings[0].where == "dw product 2");
    CHECK(analysis.findings[0].columns.first == 22);
    for (const Finding& finding : analysis.findings) {
        CHECK_FALSE(finding.found.empty());
        CHECK_FALSE(finding.advice.empty());
        CHECK_FALSE(name_of(finding.kind).empty());
    }
}

TEST_CASE("no execution leaves the ranges") {
    for (const char* text :
         {"dw = 2^-3*x1*y0*w - 3*x0*(y1-9)", "dw = -u2*x1*y1*y2 + sgn(w-3)*u2*(9-d)",
          "dw = w*w*x0 - 2^2*(w+5)*(w-5)*x0", "dw = 7*2^-7*u0*t*r1; dt = x0", "dw = -2^-7*x0*x1*x2*y1*y2"}) {
        CAPTURE(text);
        const Rule rule = parsed(text);
        const RuleAnalysis analysis = analyse(rule);
        for (std::uint64_t seed = 0; seed < 2000; ++seed) {
            std::uint64_t count = 0;
            const auto draw = [&](int least, int most) {
                return least + static_cast<int>(random_below({.seed = seed, .step = count++},
                                                             static_cast<std::uint64_t>(most - least + 1)));
            };
            Operands operands;
            operands.u = true;
            const int w = draw(-256, 255), d = draw(0, 63), t = draw(-256, 255), r1 = draw(-128, 127);
            for (auto& values : operands.values) {
                for (const Operand trace : {Operand::x1, Operand::x2, Operand::y1, Operand::y2, Operand::y3}) {
                    values[static_cast<std::size_t>(trace)] = draw(0, 127);
                }
                values[static_cast<std::size_t>(Operand::x0)] = values[static_cast<std::size_t>(Operand::y0)] = 1;
                values[static_cast<std::size_t>(Operand::w)] = w;
                values[static_cast<std::size_t>(Operand::d)] = d;
                values[static_cast<std::size_t>(Operand::t)] = t;
                values[static_cast<std::size_t>(Operand::r1)] = r1;
            }
            for (const ProductAnalysis& product : analysis.products) {
                const ProductSeries alone{{product.product}, 0};
                const double change = accumulate(alone, operands, 0, {}) / 128.0;
                const double most = std::min(product.range.most, product.saturation);
                const double least = std::max(product.range.least, -product.saturation - 2 / 128.0);
                REQUIRE(change <= most);
                REQUIRE(change >= least);
            }
        }
    }
}

}  // namespace
}  // namespace spikeloom::rules
