#include "core/rules/rule_file.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace spikeloom::rules {
namespace {

const std::string pair_stdp = R"(name: "pair_stdp"
title: "pair-based STDP"
source: "Bi and Poo 1998"
dw: "2^-2*x1*y0 - 2^-2*y1*x0"
x1 { impulse: 127 tau: 10 }
y1 { impulse: 10.5 tau: 20 }
)";

RuleFile parsed(const std::string& text) {
    Result<RuleFile> file = parse_rule_file(text, "t");
    if (!file) {
        FAIL(to_text(file.error()));
    }
    return *file;
}

/// Refused, with this finding at this place.
void refuses(const std::string& text, const std::string& where, const std::string& found) {
    const Result<RuleFile> file = parse_rule_file(text, "t");
    REQUIRE_FALSE(file.has_value());
    const bool says = std::any_of(file.error().begin(), file.error().end(), [&](const Diagnostic& finding) {
        return finding.where == where && finding.found.find(found) != std::string::npos;
    });
    CHECK_MESSAGE(says, to_text(file.error()));
}

TEST_CASE("a rule file gives the rule, its traces, and what it says for people") {
    const RuleFile file = parsed(pair_stdp);
    CHECK(file.title == "pair-based STDP");
    CHECK(file.source == "Bi and Poo 1998");
    CHECK(file.rule.name == "pair_stdp");
    CHECK(print(file.rule.dw) == "2^-2*x1*y0 - 2^-2*y1*x0");
    CHECK(file.rule.dd.empty());
    CHECK(file.rule.epoch == 1);
    CHECK(file.rule.x[0] == TraceParameters{.impulse = 127, .tau = 10});
    CHECK(file.rule.x[1] == TraceParameters{});
    CHECK(file.rule.y[0] == TraceParameters{.impulse = 10.5, .tau = 20});
    CHECK(file.rule.post_traces == PostTraces::spikes);
}

TEST_CASE("every field survives printing and reading") {
    const std::string all =
        "name: \"a\\\"b\" title: \"\\303\\244\" dw: \"u2*t*r1 - 3*2^-5*u2*y3\" dt: \"x1*y0*x2\" dd: \"sgn(d-4)*x0\"\n"
        "epoch: 63 x1 { impulse: 1.0078125 tau: 2.5 } x2 { impulse: 0 tau: 1 } post_traces: neuron\n"
        "graded: add_without_saturation reward_tau: 12.5";
    const RuleFile file = parsed(all);
    CHECK(file.rule.graded == GradedMode::add_without_saturation);
    CHECK(file.rule.post_traces == PostTraces::neuron);
    CHECK(file.rule.reward_tau == 12.5);
    CHECK(file.rule.epoch == 63);
    CHECK(parsed(print_rule_file(file)) == file);
    CHECK(parsed(print_rule_file(parsed(pair_stdp))) == parsed(pair_stdp));
}

TEST_CASE("errors name line and column of the file, and the column of the rule's text") {
    refuses("name: \"n\"\n  dw: \"x0*\"", "t:2:7: dw: column 4", "the rule ends here");
    refuses("name: \"n\"\n dw: \"x0*y9\"", "t:2:6: dw: column 4", "y9");
    refuses("name: \"n\" dw: \"x0\"\nepoch: 64", "t:2:8", "an epoch of 64 steps");
    refuses("name: \"n\" dw: \"x0\" epoch: 0", "t:1:27", "an epoch of 0 steps");
    refuses("name: \"n\" dw: \"x0\"\nx1 { impulse: 127.5 tau: 3 }", "t:2:15", "an impulse of 127.5");
    refuses("name: \"n\" dw: \"x0\"\nx1 { impulse: -1 tau: 3 }", "t:2:15", "an impulse of -1");
    refuses("name: \"n\" dw: \"x0\"\nx1 { impulse: 1 tau: 0 }", "t:2:22", "a time constant of 0 steps");
    refuses("name: \"n\" dw: \"x0\"\nx1 { impulse: 1 tau: nan }", "t:2:22", "a time constant of nan steps");
    refuses("name: \"n\" dw: \"x1*y0\"", "t:1:1", "reads x1");
    refuses("name: \"n\" dw: \"x0\" post_traces: neuron\ny2 { impulse: 1 tau: 2 }", "t:2:4", "y2");
    refuses("name: \"n\" dw: \"x0\" reward_tau: -2", "t:1:32", "-2 steps");
    refuses("dw: \"x0\"", "t:1:1", "without a name");
    refuses("name: \"\" dw: \"x0\"", "t:1:7", "a name that can't be used");
    refuses("name: \"n\"", "t:1:1", "a rule that changes nothing");
    refuses("name: \"n\" dw: \" \"", "t:1:15", "an empty sum");
    refuses("name: \"n\" dw: \"dt = x0\"", "t:1:15: dw: column 1", "'dt =' where dw stands");
    refuses("name: \"n\" dw: \"x0\" epochs: 3", "t:1:20", "epochs");
    refuses("name: \"n\" dw: \"x0\" x1 { impulse: 3 }", "t:1:23", "tau");
}

TEST_CASE("all errors are told at once") {
    const auto file = parse_rule_file("name: \"n\" epoch: 70 dw: \"x0**2 + y4*x0\" colour: 3", "t");
    REQUIRE_FALSE(file.has_value());
    CHECK(file.error().size() == 3);  // '**', y4, colour; the numbers are checked once the sums are known
}

TEST_CASE("the chip's widths are the limits") {
    RuleTarget narrow;
    narrow.arithmetic.trace_bits = 5;
    narrow.epoch_most = 4;
    CHECK(parse_rule_file("name: \"n\" dw: \"x0\" epoch: 4 x1 { impulse: 31 tau: 2 }", "t", narrow).has_value());
    CHECK_FALSE(parse_rule_file("name: \"n\" dw: \"x0\" x1 { impulse: 32 tau: 2 }", "t", narrow).has_value());
    CHECK_FALSE(parse_rule_file("name: \"n\" dw: \"x0\" epoch: 5", "t", narrow).has_value());
    RuleTarget wide;
    wide.arithmetic.weight_bits = 15;
    CHECK(parse_rule_file("name: \"n\" dw: \"x0*w*w*w\"", "t", wide).has_value());
    CHECK_FALSE(parse_rule_file("name: \"n\" dw: \"x0*w*w*w*w\"", "t", wide).has_value());
}

TEST_CASE("a rule that was built, not read, is checked by itself") {
    Rule rule;
    rule.name = "mine";
    rule.dw.products = {{.dependency = Dependency::u, .mantissa = 9, .factors = {{.operand = Operand::x1}}}};
    const Diagnostics findings = check_rule(rule);
    CHECK(findings.size() == 3);  // the mantissa, u without its k, x1 without a trace
    CHECK(to_text(findings).find("rule 'mine': dw: error: product 1: mantissa 9") != std::string::npos);
    rule.dw.products[0].mantissa = 7;
    rule.dw.decimation = 0;
    rule.x[0] = {.impulse = 10.3, .tau = 4};
    const Diagnostics warnings = check_rule(rule);
    CHECK(warnings.size() == 1);
    CHECK_FALSE(has_error(warnings));
}

}  // namespace
}  // namespace spikeloom::rules
