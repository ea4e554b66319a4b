// Route: every source of a run gets a bus, a row-select class and a synapse label; every synapse a driver.
//
// What reaches a driver's rows is decided by three compares: the crossbar's (which bus), the driver's (which row
// selects, by its own number and a mask) and the synapse's (which label). Here all drivers of a bus have one mask. With
// n bits in it their numbers fall into 2^n classes, and a source belongs to the class of its own row select. Then a
// mapping is right if on every bus and hemisphere
//     - the sources of a class have labels of their own, and
//     - no column listens to more sources of a class than the class has drivers.
// So any source of a class may use any of its drivers, in every column another: no matching has to be found. One class
// is enough as long as the sources of a bus fit the labels. The host's sources may use any bus, a neuron's only its
// own.
#pragma once

#include <cstdint>
#include <span>

#include <tl/expected.hpp>

#include "chip/image/analog_image.hpp"
#include "compiler/analog/spike_streams.hpp"

namespace spikeloom::compiler::analog {

/// One configuration of the chip. `registers`: signed weights, one a synapse of fan_in.
[[nodiscard]] tl::expected<chip::AnalogRun, Shortage> route_spikes(const RunDemand& demand,
                                                                   std::span<const Block> blocks, const FanIn& fan_in,
                                                                   std::span<const std::int32_t> registers,
                                                                   const Fabric& fabric);

}  // namespace spikeloom::compiler::analog
