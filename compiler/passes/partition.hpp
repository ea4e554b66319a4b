// Second pass: which neurons share a core. Cores are filled in an order of the neurons until some limit would be
// passed; several orders are tried and the partition with the fewest cores, then the fewest messages a spike of
// every neuron, is kept; then the limits are tightened evenly as long as no core more is needed, so that the
// last core is not left with the crumbs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/network.hpp"
#include "compiler/passes/core_use.hpp"
#include "compiler/passes/mapped_network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

struct CorePlan {
    std::uint32_t first = 0;         ///< position of compartment 0
    std::uint32_t count = 0;         ///< compartments
    std::vector<AxonSlice> axons{};  ///< by source
    chip::SynapseMemory memory{};    ///< as this core uses it
    CoreUse use{};
    Limit stopped_by = Limit::compartments;  ///< what kept the next neuron out
};

struct Partition {
    std::string method;
    std::vector<std::uint32_t> neuron_at;    ///< by position
    std::vector<std::uint32_t> position_of;  ///< by neuron
    std::vector<std::uint32_t> core_of;      ///< by position
    SynapseTable table;                      ///< targets are positions
    std::vector<CorePlan> cores;
    std::uint64_t messages = 0;  ///< if every node spikes once
};

/// Takes the table out of `mapped`.
[[nodiscard]] Result<Partition> partition(const Network& network, MappedNetwork& mapped, const chip::ChipSpec& chip);

}  // namespace spikeloom::compiler
