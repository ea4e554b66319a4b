// A rule's text becomes a program:
//
//     parameter int target = 10;            # set by the experiment
//     kernel homeostasis {
//         let error = fracsat8(target) - fracsat8(rates);
//         let step = select(error > 0, fracsat8(1), select(error < 0, fracsat8(-1), fracsat8(0)));
//         rows {
//             weights = mod8(clip(fracsat8(weights) + step, 0, 63));
//         }
//         reset rates;
//     }
//
// README.md has the grammar. Strict: an operation or a type that the vector unit has not is an error with its place.
#pragma once

#include <string>
#include <string_view>

#include "core/base/diagnostics.hpp"
#include "core/ppu/program.hpp"

namespace spikeloom::ppu {

/// `origin` names the text in diagnostics, which say "origin:line:column". All errors are reported at once where
/// parsing can go on. A text has at most 100,000 characters, its loops together at most 1,000,000 turns.
[[nodiscard]] Result<Program> parse_program(std::string_view text, const std::string& origin);
[[nodiscard]] Result<Program> read_program(const std::string& path);

}  // namespace spikeloom::ppu
