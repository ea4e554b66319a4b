#include "chip/analog/refractory.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/analog_neuron.hpp"

namespace spikeloom::chip::analog {

RefractoryRegisters refractory_registers(const AnalogRanges& ranges, double seconds) {
    const double most = std::ldexp(1.0, ranges.refractory_bits) - 1;
    const double time = std::clamp(seconds, ranges.refractory_s.least, ranges.refractory_s.most);
    for (int k = 0; k <= ranges.refractory_prescaler_max; ++k) {
        const double cycles = std::round(time * ranges.refractory_clock_hz / std::ldexp(1.0, k + 1));
        if (cycles <= most) {
            return {.prescaler = k, .counter = std::llround(cycles)};
        }
    }
    return {.prescaler = ranges.refractory_prescaler_max, .counter = std::llround(most)};
}

double refractory_time_s(const AnalogRanges& ranges, const RefractoryRegisters& registers) {
    return static_cast<double>(registers.counter) * std::ldexp(1.0, registers.prescaler + 1) /
           ranges.refractory_clock_hz;
}

double counted_refractory(const AnalogRanges& ranges, double seconds) {
    return seconds == never ? never : refractory_time_s(ranges, refractory_registers(ranges, seconds));
}

}  // namespace spikeloom::chip::analog
