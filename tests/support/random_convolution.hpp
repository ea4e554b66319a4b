// Convolutions as no framework refuses them.
#pragma once

#include <cstdint>

#include "compiler/network.hpp"
#include "support/networks.hpp"

namespace spikeloom::test {

/// A random convolution: strides, padding, dilation, groups, pooling with overlap.
inline compiler::ConvolutionWeights random_convolution(Draws& draws) {
    compiler::ConvolutionWeights c;
    const auto some = [&](std::int64_t least, std::int64_t most) {
        return static_cast<std::uint32_t>(draws.integer(least, most));
    };
    c.groups = some(1, 2);
    c.source = {c.groups * some(1, 2), some(9, 14), some(9, 14)};
    c.input = c.source;
    if (draws.chance(0.6)) {
        c.pooling = compiler::Pooling{.kernel = {some(1, 3), some(1, 3)},
                                      .stride = {some(1, 2), some(1, 2)},
                                      .padding = {0, 0},
                                      .scale = draws.uniform(0.1, 1)};
        for (std::size_t axis = 0; axis < 2; ++axis) {
            c.input[axis + 1] = (c.source[axis + 1] - c.pooling->kernel[axis]) / c.pooling->stride[axis] + 1;
        }
    }
    c.output[0] = c.groups * some(1, 3);
    c.kernel_size = {some(1, 3), some(1, 3)};
    c.stride = {some(1, 2), some(1, 3)};
    c.padding = {some(0, 1), some(0, 1)};
    c.dilation = {some(1, 2), 1};
    for (std::size_t axis = 0; axis < 2; ++axis) {
        const std::uint32_t extent = c.dilation[axis] * (c.kernel_size[axis] - 1) + 1;
        if (c.input[axis + 1] + 2 * c.padding[axis] < extent) {
            c.kernel_size[axis] = 1;
        }
        const std::uint32_t held = c.dilation[axis] * (c.kernel_size[axis] - 1) + 1;
        c.output[axis + 1] = (c.input[axis + 1] + 2 * c.padding[axis] - held) / c.stride[axis] + 1;
    }
    const std::size_t size = std::size_t{c.output[0]} * (c.input[0] / c.groups) * c.kernel_size[0] * c.kernel_size[1];
    for (std::size_t i = 0; i < size; ++i) {
        c.kernel.push_back(static_cast<float>(draws.uniform(-1, 1)));
    }
    return c;
}

}  // namespace spikeloom::test
