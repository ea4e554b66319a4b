// The image of a legalised network, verified. A Network has no words for what late_start.hpp does to registers; so that
// is checked here, by running each neuron without input from the image's own registers, and the rest of the image
// against the network as it was quantised. Shares no code with the passes.
#pragma once

#include "chip/image/image.hpp"
#include "compiler/legalise/legal_network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// As verify(image, legal.network). The image is left as it was.
[[nodiscard]] Diagnostics verify_legal_image(chip::Image& image, const LegalNetwork& legal);

}  // namespace spikeloom::compiler
