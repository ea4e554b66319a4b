// The vector unit's random numbers: 256 linear feedback shift registers of 16 bits, one a column, each with its own
// polynomial. A draw shifts one new bit in and gives the low 8 (libnux parallel_rng.h). Consecutive draws share seven
// bits: who needs independent ones draws eight times. The chip's polynomials are not public; ours are the 256 smallest
// primitive ones, so that every register runs through all 65,535 states.
#pragma once

#include <array>
#include <cstdint>

#include "core/ppu/program.hpp"

namespace spikeloom::ppu {

/// Feedback taps of the columns' registers.
[[nodiscard]] const std::array<std::uint16_t, columns>& generator_taps();

class RandomGenerators {
public:
    /// libnux parallel_rng_seed: the state's high byte 0, the low byte `value` (1..255: a state of 0 stays 0), and then
    /// `discarded` draws.
    explicit RandomGenerators(std::uint8_t value = 1, int discarded = 234);

    /// One draw of every column.
    void draw(std::array<std::uint8_t, columns>& values);

private:
    std::array<std::uint16_t, columns> state_{};
};

}  // namespace spikeloom::ppu
