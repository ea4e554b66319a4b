// Steps that detours add, and the delays that keep everything else in time with them. A neuron whose sum is made by
// helpers hears its sources a step later; so all that is behind it happens later too, and what reaches it by other ways
// must wait. If population p runs added(p) steps late, a synapse of delay d from s to t is given the delay
//   d + added(t) - added(s) - (1 where it leads through a helper),
// which no chip makes negative: the least steps that keep it from that are a longest path. Delays that the network has
// take detours up for nothing, wherever they lie: a loop of three populations whose one delay is a step can be split at
// one of them. (Same-step timing undoes it: aligned_steps is what a delay gained, or lost.) A loop with more detours
// than delays has no solution: what closes it keeps to its direct way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

struct Detours {
    std::vector<bool> through_helpers;  ///< by projection: all its synapses into split neurons
    std::vector<int> added;             ///< steps by which each population's spikes come later
};

/// The ways into the split populations (one flag each) that can lead through helpers: all but those that close loops
/// with too few delays; of such the fewest sources. Errors: a plastic projection whose ends would shift.
[[nodiscard]] Result<Detours> choose_detours(const Network& network, const std::vector<bool>& split);

/// Delays of its shortest and its longest synapse, in steps; nothing where the projection has none.
struct DelayRange {
    int shortest = 0;
    int longest = 0;
};
[[nodiscard]] std::optional<DelayRange> delays_of(const Projection& projection);

/// The projections into a population that close a loop with it and have synapses without delay.
[[nodiscard]] std::vector<std::size_t> closing_loops(const Network& network, std::uint32_t population);

/// The parameters with their periodic reset so many steps later.
[[nodiscard]] ModelParameters later_reset(ModelParameters parameters, int steps);

/// What a projection's synapses wait longer than in `network`; its detour not taken off.
[[nodiscard]] int added_delay(const Projection& projection, const std::vector<int>& added);

/// The network with the steps as delays of its projections, told as such (Projection::aligned_steps), and with periodic
/// resets as much later: it does what the detours make of it, in its own synapses.
[[nodiscard]] Network with_added_steps(Network network, const std::vector<int>& added);

}  // namespace spikeloom::compiler
