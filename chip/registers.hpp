// What the registers of an Image mean to the core, which knows no chip: its spec, its conventions or its formats.
// The image has passed check_image: every register is in the range that its chip gives it.
#pragma once

#include <cstdint>

#include "chip/image/image.hpp"
#include "core/neuron.hpp"

namespace spikeloom::chip {

[[nodiscard]] core::NeuronArithmetic arithmetic_of(const ChipSpec& chip);
/// Whether spikes may carry values, or neurons want sums of 32 bits.
[[nodiscard]] bool has_values(const Image& image);
[[nodiscard]] core::Noise noise_of(const NoiseRegister& noise);
[[nodiscard]] core::NeuronParameters parameters_of(const CompartmentGroup& group, const NeuronFormat& format);

/// -2^e + 1 and 2^(9 + 2e) - 1, within the symmetric range of the state (LOIHI facts 1.1).
[[nodiscard]] std::int32_t voltage_floor_of(const CoreImage& core, const NeuronFormat& format);
[[nodiscard]] std::int32_t voltage_ceiling_of(const CoreImage& core, const NeuronFormat& format);

/// What the bias adds to the voltage; beyond 32 bits it wraps, as all that is "unlimited" does.
[[nodiscard]] std::int32_t bias_value(BiasRegister bias);
/// The exponent's largest value in any chip description.
inline constexpr int max_bias_exponent = 30;

}  // namespace spikeloom::chip
