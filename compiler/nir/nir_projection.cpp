#include "compiler/nir/nir_projection.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>
#include <variant>

#include "compiler/nir/nir_linear.hpp"

namespace spikeloom::compiler {
namespace {

constexpr double rounding_remark = 1e-6;  ///< steps

Parameter as_parameter(std::vector<double> bias) {
    if (bias.empty()) {
        return 0.0;
    }
    if (std::ranges::all_of(bias, [&](double value) { return value == bias[0]; })) {
        return bias[0];
    }
    return Parameter(std::move(bias));
}

bool delays_differ(const LinearMap& map) {
    const auto* sparse = std::get_if<SparseWeights>(&map.weights);
    return sparse != nullptr && !sparse->delays.empty();
}

}  // namespace

bool only_reshapes(NirType type) {
    return is_port(type) || type == NirType::flatten;
}

std::optional<Projection> NirProjections::make(const Network& network, const Source& source, const NirWay& way,
                                               const std::string& target) {
    Bias bias;
    auto map = product(identity_map(network.source_size(source)), way, bias);
    if (!map) {
        return std::nullopt;
    }
    if (map->delay_steps > std::numeric_limits<std::uint16_t>::max() / 2) {
        complain(way.nodes.back(), fmt::format("the delays on the way add up to {} steps", map->delay_steps));
        return std::nullopt;
    }
    Projection projection;
    projection.name = projection_name(network, source, way, target);
    projection.source = source;
    projection.weights = std::move(map->weights);
    projection.delay_steps = map->delay_steps;
    projection.bias = as_parameter(std::move(bias.values));
    projection.bias_from_step = bias.delay_steps;
    remark_product(way, projection);
    return projection;
}

/// `map` before all nodes of the way.
std::optional<LinearMap> NirProjections::product(LinearMap map, const NirWay& way, Bias& bias) {
    for (std::size_t position = 0; position < way.nodes.size(); ++position) {
        const std::size_t index = way.nodes[position];
        auto step = linear_map_of(node(index), shapes_.in[index], shapes_.out[index], conventions_);
        if (!step) {
            complain(index, fmt::format("'{}' can't be a projection: {}", name(index), step.error()));
            return std::nullopt;
        }
        remark_delay(index);
        pass_bias(index, *step, bias);
        auto longer = chain(std::move(map), std::move(*step));
        if (!longer) {
            complain(index,
                     fmt::format("the chain of linear nodes up to '{}' can't be a projection: {}", name(index),
                                 longer.error()),
                     "put a neuron between its linear nodes");
            return std::nullopt;
        }
        map = std::move(*longer);
        if (way.brings_bias[position]) {
            add_bias(index, bias);
        }
    }
    return map;
}

void NirProjections::pass_bias(std::size_t index, const LinearMap& step, Bias& bias) {
    if (bias.values.empty()) {
        return;
    }
    bias.values = apply_map(step, bias.values);
    bias.delay_steps += step.delay_steps;
    if (delays_differ(step)) {
        note(index, fmt::format("a bias comes before '{}', whose delays differ: it acts after the shortest of them",
                                name(index)));
    }
}

void NirProjections::add_bias(std::size_t index, Bias& bias) {
    const auto own = bias_of(node(index), shapes_.out[index]);
    if (own.empty()) {
        return;
    }
    if (bias.values.empty()) {
        bias = {.values = own, .delay_steps = 0};
        return;
    }
    if (bias.delay_steps != 0) {
        note(index, "biases before and after a delay: both act from the first step");
        bias.delay_steps = 0;
    }
    std::ranges::transform(bias.values, own, bias.values.begin(), std::plus<>());
}

std::string NirProjections::projection_name(const Network& network, const Source& source, const NirWay& way,
                                            const std::string& target) {
    std::vector<std::string> weighted;
    for (const std::size_t index : way.nodes) {
        if (!only_reshapes(node(index).type)) {
            weighted.push_back(name(index));
        }
    }
    std::string result = weighted.empty() ? fmt::format("{}->{}", network.source_name(source), target)
                                          : fmt::format("{}", fmt::join(weighted, "+"));
    if (names_.contains(result)) {
        result += fmt::format("({})", network.source_name(source));
    }
    const std::string stem = result;
    for (int number = 2; !names_.insert(result).second; ++number) {
        result = fmt::format("{}_{}", stem, number);
    }
    return result;
}

void NirProjections::remark_delay(std::size_t index) {
    if (node(index).type != NirType::delay || !remarked_.insert(index).second) {
        return;
    }
    double off = 0;
    for (const double delay : delays_of(node(index), shapes_.in[index], conventions_)) {
        off = std::max(off, std::abs(delay - std::round(delay)));
    }
    if (off > rounding_remark) {
        note(index, fmt::format("delays are rounded to whole steps, by at most {:.3g} of a step", off));
    }
}

/// Chains of several weighted nodes that were multiplied out.
void NirProjections::remark_product(const NirWay& way, const Projection& projection) {
    const auto weighted =
        std::ranges::count_if(way.nodes, [&](std::size_t index) { return !only_reshapes(node(index).type); });
    const bool shared = std::holds_alternative<ConvolutionWeights>(projection.weights);
    const bool had_map = std::ranges::any_of(way.nodes, [&](std::size_t index) {
        return node(index).type >= NirType::conv1d && node(index).type <= NirType::average_pool;
    });
    if (weighted > 1 && had_map && !shared) {
        note(way.nodes.back(),
             fmt::format("the chain '{}' is multiplied out; its weights are no longer shared", projection.name));
    }
}

void NirProjections::complain(std::size_t index, std::string found, std::string help) {
    findings_.push_back(
        {.where = file_.where(node(index)), .found = std::move(found), .allowed = "", .help = std::move(help)});
}

void NirProjections::note(std::size_t index, std::string found) {
    remarks_.push_back({.severity = Severity::note, .where = file_.where(node(index)), .found = std::move(found)});
}

}  // namespace spikeloom::compiler
