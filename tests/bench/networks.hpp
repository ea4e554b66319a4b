// The networks of the benchmark, as Images: A32 and B128, whose counts a third party verified (PERFORMANCE facts,
// section 1), and W1, W4, W5 of section 2 as far as a stepped integer chip can express them. Built core by core
// without detours, because B128 has 13 million synapses; the limits of Loihi (axons, memory) are not kept.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chip/chip.hpp"
#include "chip/image/image.hpp"

namespace spikeloom::bench {

struct RandomNetwork {
    std::uint32_t cores = 32;
    std::uint32_t compartments = 256;  ///< a core
    std::uint32_t fan_out = 100;
    std::uint32_t threshold_least = 250;
    std::uint32_t threshold_most = 750;
};

inline constexpr RandomNetwork a32{};
inline constexpr RandomNetwork b128{.cores = 128, .compartments = 1024};

[[nodiscard]] chip::Image random_network(const RandomNetwork& net);

/// 10,000 leaky neurons, 8,000 excitatory, 2,000 inhibitory, 1,000 sources each, delta synapses. With an epoch (steps,
/// 0: none), synapses between excitatory neurons follow pair STDP: W3.
[[nodiscard]] chip::Image balanced_network(int learning_epoch);
/// 784 inputs -> 1024 -> 1024 -> 10, dense.
[[nodiscard]] chip::Image dense_network();
/// Vogels and Abbott's 4,000 neurons with exponential currents; one time constant for both kinds of synapse.
[[nodiscard]] chip::Image vogels_abbott();

/// Inputs of a step: channels of port 0 that spike with probability 1/20 each.
[[nodiscard]] std::vector<chip::InputSpike> bernoulli_inputs(const chip::Image& image, std::uint64_t step);

/// The integrators of W1 and W5 begin at random voltages: one step under random biases, then the image's own.
void scatter_voltages(chip::Chip& chip, const chip::Image& image, std::int32_t largest);

}  // namespace spikeloom::bench
