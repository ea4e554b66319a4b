#include "tools/rule_source.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <tuple>
#include <utility>

namespace spikeloom::tools {

namespace {

/// Moves the sums of `part` into `rule`; a finding where both have one.
void merge(rules::Rule& rule, rules::Rule part, const std::string& origin, Diagnostics& findings) {
    for (auto [to, from, name] :
         {std::tuple{&rule.dw, &part.dw, "dw"}, {&rule.dd, &part.dd, "dd"}, {&rule.dt, &part.dt, "dt"}}) {
        if (!to->empty() && !from->empty()) {
            findings.push_back({Severity::error, origin, fmt::format("a second {}", name),
                                "one sum for each of dw, dd, dt", "add its products to the first"});
        }
        if (!from->empty()) {
            *to = std::move(*from);
        }
    }
}

bool is_file(const std::string& operand) {
    constexpr std::string_view extension = ".textproto";
    std::error_code ignored;
    const bool named_so = operand.size() > extension.size() && operand.find('=') == std::string::npos &&
                          operand.substr(operand.size() - extension.size()) == extension;
    return named_so || std::filesystem::is_regular_file(operand, ignored);
}

}  // namespace

rules::RuleTarget rule_target(const chip::ChipSpec& chip, bool round_coefficients) {
    const chip::LearningFormat& learning = chip.learning;
    return {.parse = {.limits = learning.rule, .round_coefficients = round_coefficients},
            .arithmetic = learning.arithmetic,
            .epoch_least = static_cast<int>(learning.epoch.least),
            .epoch_most = static_cast<int>(learning.epoch.most)};
}

Result<LoadedRule> load_rule(const std::vector<std::string>& operands, const rules::RuleTarget& target) {
    LoadedRule loaded;
    Diagnostics findings;
    for (std::size_t i = 0; i < operands.size(); ++i) {
        const std::string origin = operands.size() == 1 ? "rule" : fmt::format("rule[{}]", i + 1);
        if (is_file(operands[i])) {
            if (operands.size() > 1) {
                return fail(
                    {Severity::error, operands[i], "a rule file among several operands", "one file, alone", {}});
            }
            auto file = rules::read_rule_file(operands[i], target);
            if (!file) {
                return fail(std::move(file.error()));
            }
            return LoadedRule{std::move(*file), true};
        }
        auto part = rules::parse_rule(operands[i], origin, target.parse);
        if (part) {
            merge(loaded.file.rule, std::move(*part), origin, findings);
        } else {
            findings.insert(findings.end(), part.error().begin(), part.error().end());
        }
    }
    const rules::Rule& rule = loaded.file.rule;
    if (findings.empty() && rule.dw.empty() && rule.dd.empty() && rule.dt.empty()) {
        findings.push_back({Severity::error, "rule", "an empty rule", "dw = ..., dd = ..., dt = ...", {}});
    }
    if (!findings.empty()) {
        return fail(std::move(findings));
    }
    return loaded;
}

}  // namespace spikeloom::tools
