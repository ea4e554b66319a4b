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

}  // namespace

Result<rules::Rule> load_rule(const std::vector<std::string>& operands, const rules::ParseOptions& options) {
    rules::Rule rule;
    Diagnostics findings;
    for (std::size_t i = 0; i < operands.size(); ++i) {
        const std::string origin = operands.size() == 1 ? "rule" : fmt::format("rule[{}]", i + 1);
        auto part = rules::parse_rule(operands[i], origin, options);
        if (part) {
            merge(rule, std::move(*part), origin, findings);
        } else {
            findings.insert(findings.end(), part.error().begin(), part.error().end());
        }
    }
    if (!findings.empty()) {
        return fail(std::move(findings));
    }
    return rule;
}

}  // namespace spikeloom::tools
