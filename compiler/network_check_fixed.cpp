#include "compiler/network_check_fixed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

namespace spikeloom::compiler {
namespace {

constexpr std::int32_t full_decay = 4096;
constexpr double most_weight = 1U << 23;  ///< beyond it a float need not be a whole number's own

/// All numbers that the weights are made of.
std::span<const float> stored_weights(const Weights& weights) {
    return std::visit(
        [](const auto& held) -> std::span<const float> {
            if constexpr (requires { held.kernel; }) {
                return held.kernel;
            } else {
                return held.weights;
            }
        },
        weights);
}

bool zero(const Parameter& parameter) {
    return std::ranges::all_of(parameter.values, [](double value) { return value == 0; });
}

}  // namespace

Diagnostics check_fixed(const Population& population) {
    Diagnostics found;
    const FixedNeuron& fixed = *population.fixed;
    const auto complain = [&](std::string what, std::string allowed) {
        found.push_back({.where = fmt::format("population '{}'", population.name),
                         .found = std::move(what),
                         .allowed = std::move(allowed)});
    };
    const auto range = [&](const char* name, std::int64_t value, std::int64_t least, std::int64_t most) {
        if (value < least || value > most) {
            complain(fmt::format("{} is {}", name, value), fmt::format("{} to {}", least, most));
        }
    };
    const ModelParameters& parameters = fixed.parameters;
    range("current_decay", fixed.current_decay, 0, full_decay);
    range("voltage_decay", fixed.voltage_decay, 0, full_decay);
    range("threshold", fixed.threshold, 0, std::numeric_limits<std::int32_t>::max());
    range("state_exponent", parameters.state_exponent, 0, 31);
    range("sin_decay", parameters.sin_decay, -full_decay, full_decay);
    range("cos_decay", parameters.cos_decay, -full_decay, full_decay);
    range("adaptation_decay", parameters.adaptation_decay, 0, full_decay);
    range("refractory_decay", parameters.refractory_decay, 0, full_decay);
    range("reset_interval", parameters.reset_interval, 0, std::numeric_limits<std::int32_t>::max());
    range("reset_offset", parameters.reset_offset, 0, std::max(parameters.reset_interval - 1, 0));
    const std::size_t size = population.size();
    if (fixed.biases.size() > 1 && fixed.biases.size() != size) {
        complain(fmt::format("there are {} biases", fixed.biases.size()), fmt::format("none, 1 or {}", size));
    }
    if (population.kind == NeuronKind::threshold) {
        complain("its kind is threshold, which has no registers", "a kind with memory");
    }
    if (!zero(population.bias)) {
        complain("it has a bias beside its registers", "biases among the registers");
    }
    return found;
}

Diagnostics check_fixed_projection(const Network& network, const Projection& projection) {
    Diagnostics found;
    const auto complain = [&](std::string what, std::string allowed) {
        found.push_back({.where = fmt::format("projection '{}'", projection.name),
                         .found = std::move(what),
                         .allowed = std::move(allowed),
                         .help = fmt::format("the registers of population '{}' are given",
                                             network.populations[projection.target.value()].name)});
    };
    const std::span<const float> weights = stored_weights(projection.weights);
    const auto odd = std::ranges::find_if(
        weights, [](float weight) { return !(std::floor(weight) == weight && std::abs(weight) <= most_weight); });
    if (odd != weights.end()) {
        complain(fmt::format("a weight is {}", *odd), "whole numbers, in units of 2^6 of the current");
    }
    const auto* convolution = std::get_if<ConvolutionWeights>(&projection.weights);
    if (convolution != nullptr && convolution->pooling && convolution->pooling->scale != 1) {
        complain(fmt::format("its pooling multiplies by {}", convolution->pooling->scale), "sums, which stay whole");
    }
    if (!zero(projection.bias)) {
        complain("it has a bias", "biases among the registers");
    }
    if (projection.learning) {
        complain("its weights learn", "weights that stay");
    }
    return found;
}

}  // namespace spikeloom::compiler
