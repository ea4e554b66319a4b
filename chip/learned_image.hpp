// What a chip has learned, as an image that a later run can start from: the weights and delays of every plastic
// synapse take the place of those that the compiler wrote.
#pragma once

#include "chip/chip.hpp"
#include "chip/image/image.hpp"

namespace spikeloom::chip {

/// `chip` was loaded from `image`. Traces and tags are not part of an image: they start at 0 again. Provenance is as
/// in `image`; the caller says which run it was.
[[nodiscard]] Image learned_image(const Image& image, const Chip& chip);

}  // namespace spikeloom::chip
