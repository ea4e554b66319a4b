#include "core/rules/parse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/rules/lexer.hpp"
#include "core/rules/series_parser.hpp"

namespace spikeloom::rules {

namespace {

constexpr std::size_t most_characters = 10'000;

std::optional<Variable> find_variable(std::string_view name) {
    for (const Variable variable : variables) {
        if (name == name_of(variable)) {
            return variable;
        }
    }
    return std::nullopt;
}

/// "dw =" at the front, taken off the tokens.
struct Head {
    std::optional<Variable> variable;
    std::size_t offset = 0;
};

Head take_head(std::vector<Token>& tokens, const Places& places, Diagnostics& findings) {
    Head head;
    if (tokens.size() < 2 || tokens[0].kind != TokenKind::name || tokens[1].kind != TokenKind::equals) {
        return head;
    }
    head.offset = tokens[0].offset;
    head.variable = find_variable(tokens[0].text);
    if (!head.variable) {
        findings.push_back({Severity::error,
                            places.where(head.offset),
                            fmt::format("there is no variable '{}'", shown(tokens[0].text)),
                            "dw, dd, dt",
                            {}});
    }
    tokens.erase(tokens.begin(), tokens.begin() + 2);
    if (tokens[0].kind == TokenKind::end) {
        findings.push_back({Severity::error, places.where(tokens[0].offset), "nothing stands after the '='",
                            "a sum of products", "leave the whole out where the variable doesn't change"});
    }
    return head;
}

/// Whether the text is short enough to be read at all.
bool check_length(std::string_view text, const std::string& origin, Diagnostics& findings) {
    if (text.size() <= most_characters) {
        return true;
    }
    findings.push_back({Severity::error,
                        fmt::format("{}: column {}", origin, most_characters + 1),
                        fmt::format("a rule of {} characters", text.size()),
                        fmt::format("at most {}", most_characters),
                        {}});
    return false;
}

/// The column where a series begins, for findings about the rule as a whole.
void refuse_second(const Places& places, std::size_t offset, Variable variable, Diagnostics& findings) {
    findings.push_back({Severity::error, places.where(offset), fmt::format("a second {}", name_of(variable)),
                        "one sum for each of dw, dd, dt", "add its products to the first"});
}

}  // namespace

Result<ProductSeries> parse_series(std::string_view text, Variable variable, const std::string& origin,
                                   const ParseOptions& options) {
    Diagnostics findings;
    if (!check_length(text, origin, findings)) {
        return fail(std::move(findings));
    }
    const Places places(text, origin);
    std::vector<Token> tokens = read_tokens(text, 0, text.size(), places, findings);
    const Head head = take_head(tokens, places, findings);
    if (head.variable && *head.variable != variable) {
        findings.push_back({Severity::error,
                            places.where(head.offset),
                            fmt::format("'{} =' where {} stands", name_of(*head.variable), name_of(variable)),
                            fmt::format("'{} =', or the sum alone", name_of(variable)),
                            {}});
    }
    ProductSeries series = parse_products(std::move(tokens), places, options, findings);
    if (!findings.empty()) {
        return fail(std::move(findings));
    }
    return series;
}

Result<Rule> parse_rule(std::string_view text, const std::string& origin, const ParseOptions& options) {
    Diagnostics findings;
    if (!check_length(text, origin, findings)) {
        return fail(std::move(findings));
    }
    Rule rule;
    std::array<bool, variables.size()> given{};
    const Places places(text, origin);
    std::size_t begin = 0;
    while (begin <= text.size() && findings.size() < most_findings) {
        const std::size_t end = std::min(text.find(';', begin), text.size());
        std::vector<Token> tokens = read_tokens(text, begin, end, places, findings);
        begin = end + 1;
        const std::size_t first = tokens[0].offset;
        if (tokens[0].kind == TokenKind::end) {
            continue;
        }
        const Head head = take_head(tokens, places, findings);
        const Variable variable = head.variable.value_or(Variable::weight);
        if (std::exchange(given[static_cast<std::size_t>(variable)], true)) {
            refuse_second(places, first, variable, findings);
        }
        ProductSeries series = parse_products(std::move(tokens), places, options, findings);
        (variable == Variable::weight ? rule.dw : variable == Variable::delay ? rule.dd : rule.dt) = std::move(series);
    }
    if (!findings.empty()) {
        return fail(std::move(findings));
    }
    return rule;
}

}  // namespace spikeloom::rules
