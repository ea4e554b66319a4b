// RULE on the command line: the rule's text, or a file. Shared by the family of `spikeloom rule`.
#pragma once

#include <string>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "core/base/diagnostics.hpp"
#include "core/rules/rule_file.hpp"

namespace spikeloom::tools {

/// What the chip's learning engine allows of a rule.
[[nodiscard]] rules::RuleTarget rule_target(const chip::ChipSpec& chip, bool round_coefficients = false);

/// A rule, and whether its epoch and traces are known (a file) or not (texts only).
struct LoadedRule {
    rules::RuleFile file;
    bool from_file = false;
};

/// One rule of all operands: one file (*.textproto, or whatever exists under that name), alone; or texts "dw = ...",
/// several operands or separated by ';'. Findings in texts say "rule: column 7", the column in its own operand
/// ("rule[2]: column 7" in the second of several).
[[nodiscard]] Result<LoadedRule> load_rule(const std::vector<std::string>& operands,
                                           const rules::RuleTarget& target = {});

}  // namespace spikeloom::tools
