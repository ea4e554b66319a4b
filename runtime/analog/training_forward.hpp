// The forward pass of a training on the emulated chip. How weights become an image is the compiler's business, which
// this folder doesn't know: a maker is given that returns the chip with the weights at hand.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "chip/analog/analog_chip.hpp"
#include "runtime/analog/training.hpp"

namespace spikeloom::runtime {

struct ChipForwardOptions {
    double time_unit_s = 1;           ///< of the times that training works with
    double window_s = 0;              ///< length of a sample
    std::uint32_t first_channel = 0;  ///< of the data's input in the image
    /// Number, in the image, of each layer's first neuron.
    std::vector<std::uint32_t> first_neurons;
    std::vector<std::uint32_t> neuron_counts;  ///< of each layer
    int threads = 1;
};

using ChipMaker = std::function<Result<chip::analog::AnalogChip>(std::span<const TtfsLayer> layers)>;

[[nodiscard]] std::shared_ptr<TtfsForward> make_chip_forward(ChipMaker maker, ChipForwardOptions options);

}  // namespace spikeloom::runtime
