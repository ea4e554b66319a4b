#include "compiler/netx/netx_weights.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace spikeloom::compiler {
namespace {

constexpr double most_weight = 32767;  ///< more than any synapse delivers
constexpr double netx_most = 254;
constexpr double netx_least = -256;
constexpr double netx_mantissa_most = 255;   ///< of weights of one sign
constexpr double netx_mantissa_least = 256;  ///< likewise, in size
constexpr double longest_delay = 62;

/// Whether one value a neuron stands in netx's own order, (x, y, channel).
bool stands_as_x_y_channel(const NetxArray& array, const Shape& shape) {
    return array.shape.size() == 3 && shape.size() == 3 &&
           std::ranges::equal(array.shape, std::array{shape[2], shape[1], shape[0]});
}

/// From (x, y, channel) to (channel, height, width).
std::vector<std::int32_t> turned_round(const std::vector<std::int32_t>& values, const Shape& shape) {
    std::vector<std::int32_t> turned;
    turned.reserve(values.size());
    for (std::size_t channel = 0; channel < shape[0]; ++channel) {
        for (std::size_t row = 0; row < shape[1]; ++row) {
            for (std::size_t column = 0; column < shape[2]; ++column) {
                turned.push_back(values[(column * shape[1] + row) * shape[0] + channel]);
            }
        }
    }
    return turned;
}

}  // namespace

std::optional<std::vector<float>> netx_weights(const NetxGroup& group, const std::string& name, std::uint64_t count,
                                               NetxNotes& notes) {
    const NetxArray* array = group.find(name);
    const std::string path = group.path + "/" + name;
    if (array == nullptr) {
        notes.complain(group.path, fmt::format("'{}' is missing", name));
        return std::nullopt;
    }
    if (array->values.size() != count) {
        notes.complain(path,
                       fmt::format("{} weights, of shape ({})", array->values.size(), fmt::join(array->shape, ", ")),
                       fmt::format("{}", count));
        return std::nullopt;
    }
    const auto large = std::ranges::find_if(array->values, [](double value) { return std::abs(value) > most_weight; });
    if (large != array->values.end()) {
        notes.complain(path, fmt::format("weight {} of {} is {}", large - array->values.begin(), count, *large),
                       fmt::format("at most {} in size", most_weight));
        return std::nullopt;
    }
    std::vector<float> weights;
    weights.reserve(array->values.size());
    std::size_t cut = 0;
    std::size_t lost = 0;
    std::size_t kept = 0;
    for (const double value : array->values) {
        const double whole = std::trunc(value);
        cut += whole != value ? 1U : 0U;
        lost += whole == 0 && value != 0 ? 1U : 0U;
        kept += whole != 0 ? 1U : 0U;
        weights.push_back(static_cast<float>(whole));
    }
    if (kept == 0 && lost > 0) {
        notes.complain(path, fmt::format("all of {} weights lie between -1 and 1, and netx cuts them to 0", count),
                       "whole numbers", "export the network with quantised weights (lava-dl's export_hdf5 does)");
        return std::nullopt;
    }
    if (cut > 0) {
        notes.warn(path, fmt::format("{} of {} weights are no whole numbers: they are cut towards zero, as netx does",
                                     cut, count));
    }
    return weights;
}

void fit_netx_weights(const std::vector<std::vector<float>*>& parts, const NetxLayer& layer, NetxNotes& notes) {
    double least = 0;
    double most = 0;
    for (const std::vector<float>* part : parts) {
        for (const float weight : *part) {
            least = std::min<double>(least, weight);
            most = std::max<double>(most, weight);
        }
    }
    const bool clips = (most > netx_most && least < 0) || (least < netx_least && most > 0);
    double unit = 1;
    while (!clips && (most > netx_mantissa_most * unit || -least > netx_mantissa_least * unit)) {
        unit *= 2;
    }
    std::size_t changed = 0;
    for (std::vector<float>* part : parts) {
        for (float& weight : *part) {
            const auto held = static_cast<float>(clips ? std::clamp<double>(weight, netx_least, netx_most)
                                                       : std::floor(weight / unit) * unit);
            changed += held != weight ? 1U : 0U;
            weight = held;
        }
    }
    if (clips) {
        notes.settle("weights", fmt::format("{} weights of layer {} are clipped to -256..254", changed, layer.number),
                     fmt::format("they reach from {} to {}, and netx clips weights of both signs to 8 bits and a sign",
                                 least, most));
    } else if (unit > 1) {
        notes.settle(
            "weights",
            fmt::format("layer {}: mantissas of 8 bits times {}, {} weights lose their lowest bits", layer.number, unit,
                        changed),
            fmt::format("they reach from {} to {}; netx means this exponent, but its shift leaves 0", least, most));
    }
}

std::optional<std::vector<std::uint8_t>> netx_delays(const NetxLayer& layer, std::size_t targets, std::size_t sources,
                                                     NetxNotes& notes) {
    const NetxArray* array = layer.group.find("delay");
    if (array == nullptr) {
        return std::vector<std::uint8_t>{};
    }
    const std::string path = layer.group.path + "/delay";
    const std::vector<double>& values = array->values;
    if (std::ranges::any_of(values, [](double value) { return value < 0 || std::floor(value) != value; })) {
        notes.complain(path, "a delay is negative or no whole number", "whole numbers of steps, 0 to 62");
        return std::nullopt;
    }
    const bool one = values.size() == 1;
    const bool by_synapse = values.size() == targets * sources && !one;
    const bool by_target = values.size() == targets;  // netx looks at this first, where both fit
    if (!one && !by_synapse && !by_target && values.size() != sources) {
        notes.complain(path, fmt::format("{} delays", values.size()),
                       fmt::format("1, {} (one a neuron), {} (one a source) or {} (one a synapse)", targets, sources,
                                   targets * sources));
        return std::nullopt;
    }
    if (std::ranges::any_of(values, [](double value) { return value > longest_delay; })) {
        notes.warn(path,
                   fmt::format("delays up to {} are clipped to 62 steps, as netx does", std::ranges::max(values)));
    }
    if (!one && !by_synapse) {
        notes.settle("delay", fmt::format("layer {}: one a {}", layer.number, by_target ? "neuron" : "source"),
                     fmt::format("there are {} of them", values.size()));
    }
    std::vector<std::uint8_t> delays;
    delays.reserve(targets * sources);
    for (std::size_t target = 0; target < targets; ++target) {
        for (std::size_t source = 0; source < sources; ++source) {
            const std::size_t i = one ? 0 : by_synapse ? target * sources + source : by_target ? target : source;
            delays.push_back(static_cast<std::uint8_t>(std::min(values[i], longest_delay)));
        }
    }
    return delays;
}

Weights netx_dense(std::vector<float> weights, const std::vector<std::uint8_t>& delays, std::size_t targets,
                   std::size_t sources, int& delay_steps) {
    const bool equal = std::ranges::adjacent_find(delays, std::ranges::not_equal_to{}) == delays.end();
    delay_steps = equal && !delays.empty() ? delays.front() : 0;
    if (equal) {
        return DenseWeights{std::move(weights)};
    }
    SparseWeights sparse;
    sparse.row_begin.push_back(0);
    for (std::size_t source = 0; source < sources; ++source) {
        for (std::size_t target = 0; target < targets; ++target) {
            const std::size_t i = target * sources + source;
            if (weights[i] != 0) {
                sparse.targets.push_back(static_cast<std::uint32_t>(target));
                sparse.weights.push_back(weights[i]);
                sparse.delays.push_back(delays[i]);
            }
        }
        sparse.row_begin.push_back(sparse.targets.size());
    }
    return sparse;
}

std::optional<std::vector<std::int32_t>> netx_biases(const NetxLayer& layer, const Shape& shape, int shift,
                                                     NetxNotes& notes) {
    const NetxArray* array = layer.group.find("bias");
    if (array == nullptr) {
        return std::vector<std::int32_t>{};
    }
    const std::string path = layer.group.path + "/bias";
    const std::size_t neurons = element_count(shape);
    const bool by_channel = shape.size() == 3 && array->values.size() == shape[0] && shape[0] != neurons;
    if (array->values.size() != 1 && array->values.size() != neurons && !by_channel) {
        notes.complain(path, fmt::format("{} biases", array->values.size()),
                       shape.size() == 3 ? fmt::format("1, {} (one a channel) or {}", shape[0], neurons)
                                         : fmt::format("1 or {}", neurons));
        return std::nullopt;
    }
    const double most = std::ldexp(1.0, 30 - shift);
    std::vector<std::int32_t> given;
    std::size_t cut = 0;
    for (const double value : array->values) {
        if (!(std::abs(value) < most)) {
            notes.complain(path, fmt::format("a bias is {}", value), fmt::format("less than {} in size", most));
            return std::nullopt;
        }
        const double kept = std::trunc(value);
        cut += kept != value ? 1U : 0U;
        given.push_back(static_cast<std::int32_t>(kept) * (1 << shift));
    }
    if (cut > 0) {
        notes.warn(path, fmt::format("{} of {} biases are no whole numbers: they are cut towards zero, as netx does",
                                     cut, given.size()));
    }
    if (!by_channel) {
        return stands_as_x_y_channel(*array, shape) ? turned_round(given, shape) : given;
    }
    std::vector<std::int32_t> spread;
    spread.reserve(neurons);
    for (const std::int32_t bias : given) {
        spread.insert(spread.end(), neurons / shape[0], bias);
    }
    return spread;
}

}  // namespace spikeloom::compiler
