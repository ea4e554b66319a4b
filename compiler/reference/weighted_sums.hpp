// What a projection brings to its targets, naively: rows of a matrix, convolution loops, one synapse after the other.
// The interpreter's own reading of the Network's weights; nothing here is shared with append_connections.
// Every add_weighted does sum[target] += weight * signal, each sum in ascending order of the source.
// late_signal(d) gives the source's signal, d steps older than the projection's own timing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "compiler/network.hpp"

namespace spikeloom::compiler::reference {

template <class Real, class Late>
void add_weighted(const DenseWeights& dense, const Late& late_signal, std::vector<Real>& sum) {
    const std::vector<Real>& signal = late_signal(0);
    std::vector<std::size_t> active;
    for (std::size_t source = 0; source < signal.size(); ++source) {
        if (signal[source] != 0) {
            active.push_back(source);
        }
    }
    for (std::size_t target = 0; target < sum.size(); ++target) {
        const float* row = dense.weights.data() + target * signal.size();
        for (const std::size_t source : active) {
            sum[target] += static_cast<Real>(row[source]) * signal[source];
        }
    }
}

template <class Real, class Late>
void add_weighted(const OneToOneWeights& one, const Late& late_signal, std::vector<Real>& sum) {
    const std::vector<Real>& signal = late_signal(0);
    for (std::size_t i = 0; i < sum.size(); ++i) {
        sum[i] += static_cast<Real>(one.weights[one.weights.size() == 1 ? 0 : i]) * signal[i];
    }
}

template <class Real, class Late>
void add_weighted(const SparseWeights& sparse, const Late& late_signal, std::vector<Real>& sum) {
    for (std::size_t source = 0; source + 1 < sparse.row_begin.size(); ++source) {
        for (std::uint64_t k = sparse.row_begin[source]; k < sparse.row_begin[source + 1]; ++k) {
            const std::uint64_t late = sparse.delays.empty() ? 0 : sparse.delays[k];
            sum[sparse.targets[k]] += static_cast<Real>(sparse.weights[k]) * late_signal(late)[source];
        }
    }
}

template <class Real>
std::vector<Real> pooled(const ConvolutionWeights& convolution, const std::vector<Real>& signal) {
    const Pooling& pooling = *convolution.pooling;
    const auto [channels, height, width] = convolution.input;
    const std::int64_t source_height = convolution.source[1];
    const std::int64_t source_width = convolution.source[2];
    std::vector<Real> result;
    result.reserve(std::size_t{channels} * height * width);
    for (std::int64_t channel = 0; channel < channels; ++channel) {
        for (std::int64_t row = 0; row < height; ++row) {
            for (std::int64_t column = 0; column < width; ++column) {
                Real sum = 0;
                for (std::int64_t dy = 0; dy < pooling.kernel[0]; ++dy) {
                    for (std::int64_t dx = 0; dx < pooling.kernel[1]; ++dx) {
                        const std::int64_t y = row * pooling.stride[0] + dy - pooling.padding[0];
                        const std::int64_t x = column * pooling.stride[1] + dx - pooling.padding[1];
                        if (y >= 0 && y < source_height && x >= 0 && x < source_width) {
                            sum += signal[static_cast<std::size_t>((channel * source_height + y) * source_width + x)];
                        }
                    }
                }
                result.push_back(static_cast<Real>(pooling.scale) * sum);
            }
        }
    }
    return result;
}

/// The cross-correlation at one output place.
template <class Real>
Real correlated(const ConvolutionWeights& convolution, const std::vector<Real>& image,
                std::array<std::int64_t, 3> place) {
    const auto [channels, height, width] = convolution.input;
    const auto [out_channel, row, column] = place;
    const std::int64_t group_inputs = channels / convolution.groups;
    const std::int64_t group_outputs = convolution.output[0] / convolution.groups;
    const std::int64_t first_channel = out_channel / group_outputs * group_inputs;
    Real sum = 0;
    for (std::int64_t channel = 0; channel < group_inputs; ++channel) {
        for (std::int64_t ky = 0; ky < convolution.kernel_size[0]; ++ky) {
            for (std::int64_t kx = 0; kx < convolution.kernel_size[1]; ++kx) {
                const std::int64_t y =
                    row * convolution.stride[0] + ky * convolution.dilation[0] - convolution.padding[0];
                const std::int64_t x =
                    column * convolution.stride[1] + kx * convolution.dilation[1] - convolution.padding[1];
                if (y < 0 || y >= height || x < 0 || x >= width) {
                    continue;
                }
                const auto tap = static_cast<std::size_t>(
                    ((out_channel * group_inputs + channel) * convolution.kernel_size[0] + ky) *
                        convolution.kernel_size[1] +
                    kx);
                const auto pixel = static_cast<std::size_t>(((first_channel + channel) * height + y) * width + x);
                sum += static_cast<Real>(convolution.kernel[tap]) * image[pixel];
            }
        }
    }
    return sum;
}

template <class Real, class Late>
void add_weighted(const ConvolutionWeights& convolution, const Late& late_signal, std::vector<Real>& sum) {
    const std::vector<Real>& signal = late_signal(0);
    const std::vector<Real> image = convolution.pooling ? pooled(convolution, signal) : signal;
    const auto [channels, height, width] = convolution.output;
    std::size_t target = 0;
    for (std::int64_t channel = 0; channel < channels; ++channel) {
        for (std::int64_t row = 0; row < height; ++row) {
            for (std::int64_t column = 0; column < width; ++column) {
                sum[target++] += correlated(convolution, image, {channel, row, column});
            }
        }
    }
}

}  // namespace spikeloom::compiler::reference
