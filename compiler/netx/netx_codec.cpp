#include <algorithm>
#include <cmath>

#include "compiler/netx/netx_file.hpp"
#include "core/files/byte_coder.hpp"
#include "core/files/bytes.hpp"

namespace spikeloom::compiler {
namespace {

class Encoder : public files::ByteEncoder {
public:
    void group(const NetxGroup& group) {
        text(group.path);
        number(group.arrays.size());
        for (const auto& [name, array] : group.arrays) {
            text(name);
            numbers(array.shape);
            numbers(array.values);
        }
        number(group.texts.size());
        for (const auto& [name, value] : group.texts) {
            text(name);
            text(value);
        }
    }

    void layer(const NetxLayer& layer) {
        number(layer.number);
        text(layer.type);
        group(layer.group);
        number(layer.neuron ? 1 : 0);
        if (layer.neuron) {
            group(*layer.neuron);
        }
    }
};

class Decoder : public files::ByteDecoder {
public:
    using ByteDecoder::ByteDecoder;

    NetxArray array() {
        NetxArray array;
        array.shape = numbers<std::uint64_t>();
        array.values = numbers<double>();
        std::uint64_t count = 1;
        for (const std::uint64_t extent : array.shape) {
            const auto product = files::checked_product(count, extent);
            require(product.has_value());
            count = product.value_or(0);
        }
        require(count == array.values.size() &&
                std::ranges::all_of(array.values, [](double value) { return std::isfinite(value); }));
        return array;
    }

    NetxGroup group() {
        NetxGroup group;
        group.path = text();
        const std::uint64_t arrays = number();
        for (std::uint64_t i = 0; i < arrays && !failed(); ++i) {
            std::string name = text();
            group.arrays.emplace(std::move(name), array());
        }
        const std::uint64_t texts = number();
        for (std::uint64_t i = 0; i < texts && !failed(); ++i) {
            std::string name = text();
            group.texts.emplace(std::move(name), text());
        }
        return group;
    }

    NetxLayer layer() {
        NetxLayer layer;
        layer.number = number();
        layer.type = text();
        layer.group = group();
        const std::uint64_t neurons = number();
        if (require(neurons <= 1) && neurons == 1) {
            layer.neuron = group();
        }
        return layer;
    }
};

}  // namespace

std::string encode_netx(const Result<NetxFile>& file) {
    Encoder encoder;
    if (!encoder.outcome(file)) {
        return encoder.take();
    }
    encoder.text(file->origin);
    encoder.diagnostics(file->remarks);
    encoder.group(file->simulation);
    encoder.number(file->layers.size());
    for (const NetxLayer& layer : file->layers) {
        encoder.layer(layer);
    }
    return encoder.take();
}

std::optional<Result<NetxFile>> decode_netx(std::string_view bytes) {
    Decoder decoder(bytes);
    if (!decoder.value_follows()) {
        return decoder.refusal<NetxFile>();
    }
    NetxFile file;
    file.origin = decoder.text();
    file.remarks = decoder.diagnostics();
    file.simulation = decoder.group();
    const std::uint64_t layers = decoder.number();
    for (std::uint64_t index = 0; index < layers && !decoder.failed(); ++index) {
        file.layers.push_back(decoder.layer());
        decoder.require(file.layers.back().number == index);
    }
    if (decoder.failed() || !decoder.at_end() || file.layers.empty()) {
        return std::nullopt;
    }
    return Result<NetxFile>(std::move(file));
}

}  // namespace spikeloom::compiler
