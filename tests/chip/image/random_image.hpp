// Small images that pass check_image, drawn from a seed, for property tests.
#pragma once

#include <cstdint>

#include "chip/image/image.hpp"

namespace spikeloom::test {

[[nodiscard]] chip::Image random_image(std::uint64_t seed);

}  // namespace spikeloom::test
