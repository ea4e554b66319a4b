// Third pass: where on the board each core lies. The fewest chips and tiles that hold all cores, chip by chip, then
// swaps (annealed, by a seed) until no pair of cores can be exchanged with fewer hops for the messages between them. A
// hop between chips counts as often as its link is narrower than one that takes a flit a cycle.
#pragma once

#include <cstdint>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/passes/partition.hpp"

namespace spikeloom::compiler {

struct Placement {
    std::vector<std::uint32_t> place;  ///< physical core, by core
    std::uint64_t hops = 0;            ///< links crossed if every neuron spikes once, each message by itself
    std::uint64_t hops_unplaced = 0;   ///< the same in the order before the swaps
};

/// Messages from core to core if every neuron spikes once, row-major [source][target].
[[nodiscard]] std::vector<std::uint32_t> core_traffic(const Partition& partition);
[[nodiscard]] Placement place_cores(const std::vector<std::uint32_t>& traffic, std::size_t cores,
                                    const chip::Mesh& mesh, std::uint64_t seed,
                                    const router::NetworkParameters& network = {});

}  // namespace spikeloom::compiler
