#include "chip/registers.hpp"

#include <algorithm>
#include <limits>

namespace spikeloom::chip {

core::NeuronArithmetic arithmetic_of(const ChipSpec& chip) {
    core::NeuronArithmetic a{
        .state_bits = chip.neuron.state_bits, .sum_bits = chip.neuron.sum_bits, .decay_bits = chip.neuron.decay_bits};
    switch (chip.conventions.sum_overflow) {
    case Conventions::SumOverflow::wrap_22_bit:
        a.sum_overflow = core::SumOverflow::wrap;
        break;
    case Conventions::SumOverflow::unlimited:
        a.sum_overflow = core::SumOverflow::unlimited;
        break;
    }
    switch (chip.conventions.current_overflow) {
    case Conventions::CurrentOverflow::wrap_24_bit:
        a.current_overflow = core::CurrentOverflow::wrap;
        break;
    case Conventions::CurrentOverflow::lava_single_wrap:
        a.current_overflow = core::CurrentOverflow::single_wrap;
        break;
    case Conventions::CurrentOverflow::unlimited:
        a.current_overflow = core::CurrentOverflow::unlimited;
        break;
    }
    switch (chip.conventions.biased_current_overflow) {
    case Conventions::BiasedCurrentOverflow::wrap_24_bit:
        a.biased_current_overflow = core::BiasedCurrentOverflow::wrap;
        break;
    case Conventions::BiasedCurrentOverflow::unlimited:
        a.biased_current_overflow = core::BiasedCurrentOverflow::unlimited;
        break;
    }
    switch (chip.conventions.voltage_overflow) {
    case Conventions::VoltageOverflow::clip:
        a.voltage_overflow = core::VoltageOverflow::clip;
        break;
    case Conventions::VoltageOverflow::unlimited:
        a.voltage_overflow = core::VoltageOverflow::unlimited;
        break;
    }
    return a;
}

bool has_values(const Image& image) {
    for (const CoreImage& core : image.cores) {
        for (const CompartmentGroup& group : core.groups) {
            if (sends_values(group.model) || !integrates(group.model)) {
                return true;
            }
        }
    }
    return std::ranges::any_of(image.inputs, [](const InputSymbol& input) { return input.graded; });
}

core::Noise noise_of(const NoiseRegister& noise) {
    core::Noise result{.mantissa_offset = noise.mantissa_offset, .exponent = noise.exponent};
    switch (noise.target) {
    case NoiseRegister::Target::off:
        result.target = core::Noise::Target::off;
        break;
    case NoiseRegister::Target::current:
        result.target = core::Noise::Target::current;
        break;
    case NoiseRegister::Target::voltage:
        result.target = core::Noise::Target::voltage;
        break;
    }
    return result;
}

core::NeuronParameters parameters_of(const CompartmentGroup& group, const NeuronFormat& format) {
    const std::int32_t unity = 1 << format.decay_bits;
    const int exponent = integrates(group.model) ? format.threshold_exponent : 0;
    const std::int64_t threshold = std::int64_t{group.threshold_mantissa} * (std::int64_t{1} << exponent);
    constexpr std::int64_t never = std::numeric_limits<std::int32_t>::max();
    return {.current_keep = std::clamp(unity - group.current_decay - format.current_decay_offset, 0, unity),
            .voltage_keep = std::clamp(unity - group.voltage_decay - format.voltage_decay_offset, 0, unity),
            .threshold = static_cast<std::int32_t>(group.spikes ? std::min(threshold, never) : never),
            .refractory = group.refractory};
}

std::int32_t voltage_floor_of(const CoreImage& core, const NeuronFormat& format) {
    const std::int64_t exponent = std::clamp(core.voltage_floor_exponent, 0, format.state_bits - 1);
    return static_cast<std::int32_t>(-(std::int64_t{1} << exponent) + 1);
}
std::int32_t voltage_ceiling_of(const CoreImage& core, const NeuronFormat& format) {
    const std::int64_t exponent = std::clamp(9 + 2 * core.voltage_ceiling_exponent, 0, format.state_bits - 1);
    return static_cast<std::int32_t>((std::int64_t{1} << exponent) - 1);
}

std::int32_t bias_value(BiasRegister bias) {
    return static_cast<std::int32_t>(std::int64_t{bias.mantissa} * (std::int64_t{1} << bias.exponent));
}

}  // namespace spikeloom::chip
