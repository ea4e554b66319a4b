#include "conformance/ttfs_reference.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/base/diagnostics.hpp"
#include "core/files/npy.hpp"
#include "support/reference_data.hpp"

namespace spikeloom::test {

namespace {

files::Array array_of(const std::string& path) {
    auto array = files::read_npy(path);
    if (!array) {
        throw std::runtime_error(to_text(array.error()));
    }
    return std::move(*array);
}

struct Layer {
    files::Array weights;        ///< [sources][targets], biases last
    std::vector<double> biases;  ///< spike times
};

/// All-to-all layers; the biases of all of them are the last inputs.
core::analog::Net net_of(std::uint32_t inputs, const std::vector<Layer>& layers, const Lif& neuron) {
    core::analog::Net net;
    net.inputs = inputs;
    for (const Layer& layer : layers) {
        net.inputs += static_cast<std::uint32_t>(layer.biases.size());
        net.neurons.insert(net.neurons.end(), layer.weights.shape[1], neuron);
    }
    std::vector<std::vector<std::pair<std::uint32_t, double>>> rows(net.sources());
    std::uint32_t source = 0;
    std::uint32_t bias = inputs;
    std::uint32_t target = 0;
    for (const Layer& layer : layers) {
        const auto width = static_cast<std::uint32_t>(layer.weights.shape[1]);
        const std::size_t plain = layer.weights.shape[0] - layer.biases.size();
        for (std::size_t row = 0; row < layer.weights.shape[0]; ++row) {
            const std::uint32_t from = row < plain ? source + static_cast<std::uint32_t>(row) : bias++;
            for (std::uint32_t column = 0; column < width; ++column) {
                rows[from].emplace_back(target + column, layer.weights.real(row * width + column));
            }
        }
        source = net.inputs + target;
        target += width;
    }
    net.row_begin.push_back(0);
    for (const auto& row : rows) {
        for (const auto& [to, weight] : row) {
            net.targets.push_back(to);
            net.weights.push_back(weight);
        }
        net.row_begin.push_back(net.targets.size());
    }
    return net;
}

TimeTable table_of(const std::string& path) {
    const files::Array array = array_of(path);
    return {array.shape.at(1), array.reals()};
}

std::vector<std::int32_t> labels_of(const std::string& path) {
    std::vector<std::int32_t> labels;
    for (const std::int64_t label : array_of(path).integers()) {
        labels.push_back(static_cast<std::int32_t>(label));
    }
    return labels;
}

/// BRAINSCALES2_TTFS facts 1.6.
constexpr double earliest = 0.15;
constexpr double latest = 2.0;

}  // namespace

std::optional<TtfsCase> ttfs_case(const std::string& name) {
    const auto folder = reference_data("ttfs/" + name);
    if (!folder) {
        return std::nullopt;
    }
    const bool images = name == "mnist16_v1";
    const bool double_time = name == "yin_yang_H30_W";
    const std::string suffix = double_time ? "_float.npy" : ".npy";
    const std::vector<double> biases = name == "yin_yang_v1" ? std::vector<double>{0.9} : std::vector<double>{};
    const std::vector<Layer> layers{{array_of(*folder + "/W0" + suffix), biases},
                                    {array_of(*folder + "/W1" + suffix), biases}};
    const files::Array inputs = array_of(*folder + (images ? "/test_images_u8.npy" : "/test_inputs.npy"));
    const auto channels = static_cast<std::uint32_t>(inputs.shape.at(1));
    TtfsCase result{.net = net_of(channels, layers,
                                  {.tau_mem = double_time ? 2.0 : 1.0,
                                   .tau_syn = 1,
                                   .resistance = double_time ? 2.0 : 1.0,
                                   .refractory = never}),
                    .hidden = static_cast<std::uint32_t>(layers[0].weights.shape[1]),
                    .labels = static_cast<std::uint32_t>(layers[1].weights.shape[1]),
                    .samples = {},
                    .targets = labels_of(*folder + "/test_labels.npy"),
                    .recorded = table_of(*folder + "/recorded_label_times.npy"),
                    .exact = table_of(*folder + "/exact_label_times.npy")};
    result.samples.resize(inputs.shape[0]);
    for (std::size_t sample = 0; sample < result.samples.size(); ++sample) {
        for (std::uint32_t channel = 0; channel < channels; ++channel) {
            const double value = inputs.real(sample * channels + channel);
            if (!images) {
                result.samples[sample].push_back({value, channel});  // already a time
            } else if (value != 0) {
                const double grey = static_cast<double>(static_cast<float>(value) / 255.0F);
                result.samples[sample].push_back({earliest + (1 - grey) * (latest - earliest), channel});
            }
        }
        for (std::size_t bias = 0; bias < biases.size() * layers.size(); ++bias) {
            result.samples[sample].push_back({biases[0], channels + static_cast<std::uint32_t>(bias)});
        }
    }
    return result;
}

std::vector<double> first_spikes(const core::analog::Net& net, const std::vector<core::analog::Spike>& spikes) {
    std::vector<double> first(net.neurons.size(), never);
    for (const core::analog::Spike& spike : spikes) {
        first[spike.neuron] = std::min(first[spike.neuron], spike.time);
    }
    return first;
}

std::int32_t answer(const std::vector<double>& label_times) {
    const auto earliest_label = std::ranges::min_element(label_times);
    return earliest_label == label_times.end() || *earliest_label == never
               ? -1
               : static_cast<std::int32_t>(earliest_label - label_times.begin());
}

}  // namespace spikeloom::test
