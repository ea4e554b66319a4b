// Third pass: where on the mesh each core lies. The fewest tiles that hold all cores, then swaps (annealed, by a
// seed) until no pair of cores can be exchanged with fewer tile hops for the messages between them.
#pragma once

#include <cstdint>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/passes/partition.hpp"

namespace spikeloom::compiler {

struct Placement {
    std::vector<std::uint32_t> place;  ///< physical core, by core
    std::uint64_t hops = 0;            ///< tile hops if every neuron spikes once
    std::uint64_t hops_unplaced = 0;   ///< the same in the order before the swaps
};

/// Messages from core to core if every neuron spikes once, row-major [source][target].
[[nodiscard]] std::vector<std::uint32_t> core_traffic(const Partition& partition);
[[nodiscard]] Placement place_cores(const std::vector<std::uint32_t>& traffic, std::size_t cores,
                                    const chip::Mesh& mesh, std::uint64_t seed);

}  // namespace spikeloom::compiler
