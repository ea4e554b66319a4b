// The mapping report of an analog image, as text: what went where, what every limit is filled to, what quantisation
// lost, and what the neurons are to be set to in the chip's units. Kept in the image, printed by the tool.
#pragma once

#include <span>
#include <string>

#include "chip/image/analog_image.hpp"
#include "compiler/analog/flat_synapses.hpp"
#include "compiler/analog/weight_scale.hpp"
#include "compiler/timed/timed_network.hpp"

namespace spikeloom::compiler::analog {

[[nodiscard]] std::string analog_report(const TimedNetwork& network, const FanIn& fan_in,
                                        std::span<const PopulationScale> scales, const chip::AnalogImage& image);

}  // namespace spikeloom::compiler::analog
