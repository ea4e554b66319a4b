// Analog images made by hand: small nets on ideal chips, and configurations of a whole BrainScaleS-2.
#pragma once

#include <cstdint>
#include <vector>

#include "chip/image/analog_image.hpp"

namespace spikeloom::test::emulated {

/// The array, crossbar and ranges of BrainScaleS-2 (facts section 3), with made-up mismatch; no costs.
[[nodiscard]] chip::AnalogSpec whole_chip();
/// A chip that only has the equations.
[[nodiscard]] chip::AnalogSpec ideal_chip();

/// A layered net on an ideal chip: weights[l][source * size of layer l + neuron], zero: no synapse. Inputs "input"
/// (`channels`); populations "layer0", ...; the last is the output.
struct IdealNet {
    std::uint32_t channels = 1;
    std::vector<double> constant_times{};  ///< of all channels
    std::vector<std::uint32_t> layers{1};
    std::vector<std::vector<double>> weights;
    std::vector<double> delays{};  ///< one a synapse; empty: none
    Lif lif{.tau_mem = 10e-6, .tau_syn = 10e-6, .refractory = never};
};
[[nodiscard]] chip::AnalogImage ideal_image(const IdealNet& net);

/// An image for the whole chip: one input "input" with `channels`, neurons like `target`, empty runs.
[[nodiscard]] chip::AnalogImage empty_image(std::uint32_t channels, std::uint32_t neurons, std::size_t runs,
                                            const chip::NeuronTarget& target);
/// Everything that can be random, is: neurons of 1 to 3 circuits, drivers, labels, masks, cells. Few labels, so that
/// many spikes meet cells that were not meant for them.
[[nodiscard]] chip::AnalogImage random_image(std::uint64_t seed, std::uint32_t channels, std::uint32_t neurons,
                                             std::size_t runs = 1);

}  // namespace spikeloom::test::emulated
