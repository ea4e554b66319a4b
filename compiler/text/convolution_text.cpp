// Convolutions of a written network: the shapes must agree with the kernel's arithmetic.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "compiler/text/projection_text.hpp"

namespace spikeloom::compiler::text {
namespace {

/// One number for both, or two; `fallback` when absent.
std::array<std::uint32_t, 2> read_pair(TextReader& reader, const std::string& path,
                                       const google::protobuf::RepeatedField<std::uint32_t>& values,
                                       std::array<std::uint32_t, 2> fallback, std::uint32_t least) {
    constexpr std::uint32_t most = 1U << 16;
    if (values.size() > 2) {
        reader.say(path + "[2]", fmt::format("{} numbers", values.size()), "one for both, or [rows, columns]");
    }
    if (values.empty()) {
        return fallback;
    }
    for (int i = 0; i < values.size(); ++i) {
        reader.in_range(element(path, i), values[i], least, most);
    }
    const auto bounded = [&](int i) { return std::clamp(values[i], least, most); };
    return {bounded(0), bounded(values.size() > 1 ? 1 : 0)};
}

/// Places of a window of `reach` on `extent` with padding (both sides'); 0 when it doesn't fit.
std::uint32_t places(std::uint32_t extent, std::uint32_t reach, std::uint32_t stride, std::uint64_t padding) {
    const std::uint64_t room = extent + padding;
    return room < reach ? 0 : static_cast<std::uint32_t>((room - reach) / stride + 1);
}

std::string text_of(const std::array<std::uint32_t, 3>& shape) {
    return fmt::format("({})", fmt::join(shape, ", "));
}

void read_pooling(TextReader& reader, const std::string& path, const proto::PoolingProto& block,
                  ConvolutionWeights& weights) {
    Pooling pooling;
    if (block.kernel_size().empty()) {
        reader.say(path, "'kernel_size' is missing", "one number for both, or [rows, columns]");
    }
    pooling.kernel = read_pair(reader, path + ".kernel_size", block.kernel_size(), {1, 1}, 1);
    pooling.stride = read_pair(reader, path + ".stride", block.stride(), pooling.kernel, 1);
    pooling.padding = read_pair(reader, path + ".padding", block.padding(), {0, 0}, 0);
    pooling.scale = block.average() ? 1.0 / (static_cast<double>(pooling.kernel[0]) * pooling.kernel[1]) : 1.0;
    for (std::size_t axis = 0; axis < 2; ++axis) {
        weights.input[axis + 1] =
            places(weights.source[axis + 1], pooling.kernel[axis], pooling.stride[axis], 2ULL * pooling.padding[axis]);
    }
    weights.pooling = pooling;
}

}  // namespace

void read_convolution(TextReader& reader, Budget& budget, const Item& item) {
    const proto::ConvolutionProto& block = item.block.convolution();
    const std::string path = item.path + ".convolution";
    const Network& network = reader.network;
    const Shape& from = item.source.kind == Source::Kind::input ? network.inputs[item.source.index].shape
                                                                : network.populations[item.source.index].shape;
    const Shape& to = network.populations[item.target].shape;
    if (from.size() != 3 || to.size() != 3) {
        reader.say(path, fmt::format("source {} and target {}", shape_text(from), shape_text(to)),
                   "shapes (channels, rows, columns) on both sides");
        return;
    }
    ConvolutionWeights weights;
    weights.source = weights.input = {from[0], from[1], from[2]};
    if (block.has_pooling()) {
        read_pooling(reader, path + ".pooling", block.pooling(), weights);
    }
    if (block.kernel_size().empty()) {
        reader.say(path, "'kernel_size' is missing", "one number for both, or [rows, columns]");
    }
    weights.kernel_size = read_pair(reader, path + ".kernel_size", block.kernel_size(), {1, 1}, 1);
    weights.stride = read_pair(reader, path + ".stride", block.stride(), {1, 1}, 1);
    weights.padding = read_pair(reader, path + ".padding", block.padding(), {0, 0}, 0);
    const auto padding_end = read_pair(reader, path + ".padding_end", block.padding_end(), weights.padding, 0);
    weights.dilation = read_pair(reader, path + ".dilation", block.dilation(), {1, 1}, 1);
    weights.groups = block.groups();
    if (weights.groups == 0 || from[0] % weights.groups != 0 || to[0] % weights.groups != 0) {
        reader.say(path + ".groups", fmt::format("{} groups of {} and {} channels", weights.groups, from[0], to[0]),
                   "a divisor of both");
        return;
    }
    weights.output[0] = to[0];
    for (std::size_t axis = 0; axis < 2; ++axis) {
        const std::uint64_t reach = std::uint64_t{weights.dilation[axis]} * (weights.kernel_size[axis] - 1) + 1;
        weights.output[axis + 1] =
            places(weights.input[axis + 1], static_cast<std::uint32_t>(std::min<std::uint64_t>(reach, UINT32_MAX)),
                   weights.stride[axis], std::uint64_t{weights.padding[axis]} + padding_end[axis]);
    }
    if (weights.output != std::array<std::uint32_t, 3>{to[0], to[1], to[2]}) {
        reader.say(path,
                   fmt::format("the convolution makes {} of {}", text_of(weights.output), text_of(weights.source)),
                   fmt::format("the target's shape {}", shape_text(to)));
        return;
    }
    const std::uint64_t width = std::uint64_t{weights.kernel_size[0]} * weights.kernel_size[1];
    const std::uint64_t rows = std::uint64_t{to[0]} * (from[0] / weights.groups);
    if (rows > reader.limits.synapses || width > reader.limits.synapses) {
        reader.say(path, fmt::format("a kernel of {} x {} weights", rows, width),
                   fmt::format("{} weights in all", reader.limits.synapses));
        return;
    }
    check_list(reader, item, rows * width,
               fmt::format("{} x {} x {} x {}", to[0], from[0] / weights.groups, weights.kernel_size[0],
                           weights.kernel_size[1]));
    if (budget.spend(path, rows * width)) {
        reader.draws.emplace_back([&reader, item, weights, rows, width]() mutable {
            weights.kernel = weights_of(reader, item, rows * width, width);
            projection(reader, item).weights = std::move(weights);
        });
    }
}

}  // namespace spikeloom::compiler::text
