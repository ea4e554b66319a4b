// What the synapses of a network take of all cores together, at least: words of lists, each axon's own or shared, and
// rows of crossbars. Whatever cores the neurons are dealt to: only the number of cores that a source reaches enters, by
// a bound of its own.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/passes/core_plan.hpp"
#include "compiler/passes/mapped_network.hpp"

namespace spikeloom::compiler {

/// Bits that a synapse of each format takes at least, and an entry of a list beside its synapses.
struct LeastBits {
    std::vector<std::int64_t> synapse;  ///< by format
    std::int64_t entry = 0;
};
[[nodiscard]] LeastBits least_bits(const FanInTable& table, const chip::SynapseMemory& memory);

/// By node, words of its lists, an axon each. `reach`: cores that it reaches at least; 0 where it has no synapses.
[[nodiscard]] std::vector<std::int64_t> least_own_words(const MappedNetwork& mapped, const chip::SynapseMemory& memory,
                                                        std::span<const std::int64_t> reach);

/// Words of lists that axons share, each moved, in whole or in part. 0 for networks of very many synapses.
[[nodiscard]] std::int64_t least_shared_words(const MappedNetwork& mapped, const chip::SynapseMemory& memory);

/// Of a chip with a crossbar.
struct LeastRows {
    std::vector<std::int64_t> by_node;       ///< rows of all crossbars that a source takes
    std::vector<std::int64_t> compartments;  ///< by neuron, with the copies that its rows ask for
};
[[nodiscard]] LeastRows least_rows(const MappedNetwork& mapped, const CoreFacts& facts, const chip::ChipSpec& chip);

}  // namespace spikeloom::compiler
