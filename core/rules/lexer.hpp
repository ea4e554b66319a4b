// The words of a rule's text. Internal to core/rules: parse.cpp makes sums of products of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/diagnostics.hpp"

namespace spikeloom::rules {

enum class TokenKind : std::uint8_t { number, name, plus, minus, star, caret, open, close, equals, bad, end };

struct Token {
    TokenKind kind = TokenKind::end;
    std::size_t offset = 0;  ///< in the whole text, from 0
    std::string_view text;
};

/// Names a place in a text: "origin: column 7", or "origin:2:7" where the text has several lines.
class Places {
public:
    Places(std::string_view text, std::string origin) : text_(text), origin_(std::move(origin)) {}
    [[nodiscard]] std::string where(std::size_t offset) const;

private:
    std::string_view text_;
    std::string origin_;
};

/// Findings beyond these are not told.
inline constexpr std::size_t most_findings = 20;

/// Tokens of text[begin, end), the last of kind `end`. A token of kind `bad` is one that has a finding.
[[nodiscard]] std::vector<Token> read_tokens(std::string_view text, std::size_t begin, std::size_t end,
                                             const Places& places, Diagnostics& findings);

/// As it can be shown on a terminal: bytes that are no printable ASCII as \xE2.
[[nodiscard]] std::string shown(std::string_view text);

}  // namespace spikeloom::rules
