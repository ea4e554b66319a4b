// The checks of a rule's numbers, for a caller who knows where each field stood. Internal to core/rules.
#pragma once

#include <functional>
#include <string>

#include "core/rules/rule_file.hpp"

namespace spikeloom::rules {

/// The place of a field: "epoch", "x1.impulse", "dw"; "" for the whole rule.
using PlaceOf = std::function<std::string(const std::string& field)>;

void check_rule_at(const Rule& rule, const RuleTarget& target, const PlaceOf& where, Diagnostics& findings);

}  // namespace spikeloom::rules
