// The random numbers of learning. A stream is a 64-bit key, drawn once from Philox for each neuron and rule, followed
// by SplitMix64 (Steele et al., OOPSLA'14) at a counter: draw n is a pure function of seed, rule, neuron and n, for a
// fifth of Philox's cost. A synapse's rounding mixes the keys of its source (of the epoch) and its target.
#pragma once

#include <array>
#include <cstdint>

#include "core/base/random.hpp"

namespace spikeloom::core {

/// Uniform numbers are 53-bit integers, fractions of 2^53: what a double in [0, 1) can hold.
inline constexpr int draw_bits = 53;

/// Random numbers of one epoch in place of the engine's own, the same for all neurons and synapses: what other tools
/// log. Decays and rounding are fractions of 2^53, impulses 0..127.
struct EpochDraws {
    std::array<std::uint64_t, 2> x_decay{};
    std::array<std::uint64_t, 3> y_decay{};
    std::array<std::uint32_t, 2> x_impulse{};
    std::array<std::uint32_t, 3> y_impulse{};
    std::uint64_t rounding = 0;
};

/// Who has a stream of its own.
enum class DrawSide : std::uint32_t { source, target };

struct StreamIdentity {
    std::uint64_t seed = 0;
    std::uint32_t profile = 0;
    DrawSide side = DrawSide::source;
    std::uint32_t neuron = 0;
};

[[nodiscard]] constexpr std::uint64_t stream_key(const StreamIdentity& who) {
    const auto block = random_block({.seed = who.seed,
                                     .purpose = RandomPurpose::learning,
                                     .step = who.profile,
                                     .core = static_cast<std::uint32_t>(who.side),
                                     .neuron = who.neuron});
    return std::uint64_t{block[0]} << 32 | block[1];
}

/// Draw n of a stream: 64 bits.
[[nodiscard]] constexpr std::uint64_t stream_draw(std::uint64_t key, std::uint64_t n) {
    std::uint64_t z = key + (n + 1) * 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}

/// A 32-bit mixing function without fixed structure between inputs that differ in one bit (Wellons' "lowbias32").
[[nodiscard]] constexpr std::uint32_t mix32(std::uint32_t x) {
    x = (x ^ (x >> 16)) * 0x7FEB352DU;
    x = (x ^ (x >> 15)) * 0x846CA68BU;
    return x ^ (x >> 16);
}

}  // namespace spikeloom::core
