// Rules as files (schema and manual: rule.proto), and the checks of a rule's numbers against a chip's learning engine.
// Read strictly: unknown, duplicate, missing and out-of-range fields are errors, all reported at once with line and
// column.
#pragma once

#include <string>

#include "core/base/diagnostics.hpp"
#include "core/files/strict_text.hpp"
#include "core/rules/arithmetic.hpp"
#include "core/rules/parse.hpp"
#include "core/rules/rule.hpp"

namespace spikeloom::proto {
class RuleProto;
}

namespace spikeloom::rules {

/// A rule, and what a file says about it for people.
struct RuleFile {
    Rule rule{};
    std::string title{};
    std::string source{};
    friend bool operator==(const RuleFile&, const RuleFile&) = default;
};

/// The learning engine that a rule is written for; Loihi's if nothing else is said.
struct RuleTarget {
    ParseOptions parse{};
    LearningArithmetic arithmetic{};
    int epoch_least = 1;  ///< steps
    int epoch_most = 63;
};

[[nodiscard]] Result<RuleFile> parse_rule_file(const std::string& text, const std::string& origin,
                                               const RuleTarget& target = {});
/// Files of at most 1 MiB.
[[nodiscard]] Result<RuleFile> read_rule_file(const std::string& path, const RuleTarget& target = {});
/// The text form, canonical: parse_rule_file(print_rule_file(f)) == f.
[[nodiscard]] std::string print_rule_file(const RuleFile& file);

/// The rule of a block `path` ("projection[2].learning.rule"; "" for a whole file) of a text that the strict reader
/// has parsed. What is wrong goes to `findings` ("net.textproto:12:5"), and the return value is then of no use.
[[nodiscard]] RuleFile rule_from_proto(const proto::RuleProto& message, const files::TextPositions& positions,
                                       const std::string& path, const RuleTarget& target, Diagnostics& findings);

/// What a rule can't have on the engine: impulses, time constants, epochs and products out of range are errors;
/// impulses between the steps of 1/128 are warnings. Places are "rule 'name': x1".
[[nodiscard]] Diagnostics check_rule(const Rule& rule, const RuleTarget& target = {});

}  // namespace spikeloom::rules
