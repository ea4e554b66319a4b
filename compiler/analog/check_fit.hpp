// What an analog chip can't do for a network however it is mapped: delays, parameters outside of the ranges, too many
// inputs to a neuron. Findings that are not errors say what is adjusted.
#pragma once

#include "chip/spec/analog_spec.hpp"
#include "compiler/analog/flat_synapses.hpp"
#include "compiler/timed/timed_network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler::analog {

[[nodiscard]] Diagnostics check_fit(const TimedNetwork& network, const FanIn& fan_in, const chip::AnalogSpec& chip);

/// A refractory time as the chip can have it: not below its least. `never` (one spike a sample) stays: the host takes
/// the first spike.
[[nodiscard]] double chip_refractory(double refractory, const chip::AnalogSpec& chip);

/// A potential of the network in the chip's unit (CADC LSB): leak and threshold lie where the chip's usual ones do.
/// Readouts (threshold never) lay 1 unit of the network as wide.
[[nodiscard]] double potential_lsb(double potential, const Lif& neuron, const chip::AnalogSpec& chip);

}  // namespace spikeloom::compiler::analog
