// RULE on the command line: the rule's text, or a file. Shared by the family of `spikeloom rule`.
#pragma once

#include <string>
#include <vector>

#include "core/base/diagnostics.hpp"
#include "core/rules/parse.hpp"
#include "core/rules/rule.hpp"

namespace spikeloom::tools {

/// One rule of all operands: texts "dw = ...", each a part or several separated by ';' (findings say "rule: column 7",
/// the column in its own operand; "rule[2]: column 7" in the second of several), or one file, alone.
[[nodiscard]] Result<rules::Rule> load_rule(const std::vector<std::string>& operands,
                                            const rules::ParseOptions& options = {});

}  // namespace spikeloom::tools
