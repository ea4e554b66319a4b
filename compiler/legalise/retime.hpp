// Steps that detours add, and the delays that keep everything else in time with them. A neuron whose sum is made by
// helpers hears its sources a step later; so all that is behind it happens later too, and what reaches it by other ways
// must wait. If population p runs added(p) steps late, a synapse of delay d from s to t is given the delay
//   d + added(t) - added(s) - (1 where it leads through a helper),
// which no chip makes negative: the least steps that keep it from that are a longest path. Delays that the network has
// anyway take a detour up for nothing; beyond that no delay gets shorter, but for what only a chip needs of it
// (aligned_steps), or same-step timing could not leave the added steps out. A loop with a detour and without a delay
// has no solution: what closes a loop keeps to the direct way.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// The projections into a population that can lead through helpers, one flag a projection: all but those that close a
/// loop without a delay, and those that share source and target with such a one.
[[nodiscard]] std::vector<bool> open_to_detours(const Network& network, std::uint32_t population);

/// Steps by which each population's spikes come later, when the synapses of the projections in `detour` (one flag each)
/// lead through a helper. Errors: a loop that would take longer, a plastic projection whose ends would shift.
[[nodiscard]] Result<std::vector<int>> retime(const Network& network, const std::vector<bool>& detour);

/// The parameters with their periodic reset so many steps later.
[[nodiscard]] ModelParameters later_reset(ModelParameters parameters, int steps);

/// What a projection's synapses wait longer than in `network`; its detour not taken off.
[[nodiscard]] int added_delay(const Projection& projection, const std::vector<int>& added);

/// The network with the steps as delays of its projections, told as such (Projection::aligned_steps), and with periodic
/// resets as much later: it does what the detours make of it, in its own synapses.
[[nodiscard]] Network with_added_steps(Network network, const std::vector<int>& added);

}  // namespace spikeloom::compiler
