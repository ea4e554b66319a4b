// How far from the best possible a mapping can be: figures that no mapping of this network, quantised so, onto this
// chip can be below (MAPPING facts 6). Cores: every limit shared out as evenly as can be. Messages: a spike reaches at
// least as many cores as its targets fill (by compartments and by synaptic memory), and a core is reached by at least
// as many sources as its neuron with most. Beside them what cores dealt out at random would come to. One pass over the
// synapses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/passes/core_use.hpp"
#include "compiler/passes/fill_cores.hpp"
#include "compiler/passes/mapped_network.hpp"

namespace spikeloom::compiler {

/// No partition needs fewer cores for this limit: ceil(need / room).
struct CoreBound {
    Limit limit = Limit::compartments;
    std::int64_t need = 0;  ///< of all neurons together, at least
    std::int64_t room = 0;  ///< of one core
    std::int64_t cores = 0;
};

/// In spikes if every node spikes once; with rates, in spikes a step.
struct TrafficBound {
    double least = 0;
    std::string_view why;  ///< "fan-out", "fan-in"
};

struct MappingBounds {
    std::vector<CoreBound> cores;  ///< one a limit that gives a bound, in the order of the limits
    TrafficBound messages;         ///< one for each node and each core with a target of it, the node's own included
    TrafficBound copies;           ///< of those, the messages of neurons to other cores: sum of lambda - 1

    /// The bound that asks for most cores; the first of equals.
    [[nodiscard]] const CoreBound& decisive() const;
};

/// What bounds and counts are taken of.
struct BoundedNetwork {
    const MappedNetwork& mapped;
    std::span<const float> rates;  ///< by node; empty: 1 each
};

[[nodiscard]] MappingBounds mapping_bounds(const BoundedNetwork& network, const chip::ChipSpec& chip);

/// Messages and copies of a mapping, or expected of one.
struct Traffic {
    double messages = 0;
    double copies = 0;
};
/// Of cores that were filled along an order; `core_of`: by position.
[[nodiscard]] Traffic measure_traffic(const BoundedNetwork& network, const NeuronOrder& order,
                                      std::span<const CorePlan> cores, std::span<const std::uint32_t> core_of);
/// Expected where every neuron lies on one of so many cores by chance (MAPPING facts 2).
[[nodiscard]] Traffic random_traffic(const BoundedNetwork& network, std::size_t cores);

}  // namespace spikeloom::compiler
