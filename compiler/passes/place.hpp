// Third pass: where on the board each core lies. The fewest chips and tiles that hold all cores, without the forbidden
// places; then a search for the arrangement with the fewest hops for the messages between them (compiler/placement,
// which says how). A hop between chips counts as often as its link is narrower than one that takes a flit a cycle.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/passes/partition.hpp"
#include "compiler/placement/core_flows.hpp"
#include "compiler/placement/region.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

struct Placement {
    std::vector<std::uint32_t> place;  ///< physical core, by core
    std::uint64_t hops = 0;            ///< links crossed if every neuron spikes once, each message by itself
    std::uint64_t hops_unplaced = 0;   ///< the same in the order before the search
};

struct PlaceOptions {
    std::uint64_t seed = 0;
    int effort = 1;                ///< 0..3, as CompileOptions
    PlaceRules rules{};            ///< forbidden places, and those that cores are restricted to
    std::function<bool()> stop{};  ///< true: the best so far is taken. May be empty
};

/// Messages between cores if every neuron spikes once. `rates`: spikes a step, by neuron, that the weights follow;
/// empty: the weights are the messages.
[[nodiscard]] CoreFlows core_traffic(const Partition& partition, std::span<const float> rates = {});

/// Links crossed by all messages, each by itself.
[[nodiscard]] std::uint64_t hops_of(const CoreFlows& flows, std::span<const std::uint32_t> place,
                                    const chip::Mesh& mesh, const router::NetworkParameters& network);

/// Errors: rules that no placement keeps.
[[nodiscard]] Result<Placement> place_cores(const CoreFlows& flows, const chip::Mesh& mesh,
                                            const router::NetworkParameters& network, const PlaceOptions& options = {});

}  // namespace spikeloom::compiler
