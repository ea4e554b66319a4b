// A board file (schema: BoardFileProto): a chip, and what several of it on a board change. It is read into the ChipSpec
// that follows, so that nothing behind the reader knows of boards. read_chip_spec and read_cost_tables take boards too,
// made of chips beside the file.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "chip/spec/chip_spec.hpp"

namespace spikeloom::chip {

/// The description of a chip that a board names, and where it stands (the origin of its findings).
struct ChipSource {
    std::string text;
    std::string origin;
};
/// Finds it by name; fails with what is known instead. The finding's place is left to the caller.
using ChipFinder = std::function<Result<ChipSource>(const std::string& name)>;
/// NAME.textproto in the folder of the file.
[[nodiscard]] ChipFinder chips_beside(const std::string& path);

/// Whether the text describes a board (its top level has the field `board`).
[[nodiscard]] bool is_board(const std::string& text);
/// The chip that `find` gives, as the board changes it. Findings in the chip's own description are left where they
/// stand; all others are at the board's fields. Without `find`, refused.
[[nodiscard]] Result<ChipSpec> parse_board(const std::string& text, const std::string& origin, const ChipFinder& find);
/// Of either: parse_chip_spec, or parse_board.
[[nodiscard]] Result<ChipSpec> parse_chip_or_board(const std::string& text, const std::string& origin,
                                                   const ChipFinder& find);
/// parse_cost_tables, or the tables of a board.
[[nodiscard]] Result<std::vector<CostTable>> parse_costs_or_board(const std::string& text, const std::string& origin,
                                                                  const ChipFinder& find);

}  // namespace spikeloom::chip
