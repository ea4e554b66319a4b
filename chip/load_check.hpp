// What an image may hold and the emulator can't run, for it stores synapses by source: weights and traces that several
// sources share, and plastic weights that multiply a value.
#pragma once

#include <cstdint>
#include <vector>

#include "chip/image/image.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::chip {

/// Of each core and axon: how many sources use it, up to 2.
using AxonUses = std::vector<std::vector<std::uint8_t>>;

/// Of an image that passed check_image.
[[nodiscard]] Diagnostics check_loadable(const Image& image, const AxonUses& axon_uses);

}  // namespace spikeloom::chip
