// One thing that a pass could get wrong, done to an image: what a verifier is there to notice.
#pragma once

#include <string>

#include "chip/image/image.hpp"
#include "support/networks.hpp"

namespace spikeloom::test {

/// Damages the image at a random place in a random way, such that it means another network; says how. Empty where the
/// image has nothing to damage in this way (the image is left alone then).
[[nodiscard]] std::string damage(chip::Image& image, Draws& draws);

}  // namespace spikeloom::test
