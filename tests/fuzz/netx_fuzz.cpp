// The netx reader under fuzzing. The first byte chooses what the rest is:
//   0         the bytes of an HDF5 file, read in a child process (slow; most such inputs are passed over)
//   1 - 127   the bytes that the child tells its parent: decoded, and taken all the way to a network
//   128 - 255 a recipe for the layers of a parsed file, sizes that often fit: shapes and lowering at full speed
// A network that comes out must be sound.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "compiler/netx/netx_reader.hpp"
#include "decision_bytes.hpp"

using namespace spikeloom;
using namespace spikeloom::compiler;

namespace {

using Bytes = test::DecisionBytes;
double odd_value(Bytes& bytes) {
    static constexpr std::array<double, 8> odd{0, -1, 0.5, 1e30, 4096, 65536, 300, -300};
    const std::uint8_t byte = bytes.byte();
    return byte < 224 ? byte % 6 : odd[byte % odd.size()];
}

NetxArray array_of(Bytes& bytes, std::vector<std::uint64_t> shape) {
    NetxArray array{.shape = std::move(shape), .values = {}};
    std::uint64_t count = 1;
    for (const std::uint64_t extent : array.shape) {
        count *= extent;
    }
    for (std::uint64_t i = 0; i < count; ++i) {
        array.values.push_back(odd_value(bytes));
    }
    return array;
}

NetxLayer layer_of(Bytes& bytes, std::uint64_t number) {
    static constexpr std::array<const char*, 11> types{
        "dense", "conv", "pool", "flatten", "input", "dense_rec", "recurrent", "average", "concat", "dense_comp", "?"};
    static constexpr std::array<const char*, 5> neurons{"CUBA", "LOIHI", "SDNN", "RF", ""};
    NetxLayer layer{.number = number, .type = types[bytes.below(11)], .group = {.path = "/layer/x"}, .neuron = {}};
    auto& arrays = layer.group.arrays;
    const auto small = [&] { return std::uint64_t{1} + bytes.below(4); };
    if (bytes.below(4) != 0) {
        arrays["shape"] = array_of(bytes, {1 + bytes.below(3) % 3U});
    }
    const bool image = layer.type == "conv";
    arrays["weight"] =
        image ? array_of(bytes, {small(), small(), small(), small()}) : array_of(bytes, {small(), small()});
    for (const char* name : {"stride", "padding", "dilation", "kernelSize", "groups", "bias", "delay", "weight_rec"}) {
        if (bytes.below(3) == 0) {
            arrays[name] = array_of(bytes, {small()});
        }
    }
    if (layer.type == "concat") {
        arrays["layers"] = array_of(bytes, {small()});
    }
    if (bytes.below(5) != 0) {
        layer.neuron = NetxGroup{.path = "/layer/x/neuron"};
        layer.neuron->texts["type"] = neurons[bytes.below(5)];
        for (const char* name : {"iDecay", "vDecay", "vThMant", "refDelay"}) {
            layer.neuron->arrays[name] = array_of(bytes, {1});
        }
    }
    return layer;
}

void expect_sound(const Result<NetxImport>& import) {
    if (import && !check_network(import->network).empty()) {
        std::abort();
    }
    if (!import && !has_error(import.error())) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) {
        return 0;
    }
    const std::uint8_t way = data[0];
    if (way == 0) {
        if (data[1] % 32 == 0) {
            expect_sound(read_netx_bytes(std::as_bytes(std::span(data + 2, size - 2)), "fuzz.net"));
        }
        return 0;
    }
    if (way < 128) {
        const std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);
        if (const auto file = decode_netx(bytes); file && file->has_value()) {
            expect_sound(import_netx(**file));
        }
        return 0;
    }
    Bytes bytes(data + 1, size - 1);
    NetxFile file;
    file.origin = "fuzz.net";
    const std::size_t count = 1 + bytes.below(6);
    for (std::size_t i = 0; i < count; ++i) {
        file.layers.push_back(layer_of(bytes, i));
    }
    NetxOptions options;
    if (bytes.below(2) == 0) {
        options.input_shape = Shape{1U + bytes.below(4), 1U + bytes.below(6), 1U + bytes.below(6)};
    }
    options.input = bytes.below(2) == 0 ? NetxInput::neurons : NetxInput::spikes;
    options.first_layer = bytes.below(8) == 0 ? bytes.below(4) : 0;
    options.reset_interval = bytes.below(3);
    options.reset_offset = bytes.below(5);
    expect_sound(import_netx(file, options));
    return 0;
}
