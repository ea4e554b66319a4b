// What `spikeloom rule check` prints: an analysis of a rule beside the chip's memory and costs, for people or programs.
#pragma once

#include <boost/json.hpp>
#include <string>

#include "chip/spec/chip_spec.hpp"
#include "core/rules/analysis.hpp"
#include "tools/rule_source.hpp"

namespace spikeloom::tools {

/// References to what the caller keeps.
struct CheckedRule {
    const chip::ChipSpec& chip;
    const LoadedRule& loaded;
    const rules::RuleAnalysis& analysis;
};

[[nodiscard]] std::string to_text(const CheckedRule& checked);
/// Keys carry units: energy_pj, time_ns, *_bits, *_steps; changes of a variable are in its own units.
[[nodiscard]] boost::json::object to_json(const CheckedRule& checked);

}  // namespace spikeloom::tools
