// Rules as text, in the form that users of Loihi write:
//     dw = 2^-2*x1*y0 - 2^-2*y1*x0*w + u4*(r1-3)*t
// Sums of products of: integers and decimals, powers of two (2^-7), operands (x0..x2, y0..y3, r0, r1, w, d, t), u0..u9,
// (operand + integer) in either order and sign, sgn(operand +- integer). "dw =" may be left out. Strict: what is not
// such a sum is an error that names its column. (core/rules/README.md lists where Lava's parser is lenient.)
//
// A product's dependency is its x0, else its y0, else its u_k; a y0 beside an x0 becomes a factor.
#pragma once

#include <string>
#include <string_view>

#include "core/base/diagnostics.hpp"
#include "core/rules/rule.hpp"

namespace spikeloom::rules {

/// What a product's scale and constants may be.
struct RuleLimits {
    int mantissa_least = -8;
    int mantissa_most = 7;
    int exponent_least = -7;
    int exponent_most = 8;
    int constant_least = -128;
    int constant_most = 127;
    int decimation_most = 9;
    int products = 16;  ///< of one series; ours, against runaway text
    int factors = 5;    ///< of one product, the dependency not counted
    friend bool operator==(const RuleLimits&, const RuleLimits&) = default;
};

struct ParseOptions {
    RuleLimits limits{};
    /// Coefficients that are no mantissa * 2^exponent become the nearest one, instead of an error that names it.
    bool round_coefficients = false;
};

/// Parses the sum for one variable. `origin` names the text in diagnostics ("dw", "rules.textproto:3"), which say
/// "origin: column 7" ("origin:2:7" where the text has several lines). An empty text is an empty series. All errors are
/// reported at once where parsing can go on.
[[nodiscard]] Result<ProductSeries> parse_series(std::string_view text, Variable variable, const std::string& origin,
                                                 const ParseOptions& options = {});

/// Parses "dw = ...; dt = ...": one sum for each variable that is named, separated by ';'. A text without a name is
/// dw's. Only the sums of the rule are set.
[[nodiscard]] Result<Rule> parse_rule(std::string_view text, const std::string& origin,
                                      const ParseOptions& options = {});

}  // namespace spikeloom::rules
