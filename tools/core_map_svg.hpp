// The cores of an image where they lie on the board, each coloured by the populations that it holds. A picture by
// itself, light or dark as the viewer prefers; only the part of the board that is in use.
#pragma once

#include <string>

#include "chip/image/image.hpp"

namespace spikeloom::tools {

/// Of an image that check_image finds whole.
[[nodiscard]] std::string core_map_svg(const chip::Image& image);

}  // namespace spikeloom::tools
