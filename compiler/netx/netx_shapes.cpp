#include "compiler/netx/netx_shapes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace spikeloom::compiler {
namespace {

constexpr std::uint64_t most_neurons = 1U << 24;  ///< of one layer
constexpr std::uint32_t most_extent = 1U << 16;   ///< of kernels, strides, paddings

/// Whole numbers in least..most; nothing after a finding.
std::optional<std::vector<std::uint32_t>> extents(const NetxGroup& group, const std::string& name, std::uint64_t least,
                                                  std::uint64_t most, NetxNotes& notes) {
    std::vector<std::uint32_t> result;
    for (const double value : group.find(name)->values) {
        if (!(std::floor(value) == value && value >= static_cast<double>(least) &&
              value <= static_cast<double>(most))) {
            notes.complain(group.path + "/" + name, fmt::format("{} holds {}", name, value),
                           fmt::format("whole numbers, {} to {}", least, most));
            return std::nullopt;
        }
        result.push_back(static_cast<std::uint32_t>(value));
    }
    return result;
}

/// One number for both axes, or (rows, columns).
bool read_pair(const NetxGroup& group, const std::string& name, std::uint32_t least, std::array<std::uint32_t, 2>& pair,
               NetxNotes& notes) {
    if (group.find(name) == nullptr) {
        return true;
    }
    const auto values = extents(group, name, least, most_extent, notes);
    if (!values) {
        return false;
    }
    if (values->empty() || values->size() > 2) {
        notes.complain(group.path + "/" + name, fmt::format("{} numbers", values->size()), "1 or 2: rows, columns");
        return false;
    }
    pair = {values->front(), values->back()};
    return true;
}

bool agrees(const NetxGroup& group, const std::string& name, std::uint64_t value, NetxNotes& notes) {
    const NetxArray* array = group.find(name);
    if (array == nullptr || (array->values.size() == 1 && array->values[0] == static_cast<double>(value))) {
        return true;
    }
    notes.complain(group.path + "/" + name, fmt::format("{} is ({})", name, fmt::join(array->values, ", ")),
                   fmt::format("{}, as the weights have it", value));
    return false;
}

bool read_geometry(const NetxLayer& layer, NetxKernel& kernel, NetxNotes& notes) {
    return read_pair(layer.group, "stride", 1, kernel.stride, notes) &&
           read_pair(layer.group, "padding", 0, kernel.padding, notes) &&
           read_pair(layer.group, "dilation", 1, kernel.dilation, notes);
}

}  // namespace

std::optional<Shape> netx_shape(const NetxLayer& layer, NetxNotes& notes) {
    const std::string path = layer.group.path + "/shape";
    const NetxArray* array = layer.group.find("shape");
    if (array == nullptr) {
        notes.complain(layer.group.path, "'shape' is missing", "(channels, height, width), or (neurons)");
        return std::nullopt;
    }
    const auto values = extents(layer.group, "shape", 1, most_neurons, notes);
    if (!values) {
        return std::nullopt;
    }
    std::uint64_t neurons = 1;
    for (const std::uint32_t extent : *values) {
        neurons = std::min(neurons * extent, most_neurons + 1);
    }
    if (values->empty() || values->size() > 3 || neurons > most_neurons) {
        notes.complain(path, fmt::format("a shape of ({})", fmt::join(*values, ", ")),
                       fmt::format("1 to 3 extents, at most {} neurons", most_neurons));
        return std::nullopt;
    }
    const Shape shape(values->begin(), values->end());
    return neurons == shape.front() ? Shape{shape.front()} : shape;
}

std::optional<NetxDenseSizes> netx_dense_sizes(const NetxLayer& layer, NetxNotes& notes) {
    const NetxArray* weight = layer.group.find("weight");
    if (weight == nullptr || weight->values.empty()) {
        notes.complain(layer.group.path, "the layer has no weights", "'weight': (outFeatures, inFeatures)");
        return std::nullopt;
    }
    std::uint64_t targets = weight->shape.size() > 1 ? weight->shape[0] : 0;
    if (layer.group.find("shape") != nullptr) {
        const auto shape = netx_shape(layer, notes);
        if (!shape) {
            return std::nullopt;
        }
        if (targets != 0 && targets != element_count(*shape)) {
            notes.complain(layer.group.path + "/weight", fmt::format("weights of {} neurons", targets),
                           fmt::format("{}, as the shape says", element_count(*shape)));
            return std::nullopt;
        }
        targets = element_count(*shape);
    } else if (targets == 0 && layer.group.find("outFeatures") != nullptr) {
        const auto given = extents(layer.group, "outFeatures", 1, most_neurons, notes);
        targets = given && given->size() == 1 ? given->front() : 0;
    }
    const std::uint64_t count = weight->values.size();
    if (targets == 0 || targets > most_neurons || count % targets != 0 || count / targets > most_neurons) {
        notes.complain(layer.group.path + "/weight",
                       fmt::format("{} weights for {} neurons", count, targets == 0 ? "no" : std::to_string(targets)),
                       "(outFeatures, inFeatures), with the layer's shape or outFeatures");
        return std::nullopt;
    }
    const NetxDenseSizes sizes{.targets = static_cast<std::uint32_t>(targets),
                               .sources = static_cast<std::uint32_t>(count / targets)};
    if (!agrees(layer.group, "inFeatures", sizes.sources, notes) ||
        !agrees(layer.group, "outFeatures", sizes.targets, notes)) {
        return std::nullopt;
    }
    return sizes;
}

std::optional<NetxKernel> netx_kernel(const NetxLayer& layer, NetxNotes& notes) {
    const NetxArray* weight = layer.group.find("weight");
    if (weight == nullptr) {
        notes.complain(layer.group.path, "the layer has no real weights",
                       "'weight': (out, in / groups, rows, columns)");
        return std::nullopt;
    }
    const auto& shape = weight->shape;
    const bool four = shape.size() == 4 || (shape.size() == 5 && shape[4] == 1);
    if (!four || std::ranges::any_of(shape, [](std::uint64_t extent) { return extent == 0 || extent > most_extent; })) {
        notes.complain(layer.group.path + "/weight", fmt::format("weights of shape ({})", fmt::join(shape, ", ")),
                       fmt::format("(out, in / groups, rows, columns), extents 1 to {}", most_extent));
        return std::nullopt;
    }
    NetxKernel kernel;
    if (layer.group.find("groups") != nullptr) {
        const auto groups = extents(layer.group, "groups", 1, most_extent, notes);
        if (!groups || groups->size() != 1 || shape[0] % groups->front() != 0) {
            notes.complain(layer.group.path + "/groups", "the groups do not divide the output channels");
            return std::nullopt;
        }
        kernel.groups = groups->front();
    }
    kernel.out_channels = static_cast<std::uint32_t>(shape[0]);
    kernel.size = {static_cast<std::uint32_t>(shape[2]), static_cast<std::uint32_t>(shape[3])};
    const std::uint64_t channels = shape[1] * kernel.groups;
    if (channels > most_neurons) {
        notes.complain(layer.group.path + "/weight", fmt::format("weights for {} channels", channels));
        return std::nullopt;
    }
    kernel.in_channels = static_cast<std::uint32_t>(channels);
    std::array<std::uint32_t, 2> told = kernel.size;
    if (!agrees(layer.group, "inChannels", kernel.in_channels, notes) ||
        !agrees(layer.group, "outChannels", kernel.out_channels, notes) || !read_geometry(layer, kernel, notes) ||
        !read_pair(layer.group, "kernelSize", 1, told, notes)) {
        return std::nullopt;
    }
    if (told != kernel.size) {
        notes.complain(layer.group.path + "/kernelSize", fmt::format("a kernel of ({})", fmt::join(told, ", ")),
                       fmt::format("({}), as the weights have it", fmt::join(kernel.size, ", ")));
        return std::nullopt;
    }
    return kernel;
}

std::optional<NetxKernel> netx_pool_kernel(const NetxLayer& layer, std::uint32_t channels, NetxNotes& notes) {
    if (layer.group.find("kernelSize") == nullptr) {
        notes.complain(layer.group.path, "'kernelSize' is missing", "the window: rows, columns");
        return std::nullopt;
    }
    NetxKernel kernel{.in_channels = channels, .out_channels = channels, .groups = channels};
    if (!read_pair(layer.group, "kernelSize", 1, kernel.size, notes)) {
        return std::nullopt;
    }
    kernel.stride = kernel.size;
    if (!read_geometry(layer, kernel, notes)) {
        return std::nullopt;
    }
    if (std::uint64_t{kernel.size[0]} * kernel.size[1] * channels > most_neurons) {
        notes.complain(layer.group.path + "/kernelSize",
                       fmt::format("a window of {} x {}", kernel.size[0], kernel.size[1]));
        return std::nullopt;
    }
    return kernel;
}

std::optional<std::array<std::uint32_t, 3>> netx_output(const NetxKernel& kernel, const Shape& input,
                                                        const NetxLayer& layer, NetxNotes& notes) {
    std::array<std::uint32_t, 3> output{kernel.out_channels, 0, 0};
    for (std::size_t axis = 0; axis < 2; ++axis) {
        const std::uint64_t padded = std::uint64_t{input[axis + 1]} + 2ULL * kernel.padding[axis];
        const std::uint64_t reach = std::uint64_t{kernel.dilation[axis]} * (kernel.size[axis] - 1) + 1;
        if (reach > padded) {
            notes.complain(layer.group.path, fmt::format("a window over {} of {} padded {}", reach, padded,
                                                         axis == 0 ? "rows" : "columns"));
            return std::nullopt;
        }
        output[axis + 1] = static_cast<std::uint32_t>((padded - reach) / kernel.stride[axis] + 1);
    }
    if (std::uint64_t{output[1]} * output[2] > most_neurons / output[0]) {
        notes.complain(layer.group.path, fmt::format("a layer of ({}) neurons", fmt::join(output, ", ")),
                       fmt::format("at most {}", most_neurons));
        return std::nullopt;
    }
    if (layer.group.find("shape") == nullptr) {
        return output;
    }
    const auto told = extents(layer.group, "shape", 1, most_neurons, notes);
    if (!told) {
        return std::nullopt;
    }
    if (told->size() == 3 && std::ranges::equal(*told, output)) {
        return output;
    }
    const std::array<std::uint32_t, 3> backwards{output[2], output[1], output[0]};
    if (told->size() == 3 && std::ranges::equal(*told, backwards)) {
        notes.settle("shape", fmt::format("layer {}: ({})", layer.number, fmt::join(output, ", ")),
                     "its shape stands backwards, as (x, y, channels)");
        return output;
    }
    notes.complain(layer.group.path + "/shape", fmt::format("a shape of ({})", fmt::join(*told, ", ")),
                   fmt::format("({}), as kernel, stride and padding make of ({})", fmt::join(output, ", "),
                               fmt::join(input, ", ")));
    return std::nullopt;
}

}  // namespace spikeloom::compiler
