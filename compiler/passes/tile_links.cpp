#include "compiler/passes/tile_links.hpp"

#include <algorithm>

namespace spikeloom::compiler {
namespace {

std::uint32_t clip(std::int64_t value, std::uint32_t most) {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value, 0, most));
}

/// What a window sees when it stands on the places from `first` to `last`.
Stretch seen(const AxisLink::Window& window, std::uint32_t first, std::uint32_t last) {
    const std::int64_t reach = std::int64_t{window.taps - 1} * window.dilation + 1;
    return {.begin = clip(std::int64_t{first} * window.stride - window.padding, window.extent),
            .end = clip(std::int64_t{last} * window.stride - window.padding + reach, window.extent)};
}

PictureLink convolution_link(const ConvolutionWeights& c) {
    PictureLink link;
    link.local = true;
    link.shared = true;
    const std::uint32_t groups = std::max(c.groups, 1U);
    const std::uint32_t inputs_a_group = std::max(c.input[0] / groups, 1U);
    link.axes[0] = {.outputs = c.output[0],
                    .block = std::max(c.output[0] / groups, 1U),
                    .repeats = false,
                    .kernel = {.stride = inputs_a_group, .taps = inputs_a_group, .extent = c.input[0]},
                    .pooling = {.extent = c.source[0]}};
    link.fan_in = inputs_a_group;
    for (std::size_t axis = 0; axis < 2; ++axis) {
        AxisLink& here = link.axes[axis + 1];
        here = {.outputs = c.output[axis + 1],
                .kernel = {.stride = c.stride[axis],
                           .padding = c.padding[axis],
                           .taps = c.kernel_size[axis],
                           .dilation = c.dilation[axis],
                           .extent = c.input[axis + 1]},
                .pooling = {.extent = c.source[axis + 1]}};
        link.fan_in *= c.kernel_size[axis];
        if (c.pooling) {
            here.pooling = {.stride = c.pooling->stride[axis],
                            .padding = c.pooling->padding[axis],
                            .taps = c.pooling->kernel[axis],
                            .extent = c.source[axis + 1]};
            link.fan_in *= c.pooling->kernel[axis];
        }
    }
    link.run = std::max(1.0, static_cast<double>(c.kernel_size[1]) / std::max(c.stride[1], 1U));
    return link;
}

PictureLink identity_link(const std::array<std::uint32_t, 3>& picture, bool shared) {
    PictureLink link;
    link.local = true;
    link.shared = shared;
    link.fan_in = 1;
    for (std::size_t axis = 0; axis < 3; ++axis) {
        link.axes[axis] = {
            .outputs = picture[axis], .kernel = {.extent = picture[axis]}, .pooling = {.extent = picture[axis]}};
    }
    return link;
}

double mean_fan_in(const Weights& weights, std::size_t sources, std::size_t targets) {
    if (const auto* sparse = std::get_if<SparseWeights>(&weights)) {
        return static_cast<double>(sparse->weights.size()) / static_cast<double>(std::max<std::size_t>(targets, 1));
    }
    return static_cast<double>(std::holds_alternative<OneToOneWeights>(weights) ? 1 : sources);
}

}  // namespace

std::array<std::uint32_t, 3> picture_of(const Population& population) {
    const Shape& shape = population.shape;
    switch (shape.size()) {
    case 2:
        return {1, shape[0], shape[1]};
    case 3:
        return {shape[0], shape[1], shape[2]};
    default:
        return {1, 1, static_cast<std::uint32_t>(population.size())};
    }
}

Stretch stretch(std::uint32_t extent, std::uint32_t parts, std::uint32_t i) {
    return {.begin = static_cast<std::uint32_t>(std::uint64_t{extent} * i / parts),
            .end = static_cast<std::uint32_t>(std::uint64_t{extent} * (i + 1) / parts)};
}

Stretch AxisLink::heard(Stretch stretch) const {
    if (stretch.size() == 0) {
        return {};
    }
    const Stretch inner = seen(kernel, stretch.begin / block, (stretch.end - 1) / block);
    return inner.size() == 0 ? Stretch{} : seen(pooling, inner.begin, inner.end - 1);
}

AxisLink::Taps AxisLink::distinct_taps(Stretch stretch) const {
    const Stretch sources = heard(stretch);
    if (!repeats) {
        const std::uint64_t all = std::uint64_t{sources.size()} * stretch.size();
        return {.lists = sources.size(), .synapses = all, .longest = all};
    }
    // Which taps a source serves names its list: how far apart their outputs lie follows.
    std::vector<std::vector<std::uint32_t>> served(sources.size());
    Taps taps;
    for (std::uint32_t output = stretch.begin; output < stretch.end; ++output) {
        const Stretch here = heard({.begin = output, .end = output + 1});
        taps.longest = std::max<std::uint64_t>(taps.longest, here.size());
        for (std::uint32_t source = here.begin; source < here.end; ++source) {
            served[source - sources.begin].push_back(source - here.begin);
        }
    }
    std::ranges::sort(served);
    const auto repeated = std::ranges::unique(served);
    served.erase(repeated.begin(), repeated.end());
    taps.lists = served.size();
    for (const std::vector<std::uint32_t>& list : served) {
        taps.synapses += list.size();
    }
    return taps;
}

std::vector<PictureLink> picture_links(const Network& network) {
    std::vector<PictureLink> links;
    links.reserve(network.projections.size());
    for (const Projection& projection : network.projections) {
        const Population& target = network.populations[projection.target.value()];
        const std::size_t sources = network.source_size(projection.source);
        PictureLink link;
        if (const auto* convolution = std::get_if<ConvolutionWeights>(&projection.weights)) {
            link = convolution_link(*convolution);
        } else if (const auto* one = std::get_if<OneToOneWeights>(&projection.weights)) {
            link = identity_link(picture_of(target), one->weights.size() == 1);
        } else {
            link.fan_in = mean_fan_in(projection.weights, sources, target.size());
        }
        link.source = projection.source;
        link.target = projection.target.value();
        link.sources = sources;
        links.push_back(link);
    }
    return links;
}

}  // namespace spikeloom::compiler
