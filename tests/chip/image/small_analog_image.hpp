// Analog images by hand, small and sound: the start of tests that break one thing.
#pragma once

#include "chip/image/analog_image.hpp"

namespace spikeloom::chip::test {

/// Two inputs ("in" of 2 channels, "bias" of 1) onto two neurons ("hidden"), and these onto one ("out"), with delays.
[[nodiscard]] AnalogImage small_ideal_image();

/// The same network on BrainScaleS-2 in two runs: "hidden" in the first, two circuits each, "out" in the second.
[[nodiscard]] AnalogImage small_brainscales2_image();

}  // namespace spikeloom::chip::test
