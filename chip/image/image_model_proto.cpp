// Neuron models of a core's compartment groups to and from their messages.
#include <algorithm>
#include <utility>

#include "chip/image/image_proto.hpp"
#include "chip/image/model_parameters_proto.hpp"

namespace spikeloom::chip {
namespace {

void to(const CompartmentGroup& group, proto::GroupModelProto& message) {
    message.set_model(static_cast<std::uint32_t>(group.model));
    parameters_to(group.parameters, message);
}

bool from(const proto::GroupModelProto& message, CompartmentGroup& group) {
    if (message.model() >= neuron_model_names.size()) {
        return false;
    }
    group.model = static_cast<NeuronModel>(message.model());
    group.parameters = parameters_from(message);
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
