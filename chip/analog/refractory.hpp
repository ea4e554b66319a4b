// The refractory counter of a neuron circuit: some bits of cycles of a clock that a prescaler divides.
#pragma once

#include <cstdint>

#include "chip/spec/analog_spec.hpp"

namespace spikeloom::chip::analog {

struct RefractoryRegisters {
    int prescaler = 0;  ///< the counter's clock is refractory_clock_hz / 2^(prescaler + 1)
    std::int64_t counter = 0;
    friend bool operator==(const RefractoryRegisters&, const RefractoryRegisters&) = default;
};

/// The setting nearest to `seconds` (finite), with the fastest clock that can count it; clamped to what the chip's
/// counter and range hold.
[[nodiscard]] RefractoryRegisters refractory_registers(const AnalogRanges& ranges, double seconds);
[[nodiscard]] double refractory_time_s(const AnalogRanges& ranges, const RefractoryRegisters& registers);
/// The time that the chip counts for `seconds`; `never` stays (a chip's longest time outlasts a sample).
[[nodiscard]] double counted_refractory(const AnalogRanges& ranges, double seconds);

}  // namespace spikeloom::chip::analog
