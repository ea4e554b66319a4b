// Weights as a sign and a magnitude of n bits: what one LSB stands for, a number a population, and what rounding loses.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace spikeloom::compiler::analog {

/// Weight onto a neuron of `population`.
struct ScaledWeight {
    std::uint32_t population = 0;
    double weight = 0;
};

struct PopulationScale {
    double unit = 1;  ///< what one LSB adds to I
    std::int32_t largest = 1;
    std::uint64_t synapses = 0;
    std::uint64_t zeroed = 0;   ///< not 0 in the network, but rounded to it
    std::uint64_t clipped = 0;  ///< beyond the largest register
    double largest_weight = 0;  ///< of the network, magnitude
    double rms_weight = 0;
    double rms_error = 0;
};

/// Register of a weight: round to nearest (halves away from zero), clipped to +-largest.
[[nodiscard]] std::int32_t register_of(double weight, double unit, std::int32_t largest);

/// One scale a population: `fixed_unit`, or where that is 0, |largest weight| / (2^bits - 1). A population without
/// weights has unit 1.
[[nodiscard]] std::vector<PopulationScale> population_scales(std::span<const ScaledWeight> weights,
                                                             std::size_t populations, int bits, double fixed_unit);

}  // namespace spikeloom::compiler::analog
