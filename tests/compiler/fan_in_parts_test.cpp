#include "compiler/fan_in_parts.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <optional>

namespace spikeloom::compiler {
namespace {

/// Words of 32 bits, 12,000 of them, lists of n synapses of 10 bits and 8 bits more, as on loihi2.
chip::ChipSpec graded_chip() {
    chip::ChipSpec chip;
    chip.limits.compartments = 8192;
    chip.limits.input_axons = 16000;
    chip.synapses.words = chip.synapses.words_per_axon = 12000;
    chip.synapses.word_bits = 32;
    chip.synapses.format_id_bits = 4;
    chip.synapses.index_bits = {4, 8, 13};
    chip.synapses.count_bits = chip.synapses.list_end_bits = 0;
    return chip;
}

constexpr DenseLayer wide{.neurons = 512, .sources = 8192, .synapse_bits = 10};

TEST_CASE("a core holds as many neurons as whole words of lists allow") {
    // 8192 lists of one word: 24 bits for two synapses. 1024 lists of 11 words: 344 bits, 34 synapses.
    CHECK(cores_in_parts(wide, 1, graded_chip()) == 256);
    CHECK(cores_in_parts(wide, 8, graded_chip()) == 8 * 16);
    CHECK(cores_in_parts({.neurons = 512, .sources = 24000, .synapse_bits = 10}, 1, graded_chip()) == std::nullopt);
    CHECK(cores_in_parts({.neurons = 512, .sources = 0, .synapse_bits = 10}, 1, graded_chip()) == std::nullopt);
}

TEST_CASE("compartments and axons bound what a core holds of a part") {
    chip::ChipSpec chip = graded_chip();
    chip.limits.compartments = 10;
    CHECK(cores_in_parts(wide, 8, chip) == 8 * 52);
    chip.limits.input_axons = 1000;
    CHECK(cores_in_parts(wide, 8, chip) == std::nullopt);
    CHECK(cores_in_parts(wide, 9, chip) == 9 * 52);
}

TEST_CASE("the fewest parts within a tenth of the best are taken") {
    const FanInParts best = cheapest_fan_in_parts(wide, graded_chip());
    std::uint64_t least = best.cores;
    std::uint64_t least_before = 1'000'000;
    for (std::uint32_t parts = 2; parts <= 64; ++parts) {
        const std::uint64_t cores = cores_in_parts(wide, parts, graded_chip()).value_or(least_before);
        least = std::min(least, cores);
        least_before = parts < best.parts ? std::min(least_before, cores) : least_before;
    }
    CHECK(best.cores == cores_in_parts(wide, best.parts, graded_chip()));
    CHECK(10 * best.cores <= 11 * least);
    CHECK(10 * least_before > 11 * least);
    CHECK(static_cast<double>(best.cores) > 512 * 8192 * 10.0 / 32 / 12000);  // the weights alone
    CHECK(cheapest_fan_in_parts({.neurons = 5, .sources = 1, .synapse_bits = 10}, graded_chip()).parts == 1);
}

}  // namespace
}  // namespace spikeloom::compiler
