// Second pass: which neurons share a core. Cores are filled in several orders of the neurons (neuron_order.hpp); the
// partition with the fewest cores, then the fewest messages if every node spikes once, is kept. Then the limits are
// tightened evenly as long as no core more is needed, so that the last core is not left with the crumbs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/network.hpp"
#include "compiler/passes/fill_cores.hpp"
#include "compiler/passes/mapped_network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

struct OverridePlan;

/// One way that was tried, for the report.
struct Attempt {
    std::string order;
    std::size_t cores = 0;
    std::uint64_t messages = 0;
    bool fits = false;
};

struct Partition {
    NeuronOrder order;
    std::vector<Attempt> attempts;
    std::vector<std::uint32_t> position_of;  ///< by neuron
    std::vector<std::uint32_t> core_of;      ///< by position
    SynapseTable table;                      ///< targets are positions
    std::vector<CorePlan> cores;
    std::uint64_t messages = 0;  ///< if every node spikes once
};

/// Every limit that no partition respects is an error that names limit, population, need, room and help.
/// `known_order`: tries only this order (a partition of the same neurons, quantised otherwise, found it best).
/// `overrides`: every order is brought into their form before cores are filled (overrides.hpp).
[[nodiscard]] Result<Partition> partition(const Network& network, const MappedNetwork& mapped,
                                          const chip::ChipSpec& chip, const NeuronOrder* known_order = nullptr,
                                          const OverridePlan* overrides = nullptr);

}  // namespace spikeloom::compiler
