#include "compiler/nir/nir_shapes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "compiler/nir/nir_parameters.hpp"

namespace spikeloom::compiler {
namespace {

std::string text(const Shape& shape) {
    return fmt::format("({})", fmt::join(shape, ", "));
}

class Inference {
public:
    Inference(const NirFile& file, const NirFlatGraph& graph, const NirShapeOptions& options)
        : file_(file), graph_(graph), options_(options) {
        in_.resize(graph.nodes.size());
        out_.resize(graph.nodes.size());
        result_.old_flatten.resize(graph.nodes.size(), false);
    }

    Result<NirShapes> run() {
        for (const NirFlatNode& node : graph_.nodes) {
            check_parameters(file_, *node.node, findings_, result_.remarks);
        }
        while (findings_.empty() && (carry() || guess())) {
        }
        if (findings_.empty()) {
            check_joins();
        }
        if (!findings_.empty()) {
            return fail(std::move(findings_));
        }
        for (std::size_t index = 0; index < graph_.nodes.size(); ++index) {
            result_.in.push_back(*in_[index]);
            result_.out.push_back(*out_[index]);
        }
        return std::move(result_);
    }

private:
    void complain(const NirNode& node, const std::string& parameter, std::string found, std::string allowed = "",
                  std::string help = "") {
        findings_.push_back({.where = file_.where(node) + (parameter.empty() ? "" : "/" + parameter),
                             .found = std::move(found),
                             .allowed = std::move(allowed),
                             .help = std::move(help)});
    }

    void remark(const NirNode& node, std::string found) {
        result_.remarks.push_back(
            {.severity = Severity::warning, .where = file_.where(node), .found = std::move(found)});
    }

    /// One round along the edges. True if something new became known.
    bool carry() {
        bool news = false;
        for (const std::size_t index : graph_.order) {
            if (out_[index]) {
                continue;
            }
            const NirFlatNode& flat = graph_.nodes[index];
            if (flat.is_source()) {
                const auto own = own_shape(*flat.node);
                if (!own) {
                    complain(*flat.node, "", "nothing feeds this node, and its parameters do not say what it takes", "",
                             "add an Input node with a shape before it");
                    return false;
                }
                settle(index, *own);
                news = true;
                continue;
            }
            for (const std::size_t before : flat.before) {
                if (out_[before]) {
                    settle(index, *out_[before]);
                    news = true;
                    break;
                }
            }
        }
        return news && findings_.empty();
    }

    /// Where a cycle waits for itself: starts it with what the parameters of a node say.
    bool guess() {
        bool all_known = true;
        for (const std::size_t index : graph_.order) {
            if (!out_[index]) {
                all_known = false;
                if (const auto own = own_shape(*graph_.nodes[index].node)) {
                    settle(index, *own);
                    return findings_.empty();
                }
            }
        }
        if (!all_known) {
            complain(*graph_.nodes[graph_.order.back()].node, "",
                     "the shape of what this node takes can't be inferred");
        }
        return false;
    }

    /// What a node takes, by its parameters alone.
    static std::optional<Shape> own_shape(const NirNode& node) {
        switch (node.type) {
        case NirType::input:
        case NirType::output:
            return sound_shape(node.at("shape").values);
        case NirType::affine:
        case NirType::linear:
            return sound_shape(std::vector<std::uint64_t>{matrix_of(node)[1]});
        case NirType::conv1d:
        case NirType::conv2d: {
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

    void settle(std::size_t index, const Shape& in) {
        in_[index] = in;
        const auto out = output(index, in);
        if (out && element_count(*out) <= most_layer_elements) {
            out_[index] = out;
        } else if (out) {
            complain(*graph_.nodes[index].node, "", fmt::format("the node gives {} elements", text(*out)),
                     fmt::format("at most {}", most_layer_elements));
        } else if (findings_.empty()) {
            complain(*graph_.nodes[index].node, "", fmt::format("{} arrives, which the node can't take", text(in)));
        }
    }

    std::optional<Shape> output(std::size_t index, const Shape& in) {
        const NirNode& node = *graph_.nodes[index].node;
        switch (node.type) {
        case NirType::input:
        case NirType::output:
            return port(node, in);
        case NirType::affine:
        case NirType::linear:
            return matrix(node, in);
        case NirType::conv1d:
        case NirType::conv2d:
            return convolution(node, in);
        case NirType::sum_pool:
        case NirType::average_pool:
            return pool(node, in);
        case NirType::flatten:
            return flatten(index, in);
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
            return elementwise(node, in);
        }
        return std::nullopt;
    }

    Shape port(const NirNode& node, const Shape& in) {
        const Shape declared = *sound_shape(node.at("shape").values);
        if (declared == in) {
            return in;
        }
        const std::string found = fmt::format("the {} '{}' declares the shape {}, but {} arrives",
                                              nir_type_name(node.type), node.name, text(declared), text(in));
        if (element_count(declared) == element_count(in)) {
            remark(node, found + "; the elements are as many, and are taken in C order");
        } else if (options_.ignore_port_shapes) {
            remark(node, found + "; what arrives is taken");
        } else {
            complain(node, "shape", found, text(in),
                     "correct the file, or let what arrives decide: --nir-ignore-port-shapes");
        }
        return in;
    }

    std::optional<Shape> matrix(const NirNode& node, const Shape& in) {
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
        complain(node, "weight", fmt::format("{} arrives, but the weight takes {} inputs", text(in), columns),
                 fmt::format("a weight of shape (outputs, {})", element_count(in)));
        return std::nullopt;
    }

    std::optional<Shape> map_of(const NirNode& node, const Shape& in) {
        const auto map = as_map(in, node.type);
        if (map[0] == 0) {
            complain(node, "", fmt::format("{} arrives at a {}", text(in), nir_type_name(node.type)),
                     node.type == NirType::conv1d ? "(channels, length)" : "(channels, height, width)");
            return std::nullopt;
        }
        return Shape(map.begin(), map.end());
    }

    std::optional<Shape> convolution(const NirNode& node, const Shape& in) {
        const auto map = map_of(node, in);
        if (!map) {
            return std::nullopt;
        }
        const auto& weight = node.at("weight").shape;
        const auto groups = static_cast<std::uint64_t>(node.at("groups").values[0]);
        if (weight[1] * groups != (*map)[0]) {
            complain(node, "weight",
                     fmt::format("{} channels arrive, but the weight takes {}", (*map)[0], weight[1] * groups),
                     fmt::format("{} channels a group", (*map)[0] / groups));
            return std::nullopt;
        }
        if (const NirArray* declared = node.find("input_shape")) {
            if (static_cast<std::uint32_t>(declared->values.back()) != (*map)[2] ||
                (node.type == NirType::conv2d && static_cast<std::uint32_t>(declared->values.front()) != (*map)[1])) {
                complain(
                    node, "input_shape",
                    fmt::format("input_shape is ({}), but {} arrives", fmt::join(declared->values, ", "), text(in)));
                return std::nullopt;
            }
        }
        const auto kernel = kernel_of(node);
        const auto dilation = pair_of(node, "dilation");
        const std::array<std::uint64_t, 2> reach{std::uint64_t{dilation[0]} * (kernel[0] - 1) + 1,
                                                 std::uint64_t{dilation[1]} * (kernel[1] - 1) + 1};
        const auto extents = windows(node, *map, reach, padding_of(node).total);
        if (!extents || weight[0] > most_layer_elements) {
            return std::nullopt;
        }
        const auto channels = static_cast<std::uint32_t>(weight[0]);
        return node.type == NirType::conv1d ? sound_output({channels, (*extents)[1]})
                                            : sound_output({channels, (*extents)[0], (*extents)[1]});
    }

    std::optional<Shape> pool(const NirNode& node, const Shape& in) {
        const auto map = map_of(node, in);
        if (!map) {
            return std::nullopt;
        }
        const auto kernel = pair_of(node, "kernel_size");
        const auto padding = pair_of(node, "padding");
        const auto extents = windows(node, *map, {kernel[0], kernel[1]}, {2 * padding[0], 2 * padding[1]});
        return extents ? sound_output({(*map)[0], (*extents)[0], (*extents)[1]}) : std::nullopt;
    }

    /// How many windows fit along both axes.
    std::optional<std::array<std::uint32_t, 2>> windows(const NirNode& node, const Shape& map,
                                                        const std::array<std::uint64_t, 2>& reach,
                                                        const std::array<std::uint32_t, 2>& padding) {
        const auto stride = pair_of(node, "stride");
        std::array<std::uint32_t, 2> count{};
        for (std::size_t axis = 0; axis < 2; ++axis) {
            const std::uint64_t padded = std::uint64_t{map[axis + 1]} + padding[axis];
            if (reach[axis] > padded) {
                complain(node, "",
                         fmt::format("a window of {} over an input of {}, padding included", reach[axis], padded),
                         "windows that fit into the input");
                return std::nullopt;
            }
            count[axis] = static_cast<std::uint32_t>((padded - reach[axis]) / stride[axis] + 1);
        }
        return count;
    }

    static std::optional<Shape> sound_output(const Shape& shape) {
        std::uint64_t count = 1;
        for (const std::uint32_t extent : shape) {
            count *= extent;
            if (count == 0 || count > most_layer_elements) {
                return std::nullopt;
            }
        }
        return shape;
    }

    std::optional<Shape> elementwise(const NirNode& node, const Shape& in) {
        const Shape own = *sound_shape(largest_of(node).shape);
        for (const auto& [name, array] : node.parameters) {
            if (!spread(array, in)) {
                complain(node, name,
                         fmt::format("{} arrives at the {} '{}', whose parameter {} has the shape ({})", text(in),
                                     nir_type_name(node.type), node.name, name, fmt::join(array.shape, ", ")),
                         fmt::format("one value, or the shape {}", text(in)));
                return std::nullopt;
            }
        }
        return element_count(own) == element_count(in) && own.size() > in.size() ? own : in;
    }

    /// The dimensions are those of NIR, without batch; old files count torch's, where the batch is dimension 0.
    std::optional<Shape> flatten(std::size_t index, const Shape& in) {
        const NirNode& node = *graph_.nodes[index].node;
        const auto start = static_cast<int>(node.at("start_dim").values[0]);
        const auto end = static_cast<int>(node.at("end_dim").values[0]);
        const auto literal = collapse(in, start, end);
        const auto shifted = collapse(in, start > 0 ? start - 1 : start, end > 0 ? end - 1 : end);
        const bool wants_all = std::ranges::any_of(graph_.nodes[index].after, [&](std::size_t next) {
            const NirNode& taker = *graph_.nodes[next].node;
            return (taker.type == NirType::affine || taker.type == NirType::linear) &&
                   matrix_of(taker)[1] == element_count(in);
        });
        if (start > 0 && shifted && (!literal || (literal->size() > 1 && wants_all))) {
            result_.old_flatten[index] = true;
            return shifted;
        }
        if (!literal) {
            complain(node, "start_dim",
                     fmt::format("dimensions {} to {} of {} are to be flattened", start, end, text(in)),
                     "dimensions that are there");
        }
        return literal;
    }

    static std::optional<Shape> collapse(const Shape& in, int start, int end) {
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

    /// All that arrives at a node must have as many elements as what the node was settled with.
    void check_joins() {
        for (std::size_t index = 0; index < graph_.nodes.size(); ++index) {
            for (const std::size_t before : graph_.nodes[index].before) {
                const NirNode& node = *graph_.nodes[index].node;
                if (element_count(*out_[before]) != element_count(*in_[index])) {
                    complain(node, "",
                             fmt::format("'{}' gives {}, but '{}' takes {}", graph_.nodes[before].name,
                                         text(*out_[before]), graph_.nodes[index].name, text(*in_[index])),
                             "equal numbers of elements from all that feed a node");
                }
            }
        }
    }

    const NirFile& file_;
    const NirFlatGraph& graph_;
    const NirShapeOptions& options_;
    std::vector<std::optional<Shape>> in_;
    std::vector<std::optional<Shape>> out_;
    NirShapes result_;
    Diagnostics findings_;
};

}  // namespace

Result<NirShapes> infer_shapes(const NirFile& file, const NirFlatGraph& graph, const NirShapeOptions& options) {
    return Inference(file, graph, options).run();
}

}  // namespace spikeloom::compiler
