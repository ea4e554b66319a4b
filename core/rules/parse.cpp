#include "core/rules/parse.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "core/rules/coefficient.hpp"
#include "core/rules/lexer.hpp"

namespace spikeloom::rules {

namespace {

constexpr std::size_t most_characters = 10'000;
constexpr std::size_t most_findings = 20;

std::optional<Operand> find_operand(std::string_view name) {
    for (std::size_t i = 0; i < operand_count; ++i) {
        const auto operand = static_cast<Operand>(i);
        if (operand != Operand::constant && name == name_of(operand)) {
            return operand;
        }
    }
    return std::nullopt;
}

bool is_decimation(std::string_view name) {
    return name.size() > 1 && name[0] == 'u' && name.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

/// What a name that is none was probably meant to be.
std::string suggestion(std::string_view name) {
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (lower == "u") {
        return "u needs its k: u0 is every epoch, u4 every 2^4 epochs";
    }
    if (lower != name && (find_operand(lower) || is_decimation(lower))) {
        return fmt::format("did you mean '{}'?", lower);
    }
    if (lower == "sign" || lower == "sgn" || lower == "signum") {
        return "the sign of an operand is written sgn(w) or sgn(w-3)";
    }
    if (lower == "dw" || lower == "dd" || lower == "dt") {
        return fmt::format("'{} =' stands once, in front", lower);
    }
    if (lower == "r") {
        return "rewards are r0 and r1";
    }
    return {};
}

/// What one product has gathered so far.
struct Draft {
    std::size_t begin = 0;
    std::size_t coefficient_at = 0;
    bool has_coefficient = false;
    bool bad = false;
    Coefficient coefficient;
    struct Part {
        Factor factor;
        bool bare = false;  ///< stands alone, without constant or sgn(): may be the dependency
    };
    std::vector<Part> parts;
    std::optional<std::pair<int, std::size_t>> decimation;  ///< k, and where
};

/// One side of a sum in parentheses.
struct Item {
    bool negative = false;
    std::size_t offset = 0;
    std::optional<Operand> operand{};
    std::optional<int> decimation{};
    Coefficient number{};
};

class SeriesParser {
public:
    SeriesParser(std::vector<Token> tokens, const Places& places, const ParseOptions& options, Diagnostics& findings)
        : tokens_(std::move(tokens)), places_(places), options_(options), findings_(findings) {}

    ProductSeries parse() {
        while (peek().kind != TokenKind::end && findings_.size() < most_findings) {
            parse_product();
        }
        return std::move(series_);
    }

private:
    [[nodiscard]] const Token& peek(std::size_t ahead = 0) const {
        return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
    }
    const Token& take() { return tokens_[std::min(at_++, tokens_.size() - 1)]; }
    bool take_if(TokenKind kind) {
        const bool is_it = peek().kind == kind;
        at_ += is_it ? 1 : 0;
        return is_it;
    }

    /// A finding; false, for callers to pass on. A token that has its finding already gets no second one.
    bool say(std::size_t offset, std::string found, std::string allowed = {}, std::string help = {}) {
        findings_.push_back(
            {Severity::error, places_.where(offset), std::move(found), std::move(allowed), std::move(help)});
        return false;
    }
    bool unexpected(const Token& token, const std::string& allowed, std::string help = {}) {
        if (token.kind == TokenKind::bad) {
            return false;
        }
        const std::string found = token.kind == TokenKind::end
                                      ? "the rule ends here"
                                      : fmt::format("'{}' can't stand here", shown(token.text));
        return say(token.offset, found, allowed, std::move(help));
    }

    void parse_product() {
        Draft draft;
        draft.begin = peek().offset;
        if (take_if(TokenKind::minus)) {
            draft.coefficient.negate();
        } else {
            take_if(TokenKind::plus);
        }
        bool good = parse_atom(draft);
        while (good && take_if(TokenKind::star)) {
            if (take_if(TokenKind::minus)) {
                draft.coefficient.negate();
            }
            good = parse_atom(draft);
        }
        const Token& after = peek();
        if (good && after.kind != TokenKind::plus && after.kind != TokenKind::minus && after.kind != TokenKind::end) {
            good = say_after_atom(after);
        }
        if (!good) {
            skip_to_next_product();
        } else if (!draft.bad) {
            finish(draft);
        }
    }

    bool say_after_atom(const Token& after) {
        switch (after.kind) {
        case TokenKind::name:
        case TokenKind::number:
        case TokenKind::open:
            return say(after.offset, fmt::format("a '*' is missing before '{}'", shown(after.text)),
                       "+ - * or the end");
        case TokenKind::caret:
            return say(after.offset, "'^' stands after 2 only", "powers of two as '2^-3'; squares as 'x1*x1'");
        case TokenKind::close:
            return say(after.offset, "this ')' closes nothing", "+ - * or the end");
        default:
            return unexpected(after, "+ - * or the end");
        }
    }

    /// Behind a finding: on to the next + or - that begins a product.
    void skip_to_next_product() {
        int depth = 0;
        for (; peek().kind != TokenKind::end; ++at_) {
            const TokenKind kind = peek().kind;
            depth += kind == TokenKind::open ? 1 : kind == TokenKind::close && depth > 0 ? -1 : 0;
            const TokenKind before = at_ == 0 ? TokenKind::end : tokens_[at_ - 1].kind;
            const bool sign = kind == TokenKind::plus || kind == TokenKind::minus;
            const bool unary = before == TokenKind::caret || before == TokenKind::star || before == TokenKind::open ||
                               before == TokenKind::plus || before == TokenKind::minus || before == TokenKind::end;
            if (sign && depth == 0 && !unary) {
                return;
            }
        }
    }

    bool parse_atom(Draft& draft) {
        const Token& token = peek();
        switch (token.kind) {
        case TokenKind::number:
            note_coefficient(draft, token.offset);
            return parse_number(draft.coefficient);
        case TokenKind::name:
            return token.text == "sgn" ? parse_sign(draft) : parse_name(draft);
        case TokenKind::open:
            return parse_group(draft);
        default:
            return unexpected(token, "an operand, a number, or a sum in parentheses");
        }
    }

    static void note_coefficient(Draft& draft, std::size_t offset) {
        draft.coefficient_at = draft.has_coefficient ? draft.coefficient_at : offset;
        draft.has_coefficient = true;
    }

    /// A number, or a power of two.
    bool parse_number(Coefficient& coefficient) {
        const Token base = take();
        if (!take_if(TokenKind::caret)) {
            return coefficient.multiply_decimal(base.text) ||
                   say(base.offset, fmt::format("the number {} has too many digits", shown(base.text)), "18 digits");
        }
        if (base.text != "2") {
            return say(base.offset, fmt::format("a power of {}", shown(base.text)), "powers of 2, as '2^-3'");
        }
        const bool in_parentheses = take_if(TokenKind::open);
        const bool negative = take_if(TokenKind::minus);
        const Token exponent = peek();
        if (exponent.kind != TokenKind::number || exponent.text.find('.') != std::string_view::npos) {
            return unexpected(exponent, "a whole number as the exponent of 2");
        }
        take();
        if (in_parentheses && !take_if(TokenKind::close)) {
            return unexpected(peek(), "')'");
        }
        if (peek().kind == TokenKind::caret) {
            return say(peek().offset, "a power of a power", "one exponent, as '2^-3'");
        }
        const std::int64_t magnitude = whole_number(exponent.text);
        coefficient.multiply_power_of_two(negative ? -magnitude : magnitude);
        return true;
    }

    /// Digits as a number; beyond 10^6, some large number.
    static std::int64_t whole_number(std::string_view digits) {
        std::int64_t value = 0;
        for (const char digit : digits.substr(std::min(digits.find_first_not_of('0'), digits.size()))) {
            value = std::min<std::int64_t>(value * 10 + (digit - '0'), 10'000'000);
        }
        return value;
    }

    /// An operand or u_k, as an item.
    bool read_name(const Token& token, Item& item) {
        item.operand = find_operand(token.text);
        if (item.operand) {
            return true;
        }
        if (is_decimation(token.text)) {
            const std::int64_t k = whole_number(token.text.substr(1));
            const bool spelled = token.text.size() == 2 || token.text[1] != '0';
            if (k > options_.limits.decimation_most || !spelled) {
                return say(token.offset, fmt::format("there is no '{}'", shown(token.text)),
                           fmt::format("u0..u{}: every 2^k epochs", options_.limits.decimation_most));
            }
            item.decimation = static_cast<int>(k);
            return true;
        }
        return say(
            token.offset, fmt::format("there is no operand '{}'", shown(token.text)),
            fmt::format("x0, x1, x2, y0, y1, y2, y3, r0, r1, w, d, t, u0..u{}, sgn()", options_.limits.decimation_most),
            suggestion(token.text));
    }

    bool parse_name(Draft& draft) {
        const Token token = take();
        Item item{.offset = token.offset};
        if (peek().kind == TokenKind::open && !find_operand(token.text) && !is_decimation(token.text)) {
            return say(token.offset, fmt::format("there is no function '{}'", shown(token.text)), "sgn()",
                       suggestion(token.text));
        }
        return read_name(token, item) && add_item(draft, item);
    }

    bool add_item(Draft& draft, const Item& item) {
        if (item.decimation) {
            if (draft.decimation) {
                return say(item.offset, "a second u in one product", "one u_k a product");
            }
            draft.decimation = {*item.decimation, item.offset};
            return true;
        }
        draft.parts.push_back({.factor = {.operand = *item.operand}, .bare = true});
        return true;
    }

    bool parse_item(Item& item) {
        item.negative = take_if(TokenKind::minus);
        if (!item.negative) {
            take_if(TokenKind::plus);
        }
        const Token token = peek();
        item.offset = token.offset;
        switch (token.kind) {
        case TokenKind::number:
            return parse_number(item.number);
        case TokenKind::name:
            take();
            return read_name(token, item);
        case TokenKind::open:
            return say(token.offset, "parentheses within parentheses",
                       "(operand + number), (number), (operand), sgn(operand + number)", "write the product out");
        default:
            return unexpected(token, "an operand or a number");
        }
    }

    /// "item" or "item +- item", up to and with the ')'.
    bool parse_items(std::size_t open, std::vector<Item>& items) {
        items.emplace_back();
        if (!parse_item(items.back())) {
            return false;
        }
        if (peek().kind == TokenKind::plus || peek().kind == TokenKind::minus) {
            items.emplace_back();
            if (!parse_item(items.back())) {
                return false;
            }
        }
        const Token& after = peek();
        switch (after.kind) {
        case TokenKind::close:
            take();
            return true;
        case TokenKind::end:
            return say(open, "this '(' is not closed", "')'");
        case TokenKind::star:
            return say(after.offset, "a product in parentheses", "(operand + number), (number), (operand)",
                       "leave the parentheses out, or multiply the sum out");
        case TokenKind::plus:
        case TokenKind::minus:
            return say(after.offset, "a sum of three in parentheses", "operand + number",
                       "add the numbers up; multiply sums of operands out: (w+x1)*y0 is w*y0 + x1*y0");
        default:
            return say_after_atom(after);
        }
    }

    bool parse_group(Draft& draft) {
        const std::size_t open = take().offset;
        std::vector<Item> items;
        if (!parse_items(open, items)) {
            return false;
        }
        const Item& first = items[0];
        if (items.size() == 2) {
            return add_sum(draft, items, false);
        }
        if (first.negative) {
            draft.coefficient.negate();
        }
        if (first.operand || first.decimation) {
            return add_item(draft, first);
        }
        note_coefficient(draft, first.offset);
        draft.coefficient.multiply(first.number);
        return true;
    }

    bool parse_sign(Draft& draft) {
        const std::size_t name = take().offset;
        if (peek().kind != TokenKind::open) {
            return say(name, "sgn without its parentheses", "sgn(w), sgn(w-3)");
        }
        const std::size_t open = take().offset;
        std::vector<Item> items;
        if (!parse_items(open, items)) {
            return false;
        }
        if (items.size() == 1) {
            items.push_back({.offset = items[0].offset, .number = Coefficient::zero()});
        }
        return add_sum(draft, items, true);
    }

    /// operand + constant as a factor; the operand's own minus goes into the coefficient: (3-x1) is -(x1-3).
    bool add_sum(Draft& draft, const std::vector<Item>& items, bool sign) {
        for (const Item& item : items) {
            if (item.decimation) {
                return say(item.offset, "u_k in a sum", "u_k as a factor of its own", "multiply the sum out");
            }
        }
        const bool first_is_operand = items[0].operand.has_value();
        if (first_is_operand == items[1].operand.has_value()) {
            return first_is_operand ? say(items[0].offset, "a sum of two operands in parentheses", "operand + number",
                                          "multiply it out: (w+x1)*y0 is w*y0 + x1*y0")
                                    : say(items[0].offset, "a sum without an operand", "operand + number",
                                          "write the number that it comes to");
        }
        const Item& operand = first_is_operand ? items[0] : items[1];
        const Item& number = first_is_operand ? items[1] : items[0];
        const double value = (number.negative != operand.negative ? -1 : 1) * number.number.value();
        const RuleLimits& limits = options_.limits;
        if (!(value >= limits.constant_least && value <= limits.constant_most) || value != std::floor(value)) {
            return say(number.offset,
                       fmt::format("the constant of ({} {} {:.6g})", name_of(*operand.operand), value < 0 ? "-" : "+",
                                   std::abs(value)),
                       fmt::format("whole numbers {}..{}", limits.constant_least, limits.constant_most));
        }
        if (operand.negative) {
            draft.coefficient.negate();
        }
        const bool bare = value == 0 && !sign;
        draft.parts.push_back({{*operand.operand, static_cast<int>(value), sign}, bare});
        return true;
    }

    void finish(Draft& draft) {
        Product product;
        product.columns = {static_cast<std::uint32_t>(draft.begin + 1),
                           static_cast<std::uint32_t>(tokens_[at_ - 1].offset + tokens_[at_ - 1].text.size() + 1)};
        const bool good = choose_dependency(draft, product) && check_decimation(draft) && check_size(draft) &&
                          set_coefficient(draft, product);
        if (good) {
            for (const Draft::Part& part : draft.parts) {
                product.factors.push_back(part.factor);
            }
            series_.products.push_back(std::move(product));
        }
    }

    bool choose_dependency(Draft& draft, Product& product) {
        constexpr std::array<std::pair<Operand, Dependency>, 2> spikes{
            {{Operand::x0, Dependency::x0}, {Operand::y0, Dependency::y0}}};
        for (const auto& [operand, dependency] : spikes) {
            const auto found = std::find_if(draft.parts.begin(), draft.parts.end(), [&](const Draft::Part& part) {
                return part.bare && part.factor.operand == operand;
            });
            if (found == draft.parts.end()) {
                continue;
            }
            if (draft.decimation) {
                return say(draft.decimation->second, fmt::format("u beside {}", name_of(operand)),
                           "one of x0, y0, u_k says when a product is computed",
                           fmt::format("leave the u out; {} in parentheses with a constant reads it as a number",
                                       name_of(operand)));
            }
            product.dependency = dependency;
            draft.parts.erase(found);
            return true;
        }
        if (draft.decimation) {
            product.dependency = Dependency::u;
            return true;
        }
        return say(draft.begin, "a product without x0, y0 or u", "one of x0, y0, u0..u9 in every product",
                   "x0 computes it at presynaptic spikes, y0 at postsynaptic ones, u_k every 2^k epochs");
    }

    bool check_decimation(const Draft& draft) {
        if (!draft.decimation) {
            return true;
        }
        const auto [k, offset] = *draft.decimation;
        if (series_.decimation && *series_.decimation != k) {
            return say(offset, fmt::format("u{} where an earlier product has u{}", k, *series_.decimation),
                       "one k for all products of a variable");
        }
        series_.decimation = k;
        return true;
    }

    bool check_size(const Draft& draft) {
        const RuleLimits& limits = options_.limits;
        if (draft.parts.size() > static_cast<std::size_t>(limits.factors)) {
            return say(draft.begin, fmt::format("a product of {} factors besides its x0, y0 or u", draft.parts.size()),
                       fmt::format("at most {}", limits.factors));
        }
        if (series_.products.size() >= static_cast<std::size_t>(limits.products)) {
            at_ = tokens_.size() - 1;
            return say(draft.begin, fmt::format("more than {} products", limits.products),
                       fmt::format("at most {}", limits.products));
        }
        return true;
    }

    bool set_coefficient(const Draft& draft, Product& product) {
        const RuleLimits& limits = options_.limits;
        std::optional<MantissaExponent> found = draft.coefficient.normalised(limits);
        if (!found) {
            const double value = draft.coefficient.value();
            const MantissaExponent nearest = nearest_coefficient(value, limits);
            const double near_value = std::ldexp(nearest.mantissa, nearest.exponent);
            // Beyond the ends of the range, "nearest" would be another rule.
            const bool near = std::abs(near_value - value) <= std::abs(value) / 2;
            if (!options_.round_coefficients || !near) {
                return say(
                    draft.has_coefficient ? draft.coefficient_at : draft.begin, draft.coefficient.describe(limits),
                    fmt::format("mantissa {}..{}, exponent {}..{}", limits.mantissa_least, limits.mantissa_most,
                                limits.exponent_least, limits.exponent_most),
                    near_value == value ? fmt::format("{} is the same", to_text(nearest))
                                        : fmt::format("the nearest is {} = {:.9g}", to_text(nearest), near_value));
            }
            found = nearest;
        }
        product.mantissa = found->mantissa;
        product.exponent = found->exponent;
        return true;
    }

    std::vector<Token> tokens_;
    std::size_t at_ = 0;
    const Places& places_;
    const ParseOptions& options_;
    Diagnostics& findings_;
    ProductSeries series_;
};

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
    ProductSeries series = SeriesParser(std::move(tokens), places, options, findings).parse();
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
        ProductSeries series = SeriesParser(std::move(tokens), places, options, findings).parse();
        (variable == Variable::weight ? rule.dw : variable == Variable::delay ? rule.dd : rule.dt) = std::move(series);
    }
    if (!findings.empty()) {
        return fail(std::move(findings));
    }
    return rule;
}

}  // namespace spikeloom::rules
