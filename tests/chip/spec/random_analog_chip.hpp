// A random analog chip that check_analog_spec accepts.
#pragma once

#include <cstdint>

#include "chip/spec/analog_spec.hpp"

namespace spikeloom::test {

[[nodiscard]] chip::AnalogSpec random_analog_chip(std::uint64_t seed);

}  // namespace spikeloom::test
