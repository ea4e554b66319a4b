#include <algorithm>
#include <utility>

#include "chip/image/image_proto.hpp"

namespace spikeloom::chip {
namespace {

void to(const CompartmentGroup& group, proto::GroupModelProto& message) {
    const ModelParameters& p = group.parameters;
    message.set_model(static_cast<std::uint32_t>(group.model));
    message.set_soft_reset(p.soft_reset);
    message.set_threshold_low(p.threshold_low);
    message.set_sin_decay(p.sin_decay);
    message.set_cos_decay(p.cos_decay);
    message.set_state_exponent(p.state_exponent);
    message.set_relu(p.relu);
    message.set_cumulative_error(p.cumulative_error);
    message.set_corrected(p.corrected);
    message.set_reset_interval(p.reset_interval);
    message.set_reset_offset(p.reset_offset);
    message.set_adaptation_decay(p.adaptation_decay);
    message.set_adaptation_step(p.adaptation_step);
    message.set_refractory_decay(p.refractory_decay);
}

bool from(const proto::GroupModelProto& message, CompartmentGroup& group) {
    if (message.model() >= neuron_model_names.size()) {
        return false;
    }
    group.model = static_cast<NeuronModel>(message.model());
    group.parameters = {.soft_reset = message.soft_reset(),
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
    return true;
}

}  // namespace

void models_to(const std::vector<CompartmentGroup>& groups, proto::CoreImageProto& message) {
    const bool plain = std::ranges::all_of(groups, [](const CompartmentGroup& group) {
        return group.model == NeuronModel::leaky && group.parameters == ModelParameters{};
    });
    for (std::size_t i = 0; i < groups.size() && !plain; ++i) {
        to(groups[i], *message.add_group_models());
    }
}

std::string models_from(const proto::CoreImageProto& message, std::vector<CompartmentGroup>& groups) {
    if (message.group_models_size() == 0) {
        return {};
    }
    if (std::cmp_not_equal(message.group_models_size(), groups.size())) {
        return "its compartment groups and their models don't fit together";
    }
    for (std::size_t i = 0; i < groups.size(); ++i) {
        if (!from(message.group_models(static_cast<int>(i)), groups[i])) {
            return "a compartment group has an unknown neuron model";
        }
    }
    return {};
}

}  // namespace spikeloom::chip
