#include "core/ppu/lexer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace spikeloom::ppu {

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

constexpr std::array<std::string_view, 6> two_character_signs{"<<", ">>", "<=", ">=", "==", "!="};
constexpr std::string_view one_character_signs = "+-*/<>=(){}[];,";

class Lexer {
public:
    explicit Lexer(std::string_view text) : text_(text) {}

    Token next() {
        skip();
        const Place place = place_;
        if (at_ == text_.size()) {
            return {TokenKind::end, {}, place};
        }
        const char first = text_[at_];
        if (is_digit(first)) {
            return number(place);
        }
        if (is_letter(first)) {
            return {TokenKind::name, take([](char c) { return is_letter(c) || is_digit(c); }), place};
        }
        const std::string_view two = text_.substr(at_, 2);
        if (std::find(two_character_signs.begin(), two_character_signs.end(), two) != two_character_signs.end()) {
            return {TokenKind::sign, take_characters(2), place};
        }
        if (one_character_signs.find(first) != std::string_view::npos) {
            return {TokenKind::sign, take_characters(1), place};
        }
        return {TokenKind::bad, take_characters(1), place};
    }

private:
    void advance() {
        place_ = text_[at_] == '\n' ? Place{place_.line + 1, 1} : Place{place_.line, place_.column + 1};
        ++at_;
    }
    std::string_view take_characters(std::size_t count) {
        const std::size_t begin = at_;
        while (at_ < begin + count) {
            advance();
        }
        return text_.substr(begin, count);
    }
    template <class Belongs>
    std::string_view take(const Belongs& belongs) {
        const std::size_t begin = at_;
        while (at_ < text_.size() && belongs(text_[at_])) {
            advance();
        }
        return text_.substr(begin, at_ - begin);
    }
    void skip() {
        while (at_ < text_.size()) {
            if (is_space(text_[at_])) {
                advance();
            } else if (text_[at_] == '#' || text_.substr(at_, 2) == "//") {
                take([](char c) { return c != '\n'; });
            } else {
                return;
            }
        }
    }
    /// Digits, or digits.digits; letters that cling to them make the number a bad one.
    Token number(Place place) {
        const std::string_view text = take([](char c) { return is_letter(c) || is_digit(c) || c == '.'; });
        const std::size_t point = std::min(text.find('.'), text.size());
        const auto digits = [](std::string_view part) {
            return !part.empty() && part.size() <= 9 && std::all_of(part.begin(), part.end(), is_digit);
        };
        if (!digits(text.substr(0, point)) || (point < text.size() && !digits(text.substr(point + 1)))) {
            return {TokenKind::bad, text, place};
        }
        return {point == text.size() ? TokenKind::whole : TokenKind::real, text, place};
    }

    std::string_view text_;
    std::size_t at_ = 0;
    Place place_;
};

std::string help_for(const Token& token) {
    constexpr std::array<std::pair<std::string_view, const char*>, 7> helps{
        {{"%", "the processor has no vector division; shift right by a power of two"},
         {"&", "there is no logic on lanes: nest `select`"},
         {"|", "there is no logic on lanes: nest `select`"},
         {"?", "write select(condition, a, b)"},
         {":", "write select(condition, a, b)"},
         {".", "a real number has digits on both sides of its point"},
         {"!", "write != or ==, or exchange the two values of `select`"}}};
    for (const auto& [sign, help] : helps) {
        if (token.text == sign) {
            return help;
        }
    }
    return is_digit(token.text[0]) ? "numbers are 12, or 0.25, of at most 9 digits before and after the point" : "";
}

}  // namespace

std::string shown(std::string_view text) {
    constexpr std::size_t most = 40;
    std::string out;
    for (const char c : text.substr(0, most)) {
        out += c >= ' ' && c <= '~' ? std::string(1, c) : fmt::format("\\x{:02X}", static_cast<unsigned char>(c));
    }
    return text.size() > most ? out + "..." : out;
}

Cursor::Cursor(std::string_view text, std::string origin, Diagnostics& findings)
    : origin_(std::move(origin)), findings_(findings) {
    Lexer lexer(text);
    do {
        tokens_.push_back(lexer.next());
        if (tokens_.back().kind == TokenKind::bad && !gave_up()) {
            const Token& token = tokens_.back();
            findings_.push_back({Severity::error,
                                 fmt::format("{}:{}:{}", origin_, token.place.line, token.place.column),
                                 fmt::format("'{}' has no meaning in a rule", shown(token.text)),
                                 {},
                                 help_for(token)});
        }
    } while (tokens_.back().kind != TokenKind::end);
}

Token Cursor::take() {
    const Token token = tokens_[at_];
    at_ += token.kind == TokenKind::end ? 0 : 1;
    return token;
}

bool Cursor::take_if(std::string_view text) {
    const bool is_it = at(text);
    at_ += is_it ? 1 : 0;
    return is_it;
}

bool Cursor::say(Place place, std::string found, std::string allowed, std::string help) {
    if (!gave_up()) {
        findings_.push_back({Severity::error, fmt::format("{}:{}:{}", origin_, place.line, place.column),
                             std::move(found), std::move(allowed), std::move(help)});
    }
    return false;
}

bool Cursor::unexpected(std::string allowed, std::string help) {
    if (peek().kind == TokenKind::bad) {
        return false;
    }
    std::string found =
        at_end() ? std::string("the text ends here") : fmt::format("'{}' can't stand here", shown(peek().text));
    return say(peek().place, std::move(found), std::move(allowed), std::move(help));
}

bool Cursor::expect(std::string_view text, const std::string& where) {
    return take_if(text) || unexpected(fmt::format("'{}' {}", text, where));
}

}  // namespace spikeloom::ppu
