// An image for plasticity experiments, placed as a lab places them by hand: every input channel has one synapse row of
// one hemisphere, every neuron one circuit, column 0 onwards, and every row reaches every neuron. Channel i is driver
// i / 2's row i; its spikes enter by one L2 lane, with the bus, the driver and the row in their label.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chip/image/analog_image.hpp"

namespace spikeloom::chip::analog {

struct PlasticInput {
    std::string name;
    std::uint32_t rows = 1;
    bool inhibitory = false;
    std::vector<std::uint8_t> weights;  ///< rows * neurons, by row; or one for all
    friend bool operator==(const PlasticInput&, const PlasticInput&) = default;
};

struct PlasticLayout {
    std::vector<PlasticInput> inputs;
    std::uint32_t neurons = 1;
    Lif neuron{};
    double weight_unit = 0.01;
    std::uint8_t hemisphere = 0;
    friend bool operator==(const PlasticLayout&, const PlasticLayout&) = default;
};

/// Refuses more rows or neurons than a hemisphere has. Input k's channels are rows first .. first + rows - 1 in order.
[[nodiscard]] Result<AnalogImage> plastic_image(const AnalogSpec& chip, const PlasticLayout& layout);

}  // namespace spikeloom::chip::analog
