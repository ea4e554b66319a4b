#include "core/rules/parse.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "core/base/random.hpp"

namespace spikeloom::rules {
namespace {

ProductSeries parsed(const std::string& text, const ParseOptions& options = {}) {
    Result<ProductSeries> series = parse_series(text, Variable::weight, "dw", options);
    if (!series) {
        FAIL(to_text(series.error()));
    }
    return *series;
}

Product only(const std::string& text) {
    const ProductSeries series = parsed(text);
    REQUIRE(series.products.size() == 1);
    return series.products[0];
}

Diagnostics refused(const std::string& text, const ParseOptions& options = {}) {
    const Result<ProductSeries> series = parse_series(text, Variable::weight, "dw", options);
    CAPTURE(text);
    REQUIRE_FALSE(series.has_value());
    REQUIRE(has_error(series.error()));
    return series.error();
}

/// One error, at this column, with these words in what was found, allowed or what would help.
void refuses(const std::string& text, int column, const std::string& words) {
    const Diagnostics findings = refused(text);
    CAPTURE(text);
    CHECK_MESSAGE(findings.size() == 1, to_text(findings));
    CHECK_MESSAGE(findings[0].where == "dw: column " + std::to_string(column), to_text(findings));
    CHECK_MESSAGE(to_text(findings[0]).find(words) != std::string::npos, to_text(findings));
}

TEST_CASE("a product's x0 is its dependency, else its y0, else its u") {
    CHECK(only("y0*x0*w") ==
          Product{.dependency = Dependency::x0, .factors = {{.operand = Operand::y0}, {.operand = Operand::w}}});
    CHECK(only("w*y0").dependency == Dependency::y0);
    CHECK(only("w*u3").dependency == Dependency::u);
    CHECK(parsed("w*u3").decimation == 3);
    CHECK_FALSE(parsed("w*x0").decimation.has_value());
    CHECK(only("x0*x0") == Product{.dependency = Dependency::x0, .factors = {{.operand = Operand::x0}}});
    CHECK(parsed(print(parsed("x0*x0*x1*y0"))) == parsed("x0*x0*x1*y0"));
    // In a sum, x0 is a number like others.
    CHECK(only("(x0-1)*y0") ==
          Product{.dependency = Dependency::y0, .factors = {{.operand = Operand::x0, .constant = -1}}});
}

TEST_CASE("coefficients become mantissa and exponent exactly") {
    struct Case {
        const char* text;
        int mantissa;
        int exponent;
    };
    for (const Case& c :
         {Case{"0.25*x0", 1, -2}, {"x0*2^-2*3", 3, -2},   {"2.5*x0", 5, -1},  {"-0.0078125*x0", -1, -7},
          {"0.2*5*x0", 1, 0},     {"0.4*2.5*x0", 1, 0},   {"1.2*5*x0", 6, 0}, {"1792*x0", 7, 8},
          {"-2048*x0", -8, 8},    {"-8*x0", -4, 1},       {"6*2^8*x0", 6, 8}, {"2^(-3)*x0", 1, -3},
          {"(2^-3)*x0", 1, -3},   {"(-2)*(-3)*x0", 6, 0}, {"-x0*-3", 3, 0},   {"2 ^ -1*x0", 1, -1},
          {"2^5*2^-7*x0", 1, -2}, {"0*x0", 0, 0},         {"7*x0", 7, 0},     {"1024*0.0009765625*x0", 1, 0}}) {
        CAPTURE(c.text);
        CHECK(only(c.text).mantissa == c.mantissa);
        CHECK(only(c.text).exponent == c.exponent);
    }
}

TEST_CASE("a coefficient that is none names its column, the range, and the nearest") {
    refuses("y0 + 0.3*x0", 6, "the nearest is 5*2^-4 = 0.3125");
    refuses("x0*0.3", 4, "mantissa -8..7, exponent -7..8");
    refuses("9*x0", 1, "the nearest is 2^3 = 8");
    refuses("2^9*x0", 1, "2*2^8 is the same");
    refuses("3*2^-8*x0", 1, "mantissa 3, exponent -8");
    refuses("2*2^-8*x0", 1, "2^-7 is the same");
    refuses("2^999999999999999999999*x0", 1, "7*2^8 = 1792");
    refuses("-2^-999999999999999999999*x0", 2, "the nearest is -2^-7");
    refuses("999999999999999999*999999999999999999*999999999999999999*x0", 1, "too many digits");
    refuses("1234567890123456789*x0", 1, "18 digits");
    refuses("0.1234567890123456789*x0", 1, "18 digits");
    const ParseOptions round{.round_coefficients = true};
    CHECK(parsed("0.3*x0", round).products[0].mantissa == 5);
    CHECK(parsed("-0.3*x0", round).products[0].mantissa == -5);
    CHECK(parsed("9*x0", round).products[0].exponent == 3);
    CHECK(refused("0.001*x0", round).size() == 1);  // the nearest is eight times as large: another rule
    CHECK(refused("5000*x0", round).size() == 1);
    const ParseOptions brian2{.limits = {.exponent_most = 9}};
    CHECK(parsed("2^9*x0", brian2).products[0].exponent == 9);
}

TEST_CASE("sums of an operand and a number, and signs of them") {
    const auto factor = [](const std::string& text) { return only(text + "*x0").factors.at(0); };
    CHECK(factor("(x1+3)") == Factor{Operand::x1, 3, false});
    CHECK(factor("(3+x1)") == Factor{Operand::x1, 3, false});
    CHECK(factor("(x1 - 2^3)") == Factor{Operand::x1, -8, false});
    CHECK(factor("(x1)") == Factor{Operand::x1, 0, false});
    CHECK(factor("sgn(w)") == Factor{Operand::w, 0, true});
    CHECK(factor("sgn(5+t)") == Factor{Operand::t, 5, true});
    CHECK(factor("(r1-3)") == Factor{Operand::r1, -3, false});
    CHECK(only("(3-x1)*y0") == only("-(x1-3)*y0"));
    CHECK(only("(-x1-3)*y0") == only("-(x1+3)*y0"));
    CHECK(only("sgn(3-w)*y0") == only("-sgn(w-3)*y0"));
    CHECK(only("(-w)*y0") == only("-w*y0"));
    CHECK(only("(u2)*w") == only("u2*w"));
    CHECK(only("(x0)*w") == only("x0*w"));
    CHECK(factor("(d+127)").constant == 127);
    CHECK(factor("(d-128)").constant == -128);
    refuses("(d+128)*x0", 4, "-128..127");
    refuses("(0.5+d)*x0", 2, "whole numbers");
    refuses("(w+x1)*y0", 2, "w*y0 + x1*y0");
    refuses("(w+x1+2)*y0", 6, "a sum of three");
    refuses("(w*2)*y0", 3, "a product in parentheses");
    refuses("((x1)*y0)", 2, "parentheses within parentheses");
    refuses("sgn((w))*y0", 5, "parentheses within parentheses");
    refuses("(2+3)*y0", 2, "a sum without an operand");
    refuses("sgn(4)*y0", 5, "a sum without an operand");
    refuses("(u0+1)*y0", 2, "u_k in a sum");
    refuses("sgn*y0", 1, "sgn(w)");
    refuses("()*y0", 2, "can't stand here");
    refuses("y0*(w+1", 4, "not closed");
    refuses("y0*w)", 5, "closes nothing");
}

TEST_CASE("what Lava's parser lets pass is an error with its column") {
    refuses("x0*", 4, "ends here");
    refuses("*x0", 1, "can't stand here");
    refuses("x0 y1", 4, "'*' is missing before 'y1'");
    refuses("x0**2", 3, "'**' is no operator");
    refuses("u10*x1", 1, "u0..u9");
    refuses("u0*x1 + u1*y1", 9, "one k for all");
    refuses("x0*y4", 4, "there is no operand 'y4'");
    refuses("u01*x1", 1, "there is no 'u01'");
    refuses("u*x1", 1, "u0 is every epoch");
    refuses("u0*u0*x1", 4, "a second u");
    refuses("u0*x0", 1, "u beside x0");
    refuses("x1*y1", 1, "without x0, y0 or u");
    refuses("3", 1, "without x0, y0 or u");
    refuses("x0*w^2", 5, "x1*x1");
    refuses("3^2*x0", 1, "powers of 2");
    refuses("2^2^2*x0", 4, "a power of a power");
    refuses("2^0.5*x0", 3, "whole number");
    refuses("2^x1*x0", 3, "whole number");
    refuses("2*x0 + - y0", 8, "can't stand here");
    refuses("x0 -", 5, "ends here");
    refuses("X0*w", 1, "did you mean 'x0'?");
    refuses("x0*sign(w)", 4, "sgn(w)");
    refuses("x0*exp(x1)", 4, "there is no function 'exp'");
    refuses("2x1*x0", 1, "'2x1' is no number");
    refuses("1e-3*x0", 1, "no number");
    refuses(".5*x0", 1, "no number");
    refuses("5.*x0", 1, "no number");
    refuses("x1*y0/4", 6, "2^-2*x1");
    refuses("x0*x1 \xE2\x88\x92 y0*y1", 7, "the minus of the keyboard");
    refuses("x0*\xFF", 4, "\\xFF");
    refuses(std::string("x0*w\0", 5), 5, "\\x00");
    refuses("x0*x1*x2*y1*y2*y3*w", 1, "6 factors");
}

TEST_CASE("all errors of a sum are told at once") {
    const Diagnostics findings = refused("x0*y9 + 0.3*x0 - x1*y1 + x0*w");
    REQUIRE(findings.size() == 3);
    CHECK(findings[0].where == "dw: column 4");
    CHECK(findings[1].where == "dw: column 9");
    CHECK(findings[2].where == "dw: column 16");
    CHECK(refused(std::string(9000, '#')).size() == 20);
}

TEST_CASE("long texts, deep parentheses and many products are refused, not followed") {
    refuses(std::string(5000, '(') + "x0" + std::string(4000, ')'), 2, "parentheses within parentheses");
    CHECK(refused(std::string(20'000, ' '))[0].found == "a rule of 20000 characters");
    std::string many = "x0";
    for (int i = 0; i < 15; ++i) {
        many += "+x0";
    }
    CHECK(parsed(many).products.size() == 16);
    refuses(many + "+x0+x0+x0", 49, "more than 16 products");
}

TEST_CASE("'dw =' may stand in front, and nothing is an empty series") {
    CHECK(parsed("dw = x0*w") == parsed("x0*w"));
    CHECK(parsed("  ").empty());
    CHECK(parsed("").empty());
    refuses("dt = x0", 1, "'dt =' where dw stands");
    refuses("de = x0", 1, "there is no variable 'de'");
    refuses("dw =", 5, "nothing stands after the '='");
    refuses("dw = dw = x0", 6, "'dw =' stands once");
    CHECK(parse_series("dt = x0", Variable::tag, "dt").has_value());
}

TEST_CASE("in a text of several lines, places have line and column") {
    CHECK(refused("x0*w\n + y9*x0")[0].where == "dw:2:4");
    CHECK(refused("y9*x0\n + w*x0")[0].where == "dw:1:1");
    CHECK(parsed("x0*w\n\t- y0*w\r\n").products.size() == 2);
}

TEST_CASE("products know their columns") {
    const ProductSeries series = parsed("x0*w - 2*y0 *w");
    CHECK(series.products[0].columns.first == 1);
    CHECK(series.products[0].columns.end == 5);
    CHECK(series.products[1].columns.first == 6);
    CHECK(series.products[1].columns.end == 15);
}

TEST_CASE("a rule has one sum for each variable") {
    const auto rule = parse_rule("dw = u0*t; dt=x1*y0 - x0*y1;", "rule");
    REQUIRE(rule.has_value());
    CHECK(print(rule->dw) == "u0*t");
    CHECK(print(rule->dt) == "x1*y0 - y1*x0");
    CHECK(rule->dd.empty());
    CHECK(rule->uses_tag());
    CHECK(rule->reads(Operand::x1));
    CHECK_FALSE(rule->reads(Operand::x2));
    CHECK_FALSE(rule->reads(Operand::x0));
    CHECK(rule->depends_on(Dependency::x0));
    CHECK(rule->depends_on(Dependency::u));
    const auto twice = parse_rule("dw = x0; dw = y0", "rule");
    REQUIRE_FALSE(twice.has_value());
    CHECK(twice.error()[0].where == "rule: column 10");
    const auto second = parse_rule("dw = x0; dt = y9*x0", "rule");
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error()[0].where == "rule: column 15");
}

/// Random texts of the grammar's pieces; most are no rules.
std::string random_text(std::uint64_t seed) {
    constexpr std::array<const char*, 30> pieces{
        "x0", "y0", "u1", "u2", "x1", "y2", "w", "t",     "r1",       "*",      "*",  "*",   "*",      "+", "-",
        "(",  ")",  "^",  "2",  "3",  "-2", " ", "2^-3*", "sgn(w-1)", "(x1+4)", "x9", "0.5", "(3-y1)", "/", "dw="};
    std::string text;
    const auto count = random_below({.seed = seed, .step = 0}, 12);
    for (std::uint64_t i = 1; i <= count; ++i) {
        text += pieces[random_below({.seed = seed, .step = i}, pieces.size())];
    }
    return text;
}

TEST_CASE("whatever is accepted prints as a text that gives the same series") {
    int accepted = 0;
    for (std::uint64_t seed = 0; seed < 40'000; ++seed) {
        const std::string text = random_text(seed);
        CAPTURE(text);
        const auto series = parse_series(text, Variable::weight, "dw");
        if (!series) {
            REQUIRE(has_error(series.error()));
            for (const Diagnostic& finding : series.error()) {
                REQUIRE(finding.where.rfind("dw: column ", 0) == 0);
            }
            continue;
        }
        ++accepted;
        REQUIRE(parsed(print(*series)) == *series);
    }
    CHECK(accepted > 1000);
}

}  // namespace
}  // namespace spikeloom::rules
