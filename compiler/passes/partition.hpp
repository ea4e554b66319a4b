// Second pass: which neurons share a core. Cores are filled in several orders of the neurons (neuron_order.hpp, and
// hypergraph_order.hpp for those of the hypergraph partitioner); the partition with the fewest cores, then the fewest
// messages, is kept: messages at the rates of a calibration run, or if every node spikes once. Then the limits are
// tightened evenly as long as no core more is needed, so that the last core is not left with the crumbs.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
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
    bool gave_up = false;  ///< at this many cores, as another way took fewer: the messages are those so far
};

struct Partition {
    NeuronOrder order;
    std::vector<Attempt> attempts;
    std::vector<std::uint32_t> position_of;  ///< by neuron
    std::vector<std::uint32_t> core_of;      ///< by position
    std::vector<CorePlan> cores;
    std::uint64_t messages = 0;  ///< if every node spikes once
    double rated_messages = 0;   ///< a step, at the rates given; 0 without rates
};

struct PartitionChoices {
    /// 0: the natural order, or pictures in tiles and along a curve of pixels. 1: more orders, and the hypergraph
    /// partitioner where that takes seconds. 2, 3: longer.
    int effort = 1;
    int threads = 1;
    std::uint64_t seed = 0;
    std::span<const float> rates{};            ///< spikes a step by node; empty: each counts once
    std::function<bool()> stop{};              ///< true: the best so far is taken
    const NeuronOrder* known_order = nullptr;  ///< tries only this one (found best for the same neurons before)
    std::size_t most_cores = 0;                ///< of a known order; more are not worth counting; 0: no such limit
    bool balance = true;                       ///< at once; else balanced() does it, of the partition that is kept
    const OverridePlan* overrides = nullptr;   ///< every order is brought into their form (overrides.hpp)
};

/// The order that is tried first: pictures in tiles, the rest as written.
[[nodiscard]] NeuronOrder first_order(const Network& network, const MappedNetwork& mapped, const CoreFacts& facts,
                                      const chip::ChipSpec& chip);

/// Every limit that no partition respects is an error that names limit, population, need, room and help.
[[nodiscard]] Result<Partition> partition(const Network& network, const MappedNetwork& mapped,
                                          const chip::ChipSpec& chip, const PartitionChoices& choices = {});

/// The limits tightened as evenly as no core more is needed (from effort 1 on).
[[nodiscard]] Partition balanced(const Network& network, const MappedNetwork& mapped, const chip::ChipSpec& chip,
                                 const PartitionChoices& choices, Partition partition);

}  // namespace spikeloom::compiler
