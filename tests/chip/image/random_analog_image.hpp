// A random analog image that check_analog_image accepts, on a random chip.
#pragma once

#include <cstdint>

#include "chip/image/analog_image.hpp"

namespace spikeloom::test {

[[nodiscard]] chip::AnalogImage random_analog_image(std::uint64_t seed);

}  // namespace spikeloom::test
