// Layers of a lava-dl net, in their plain numbers: written to a netx file as SLAYER exports them, and run by the naive
// interpreter (tests/reference/naive_netx.hpp).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/files/hdf5.hpp"

namespace spikeloom::test {

struct NetxTestLayer {
    std::string type = "dense";          ///< dense, dense_rec, conv, pool, flatten, input, average, concat
    std::vector<std::int64_t> shape{};   ///< (neurons), or (channels, height, width)
    std::int64_t sources = 0;            ///< dense
    std::vector<std::int32_t> weight{};  ///< dense: [target][source]; conv: [out][in / groups][row][column]; pool: 1
    std::vector<std::int32_t> recurrent{};
    std::vector<std::int32_t> bias{};
    std::vector<std::int32_t> delay{};  ///< as the file has it: 1, one a target, one a source, or one a synapse
    std::array<std::int64_t, 2> kernel{1, 1};
    std::array<std::int64_t, 2> stride{1, 1};
    std::array<std::int64_t, 2> padding{0, 0};
    std::array<std::int64_t, 2> dilation{1, 1};
    std::int64_t groups = 1;
    std::int64_t in_channels = 1;
    bool neuron = true;
    std::int64_t current_decay = 4096;
    std::int64_t voltage_decay = 0;
    std::int64_t threshold = 64;
    std::string neuron_type = "CUBA";
    bool sigma_output = false;
    std::vector<std::int64_t> layers{};  ///< concat: those joined behind the one before it

    [[nodiscard]] std::int64_t neurons() const {
        std::int64_t count = 1;
        for (const std::int64_t extent : shape) {
            count *= extent;
        }
        return count;
    }
};

namespace netx {

inline void write_numbers(files::Hdf5Writer& file, const std::string& path, const std::vector<std::int32_t>& values,
                          const std::vector<std::uint64_t>& shape) {
    const std::vector<float> reals(values.begin(), values.end());
    file.array<float>(path, reals, shape);
}

inline void write_pair(files::Hdf5Writer& file, const std::string& path, const std::array<std::int64_t, 2>& pair) {
    file.array<std::int64_t>(path, pair, {2});
}

inline void write_layer(files::Hdf5Writer& file, const std::string& path, const NetxTestLayer& layer) {
    file.text(path + "/type", layer.type);
    file.array<std::int64_t>(path + "/shape", layer.shape, {layer.shape.size()});
    const auto extent = [](std::int64_t value) { return static_cast<std::uint64_t>(value); };
    if (layer.type == "dense" || layer.type == "dense_rec") {
        file.scalar<std::int64_t>(path + "/inFeatures", layer.sources);
        file.scalar<std::int64_t>(path + "/outFeatures", layer.neurons());
        write_numbers(file, path + "/weight", layer.weight, {extent(layer.neurons()), extent(layer.sources)});
    } else if (layer.type == "conv") {
        file.scalar<std::int64_t>(path + "/inChannels", layer.in_channels);
        const std::int64_t taps = layer.in_channels / layer.groups * layer.kernel[0] * layer.kernel[1];
        const std::int64_t channels =
            static_cast<std::int64_t>(layer.weight.size()) / taps;  // the shape may be backwards
        file.scalar<std::int64_t>(path + "/outChannels", channels);
        file.scalar<std::int64_t>(path + "/groups", layer.groups);
        write_numbers(file, path + "/weight", layer.weight,
                      {extent(channels), extent(layer.in_channels / layer.groups), extent(layer.kernel[0]),
                       extent(layer.kernel[1]), 1});
    } else if (layer.type == "pool") {
        write_numbers(file, path + "/weight", layer.weight, {1, 1, 1, 1});
    }
    if (layer.type == "conv" || layer.type == "pool") {
        write_pair(file, path + "/kernelSize", layer.kernel);
        write_pair(file, path + "/stride", layer.stride);
        write_pair(file, path + "/padding", layer.padding);
        write_pair(file, path + "/dilation", layer.dilation);
    }
    if (!layer.recurrent.empty()) {
        write_numbers(file, path + "/weight_rec", layer.recurrent, {extent(layer.neurons()), extent(layer.neurons())});
    }
    if (!layer.bias.empty()) {
        write_numbers(file, path + "/bias", layer.bias, {layer.bias.size()});
    }
    if (!layer.delay.empty()) {
        write_numbers(file, path + "/delay", layer.delay, {layer.delay.size()});
    }
    if (!layer.layers.empty()) {
        file.array<std::int64_t>(path + "/layers", layer.layers, {layer.layers.size()});
    }
    if (layer.neuron && layer.type != "flatten" && layer.type != "average" && layer.type != "concat") {
        file.text(path + "/neuron/type", layer.neuron_type);
        file.scalar<std::int64_t>(path + "/neuron/iDecay", layer.current_decay);
        file.scalar<std::int64_t>(path + "/neuron/vDecay", layer.voltage_decay);
        file.scalar<std::int64_t>(path + "/neuron/vThMant", layer.threshold);
        file.scalar<std::int64_t>(path + "/neuron/refDelay", 1);
        file.scalar<std::uint8_t>(path + "/neuron/gradedSpike", 0);
        if (layer.sigma_output) {
            file.scalar<std::uint8_t>(path + "/neuron/sigma_output", 1);
        }
    }
}

}  // namespace netx

/// Writes the layers as /layer/0, /layer/1, ...
[[nodiscard]] inline Result<void> write_netx(const std::string& path, const std::vector<NetxTestLayer>& layers) {
    auto file = files::Hdf5Writer::create(path);
    if (!file) {
        return tl::unexpected(file.error());
    }
    for (std::size_t i = 0; i < layers.size(); ++i) {
        netx::write_layer(*file, "/layer/" + std::to_string(i), layers[i]);
    }
    return file->close();
}

}  // namespace spikeloom::test
