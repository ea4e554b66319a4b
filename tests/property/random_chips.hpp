// Random chips for property tests: formats that decide what is computed, and limits that decide where. One set of
// formats makes two chips: one core without limits, and a board on which a network has to be cut.
#pragma once

#include <cstdint>

#include "chip/spec/chip_spec.hpp"
#include "compiler/verify.hpp"

namespace spikeloom::test {

/// A chip like Loihi with other widths, encodings, conventions at the edges of registers; limits as Loihi's.
[[nodiscard]] chip::ChipSpec random_formats(std::uint64_t seed);

/// The same formats on one core that holds anything.
[[nodiscard]] chip::ChipSpec one_core(chip::ChipSpec chip);

/// The same formats on boards of small cores: limits drawn as shares of `whole`, what the network takes on one core, so
/// that it is cut into pieces and now and then refused; meshes, tori and trees of one chip or several; half of them
/// share lists.
[[nodiscard]] chip::ChipSpec small_cores(std::uint64_t seed, chip::ChipSpec chip, const compiler::MeasuredCore& whole);

}  // namespace spikeloom::test
