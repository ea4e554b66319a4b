// What `rule window` and `rule compare` have in common: traces and epoch of a rule that was given as text, and
// the chip with other widths or conventions.
#pragma once

#include <string>

#include "chip/spec/chip_spec.hpp"
#include "core/base/diagnostics.hpp"
#include "core/rules/arithmetic.hpp"
#include "core/rules/rule.hpp"
#include "runtime/workbench/window.hpp"
#include "tools/command_line.hpp"

namespace spikeloom::tools {

/// --x1 .. --y3, --epoch, --reward-tau, --third-factors.
void add_rule_options(CommandLine& line);
/// Gives the rule what the options say. A trace that the rule reads and nobody describes gets an impulse and a time
/// constant, and a remark that says so. Throws UsageError.
[[nodiscard]] Result<rules::Rule> with_rule_options(rules::Rule rule, const CommandLine& line);

/// --chip, --convention.
void add_learning_chip_options(CommandLine& line);
/// The chip, with the convention's arithmetic if one is named; fails where it has no learning engine.
[[nodiscard]] Result<chip::ChipSpec> open_learning_chip(const CommandLine& line);

/// --float.
void add_scale_option(CommandLine& line);
[[nodiscard]] runtime::FloatScale float_scale(const CommandLine& line);

/// --trace-bits, --weight-bits.
void add_width_options(CommandLine& line);
/// `arithmetic` with the widths that the options name. Throws UsageError.
[[nodiscard]] rules::LearningArithmetic other_widths(const CommandLine& line, rules::LearningArithmetic arithmetic);

}  // namespace spikeloom::tools
