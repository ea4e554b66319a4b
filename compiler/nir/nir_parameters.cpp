#include "compiler/nir/nir_parameters.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "compiler/nir/nir_node_findings.hpp"
#include "compiler/nir/nir_shapes.hpp"

namespace spikeloom::compiler {
namespace {

class ParameterCheck {
public:
    ParameterCheck(const NirFile& file, Diagnostics& findings, Diagnostics& remarks) : say_(file, findings, remarks) {}

    void run(const NirNode& node) {
        switch (node.type) {
        case NirType::affine:
        case NirType::linear:
            check_matrix(node);
            break;
        case NirType::conv1d:
        case NirType::conv2d:
            check_convolution(node);
            break;
        case NirType::sum_pool:
        case NirType::average_pool:
            for (const char* name : {"kernel_size", "stride", "padding"}) {
                check_count(node, name, 2);
            }
            break;
        case NirType::flatten:
            check_count(node, "start_dim", 1);
            check_count(node, "end_dim", 1);
            break;
        case NirType::input:
        case NirType::output:
            if (!sound_shape(node.at("shape").values)) {
                say_.complain(node, "shape", fmt::format("the shape is ({})", fmt::join(node.at("shape").values, ", ")),
                              fmt::format("at most {} elements", most_layer_elements));
            }
            break;
        case NirType::scale:
        case NirType::delay:
        case NirType::threshold:
        case NirType::integrator:
        case NirType::integrate_fire:
        case NirType::leaky_integrator:
        case NirType::leaky:
        case NirType::current_based_integrator:
        case NirType::current_based:
            check_elementwise(node);
            break;
        case NirType::graph:
            break;
        }
    }

private:
    void check_count(const NirNode& node, const char* parameter, std::size_t most) {
        if (const NirArray* array = node.find(parameter); array != nullptr && array->values.size() > most) {
            say_.complain(node, parameter, fmt::format("{} has {} values", parameter, array->values.size()),
                          most == 1 ? "1" : "1 or 2");
        }
    }

    void check_matrix(const NirNode& node) {
        const auto& shape = node.at("weight").shape;
        if (shape.size() < 2) {
            say_.complain(node, "weight", fmt::format("the weight has the shape ({})", fmt::join(shape, ", ")),
                          "(outputs, inputs)");
            return;
        }
        if (std::any_of(shape.begin(), shape.end() - 2, [](std::uint64_t extent) { return extent != 1; })) {
            say_.complain(node, "weight", fmt::format("the weight has the shape ({})", fmt::join(shape, ", ")),
                          "(outputs, inputs): a stack of matrices has no counterpart in a projection",
                          "split the node into one for each matrix");
            return;
        }
        if (shape.size() > 2) {
            say_.remark(node, fmt::format("the weight's shape ({}) is read as its last two dimensions",
                                          fmt::join(shape, ", ")));
        }
        check_bias(node, matrix_of(node)[0], matrix_of(node)[1]);
    }

    void check_bias(const NirNode& node, std::uint64_t outputs, std::uint64_t inputs) {
        const NirArray* bias = node.find("bias");
        if (bias != nullptr && bias->values.size() != 1 && bias->values.size() != outputs) {
            say_.complain(node, "bias", fmt::format("the bias has {} values", bias->values.size()),
                          fmt::format("1 or {}, one an output", outputs),
                          bias->values.size() == inputs
                              ? "the weight fits the other way round: NIR has outputs first, then inputs"
                              : "");
        }
    }

    void check_convolution(const NirNode& node) {
        const bool flat = node.type == NirType::conv1d;
        const auto& shape = node.at("weight").shape;
        if (shape.size() != (flat ? 3U : 4U)) {
            say_.complain(node, "weight", fmt::format("the weight has the shape ({})", fmt::join(shape, ", ")),
                          flat ? "(output channels, input channels / groups, length)"
                               : "(output channels, input channels / groups, height, width)");
            return;
        }
        check_bias(node, shape[0], 0);
        for (const char* name : {"stride", "padding", "dilation", "input_shape"}) {
            check_count(node, name, flat ? 1 : 2);
        }
        check_count(node, "groups", 1);
        const auto groups = static_cast<std::uint64_t>(node.at("groups").values[0]);
        if (shape[0] % groups != 0) {
            say_.complain(node, "groups", fmt::format("{} output channels in {} groups", shape[0], groups),
                          "a divisor of the output channels");
        }
        const auto stride = node.at("stride").values;
        if (node.padding == "same" && std::any_of(stride.begin(), stride.end(), [](double one) { return one != 1; })) {
            say_.complain(node, "padding", "the padding is \"same\", but the stride is not 1",
                          "\"same\" with a stride of 1");
        }
    }

    void check_elementwise(const NirNode& node) {
        const NirArray& largest = largest_of(node);
        const auto shape = sound_shape(largest.shape);
        if (!shape) {
            say_.complain(node, "", fmt::format("the parameters have the shape ({})", fmt::join(largest.shape, ", ")),
                          fmt::format("at most {} elements", most_layer_elements));
            return;
        }
        for (const auto& [name, array] : node.parameters) {
            if (!spread(array, *shape)) {
                say_.complain(node, name,
                              fmt::format("{} has the shape ({}), others of the node ({})", name,
                                          fmt::join(array.shape, ", "), fmt::join(*shape, ", ")),
                              "one value, or one a neuron");
            }
        }
    }

    NirNodeFindings say_;
};

}  // namespace

std::optional<Shape> sound_shape(const std::vector<double>& extents) {
    Shape shape;
    std::uint64_t count = 1;
    for (const double extent : extents) {
        shape.push_back(static_cast<std::uint32_t>(extent));
        count *= shape.back();
        if (count == 0 || count > most_layer_elements) {
            return std::nullopt;
        }
    }
    return shape.empty() ? Shape{1} : shape;
}

std::optional<Shape> sound_shape(const std::vector<std::uint64_t>& extents) {
    std::vector<double> numbers(extents.begin(), extents.end());
    return sound_shape(numbers);
}

const NirArray& largest_of(const NirNode& node) {
    return std::max_element(
               node.parameters.begin(), node.parameters.end(),
               [](const auto& a, const auto& b) { return a.second.values.size() < b.second.values.size(); })
        ->second;
}

void check_parameters(const NirFile& file, const NirNode& node, Diagnostics& findings, Diagnostics& remarks) {
    ParameterCheck(file, findings, remarks).run(node);
}

}  // namespace spikeloom::compiler
