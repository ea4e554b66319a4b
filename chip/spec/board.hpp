// A board file: a chip, and what several of it on a board change. It is read into the ChipSpec that follows, so that
// nothing behind the reader knows of boards. Private to chip/spec.
#pragma once

#include <string>

#include "chip/spec/chip_spec.hpp"

namespace spikeloom::chip {

/// Whether the text describes a board (its top level has the field `board`).
[[nodiscard]] bool is_board(const std::string& text);
/// The chip that `find` gives, as the board changes it. Findings in the chip's own description are left where they
/// stand; all others are at the board's fields.
[[nodiscard]] Result<ChipSpec> parse_board(const std::string& text, const std::string& origin, const ChipFinder& find);

}  // namespace spikeloom::chip
