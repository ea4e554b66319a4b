// lava-dl netx files (.net, HDF5; ECOSYSTEM facts 2) to Networks whose populations have FixedNeuron: the registers and
// whole-numbered weights that netx would program, bit for bit. What the file leaves open, or what netx does with it
// beside what it says, is settled by a stated rule and told as a Resolution.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compiler/network.hpp"
#include "compiler/netx/netx_file.hpp"
#include "compiler/resolution.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// Who computes the neurons of an `input` layer.
enum class NetxInput : std::uint8_t {
    neurons,  ///< the chip: the port brings their biases, a graded spike a channel and step
    spikes,   ///< whoever drives the network: the port brings the layer's spikes
};

struct NetxOptions {
    /// --netx-input-shape C,H,W; default: the input layer's, or what the first layer's weights take.
    std::optional<Shape> input_shape;
    NetxInput input = NetxInput::neurons;  ///< --netx-input {neurons,spikes}
    /// --netx-layers FIRST:END, numbers of the file; nothing for `end_layer`: all. The port brings what the layer
    /// before FIRST would send. (netx: skip_layers, num_layers.)
    std::uint64_t first_layer = 0;
    std::optional<std::uint64_t> end_layer{};
    /// --netx-reset STEPS[,OFFSET]: u and v of every layer become 0 every so many steps, each layer one step after the
    /// one before it; 0: never. (netx: reset_interval, reset_offset; LOIHI and CUBA neurons only.)
    std::int32_t reset_interval = 0;
    std::int32_t reset_offset = 0;
};

struct NetxImport {
    Network network;
    std::vector<Resolution> resolutions;
    Diagnostics remarks;  ///< warnings and notes
};

/// What netx's encoders do with a pixel x of 0..1 before a step: 2 weight x - weight + bias, cut towards zero.
struct NetxTransform {
    double weight = 64;
    double bias = 0;
    bool sigma_delta = false;  ///< the input's neurons encode changes; else the value is their bias
};
/// Of a file whose first layer is an input with neurons.
[[nodiscard]] std::optional<NetxTransform> netx_transform(const NetxFile& file);

/// Reads a netx file. All findings at once, each with the HDF5 path ("net.net:/layer/3/weight"). The HDF5 library runs
/// in a child process, since corrupt files bring it down.
[[nodiscard]] Result<NetxImport> read_netx(const std::string& path, const NetxOptions& options = {});
/// The same over the bytes of a file; `origin` names them in diagnostics, its stem names the network.
[[nodiscard]] Result<NetxImport> read_netx_bytes(std::span<const std::byte> bytes, const std::string& origin,
                                                 const NetxOptions& options = {});
/// The file's layers, parsed in a child process, nothing interpreted.
[[nodiscard]] Result<NetxFile> read_netx_file(const std::string& path);
/// The same from a parsed file.
[[nodiscard]] Result<NetxImport> import_netx(const NetxFile& file, const NetxOptions& options = {});

}  // namespace spikeloom::compiler
