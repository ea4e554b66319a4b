// A core's registers to and from its message: compartments, biases, noise, formats of synapses.
#include <cstddef>

#include "chip/image/image_proto.hpp"
#include "chip/image/message_fields.hpp"

namespace spikeloom::chip {

void registers_to(const CoreImage& core, proto::CoreImageProto& message) {
    for (const CompartmentGroup& group : core.groups) {
        message.add_group_first(group.first);
        message.add_group_count(group.count);
        message.add_group_current_decay(group.current_decay);
        message.add_group_voltage_decay(group.voltage_decay);
        message.add_group_threshold_mantissa(group.threshold_mantissa);
        message.add_group_refractory(group.refractory);
        message.add_group_spikes(group.spikes);
    }
    models_to(core.groups, message);
    for (const BiasRegister& bias : core.biases) {
        message.add_bias_mantissa(bias.mantissa);
        message.add_bias_exponent(bias.exponent);
    }
    for (const std::int32_t current : core.initial_currents) {
        message.add_initial_current(current);
    }
    message.set_voltage_floor_exponent(core.voltage_floor_exponent);
    message.set_voltage_ceiling_exponent(core.voltage_ceiling_exponent);
    message.set_noise_target(static_cast<std::uint32_t>(core.noise.target));
    message.set_noise_mantissa_offset(core.noise.mantissa_offset);
    message.set_noise_exponent(core.noise.exponent);
    for (const WeightFormat& format : core.formats) {
        message.add_format_weight_bits(format.weight_bits);
        message.add_format_weight_exponent(format.weight_exponent);
        message.add_format_sign_mode(static_cast<std::uint32_t>(format.sign_mode));
        message.add_format_delay_bits(format.delay_bits);
    }
}

std::string registers_from(const proto::CoreImageProto& message, CoreImage& core) {
    if (!same_size({message.group_first_size(), message.group_count_size(), message.group_current_decay_size(),
                    message.group_voltage_decay_size(), message.group_threshold_mantissa_size(),
                    message.group_refractory_size(), message.group_spikes_size()})) {
        return "its compartment groups don't fit together";
    }
    for (int i = 0; i < message.group_first_size(); ++i) {
        core.groups.push_back({.first = message.group_first(i),
                               .count = message.group_count(i),
                               .current_decay = message.group_current_decay(i),
                               .voltage_decay = message.group_voltage_decay(i),
                               .threshold_mantissa = message.group_threshold_mantissa(i),
                               .refractory = message.group_refractory(i),
                               .spikes = message.group_spikes(i)});
    }
    if (std::string wrong = models_from(message, core.groups); !wrong.empty()) {
        return wrong;
    }
    if (!same_size({message.bias_mantissa_size(), message.bias_exponent_size()})) {
        return "its biases don't fit together";
    }
    core.biases.resize(static_cast<std::size_t>(message.bias_mantissa_size()));
    for (int i = 0; i < message.bias_mantissa_size(); ++i) {
        BiasRegister& bias = core.biases[static_cast<std::size_t>(i)];
        if (!fit(message.bias_mantissa(i), bias.mantissa) || !fit(message.bias_exponent(i), bias.exponent)) {
            return "a bias doesn't fit its register";
        }
    }
    core.initial_currents.assign(message.initial_current().begin(), message.initial_current().end());
    core.voltage_floor_exponent = message.voltage_floor_exponent();
    core.voltage_ceiling_exponent = message.voltage_ceiling_exponent();
    if (message.noise_target() > static_cast<std::uint32_t>(NoiseRegister::Target::voltage)) {
        return "its noise has an unknown target";
    }
    core.noise = {.target = static_cast<NoiseRegister::Target>(message.noise_target()),
                  .mantissa_offset = message.noise_mantissa_offset(),
                  .exponent = message.noise_exponent()};
    if (!same_size({message.format_weight_bits_size(), message.format_weight_exponent_size(),
                    message.format_sign_mode_size(), message.format_delay_bits_size()})) {
        return "its synapse formats don't fit together";
    }
    for (int i = 0; i < message.format_weight_bits_size(); ++i) {
        const std::uint32_t mode = message.format_sign_mode(i);
        if (mode < static_cast<std::uint32_t>(SignMode::mixed) ||
            mode > static_cast<std::uint32_t>(SignMode::inhibitory)) {
            return "a synapse format has an unknown sign mode";
        }
        core.formats.push_back({.weight_bits = message.format_weight_bits(i),
                                .weight_exponent = message.format_weight_exponent(i),
                                .sign_mode = static_cast<SignMode>(mode),
                                .delay_bits = message.format_delay_bits(i)});
    }
    return {};
}

}  // namespace spikeloom::chip
