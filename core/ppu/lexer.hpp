// The words of a program's text, and a place to stand among them that can say what is wrong. Internal to core/ppu.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/diagnostics.hpp"
#include "core/ppu/program.hpp"

namespace spikeloom::ppu {

enum class TokenKind : std::uint8_t {
    whole,  ///< digits
    real,   ///< digits.digits
    name,
    sign,  ///< punctuation, of one or two characters
    bad,   ///< has its finding already
    end,
};

struct Token {
    TokenKind kind = TokenKind::end;
    std::string_view text;
    Place place;
};

/// Findings beyond these are not told.
inline constexpr std::size_t most_findings = 20;

/// As it can be shown on a terminal: bytes that are no printable ASCII as \xE2, at most 40.
[[nodiscard]] std::string shown(std::string_view text);

/// Walks through the tokens of a text, which must outlive it.
class Cursor {
public:
    Cursor(std::string_view text, std::string origin, Diagnostics& findings);

    [[nodiscard]] const Token& peek() const { return tokens_[at_]; }
    [[nodiscard]] bool at(std::string_view text) const { return peek().text == text && peek().kind != TokenKind::bad; }
    [[nodiscard]] bool at_end() const { return peek().kind == TokenKind::end; }
    /// The end is never passed.
    Token take();
    bool take_if(std::string_view text);

    /// A finding; returns false, for callers to pass on. A bad token's place gets no second one.
    bool say(Place place, std::string found, std::string allowed = {}, std::string help = {});
    /// "'x' can't stand here".
    bool unexpected(std::string allowed, std::string help = {});
    /// Takes it, or says that it is missing.
    bool expect(std::string_view text, const std::string& where);
    [[nodiscard]] bool gave_up() const { return findings_.size() >= most_findings; }

private:
    std::string origin_;
    Diagnostics& findings_;
    std::vector<Token> tokens_;
    std::size_t at_ = 0;
};

}  // namespace spikeloom::ppu
