// How spikes pass through the populations of an image: how long they need, and whether any comes back.
#pragma once

#include <cstdint>

#include "chip/image/image.hpp"
#include "core/base/ids.hpp"

namespace spikeloom::runtime {

/// Steps after an input spike until the output population can first answer it: populations on the shortest way from
/// an input port, less one (a spike acts on the next layer one step later). 0 where no way is found.
[[nodiscard]] std::uint32_t pipeline_depth(const chip::Image& image, PopulationId output);

/// Whether no population reaches itself, straight or through others.
[[nodiscard]] bool is_feed_forward(const chip::Image& image);

}  // namespace spikeloom::runtime
