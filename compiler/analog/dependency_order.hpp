// In which order neurons can be computed in runs one after the other: a neuron after its sources, neurons on a common
// cycle together.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/analog/flat_synapses.hpp"

namespace spikeloom::compiler::analog {

/// Neurons that can't be computed apart: one, or a strongly connected part of the network.
struct Unit {
    std::vector<std::uint32_t> neurons;  ///< ascending
    std::uint32_t level = 0;             ///< longest way from the inputs, in units
    friend bool operator==(const Unit&, const Unit&) = default;
};

/// Ascending by level, then first neuron: all sources of a unit stand before it.
[[nodiscard]] std::vector<Unit> dependency_order(const FanIn& fan_in);

}  // namespace spikeloom::compiler::analog
