// Which plastic projections share a rule of the learning engine: of those, a core holds only a few.
#pragma once

#include <cstdint>
#include <span>

#include "chip/image/image.hpp"

namespace spikeloom::chip {

/// The number of the profile's rule: 1 + the first profile whose synapses could share an engine's rule with those of
/// `profile` (an index): same sums, epoch, traces, reward and third factors, by whatever name.
[[nodiscard]] std::uint8_t rule_number(std::span<const LearningProfile> profiles, std::size_t profile);

}  // namespace spikeloom::chip
