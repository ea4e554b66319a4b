// What the synapse registers mean: how a stored weight becomes a contribution to the current (LOIHI facts 1.5).
// Shared by the compiler, which chooses formats, and the chip, which executes them.
#pragma once

#include <cstdint>

#include "chip/spec/chip_spec.hpp"

namespace spikeloom::chip {

enum class SignMode : std::uint8_t { mixed = 1, excitatory = 2, inhibitory = 3 };

/// One of the synapse formats that a core can hold.
struct WeightFormat {
    int weight_bits = 8;      ///< one of SynapseMemory::weight_bits
    int weight_exponent = 0;  ///< -8..7
    SignMode sign_mode = SignMode::mixed;
    int delay_bits = 0;

    friend auto operator<=>(const WeightFormat&, const WeightFormat&) = default;
};

/// Smallest and largest mantissa that the sign mode allows: mixed -256..254, excitatory 0..255, inhibitory -255..0.
[[nodiscard]] IntRange weight_range(SignMode sign_mode);

/// What a register of so many bits (the sign not counted) stores in that mode: mixed -2^bits..2^bits - 1, one more than
/// weight_range for 8 bits, whose lowest counts for nothing.
[[nodiscard]] IntRange stored_weights(SignMode sign_mode, int weight_bits);

/// The mantissa that is left when the low bits that the width lacks are dropped (mixed: lsb = 9 - bits, else 8 - bits).
[[nodiscard]] int truncated_weight(int mantissa, const WeightFormat& format, Conventions::NegativeMixedWeight rounding);

/// Contribution to u in units of 2^6: floor(truncated * 2^exponent), -32768..32640. Only mixed -256 * 2^7 reaches
/// -32768, which is the least that the 22-bit accumulator holds: lava (floor) leaves it, brian2_loihi (toward_zero)
/// clips to +-32767.
[[nodiscard]] std::int32_t effective_weight_64(int mantissa, const WeightFormat& format,
                                               Conventions::NegativeMixedWeight rounding);

}  // namespace spikeloom::chip
