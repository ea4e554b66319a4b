#include "compiler/nir/nir_node_shape.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "compiler/nir/nir_parameters.hpp"

namespace spikeloom::compiler {
namespace {

/// What is left of the shape where dimensions start to end become one; nothing if they are not there.
std::optional<Shape> collapse(const Shape& in, int start, int end) {
    const int rank = static_cast<int>(in.size());
    start += start < 0 ? rank : 0;
    end += end < 0 ? rank : 0;
    if (start < 0 || end >= rank || start > end) {
        return std::nullopt;
    }
    Shape out(in.begin(), in.begin() + start);
    out.push_back(static_cast<std::uint32_t>(element_count(Shape(in.begin() + start, in.begin() + end + 1))));
    out.insert(out.end(), in.begin() + end + 1, in.end());
    return out;
}

std::optional<Shape> own_convolution_shape(const NirNode& node) {
    const NirArray* shape = node.find("input_shape");
    if (shape == nullptr) {
        return std::nullopt;
    }
    std::vector<double> extents{static_cast<double>(node.at("weight").shape[1]) * node.at("groups").values[0]};
    extents.insert(extents.end(), shape->values.begin(), shape->values.end());
    if (node.type == NirType::conv2d && extents.size() == 2) {
        extents.push_back(extents.back());
    }
    return sound_shape(extents);
}

}  // namespace

std::string shape_text(const Shape& shape) {
    return fmt::format("({})", fmt::join(shape, ", "));
}

std::optional<Shape> own_shape(const NirNode& node) {
    switch (node.type) {
    case NirType::input:
    case NirType::output:
        return sound_shape(node.at("shape").values);
    case NirType::affine:
    case NirType::linear:
        return sound_shape(std::vector<std::uint64_t>{matrix_of(node)[1]});
    case NirType::conv1d:
    case NirType::conv2d:
        return own_convolution_shape(node);
    case NirType::flatten: {
        const NirArray* shape = node.find("input_type");
        return shape == nullptr ? std::nullopt : sound_shape(shape->values);
    }
    case NirType::sum_pool:
    case NirType::average_pool:
    case NirType::graph:
        return std::nullopt;
    case NirType::scale:
    case NirType::delay:
    case NirType::threshold:
    case NirType::integrator:
    case NirType::integrate_fire:
    case NirType::leaky_integrator:
    case NirType::leaky:
    case NirType::current_based_integrator:
    case NirType::current_based:
        return sound_shape(largest_of(node).shape);
    }
    return std::nullopt;
}

std::optional<NirNodeShapes::Output> NirNodeShapes::output(const NirNode& node, const Shape& in,
                                                           const std::vector<const NirNode*>& after) {
    const std::size_t known = say_.count();
    auto out = unchecked(node, in, after);
    if (!out) {
        if (say_.count() == known) {
            say_.complain(node, "", fmt::format("{} arrives, which the node can't take", shape_text(in)));
        }
        return std::nullopt;
    }
    double elements = 1;  // in double: the product may be beyond 64 bits
    for (const std::uint32_t extent : out->shape) {
        elements *= extent;
    }
    if (elements > static_cast<double>(most_layer_elements)) {
        say_.complain(node, "",
                      fmt::format("{} arrives, and the node gives {} elements", shape_text(in), shape_text(out->shape)),
                      fmt::format("at most {} elements", most_layer_elements));
        return std::nullopt;
    }
    return out;
}

std::optional<NirNodeShapes::Output> NirNodeShapes::unchecked(const NirNode& node, const Shape& in,
                                                              const std::vector<const NirNode*>& after) {
    const auto plain = [](std::optional<Shape> shape) {
        return shape ? std::optional(Output{std::move(*shape), false}) : std::nullopt;
    };
    switch (node.type) {
    case NirType::input:
    case NirType::output:
        return Output{port(node, in), false};
    case NirType::affine:
    case NirType::linear:
        return plain(matrix(node, in));
    case NirType::conv1d:
    case NirType::conv2d:
        return plain(convolution(node, in));
    case NirType::sum_pool:
    case NirType::average_pool:
        return plain(pool(node, in));
    case NirType::flatten:
        return flatten(node, in, after);
    case NirType::graph:
        return std::nullopt;
    case NirType::scale:
    case NirType::delay:
    case NirType::threshold:
    case NirType::integrator:
    case NirType::integrate_fire:
    case NirType::leaky_integrator:
    case NirType::leaky:
    case NirType::current_based_integrator:
    case NirType::current_based:
        return plain(elementwise(node, in));
    }
    return std::nullopt;
}

Shape NirNodeShapes::port(const NirNode& node, const Shape& in) {
    const Shape declared = *sound_shape(node.at("shape").values);
    if (declared == in) {
        return in;
    }
    const std::string found = fmt::format("the {} '{}' declares the shape {}, but {} arrives", nir_type_name(node.type),
                                          node.name, shape_text(declared), shape_text(in));
    if (element_count(declared) == element_count(in)) {
        say_.remark(node, found + "; the elements are as many, and are taken in C order");
    } else if (options_.ignore_port_shapes) {
        say_.remark(node, found + "; what arrives is taken");
    } else {
        say_.complain(node, "shape", found, shape_text(in),
                      "correct the file, or let what arrives decide: --nir-ignore-port-shapes");
    }
    return in;
}

std::optional<Shape> NirNodeShapes::matrix(const NirNode& node, const Shape& in) {
    const auto [rows, columns] = matrix_of(node);
    if (rows == 0 || rows > most_layer_elements) {
        return std::nullopt;
    }
    if (element_count(in) == columns) {
        return Shape{static_cast<std::uint32_t>(rows)};
    }
    if (!in.empty() && in.back() == columns) {  // as numpy: on the last axis
        Shape out = in;
        out.back() = static_cast<std::uint32_t>(rows);
        return out;
    }
    say_.complain(
        node, "weight", fmt::format("{} arrives, but the weight takes {} inputs", shape_text(in), columns),
        fmt::format("a weight of shape (outputs, {})", element_count(in)),
        element_count(in) == rows ? "the weight fits the other way round: NIR has outputs first, then inputs" : "");
    return std::nullopt;
}

std::optional<Shape> NirNodeShapes::map_of(const NirNode& node, const Shape& in) {
    const auto map = as_map(in, node.type);
    if (map[0] == 0) {
        say_.complain(node, "", fmt::format("{} arrives at a {}", shape_text(in), nir_type_name(node.type)),
                      node.type == NirType::conv1d ? "(channels, length)" : "(channels, height, width)");
        return std::nullopt;
    }
    return Shape(map.begin(), map.end());
}

bool NirNodeShapes::takes_channels(const NirNode& node, const Shape& map) {
    const std::uint64_t per_group = node.at("weight").shape[1];
    const auto groups = static_cast<std::uint64_t>(node.at("groups").values[0]);
    const std::uint64_t wanted = per_group * groups;
    if (wanted == map[0]) {
        return true;
    }
    say_.complain(node, "weight", fmt::format("{} channels arrive, but the weight takes {}", map[0], wanted),
                  map[0] % groups == 0 ? fmt::format("{} channels a group", map[0] / groups)
                                       : fmt::format("a multiple of {} channels, one part for each group", groups),
                  map[2] == wanted ? "channels come first in NIR: (channels, height, width)" : "");
    return false;
}

bool NirNodeShapes::agrees_with_input_shape(const NirNode& node, const Shape& map, const Shape& in) {
    const NirArray* declared = node.find("input_shape");
    if (declared == nullptr ||
        (declared->values.back() == map[2] && (node.type == NirType::conv1d || declared->values.front() == map[1]))) {
        return true;
    }
    say_.complain(
        node, "input_shape",
        fmt::format("input_shape is ({}), but {} arrives", fmt::join(declared->values, ", "), shape_text(in)));
    return false;
}

std::optional<Shape> NirNodeShapes::convolution(const NirNode& node, const Shape& in) {
    const auto map = map_of(node, in);
    if (!map || !takes_channels(node, *map) || !agrees_with_input_shape(node, *map, in)) {
        return std::nullopt;
    }
    const auto kernel = kernel_of(node);
    const auto dilation = pair_of(node, "dilation");
    const std::array<std::uint64_t, 2> reach{std::uint64_t{dilation[0]} * (kernel[0] - 1) + 1,
                                             std::uint64_t{dilation[1]} * (kernel[1] - 1) + 1};
    const auto extents = windows(node, *map, reach, padding_of(node).total);
    const std::uint64_t channels = node.at("weight").shape[0];
    if (!extents || channels > most_layer_elements) {
        return std::nullopt;
    }
    Shape out{static_cast<std::uint32_t>(channels)};
    if (node.type != NirType::conv1d) {
        out.push_back((*extents)[0]);
    }
    out.push_back((*extents)[1]);
    return out;
}

std::optional<Shape> NirNodeShapes::pool(const NirNode& node, const Shape& in) {
    const auto map = map_of(node, in);
    if (!map) {
        return std::nullopt;
    }
    const auto kernel = pair_of(node, "kernel_size");
    const auto padding = pair_of(node, "padding");
    const auto extents = windows(node, *map, {kernel[0], kernel[1]}, {2 * padding[0], 2 * padding[1]});
    return extents ? std::optional(Shape{(*map)[0], (*extents)[0], (*extents)[1]}) : std::nullopt;
}

/// How many windows fit along both axes.
std::optional<std::array<std::uint32_t, 2>> NirNodeShapes::windows(const NirNode& node, const Shape& map,
                                                                   const std::array<std::uint64_t, 2>& reach,
                                                                   const std::array<std::uint32_t, 2>& padding) {
    const auto stride = pair_of(node, "stride");
    std::array<std::uint32_t, 2> count{};
    for (std::size_t axis = 0; axis < 2; ++axis) {
        const std::uint64_t padded = std::uint64_t{map[axis + 1]} + padding[axis];
        if (reach[axis] > padded) {
            say_.complain(node, "",
                          fmt::format("a window of {} over an input of {}, padding included", reach[axis], padded),
                          "windows that fit into the input");
            return std::nullopt;
        }
        count[axis] = static_cast<std::uint32_t>((padded - reach[axis]) / stride[axis] + 1);
    }
    return count;
}

std::optional<Shape> NirNodeShapes::elementwise(const NirNode& node, const Shape& in) {
    const Shape own = *sound_shape(largest_of(node).shape);
    for (const auto& [name, array] : node.parameters) {
        if (!spread(array, in)) {
            say_.complain(
                node, name,
                fmt::format("{} arrives at the {} '{}', whose parameter {} has the shape ({})", shape_text(in),
                            nir_type_name(node.type), node.name, name, fmt::join(array.shape, ", ")),
                fmt::format("one value, or the shape {}", shape_text(in)));
            return std::nullopt;
        }
    }
    return element_count(own) == element_count(in) && own.size() > in.size() ? own : in;
}

/// The dimensions are those of NIR, without batch; old files count torch's, where the batch is dimension 0.
std::optional<NirNodeShapes::Output> NirNodeShapes::flatten(const NirNode& node, const Shape& in,
                                                            const std::vector<const NirNode*>& after) {
    if (const NirArray* declared = node.find("input_type")) {
        const auto shape = sound_shape(declared->values);
        if (!shape || element_count(*shape) != element_count(in)) {
            say_.remark(node, fmt::format("the Flatten's input_type is ({}), but {} arrives, which is taken",
                                          fmt::join(declared->values, ", "), shape_text(in)));
        }
    }
    const auto start = static_cast<int>(node.at("start_dim").values[0]);
    const auto end = static_cast<int>(node.at("end_dim").values[0]);
    const auto literal = collapse(in, start, end);
    const auto shifted = collapse(in, start > 0 ? start - 1 : start, end > 0 ? end - 1 : end);
    const bool wants_all = std::ranges::any_of(after, [&](const NirNode* taker) {
        return (taker->type == NirType::affine || taker->type == NirType::linear) &&
               matrix_of(*taker)[1] == element_count(in);
    });
    if (start > 0 && shifted && (!literal || (literal->size() > 1 && wants_all))) {
        return Output{*shifted, true};
    }
    if (!literal) {
        say_.complain(node, "start_dim",
                      fmt::format("dimensions {} to {} of {} are to be flattened", start, end, shape_text(in)),
                      "dimensions that are there");
        return std::nullopt;
    }
    return Output{*literal, false};
}

}  // namespace spikeloom::compiler
