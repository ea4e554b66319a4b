// Synapse formats that hold given whole-numbered weights exactly, for populations whose registers are given. One format
// of both signs where it can, else one for each sign, else several exponents for each: a large weight may need one that
// a small odd one can't have.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "chip/spec/weight_format.hpp"
#include "compiler/network.hpp"

namespace spikeloom::compiler {

struct ExactFormats {
    std::vector<chip::WeightFormat> positive;  ///< at least one; for weights above zero
    std::vector<chip::WeightFormat> negative;
    std::vector<std::int32_t> lost;  ///< weights that no format of the chip holds, ascending
};

/// All weights that the synapses of a projection have (of the pairs of neurons, where it pools), zero left out.
[[nodiscard]] std::set<std::int32_t> synapse_weights(const Network& network, const Projection& projection);

/// Formats of at most `weight_bits` bits for the weights, contributions to u in units of 2^6. Where weights are lost,
/// the formats reach them, and hold them but for their lowest bits.
[[nodiscard]] ExactFormats exact_formats(const std::set<std::int32_t>& weights, int weight_bits,
                                         const chip::SynapseMemory& memory);

}  // namespace spikeloom::compiler
