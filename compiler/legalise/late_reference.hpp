// The float network in which biases begin late, as they do on a chip after late_start.hpp; and the way back.
#pragma once

#include <cstdint>
#include <span>

#include "compiler/network.hpp"

namespace spikeloom::compiler {

/// A population's biases, its own and those of projections into it, begin so many steps later; and what draws a leaky v
/// from 0 to v_leak. Populations with registers (Population::fixed) are left alone, as one that no projection leads to.
void bias_late(Network& network, std::uint32_t population, int steps);

/// The network with biases and periodic resets as they were before steps were added, by population; its delays keep
/// them, as aligned_steps, which same-step timing leaves out.
[[nodiscard]] Network without_added_starts(Network network, std::span<const int> added);

/// From which step all biases into a population act: the least of its projections'.
[[nodiscard]] int biased_from(const Network& network, std::size_t population);

}  // namespace spikeloom::compiler
