// Chips that pass every check, drawn from a seed, for property tests.
#pragma once

#include <cstdint>

#include "chip/spec/chip_spec.hpp"

namespace spikeloom::test {

[[nodiscard]] chip::ChipSpec random_chip(std::uint64_t seed);

}  // namespace spikeloom::test
