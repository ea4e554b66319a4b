// Sizes and geometry of netx layers: shapes, pairs of (height, width), kernels, and what a convolution makes of a
// shape. Nothing in the file is trusted: what disagrees is a finding.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "compiler/network.hpp"
#include "compiler/netx/netx_file.hpp"
#include "compiler/netx/netx_notes.hpp"

namespace spikeloom::compiler {

/// A layer's `shape` as (channels, height, width) or (neurons): at most 2^24 neurons, extents of 1 behind the first
/// dropped. Nothing after a finding.
[[nodiscard]] std::optional<Shape> netx_shape(const NetxLayer& layer, NetxNotes& notes);

struct NetxDenseSizes {
    std::uint32_t targets = 0;
    std::uint32_t sources = 0;
};
/// From outFeatures, the shape or the weights' rows, and the number of weights. Nothing after a finding.
[[nodiscard]] std::optional<NetxDenseSizes> netx_dense_sizes(const NetxLayer& layer, NetxNotes& notes);

struct NetxKernel {
    std::uint32_t in_channels = 1;
    std::uint32_t out_channels = 1;
    std::uint32_t groups = 1;
    std::array<std::uint32_t, 2> size{1, 1};  ///< rows, columns
    std::array<std::uint32_t, 2> stride{1, 1};
    std::array<std::uint32_t, 2> padding{0, 0};
    std::array<std::uint32_t, 2> dilation{1, 1};

    [[nodiscard]] std::uint64_t weights() const {
        return std::uint64_t{out_channels} * (in_channels / groups) * size[0] * size[1];
    }
};
/// Of a conv layer, from the shape of its weights [out][in / groups][row][column]; other fields must agree.
[[nodiscard]] std::optional<NetxKernel> netx_kernel(const NetxLayer& layer, NetxNotes& notes);
/// Of a pool layer on so many channels; the stride is the window where the file has none.
[[nodiscard]] std::optional<NetxKernel> netx_pool_kernel(const NetxLayer& layer, std::uint32_t channels,
                                                         NetxNotes& notes);

/// (channels, height, width) of the convolution's result; the layer's `shape` must say the same, forwards or
/// backwards. Nothing after a finding.
[[nodiscard]] std::optional<std::array<std::uint32_t, 3>> netx_output(const NetxKernel& kernel, const Shape& input,
                                                                      const NetxLayer& layer, NetxNotes& notes);

}  // namespace spikeloom::compiler
