#include <fmt/format.h>

#include <algorithm>

#include "compiler/nir/nir_shapes.hpp"

namespace spikeloom::compiler {

std::array<std::uint32_t, 3> as_map(const Shape& shape, NirType type) {
    const auto ones = std::find_if(shape.begin(), shape.end(), [](std::uint32_t extent) { return extent != 1; });
    const std::size_t rank = type == NirType::conv1d ? 2 : 3;
    const std::size_t extra = shape.size() > rank ? shape.size() - rank : 0;
    if (shape.size() < rank || static_cast<std::size_t>(ones - shape.begin()) < extra) {
        return {0, 0, 0};
    }
    const std::uint32_t* last = shape.data() + extra;
    return rank == 2 ? std::array<std::uint32_t, 3>{last[0], 1, last[1]}
                     : std::array<std::uint32_t, 3>{last[0], last[1], last[2]};
}

std::array<std::uint32_t, 2> pair_of(const NirNode& node, const std::string& parameter) {
    const auto& values = node.at(parameter).values;
    const auto first = static_cast<std::uint32_t>(values.front());
    const auto last = static_cast<std::uint32_t>(values.back());
    return node.type == NirType::conv1d ? std::array<std::uint32_t, 2>{parameter == "padding" ? 0U : 1U, last}
                                        : std::array<std::uint32_t, 2>{first, last};
}

std::array<std::uint32_t, 2> kernel_of(const NirNode& node) {
    const auto& shape = node.at("weight").shape;
    const auto columns = static_cast<std::uint32_t>(shape.back());
    return {node.type == NirType::conv1d ? 1U : static_cast<std::uint32_t>(shape[shape.size() - 2]), columns};
}

NirPadding padding_of(const NirNode& node) {
    NirPadding padding;
    if (node.padding.empty()) {
        padding.before = pair_of(node, "padding");
        padding.total = {2 * padding.before[0], 2 * padding.before[1]};
    } else if (node.padding == "same") {
        const auto kernel = kernel_of(node);
        const auto dilation = pair_of(node, "dilation");
        for (std::size_t axis = 0; axis < 2; ++axis) {
            padding.total[axis] = dilation[axis] * (kernel[axis] - 1);
            padding.before[axis] = padding.total[axis] / 2;  // torch puts the odd one at the end
        }
    }
    return padding;
}

std::array<std::uint64_t, 2> matrix_of(const NirNode& node) {
    const auto& shape = node.at("weight").shape;
    return {shape[shape.size() - 2], shape[shape.size() - 1]};
}

std::optional<std::vector<double>> spread(const NirArray& array, const Shape& shape) {
    const std::size_t count = element_count(shape);
    if (array.values.size() == 1) {
        return std::vector<double>(count, array.values[0]);
    }
    if (array.values.size() == count) {
        return array.values;
    }
    if (array.shape.size() > shape.size()) {
        return std::nullopt;
    }
    // Aligned at the last axis, an extent of 1 is repeated: its stride is 0.
    const std::size_t extra = shape.size() - array.shape.size();
    std::vector<std::size_t> stride(shape.size(), 0);
    std::size_t step = 1;
    for (std::size_t axis = shape.size(); axis-- > extra;) {
        const std::uint64_t extent = array.shape[axis - extra];
        if (extent != 1 && extent != shape[axis]) {
            return std::nullopt;
        }
        stride[axis] = extent == 1 ? 0 : step;
        step *= static_cast<std::size_t>(extent);
    }
    std::vector<double> values(count);
    for (std::size_t index = 0; index < count; ++index) {
        std::size_t rest = index;
        std::size_t from = 0;
        for (std::size_t axis = shape.size(); axis-- > 0; rest /= shape[axis]) {
            from += rest % shape[axis] * stride[axis];
        }
        values[index] = array.values[from];
    }
    return values;
}

}  // namespace spikeloom::compiler
