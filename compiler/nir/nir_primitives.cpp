#include "compiler/nir/nir_primitives.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace spikeloom::compiler {
namespace {

using Rule = NirParameterRule;
using D = NirDomain;
constexpr bool optional = false;

constexpr Rule port_rules[] = {{"shape", D::extent}};
constexpr Rule affine_rules[] = {{"weight"}, {"bias"}};
constexpr Rule linear_rules[] = {{"weight"}};
constexpr Rule scale_rules[] = {{"scale"}};
constexpr Rule convolution_rules[] = {{"weight"},
                                      {"stride", D::extent},
                                      {"padding", D::padding},
                                      {"dilation", D::extent},
                                      {"groups", D::extent},
                                      {"bias", D::real, optional},
                                      {"input_shape", D::extent, optional}};
constexpr Rule pool_rules[] = {{"kernel_size", D::extent}, {"stride", D::extent}, {"padding", D::offset}};
constexpr Rule flatten_rules[] = {{"start_dim", D::axis}, {"end_dim", D::axis}, {"input_type", D::extent, optional}};
constexpr Rule delay_rules[] = {{"delay", D::not_negative}};
constexpr Rule threshold_rules[] = {{"threshold"}};
constexpr Rule i_rules[] = {{"r"}};
constexpr Rule if_rules[] = {{"r"}, {"v_threshold"}, {"v_reset", D::real, optional}};
constexpr Rule li_rules[] = {{"tau", D::positive}, {"r"}, {"v_leak"}};
constexpr Rule lif_rules[] = {{"tau", D::positive}, {"r"}, {"v_leak"}, {"v_threshold"}, {"v_reset", D::real, optional}};
constexpr Rule cuba_li_rules[] = {
    {"tau_syn", D::positive}, {"tau_mem", D::positive}, {"r"}, {"v_leak"}, {"w_in", D::real, optional}};
constexpr Rule cuba_lif_rules[] = {
    {"tau_syn", D::positive},       {"tau_mem", D::positive},   {"r"}, {"v_leak"}, {"v_threshold"},
    {"v_reset", D::real, optional}, {"w_in", D::real, optional}};

constexpr std::array primitives{
    NirPrimitive{NirType::input, "Input", port_rules},
    NirPrimitive{NirType::output, "Output", port_rules},
    NirPrimitive{NirType::affine, "Affine", affine_rules},
    NirPrimitive{NirType::linear, "Linear", linear_rules},
    NirPrimitive{NirType::scale, "Scale", scale_rules},
    NirPrimitive{NirType::conv1d, "Conv1d", convolution_rules},
    NirPrimitive{NirType::conv2d, "Conv2d", convolution_rules},
    NirPrimitive{NirType::sum_pool, "SumPool2d", pool_rules},
    NirPrimitive{NirType::average_pool, "AvgPool2d", pool_rules},
    NirPrimitive{NirType::flatten, "Flatten", flatten_rules},
    NirPrimitive{NirType::delay, "Delay", delay_rules},
    NirPrimitive{NirType::threshold, "Threshold", threshold_rules},
    NirPrimitive{NirType::integrator, "I", i_rules},
    NirPrimitive{NirType::integrate_fire, "IF", if_rules},
    NirPrimitive{NirType::leaky_integrator, "LI", li_rules},
    NirPrimitive{NirType::leaky, "LIF", lif_rules},
    NirPrimitive{NirType::current_based_integrator, "CubaLI", cuba_li_rules},
    NirPrimitive{NirType::current_based, "CubaLIF", cuba_lif_rules},
    NirPrimitive{NirType::graph, "NIRGraph", {}},
};

}  // namespace

const NirPrimitive& nir_primitive(NirType type) {
    return primitives[static_cast<std::size_t>(type)];
}

const char* nir_type_name(NirType type) {
    return nir_primitive(type).name;
}

std::optional<NirType> nir_type(const std::string& name) {
    for (const NirPrimitive& primitive : primitives) {
        if (name == primitive.name) {
            return primitive.type;
        }
    }
    return std::nullopt;
}

std::string nir_type_names() {
    std::vector<std::string> names;
    for (const NirPrimitive& primitive : primitives) {
        names.emplace_back(primitive.name);
    }
    std::sort(names.begin(), names.end());
    return fmt::format("{}", fmt::join(names, ", "));
}

bool is_port(NirType type) {
    return type == NirType::input || type == NirType::output;
}

bool is_neuron(NirType type) {
    return type >= NirType::threshold && type <= NirType::current_based;
}

const char* describe(NirDomain domain) {
    switch (domain) {
    case NirDomain::real:
        return "finite numbers (of float32's range)";
    case NirDomain::positive:
        return "finite numbers greater than 0";
    case NirDomain::not_negative:
        return "finite numbers of at least 0";
    case NirDomain::extent:
        return "integers of at least 1";
    case NirDomain::offset:
        return "integers of at least 0";
    case NirDomain::padding:
        return "integers of at least 0, \"same\", \"valid\"";
    case NirDomain::axis:
        return "integers";
    }
    return "";
}

bool in_domain(NirDomain domain, double value) {
    constexpr double largest_integer = 1U << 30;
    if (!(std::abs(value) <= std::numeric_limits<float>::max())) {
        return false;
    }
    switch (domain) {
    case NirDomain::real:
        return true;
    case NirDomain::positive:
        return value > 0;
    case NirDomain::not_negative:
        return value >= 0;
    case NirDomain::extent:
        return value >= 1 && value <= largest_integer;
    case NirDomain::offset:
    case NirDomain::padding:
        return value >= 0 && value <= largest_integer;
    case NirDomain::axis:
        return std::abs(value) <= largest_integer;
    }
    return false;
}

}  // namespace spikeloom::compiler
