// The integers of a learning engine: widths, roundings, and the evaluation of a rule for one synapse. This is the plain
// definition that says what is right; the engine (core/learning) computes the same for many synapses at once.
//
// One evaluation: acc = z << fraction_bits; then for each product in order
//     p = dependency * mantissa * prod(clip(factor))          (clip: by the factor's width)
//     p = p >> product_shift, arithmetic;  p = p << (exponent + fraction_bits)
//     acc = clip(acc + clip(p))
// then acc is clamped by sign mode, rounded stochastically to whole units, and z is saturated to its range.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>

#include "core/rules/rule.hpp"

namespace spikeloom::rules {

/// Where Lava, nengo-loihi and brian2_loihi disagree (LOIHI facts 2), each choice has a name.
enum class TraceDecay : std::uint8_t {
    exponential_each_step,   ///< x * exp(-1/tau), rounded each step: Lava
    exponential_each_epoch,  ///< x * exp(-epoch/tau), rounded once, at the epoch's beginning: nengo-loihi
    first_order_each_step,   ///< x * (1 - 1/tau), rounded each step: brian2_loihi
};
enum class ImpulseFraction : std::uint8_t {
    of_128,        ///< fraction * 128 against a 7-bit random number
    doubled_lava,  ///< Lava up to 0.7 compared 8 bits of fraction with 7 random bits
};
enum class ProductArithmetic : std::uint8_t {
    shift_lava,   ///< two traces: 3 bits are dropped
    shift_nengo,  ///< two traces: 2 bits are dropped
    real_brian2,  ///< products in reals, their sum rounded away from zero, then stochastically to 2^lsb
};

struct IntegerRange {
    std::int32_t least = 0;
    std::int32_t most = 0;
    friend bool operator==(const IntegerRange&, const IntegerRange&) = default;
};

/// Widths and conventions. The default is ours for Loihi, documented in core/rules/README.md.
struct LearningArithmetic {
    int trace_bits = 7;   ///< unsigned, 1..15
    int weight_bits = 8;  ///< without the sign, 1..15: -2^bits .. 2^bits - 1 as stored
    int tag_bits = 8;     ///< without the sign, 1..15
    int delay_most = 63;
    int fraction_bits = 7;  ///< of the accumulator, below the variable's unit
    TraceDecay trace_decay = TraceDecay::exponential_each_step;
    ImpulseFraction impulse_fraction = ImpulseFraction::of_128;
    ProductArithmetic products = ProductArithmetic::shift_lava;
    bool first_epoch_is_due = false;  ///< u_k is 1 in epochs 1, 1 + 2^k, .. (brian2_loihi), not 2^k, 2 * 2^k, .. (Lava)
    bool lava_tag_floor = false;      ///< tags down to -2^bits - 1, as Lava has them

    [[nodiscard]] constexpr std::int32_t trace_most() const { return (1 << trace_bits) - 1; }
    friend bool operator==(const LearningArithmetic&, const LearningArithmetic&) = default;
};

/// "lava", "nengo", "brian2": all choices as that tool makes them; nullptr for another name.
[[nodiscard]] const LearningArithmetic* find_convention(std::string_view name);

/// One synapse's view of an epoch: traces as the dependency of a product sees them (x0: at the last presynaptic spike
/// of the epoch; y0: at the last postsynaptic one; u: at the epoch's end).
struct Operands {
    /// [dependency][Operand]; x0, y0, r0, r1, w, d, t are equal in all three.
    std::array<std::array<std::int32_t, operand_count>, 3> values{};
    bool u = false;  ///< this epoch is one of the 2^k-th

    [[nodiscard]] std::int32_t& at(Dependency dependency, Operand operand) {
        return values[static_cast<std::size_t>(dependency)][static_cast<std::size_t>(operand)];
    }
    [[nodiscard]] std::int32_t at(Dependency dependency, Operand operand) const {
        return values[static_cast<std::size_t>(dependency)][static_cast<std::size_t>(operand)];
    }
};

/// The accumulator after all products: `accumulator` is z << fraction_bits (or any start value). Under real_brian2 the
/// sum of the products in reals, rounded away from zero, times 2^fraction_bits is added.
[[nodiscard]] std::int32_t accumulate(const ProductSeries& series, const Operands& operands, std::int32_t accumulator,
                                      const LearningArithmetic& arithmetic);
/// The same in real numbers, unrounded and unclipped: z + sum of products.
[[nodiscard]] double accumulate_real(const ProductSeries& series,
                                     const std::array<std::array<double, operand_count>, 3>& values, bool u, double z);

/// Bits of a factor as the product's shift counts them: 1 for x0, y0, r0; trace_bits; 9 for d; 8 for r1 and constants;
/// weight_bits + 1 for w; tag_bits + 1 for t. sgn() counts as what it reads.
[[nodiscard]] int factor_width(Operand operand, const LearningArithmetic& arithmetic);
/// What a factor (operand and constant together) is clipped to before it is multiplied: +-2^width.
[[nodiscard]] IntegerRange factor_range(Operand operand, const LearningArithmetic& arithmetic);
/// The bits that all factors of a product may have together: with its mantissa it is computed in 64 bits.
inline constexpr int product_bits_most = 54;
/// Of the accumulator, without the sign: fraction_bits, and above them the wider of weight and tag.
[[nodiscard]] int accumulator_bits(const LearningArithmetic& arithmetic);
/// What products and the accumulator are clipped to: -2^bits - 1 (so in Lava) .. 2^bits - 1.
[[nodiscard]] IntegerRange accumulator_range(const LearningArithmetic& arithmetic);
/// Bits that a product's mantissa counts in its shift: 4; 3 for nengo.
[[nodiscard]] int product_mantissa_bits(const LearningArithmetic& arithmetic);
/// Bits that a product drops before its exponent is applied: what factors and mantissa take beyond the accumulator.
[[nodiscard]] int product_shift(const Product& product, const LearningArithmetic& arithmetic);

/// Rounds the accumulator up with the probability of its fraction: `draw` uniform in 0 .. 2^fraction_bits - 1.
[[nodiscard]] constexpr std::int32_t round_stochastic(std::int32_t accumulator, std::int32_t draw, int fraction_bits) {
    return (accumulator + draw) >> fraction_bits;
}

/// To the next whole number away from zero: brian2_loihi's sums of products.
[[nodiscard]] double round_away(double value);
/// brian2_loihi's change of a weight of fewer bits: to a multiple of 2^step_bits, the magnitude up with the probability
/// of what is left over. `draw` uniform in 0 .. 2^step_bits - 1.
[[nodiscard]] std::int32_t round_to_steps(std::int32_t change, std::int32_t draw, int step_bits);

}  // namespace spikeloom::rules
