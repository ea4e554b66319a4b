#include "compiler/netx/netx_neuron.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace spikeloom::compiler {
namespace {

constexpr std::int64_t full_decay = 4096;
/// v is clipped below (mantissa << 6): no spike ever.
constexpr std::int64_t unreachable_threshold = 131072;

/// Fields of a neuron that training knows and the chip does not, and those that netx does not read.
constexpr std::array<std::string_view, 8> ignored_fields{"tauRho",  "scaleRho",    "theta",       "scale_rho",
                                                         "tau_rho", "messageBits", "gradedSpike", "type"};

std::optional<std::int64_t> whole(const NetxGroup& group, const std::string& name, std::int64_t least,
                                  std::int64_t most, std::optional<std::int64_t> otherwise, NetxNotes& notes) {
    const NetxArray* array = group.find(name);
    const std::string path = group.path + "/" + name;
    const std::string allowed = fmt::format("a whole number, {} to {}", least, most);
    if (array == nullptr) {
        if (!otherwise) {
            notes.complain(group.path, fmt::format("'{}' is missing", name), allowed);
        }
        return otherwise;
    }
    if (array->values.empty() ||
        std::ranges::any_of(array->values, [&](double value) { return value != array->values.front(); })) {
        notes.complain(path, array->values.empty() ? "there is no value" : "the neurons differ",
                       "one value for all neurons of the layer");
        return std::nullopt;
    }
    const double value = array->values.front();
    if (std::floor(value) != value || value < static_cast<double>(least) || value > static_cast<double>(most)) {
        notes.complain(path, fmt::format("{} is {}", name, value), allowed);
        return std::nullopt;
    }
    return static_cast<std::int64_t>(value);
}

void tell_unread(const NetxGroup& neuron, std::initializer_list<std::string_view> read, NetxNotes& notes) {
    for (const auto& [name, array] : neuron.arrays) {
        const bool known = std::ranges::find(read, name) != read.end() ||
                           std::ranges::find(ignored_fields, name) != ignored_fields.end();
        const bool exponent = name == "wgtExp" || name == "weight_exp";
        const bool zero = std::ranges::all_of(array.values, [](double value) { return value == 0; });
        if (exponent && !zero) {
            notes.warn(neuron.path + "/" + name,
                       fmt::format("{} is {}: it is ignored, as netx does", name, array.values.front()));
        } else if (!known && !exponent) {
            notes.warn(neuron.path + "/" + name, fmt::format("unknown field '{}': it is ignored", shown_word(name)));
        }
    }
    if (const NetxArray* graded = neuron.find("gradedSpike");
        graded != nullptr && std::ranges::any_of(graded->values, [](double value) { return value != 0; })) {
        notes.warn(neuron.path + "/gradedSpike", "spikes of CUBA neurons have no payload in netx: it is ignored");
    }
}

std::optional<NetxNeuron> leaky(const NetxGroup& group, NetxNotes& notes) {
    tell_unread(group, {"iDecay", "vDecay", "vThMant", "refDelay"}, notes);
    const auto current = whole(group, "iDecay", 0, full_decay, std::nullopt, notes);
    const auto voltage = whole(group, "vDecay", 0, full_decay, std::nullopt, notes);
    const auto threshold = whole(group, "vThMant", 0, std::int64_t{1} << 30, std::nullopt, notes);
    const auto refractory = whole(group, "refDelay", 0, 1 << 20, 1, notes);
    if (!current || !voltage || !threshold || !refractory) {
        return std::nullopt;
    }
    NetxNeuron neuron;
    neuron.fixed.current_decay = static_cast<std::int32_t>(*current);
    neuron.fixed.voltage_decay = static_cast<std::int32_t>(*voltage);
    neuron.spikes = *threshold < unreachable_threshold;
    neuron.fixed.threshold = neuron.spikes ? static_cast<std::int32_t>(*threshold) : netx_unreachable_threshold;
    neuron.refractory_steps = static_cast<int>(std::max<std::int64_t>(*refractory, 1));
    if (neuron.refractory_steps > 1) {
        notes.warn(group.path + "/refDelay",
                   fmt::format("a neuron may spike again after {} steps; netx's own model has no dead time",
                               neuron.refractory_steps));
    }
    return neuron;
}

/// Activations have 12 bits behind the point (6 of the weights, 6 of the messages), and messages 6 of them.
std::optional<NetxNeuron> sigma_delta(const NetxGroup& group, bool input, NetxNotes& notes) {
    constexpr int message_bits = 6;
    constexpr int activation_bits = 12;
    tell_unread(group, {"vThMant", "refDelay", "sigma_output", "iDecay", "vDecay"}, notes);
    NetxNeuron neuron;
    neuron.bias_shift = activation_bits;
    neuron.fixed.model = input ? NeuronModel::delta : NeuronModel::sigma_delta;
    neuron.fixed.parameters.state_exponent = message_bits;
    const bool sum_only = !input && (group.find("sigma_output") != nullptr || group.texts.contains("sigma_output"));
    if (sum_only) {
        neuron.fixed.parameters.relu = false;
        neuron.spikes = false;
        notes.settle("sigma output", "read as the neurons' activation, sigma; nothing is sent",
                     "netx sends sigma itself every step, to whoever reads the network");
        return neuron;
    }
    const auto threshold = whole(group, "vThMant", 0, std::int64_t{1} << 18, std::nullopt, notes);
    if (!threshold) {
        return std::nullopt;
    }
    neuron.fixed.threshold = static_cast<std::int32_t>(*threshold << activation_bits);
    const std::string activation = group.text("activation");
    if (!input && !activation.empty() && activation.find("relu") == std::string::npos &&
        activation.find("ReLU") == std::string::npos) {
        notes.warn(group.path + "/activation",
                   fmt::format("'{}' is taken as ReLU, as netx does", shown_word(activation)));
    }
    return neuron;
}

}  // namespace

std::optional<NetxNeuron> netx_neuron(const NetxLayer& layer, bool input, NetxNotes& notes) {
    if (!layer.neuron) {
        NetxNeuron integrator;
        integrator.fixed.current_decay = 0;
        integrator.fixed.voltage_decay = full_decay;
        integrator.fixed.threshold = netx_unreachable_threshold;
        integrator.spikes = false;
        notes.settle("neuron", fmt::format("layer {} integrates and never spikes", layer.number),
                     "it has no neuron; netx gives it iDecay 0, vDecay 4096 and a threshold out of reach");
        return integrator;
    }
    const std::string type = layer.neuron->text("type");
    if (type == "LOIHI" || type == "CUBA") {
        return leaky(*layer.neuron, notes);
    }
    if (type == "SDNN" || type == "SIGMA_DELTA") {
        return sigma_delta(*layer.neuron, input, notes);
    }
    notes.complain(layer.neuron->path + "/type",
                   type.empty() ? "the neuron has no type" : fmt::format("neurons of type '{}'", shown_word(type)),
                   "LOIHI, CUBA, SDNN");
    return std::nullopt;
}

}  // namespace spikeloom::compiler
