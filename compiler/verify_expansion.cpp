#include "compiler/verify_expansion.hpp"

#include <algorithm>

namespace spikeloom::compiler {
namespace {

/// The kernel's cell that a tap reads, and the place on the (pooled) input that it reads from.
struct Tap {
    std::uint32_t target = 0;
    std::int64_t row = 0;
    std::int64_t column = 0;
    float weight = 0;
};

/// Every tap of every output that reads the channel, outputs ascending.
template <class Visit>
void for_each_tap(const ConvolutionWeights& c, std::uint32_t channel, Visit visit) {
    const std::uint32_t inputs_per_group = c.input[0] / c.groups;
    const std::uint32_t outputs_per_group = c.output[0] / c.groups;
    const std::size_t area = std::size_t{c.kernel_size[0]} * c.kernel_size[1];
    const std::uint32_t group = channel / inputs_per_group;
    std::uint32_t target = group * outputs_per_group * c.output[1] * c.output[2];
    for (std::uint32_t map = group * outputs_per_group; map < (group + 1) * outputs_per_group; ++map) {
        const float* kernel =
            c.kernel.data() + (std::size_t{map} * inputs_per_group + channel % inputs_per_group) * area;
        for (std::uint32_t y = 0; y < c.output[1]; ++y) {
            for (std::uint32_t x = 0; x < c.output[2]; ++x, ++target) {
                for (std::uint32_t i = 0; i < c.kernel_size[0]; ++i) {
                    for (std::uint32_t j = 0; j < c.kernel_size[1]; ++j) {
                        const std::int64_t row =
                            std::int64_t{y} * c.stride[0] + std::int64_t{i} * c.dilation[0] - c.padding[0];
                        const std::int64_t column =
                            std::int64_t{x} * c.stride[1] + std::int64_t{j} * c.dilation[1] - c.padding[1];
                        if (row >= 0 && row < c.input[1] && column >= 0 && column < c.input[2]) {
                            visit(Tap{.target = target,
                                      .row = row,
                                      .column = column,
                                      .weight = kernel[i * c.kernel_size[1] + j]});
                        }
                    }
                }
            }
        }
    }
}

/// Every pixel of the source's channel that a tap stands for: one, or a window of them where the source is pooled.
template <class Visit>
void for_each_source(const ConvolutionWeights& c, const Tap& tap, Visit visit) {
    const Pooling pooling = c.pooling.value_or(Pooling{});
    for (std::uint32_t i = 0; i < pooling.kernel[0]; ++i) {
        for (std::uint32_t j = 0; j < pooling.kernel[1]; ++j) {
            const std::int64_t row = tap.row * pooling.stride[0] + i - pooling.padding[0];
            const std::int64_t column = tap.column * pooling.stride[1] + j - pooling.padding[1];
            if (row >= 0 && row < c.source[1] && column >= 0 && column < c.source[2]) {
                visit(static_cast<std::size_t>(row) * c.source[2] + static_cast<std::size_t>(column));
            }
        }
    }
}

}  // namespace

NaiveExpansion::Taps NaiveExpansion::collect(const ConvolutionWeights& convolution, std::uint32_t channel) {
    const std::size_t pixels = std::size_t{convolution.source[1]} * convolution.source[2];
    Taps taps{.channel = channel, .scale = convolution.pooling ? convolution.pooling->scale : 1.0};
    taps.first.assign(pixels + 1, 0);
    for_each_tap(convolution, channel, [&](const Tap& tap) {
        for_each_source(convolution, tap, [&](std::size_t pixel) { ++taps.first[pixel + 1]; });
    });
    for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
        taps.first[pixel + 1] += taps.first[pixel];
    }
    taps.targets.resize(taps.first.back());
    taps.weights.resize(taps.first.back());
    std::vector<std::uint64_t> next(taps.first.begin(), taps.first.end() - 1);
    for_each_tap(convolution, channel, [&](const Tap& tap) {
        for_each_source(convolution, tap, [&](std::size_t pixel) {
            const std::uint64_t at = next[pixel]++;
            taps.targets[at] = tap.target;
            taps.weights[at] = tap.weight;
        });
    });
    return taps;
}

NaiveExpansion::NaiveExpansion(const Network& network) : network_(&network), taps_(network.projections.size()) {}

void NaiveExpansion::append(std::size_t projection, std::uint32_t source, std::vector<ExpandedSynapse>& out) {
    const Projection& p = network_->projections[projection];
    const auto base = static_cast<std::uint32_t>(p.delay_steps);
    const bool plastic = p.learning.has_value();
    const auto add = [&](std::uint32_t target, std::uint32_t delay, float weight) {
        if (weight != 0 || plastic) {
            out.push_back({.target = target, .delay = delay, .weight = weight});
        }
    };
    if (const auto* dense = std::get_if<DenseWeights>(&p.weights)) {
        const std::size_t sources = network_->source_size(p.source);
        for (std::size_t at = source; at < dense->weights.size(); at += sources) {
            add(static_cast<std::uint32_t>(at / sources), base, dense->weights[at]);
        }
    } else if (const auto* sparse = std::get_if<SparseWeights>(&p.weights)) {
        for (std::uint64_t i = sparse->row_begin[source]; i < sparse->row_begin[source + 1]; ++i) {
            add(sparse->targets[i], base + (sparse->delays.empty() ? 0U : sparse->delays[i]), sparse->weights[i]);
        }
    } else if (const auto* one = std::get_if<OneToOneWeights>(&p.weights)) {
        add(source, base, one->weights.size() == 1 ? one->weights[0] : one->weights[source]);
    } else {
        const auto& convolution = std::get<ConvolutionWeights>(p.weights);
        const std::uint32_t pixels = convolution.source[1] * convolution.source[2];
        Taps& taps = taps_[projection];
        if (taps.first.empty() || taps.channel != source / pixels) {
            taps = collect(convolution, source / pixels);
        }
        const std::uint32_t pixel = source % pixels;
        for (std::uint64_t i = taps.first[pixel]; i < taps.first[pixel + 1];) {
            const std::uint32_t target = taps.targets[i];
            double sum = 0;
            for (; i < taps.first[pixel + 1] && taps.targets[i] == target; ++i) {
                sum += taps.weights[i];
            }
            add(target, base, static_cast<float>(sum * taps.scale));
        }
    }
}

}  // namespace spikeloom::compiler
