// Whether a chip's learning engine can follow a rule: every number in the range that its registers hold.
#pragma once

#include <string>

#include "chip/spec/chip_spec.hpp"
#include "core/base/diagnostics.hpp"
#include "core/rules/rule.hpp"

namespace spikeloom::chip {

/// All that is wrong; `where` names the rule ("projection 'a'"), and findings say "projection 'a', dw, product 2".
[[nodiscard]] Diagnostics check_rule(const rules::Rule& rule, const LearningFormat& learning, const std::string& where);

}  // namespace spikeloom::chip
