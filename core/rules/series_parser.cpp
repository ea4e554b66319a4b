#include "core/rules/series_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/rules/series_builder.hpp"

namespace spikeloom::rules {

namespace {

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
        : tokens_(std::move(tokens)),
          places_(places),
          options_(options),
          findings_(findings),
          series_(places, options, findings) {}

    ProductSeries parse() {
        while (peek().kind != TokenKind::end && findings_.size() < most_findings && !series_.overfull()) {
            parse_product();
        }
        return series_.take();
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
        const bool plus = take_if(TokenKind::plus);
        draft.begin = peek().offset;
        product_begin_ = at_;
        if (!plus && take_if(TokenKind::minus)) {
            draft.coefficient.negate();
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
        } else {
            series_.add(draft, tokens_[at_ - 1].offset + tokens_[at_ - 1].text.size());
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
        for (std::size_t i = product_begin_; i < at_ && i < tokens_.size(); ++i) {
            depth += tokens_[i].kind == TokenKind::open ? 1 : tokens_[i].kind == TokenKind::close && depth > 0 ? -1 : 0;
        }
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

    std::vector<Token> tokens_;
    std::size_t at_ = 0;
    std::size_t product_begin_ = 0;
    const Places& places_;
    const ParseOptions& options_;
    Diagnostics& findings_;
    SeriesBuilder series_;
};

}  // namespace

ProductSeries parse_products(std::vector<Token> tokens, const Places& places, const ParseOptions& options,
                             Diagnostics& findings) {
    return SeriesParser(std::move(tokens), places, options, findings).parse();
}

}  // namespace spikeloom::rules
