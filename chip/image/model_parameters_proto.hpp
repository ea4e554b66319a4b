// The parameters of a neuron model to and from a message. Two messages hold them in fields of the same names: a core's
// groups in an image (GroupModelProto), a population with registers in a stored network (StoredFixedProto).
#pragma once

#include "core/base/neuron_model.hpp"

namespace spikeloom::chip {

template <class Message>
void parameters_to(const ModelParameters& parameters, Message& message) {
    message.set_soft_reset(parameters.soft_reset);
    message.set_threshold_low(parameters.threshold_low);
    message.set_sin_decay(parameters.sin_decay);
    message.set_cos_decay(parameters.cos_decay);
    message.set_state_exponent(parameters.state_exponent);
    message.set_relu(parameters.relu);
    message.set_cumulative_error(parameters.cumulative_error);
    message.set_corrected(parameters.corrected);
    message.set_reset_interval(parameters.reset_interval);
    message.set_reset_offset(parameters.reset_offset);
    message.set_adaptation_decay(parameters.adaptation_decay);
    message.set_adaptation_step(parameters.adaptation_step);
    message.set_refractory_decay(parameters.refractory_decay);
}

template <class Message>
[[nodiscard]] ModelParameters parameters_from(const Message& message) {
    return {.soft_reset = message.soft_reset(),
            .threshold_low = message.threshold_low(),
            .sin_decay = message.sin_decay(),
            .cos_decay = message.cos_decay(),
            .state_exponent = message.state_exponent(),
            .relu = message.relu(),
            .cumulative_error = message.cumulative_error(),
            .corrected = message.corrected(),
            .reset_interval = message.reset_interval(),
            .reset_offset = message.reset_offset(),
            .adaptation_decay = message.adaptation_decay(),
            .adaptation_step = message.adaptation_step(),
            .refractory_decay = message.refractory_decay()};
}

}  // namespace spikeloom::chip
