#include "compiler/nir/nir_linear.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace spikeloom::compiler {
namespace {

constexpr double most_delay_steps = 65280;  ///< what check_network allows, less the 255 of single synapses
constexpr std::uint64_t most_weights = 1U << 27;

std::vector<float> as_floats(const std::vector<double>& values) {
    std::vector<float> floats;
    floats.reserve(values.size());
    for (const double value : values) {
        floats.push_back(static_cast<float>(value));
    }
    return floats;
}

tl::expected<LinearMap, std::string> matrix_map(const NirNode& node, const Shape& in, const Shape& out) {
    const auto [rows, columns] = matrix_of(node);
    const std::size_t sources = element_count(in);
    const std::size_t targets = element_count(out);
    LinearMap map{.sources = sources, .targets = targets, .weights = {}, .delay_steps = 0};
    std::vector<float> weights = as_floats(node.at("weight").values);
    if (sources == columns) {
        map.weights = DenseWeights{std::move(weights)};
        return map;
    }
    // On the last axis: the same matrix for every index before it.
    const std::size_t blocks = sources / columns;
    if (weights.size() * blocks > most_weights) {
        return tl::unexpected(fmt::format("applied to {} rows it has more than {} weights", blocks, most_weights));
    }
    SparseWeights sparse;
    sparse.row_begin.push_back(0);
    for (std::size_t source = 0; source < sources; ++source) {
        const std::size_t block = source / columns;
        for (std::size_t row = 0; row < rows; ++row) {
            sparse.targets.push_back(static_cast<std::uint32_t>(block * rows + row));
            sparse.weights.push_back(weights[row * columns + source % columns]);
        }
        sparse.row_begin.push_back(sparse.targets.size());
    }
    map.weights = std::move(sparse);
    return map;
}

LinearMap convolution_map(const NirNode& node, const Shape& in, const Shape& out) {
    ConvolutionWeights convolution;
    convolution.input = as_map(in, node.type);
    convolution.source = convolution.input;
    convolution.output = as_map(out, node.type);
    convolution.kernel_size = kernel_of(node);
    convolution.stride = pair_of(node, "stride");
    convolution.padding = padding_of(node).before;
    convolution.dilation = pair_of(node, "dilation");
    convolution.groups = static_cast<std::uint32_t>(node.at("groups").values[0]);
    convolution.kernel = as_floats(node.at("weight").values);
    return {.sources = element_count(in),
            .targets = element_count(out),
            .weights = std::move(convolution),
            .delay_steps = 0};
}

LinearMap pool_map(const NirNode& node, const Shape& in, const Shape& out) {
    Pooling pooling{.kernel = pair_of(node, "kernel_size"),
                    .stride = pair_of(node, "stride"),
                    .padding = pair_of(node, "padding"),
                    .scale = 1.0};
    if (node.type == NirType::average_pool) {
        pooling.scale = 1.0 / (static_cast<double>(pooling.kernel[0]) * pooling.kernel[1]);
    }
    return pooling_map(as_map(in, node.type), as_map(out, node.type), pooling);
}

tl::expected<LinearMap, std::string> delayed(const NirNode& node, const Shape& in, const NirConventions& conventions) {
    std::vector<int> steps;
    for (const double delay : delays_of(node, in, conventions)) {
        if (!(delay <= most_delay_steps)) {
            return tl::unexpected(fmt::format("a delay of {:g} steps; {} is the most", delay, most_delay_steps));
        }
        steps.push_back(static_cast<int>(std::lround(delay)));
    }
    auto map = delay_map(element_count(in), steps);
    if (!map) {
        return tl::unexpected(std::string("its delays differ by more than 255 steps"));
    }
    return std::move(*map);
}

}  // namespace

std::vector<double> delays_of(const NirNode& node, const Shape& shape, const NirConventions& conventions) {
    auto delays = *spread(node.at("delay"), shape);
    std::ranges::for_each(delays, [&](double& delay) { delay = delay * conventions.unit_s / conventions.step_s; });
    return delays;
}

tl::expected<LinearMap, std::string> linear_map_of(const NirNode& node, const Shape& in, const Shape& out,
                                                   const NirConventions& conventions) {
    switch (node.type) {
    case NirType::input:
    case NirType::output:
    case NirType::flatten:
        return identity_map(element_count(in));
    case NirType::affine:
    case NirType::linear:
        return matrix_map(node, in, out);
    case NirType::scale:
        return scale_map(element_count(in), as_floats(*spread(node.at("scale"), in)));
    case NirType::conv1d:
    case NirType::conv2d:
        return convolution_map(node, in, out);
    case NirType::sum_pool:
    case NirType::average_pool:
        return pool_map(node, in, out);
    case NirType::delay:
        return delayed(node, in, conventions);
    case NirType::threshold:
    case NirType::integrator:
    case NirType::integrate_fire:
    case NirType::leaky_integrator:
    case NirType::leaky:
    case NirType::current_based_integrator:
    case NirType::current_based:
    case NirType::graph:
        break;
    }
    assertion_failed("is linear", __FILE__, __LINE__, node.path);
}

std::vector<double> bias_of(const NirNode& node, const Shape& out) {
    const NirArray* bias = node.find("bias");
    if (bias == nullptr) {
        return {};
    }
    const std::size_t count = element_count(out);
    const bool by_channel = node.type == NirType::conv1d || node.type == NirType::conv2d;
    const std::size_t channels = by_channel ? out.front() : out.back();
    const std::size_t repeat = by_channel ? count / channels : 1;
    std::vector<double> values(count);
    for (std::size_t index = 0; index < count; ++index) {
        values[index] = bias->values.size() == 1 ? bias->values[0] : bias->values[index / repeat % channels];
    }
    return values;
}

}  // namespace spikeloom::compiler
