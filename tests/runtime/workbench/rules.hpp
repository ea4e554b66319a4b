// Rules for the workbench's tests, from their text.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "core/rules/parse.hpp"
#include "core/rules/rule.hpp"

namespace spikeloom::test {

inline rules::ProductSeries series(const std::string& text, rules::Variable variable = rules::Variable::weight) {
    auto parsed = rules::parse_series(text, variable, "test");
    REQUIRE_MESSAGE(parsed.has_value(), text);
    return *parsed;
}

/// x1 and y1 with an impulse of 64 and a time constant of 20 steps.
inline rules::Rule rule_of(const std::string& dw) {
    rules::Rule rule;
    rule.dw = series(dw);
    rule.x[0] = {.impulse = 64, .tau = 20};
    rule.y[0] = {.impulse = 64, .tau = 20};
    return rule;
}

inline rules::Rule pair_stdp() {
    return rule_of("2^-2*x1*y0 - 2^-2*y1*x0");
}

}  // namespace spikeloom::test
