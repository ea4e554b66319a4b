// The same rule for registers of other widths: what would be left of it on an engine with traces of 5 bits, or weights
// of
// 16. The ranges stay, the units change: a trace of 12 bits counts 32nds of a trace of 7 bits. Impulses, exponents and
// constants follow, so that in real numbers the rule does what it did.
#pragma once

#include "core/rules/arithmetic.hpp"
#include "core/rules/rule.hpp"

namespace spikeloom::rules {

/// `rule`, written for registers of `from`, for those of `to`. Exponents may leave RuleLimits (accumulate and the
/// kernels take them). They also make up for another product_shift, so that products keep their size. Constants beside
/// an operand are rounded to its new unit. Graded impulses and third factors come from outside: whoever brings them
/// scales them.
[[nodiscard]] Rule adapted(const Rule& rule, const LearningArithmetic& from, const LearningArithmetic& to);

/// Units of `to` that one unit of `from` is, as a power of two; 0 for delays.
[[nodiscard]] int finer_bits(Variable variable, const LearningArithmetic& from, const LearningArithmetic& to);

}  // namespace spikeloom::rules
