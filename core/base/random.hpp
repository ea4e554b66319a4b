// Counter-based random numbers: Philox 4x32-10 (Salmon et al., SC'11). A draw is a pure function of who asks
// and when, so results don't depend on threads, on the order of cores, or on what else drew before.
#pragma once

#include <array>
#include <cstdint>

namespace spikeloom {

/// What a number is drawn for; two purposes never share a stream.
enum class RandomPurpose : std::uint32_t {
    neuron_noise = 1,
    input_encoding = 2,
    poisson_source = 3,
    network_rule = 4,
    placement = 5,
    partition = 6,
    learning = 7,
    workbench = 8,
    analog_mismatch = 9,
    analog_trial = 10,
    ttfs_training = 11,
    analog_mapping = 12,
    ppu = 13,
    background_source = 14,
    synthetic_traffic = 15,
    test = 100,
};

struct RandomKey {
    std::uint64_t seed = 0;
    RandomPurpose purpose = RandomPurpose::test;
    std::uint64_t step = 0;    ///< time step, sample, or another slow counter
    std::uint32_t core = 0;    ///< core, population, or another place
    std::uint32_t neuron = 0;  ///< neuron within the place
    std::uint32_t draw = 0;    ///< number of the draw, below 2^16
};

namespace detail {

__extension__ typedef unsigned __int128 uint128;

constexpr std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                                  std::array<std::uint32_t, 2> key) {
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t product0 = std::uint64_t{0xD2511F53U} * counter[0];
        const std::uint64_t product1 = std::uint64_t{0xCD9E8D57U} * counter[2];
        counter = {
            static_cast<std::uint32_t>(product1 >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(product1),
            static_cast<std::uint32_t>(product0 >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(product0)};
        key[0] += 0x9E3779B9U;
        key[1] += 0xBB67AE85U;
    }
    return counter;
}

__extension__ using uint128 = unsigned __int128;

}  // namespace detail

/// Four independent 32-bit words. Of `step`, 48 bits count; of `draw`, 16.
constexpr std::array<std::uint32_t, 4> random_block(const RandomKey& key) {
    const auto seed_low = static_cast<std::uint32_t>(key.seed);
    const auto seed_high = static_cast<std::uint32_t>(key.seed >> 32);
    const auto step_low = static_cast<std::uint32_t>(key.step);
    const auto step_high = static_cast<std::uint32_t>((key.step >> 32) & 0xFFFFU);
    return detail::philox4x32({step_low, (step_high << 16) | (key.draw & 0xFFFFU), key.core, key.neuron},
                              {seed_low ^ (static_cast<std::uint32_t>(key.purpose) * 0x85EBCA6BU), seed_high});
}

/// Uniform in [0, 1) with 53 random bits.
constexpr double random_uniform(const RandomKey& key) {
    const auto block = random_block(key);
    const std::uint64_t bits = (std::uint64_t{block[0]} << 32 | block[1]) >> 11;
    return static_cast<double>(bits) * 0x1.0p-53;
}

/// Uniform in 0..bound-1 (bound > 0), by multiplication; bias below 2^-32 per value of bound.
constexpr std::uint64_t random_below(const RandomKey& key, std::uint64_t bound) {
    const auto block = random_block(key);
    const std::uint64_t bits = std::uint64_t{block[0]} << 32 | block[1];
    return static_cast<std::uint64_t>((static_cast<detail::uint128>(bits) * bound) >> 64);
}

}  // namespace spikeloom
