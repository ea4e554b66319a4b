// What every analog image carries, mapped or not: the symbol table and the targets of the neurons; and the words that
// compiler and report use for them.
#pragma once

#include <span>
#include <string>

#include "chip/image/analog_image.hpp"
#include "compiler/analog/weight_scale.hpp"
#include "compiler/timed/timed_network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler::analog {

/// Inputs, populations, outputs, coding and neuron targets (weight_unit 1); no synapses, no runs.
[[nodiscard]] chip::AnalogImage symbols_of(const TimedNetwork& network, const chip::AnalogSpec& chip);

/// A remark for every population whose weights were clipped, with figures.
[[nodiscard]] Diagnostics clipping_remarks(const TimedNetwork& network, std::span<const PopulationScale> scales);

/// "  hidden: LSB 0.0123 (largest |weight| 0.77), error 1.2 % rms, 3 of 600 synapses rounded to zero, 0 clipped" and so
/// on, one line a population.
[[nodiscard]] std::string scale_report(const TimedNetwork& network, std::span<const PopulationScale> scales);

}  // namespace spikeloom::compiler::analog
