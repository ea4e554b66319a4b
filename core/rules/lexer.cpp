#include "core/rules/lexer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace spikeloom::rules {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_beyond_ascii(char c) {
    return static_cast<unsigned char>(c) >= 0x80;
}

TokenKind kind_of(char c) {
    switch (c) {
    case '+':
        return TokenKind::plus;
    case '-':
        return TokenKind::minus;
    case '*':
        return TokenKind::star;
    case '^':
        return TokenKind::caret;
    case '(':
        return TokenKind::open;
    case ')':
        return TokenKind::close;
    case '=':
        return TokenKind::equals;
    default:
        return TokenKind::bad;
    }
}

/// What a typesetter's sign, or a division, should have been.
std::string help_for(std::string_view sign) {
    constexpr std::array<std::pair<std::string_view, const char*>, 6> helps{
        {{"/", "multiply by a power of two instead of dividing: x1/4 is 2^-2*x1"},
         {"\xE2\x88\x92", "write the minus of the keyboard, '-'"},
         {"\xE2\x80\x93", "write the minus of the keyboard, '-'"},
         {"\xC3\x97", "write '*'"},
         {"\xC2\xB7", "write '*'"},
         {"\xE2\x8B\x85", "write '*'"}}};
    for (const auto& [known, help] : helps) {
        if (known == sign) {
            return help;
        }
    }
    return {};
}

class Lexer {
public:
    Lexer(std::string_view text, std::size_t begin, std::size_t end, const Places& places, Diagnostics& findings)
        : text_(text.substr(0, end)), at_(begin), places_(places), findings_(findings) {}

    std::vector<Token> read() {
        std::vector<Token> tokens;
        while (true) {
            while (at_ < text_.size() && is_space(text_[at_])) {
                ++at_;
            }
            tokens.push_back(next());
            if (tokens.back().kind == TokenKind::end) {
                return tokens;
            }
        }
    }

private:
    Token next() {
        if (at_ == text_.size()) {
            return {TokenKind::end, at_, {}};
        }
        const char first = text_[at_];
        if (is_digit(first) || first == '.') {
            return number();
        }
        if (is_letter(first)) {
            return take(TokenKind::name, [](char c) { return is_letter(c) || is_digit(c); });
        }
        if (first == '*' && text_.substr(at_, 2) == "**") {
            const Token token = take(TokenKind::bad, [](char c) { return c == '*'; });
            return say(token, "'**' is no operator", "powers of two as '2^-3'; products as 'x1*x1'");
        }
        const TokenKind kind = kind_of(first);
        if (kind == TokenKind::bad) {
            return unknown();
        }
        return {kind, at_++, text_.substr(at_ - 1, 1)};
    }

    Token unknown() {
        const std::size_t begin = at_++;
        while (at_ < text_.size() && is_beyond_ascii(text_[begin]) && (text_[at_] & 0xC0) == 0x80) {
            ++at_;
        }
        const Token token{TokenKind::bad, begin, text_.substr(begin, at_ - begin)};
        return say(token, fmt::format("'{}' has no meaning in a rule", shown(token.text)),
                   "operands, numbers, + - * ^ ( )", help_for(token.text));
    }

    /// Digits, or digits.digits; whatever letters and points cling to them belong to the (bad) number.
    Token number() {
        Token token = take(TokenKind::number, [](char c) { return is_letter(c) || is_digit(c) || c == '.'; });
        const std::size_t point = std::min(token.text.find('.'), token.text.size());
        const std::string_view whole = token.text.substr(0, point);
        const std::string_view rest = token.text.substr(std::min(point + 1, token.text.size()));
        const bool digits =
            std::all_of(whole.begin(), whole.end(), is_digit) && std::all_of(rest.begin(), rest.end(), is_digit);
        if (digits && !whole.empty() && (point == token.text.size() || !rest.empty())) {
            return token;
        }
        token.kind = TokenKind::bad;
        const bool product = is_letter(token.text.back()) || std::any_of(whole.begin(), whole.end(), is_letter);
        return say(token, fmt::format("'{}' is no number", shown(token.text)), "12 or 0.25",
                   product ? "a product needs its '*': 2*x1; small numbers are powers of two: 2^-7" : "");
    }

    template <class Belongs>
    Token take(TokenKind kind, const Belongs& belongs) {
        const std::size_t begin = at_;
        while (at_ < text_.size() && belongs(text_[at_])) {
            ++at_;
        }
        return {kind, begin, text_.substr(begin, at_ - begin)};
    }

    Token say(const Token& token, std::string found, std::string allowed, std::string help = {}) {
        if (findings_.size() < most_findings) {
            findings_.push_back(
                {Severity::error, places_.where(token.offset), std::move(found), std::move(allowed), std::move(help)});
        }
        return {TokenKind::bad, token.offset, token.text};
    }

    std::string_view text_;
    std::size_t at_;
    const Places& places_;
    Diagnostics& findings_;
};

}  // namespace

std::string Places::where(std::size_t offset) const {
    if (text_.find('\n') == std::string_view::npos) {
        return fmt::format("{}: column {}", origin_, offset + 1);
    }
    const std::string_view before = text_.substr(0, offset);
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const std::size_t last = before.rfind('\n');
    return fmt::format("{}:{}:{}", origin_, line, last == std::string_view::npos ? offset + 1 : offset - last);
}

std::vector<Token> read_tokens(std::string_view text, std::size_t begin, std::size_t end, const Places& places,
                               Diagnostics& findings) {
    return Lexer(text, begin, end, places, findings).read();
}

std::string shown(std::string_view text) {
    constexpr std::size_t most = 40;
    std::string out;
    for (const char c : text.substr(0, most)) {
        out += c >= ' ' && c <= '~' ? std::string(1, c) : fmt::format("\\x{:02X}", static_cast<unsigned char>(c));
    }
    return text.size() > most ? out + "..." : out;
}

}  // namespace spikeloom::rules
