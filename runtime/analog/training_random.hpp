// The random numbers of training, each a pure function of who draws it, so that a run that was stopped goes on with the
// very numbers that it would have drawn.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

#include "core/base/random.hpp"

namespace spikeloom::runtime {

/// What training draws for; stands in RandomKey::draw.
enum class TrainingDraw : std::uint32_t { initial_weight = 0, shuffle = 1, input_noise = 2, yin_yang = 3 };

/// `step`, `place` and `index` say which one: epoch or sample, layer or channel, weight or attempt.
[[nodiscard]] constexpr RandomKey training_key(std::uint64_t seed, TrainingDraw draw, std::uint64_t step,
                                               std::uint32_t place, std::uint32_t index) {
    return {.seed = seed,
            .purpose = RandomPurpose::ttfs_training,
            .step = step,
            .core = place,
            .neuron = index,
            .draw = static_cast<std::uint32_t>(draw)};
}

/// Standard normal (Box & Muller 1958), from the two 64-bit halves of one block.
[[nodiscard]] inline double random_normal(const RandomKey& key) {
    const auto block = random_block(key);
    const auto unit = [](std::uint32_t high, std::uint32_t low) {
        return static_cast<double>((std::uint64_t{high} << 32 | low) >> 11) * 0x1.0p-53;
    };
    const double radius = std::sqrt(-2 * std::log1p(-unit(block[0], block[1])));
    return radius * std::cos(2 * std::numbers::pi * unit(block[2], block[3]));
}

}  // namespace spikeloom::runtime
