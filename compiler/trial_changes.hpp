// What explain() changes for a trial: a network that asks for less, a chip that gives more.
#pragma once

#include <cstdint>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/network.hpp"
#include "compiler/passes/core_use.hpp"

namespace spikeloom::compiler {

/// The network without the smallest share of the weights of every projection that doesn't learn (of a convolution: of
/// its kernel); of equals the last go first. `lost` takes, by projection, the root of what share of the sum of squares
/// went.
[[nodiscard]] Network pruned(const Network& network, double share, std::vector<double>& lost);

/// The network with steps `factor` times as long: delays and refractory times in fewer steps, rounded up.
[[nodiscard]] Network with_longer_steps(const Network& network, int factor);

/// Synapses of all projections, zero weights included; of a convolution with its borders.
[[nodiscard]] std::uint64_t synapses_written(const Network& network);

/// The longest delay of any synapse, in steps.
[[nodiscard]] int longest_delay(const Network& network);

/// The chip on a board with more cores than any network of the trials needs.
[[nodiscard]] chip::ChipSpec with_large_board(chip::ChipSpec chip);

/// The chip with room beyond what any core holds, in that respect. Input axons of a crossbar are its rows, so its words
/// are lifted with them.
[[nodiscard]] chip::ChipSpec without_limit(chip::ChipSpec chip, Limit limit);

/// Whether the limit is another's by another name: words of a crossbar.
[[nodiscard]] constexpr bool repeats_another(Limit limit, const chip::ChipSpec& chip) {
    return chip.synapses.crossbar_types > 0 && (limit == Limit::synapse_words || limit == Limit::axon_words);
}

/// The chip with lists that axons share, moved by any compartment's number; or with a list of its own for every axon.
[[nodiscard]] chip::ChipSpec with_shared_lists(chip::ChipSpec chip, bool shared);

}  // namespace spikeloom::compiler
