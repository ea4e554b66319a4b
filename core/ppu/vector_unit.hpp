// The vector unit's operations on whole rows: arithmetic.hpp, lane by lane. Outputs may not overlap inputs unless said.
#pragma once

#include <array>

#include "core/ppu/arithmetic.hpp"
#include "core/ppu/random.hpp"

namespace spikeloom::ppu {

/// A row of lanes, each within its type's range.
using Row = std::array<Lane, columns>;

/// Arithmetic, shifts, and conversions between vectors. `type`: of the result; `bits`: of a shift; b: where the
/// operation has two operands.
void compute_lanes(Op op, Type type, int bits, const Row& a, const Row& b, Row& out);
/// 1 where the condition holds, else 0.
void compare_lanes(Condition condition, const Row& a, const Row& b, Row& out);
void select_lanes(const Row& condition, const Row& a, const Row& b, Row& out);
/// As two selects, the lower bound first.
void clip_lanes(const Row& a, const Row& least, const Row& most, Row& out);
void round_lanes(Type type, int bits, const Row& a, const Row& noise, Row& out);
/// Random bits for a row of the type: one draw of 8-bit lanes; of 16 bits, two neighbouring generators of one half make
/// a lane, high byte first, and a draw fills the even columns, the next the odd ones.
void draw_noise(Type type, RandomGenerators& generators, Row& noise);
/// The low bits of an integer.
[[nodiscard]] Lane cast_lane(Type type, Lane value);

}  // namespace spikeloom::ppu
