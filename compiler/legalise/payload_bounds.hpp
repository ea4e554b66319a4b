// How large the values can be that spikes carry: neurons without memory (graded_vector, graded_relu), and those that
// send differences of what they hear (delta), send no more than their sources and weights make. Sums over time
// (sigma_delta), inputs that carry values, and loops have no bound.
#pragma once

#include <cstdint>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/network.hpp"
#include "compiler/passes/mapped_network.hpp"

namespace spikeloom::compiler {

/// By node: the largest magnitude that its spikes can carry; 0: not known, or more than a payload holds.
[[nodiscard]] std::vector<std::int64_t> payload_bounds(const Network& network, const MappedNetwork& mapped,
                                                       const chip::ChipSpec& chip);

}  // namespace spikeloom::compiler
