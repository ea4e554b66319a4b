#include "compiler/analog/weight_scale.hpp"

#include <algorithm>
#include <cmath>

namespace spikeloom::compiler::analog {

std::int32_t register_of(double weight, double unit, std::int32_t largest) {
    const double limit = largest;
    return static_cast<std::int32_t>(std::clamp(std::round(weight / unit), -limit, limit));
}

std::vector<PopulationScale> population_scales(std::span<const ScaledWeight> weights, std::size_t populations, int bits,
                                               double fixed_unit) {
    std::vector<PopulationScale> scales(populations);
    for (const ScaledWeight& weight : weights) {
        PopulationScale& scale = scales[weight.population];
        scale.largest_weight = std::max(scale.largest_weight, std::abs(weight.weight));
    }
    for (PopulationScale& scale : scales) {
        scale.largest = (1 << bits) - 1;
        const double fitted = scale.largest_weight / scale.largest;
        scale.unit = fixed_unit > 0 ? fixed_unit : fitted > 0 ? fitted : 1;
    }
    for (const ScaledWeight& weight : weights) {
        PopulationScale& scale = scales[weight.population];
        const std::int32_t magnitude = register_of(weight.weight, scale.unit, scale.largest);
        const double error = magnitude * scale.unit - weight.weight;
        ++scale.synapses;
        scale.zeroed += magnitude == 0 && weight.weight != 0 ? 1 : 0;
        scale.clipped += std::round(std::abs(weight.weight) / scale.unit) > scale.largest ? 1 : 0;
        scale.rms_weight += weight.weight * weight.weight;
        scale.rms_error += error * error;
    }
    for (PopulationScale& scale : scales) {
        const auto count = static_cast<double>(std::max<std::uint64_t>(scale.synapses, 1));
        scale.rms_weight = std::sqrt(scale.rms_weight / count);
        scale.rms_error = std::sqrt(scale.rms_error / count);
    }
    return scales;
}

}  // namespace spikeloom::compiler::analog
