// The two kernels of the neuron: each against literal values, and the vector code against the plain one.
#include "core/neuron.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "core/base/random.hpp"

namespace spikeloom::core {
namespace {

struct Bench {
    NeuronArrays arrays;
    std::vector<std::int16_t> sums;
    std::vector<std::uint32_t> spikes;

    explicit Bench(std::size_t slots) : sums(slots + NeuronArrays::padding), spikes(slots + NeuronArrays::padding) {
        for (auto* array : {&arrays.current, &arrays.voltage, &arrays.bias, &arrays.hold, &arrays.threshold,
                            &arrays.current_keep, &arrays.voltage_keep, &arrays.refractory}) {
            array->resize(slots + NeuronArrays::padding);
        }
    }
};

std::uint32_t draw(std::uint64_t seed, std::uint32_t slot, std::uint32_t number, std::uint32_t bound) {
    return static_cast<std::uint32_t>(random_below({.seed = seed, .neuron = slot, .draw = number}, bound));
}

/// State, parameters and arriving sums of any size that the registers hold.
Bench random_bench(std::uint64_t seed, std::uint32_t slots) {
    Bench bench(slots);
    const auto state = [&](std::uint32_t slot, std::uint32_t number) {
        const std::int32_t value = static_cast<std::int32_t>(draw(seed, slot, number, 1U << 24)) - (1 << 23);
        return draw(seed, slot, 100 + number, 3) == 0 ? 0 : value;
    };
    for (std::uint32_t i = 0; i < slots + NeuronArrays::padding; ++i) {
        bench.arrays.current[i] = state(i, 0);
        bench.arrays.voltage[i] = state(i, 1);
        bench.arrays.bias[i] = draw(seed, i, 2, 2) == 0 ? 0 : state(i, 3) / 16;
        bench.arrays.hold[i] = static_cast<std::int32_t>(draw(seed, i, 4, 4));
        bench.arrays.threshold[i] = static_cast<std::int32_t>(draw(seed, i, 5, 1U << 23));
        bench.arrays.current_keep[i] = static_cast<std::int32_t>(draw(seed, i, 6, 4097));
        bench.arrays.voltage_keep[i] = static_cast<std::int32_t>(draw(seed, i, 7, 4097));
        bench.arrays.refractory[i] = static_cast<std::int32_t>(1 + draw(seed, i, 8, 5));
        bench.sums[i] = static_cast<std::int16_t>(draw(seed, i, 9, 2) == 0 ? 0 : draw(seed, i, 10, 1U << 16));
    }
    return bench;
}

NeuronRun random_run(std::uint64_t seed, std::uint32_t first, std::uint32_t count) {
    return {.first = first,
            .count = count,
            .variation = static_cast<Variation>(seed % 3),
            .refractory = seed % 2 == 0,
            .own = {.soft_reset = seed % 5 < 2},
            .parameters = {.current_keep = static_cast<std::int32_t>(draw(seed, 0, 20, 4097)),
                           .voltage_keep = static_cast<std::int32_t>(draw(seed, 0, 21, 4097)),
                           .threshold = static_cast<std::int32_t>(draw(seed, 0, 22, 1U << 22)),
                           .refractory = static_cast<std::int32_t>(1 + draw(seed, 0, 23, 5))},
            .voltage_floor = -(1 << 23) + 1,
            .voltage_ceiling = (1 << 23) - 1,
            .noise = {}};
}

}  // namespace

TEST_CASE("the vector kernel computes what the plain one computes, for runs of every length and place") {
    constexpr std::uint32_t slots = 120;
    for (std::uint64_t seed = 0; seed < 180; ++seed) {
        CAPTURE(seed);
        const auto first = static_cast<std::uint32_t>(seed % 7);
        const auto count = static_cast<std::uint32_t>(1 + seed % 97);
        const NeuronRun run = random_run(seed, first, count);
        Bench vector = random_bench(seed, slots);
        Bench plain = vector;
        for (int step = 0; step < 4; ++step) {
            CAPTURE(step);
            const UpdateResult a = update_standard(run, vector.arrays, vector.sums.data(), vector.spikes.data());
            const UpdateResult b = update_general(NeuronArithmetic{}, run, {}, plain.arrays, plain.sums.data(),
                                                  plain.spikes.data(), nullptr);
            REQUIRE(a.active == b.active);
            REQUIRE(std::vector(vector.spikes.data(), a.spikes_end) == std::vector(plain.spikes.data(), b.spikes_end));
            REQUIRE(vector.arrays.current == plain.arrays.current);
            REQUIRE(vector.arrays.voltage == plain.arrays.voltage);
            REQUIRE(vector.arrays.hold == plain.arrays.hold);
            REQUIRE(vector.sums == plain.sums);
        }
    }
}

TEST_CASE("the vector kernel takes sums of 32 bits as wide as they are said to be") {
    constexpr std::uint32_t slots = 120;
    for (std::uint64_t seed = 0; seed < 90; ++seed) {
        CAPTURE(seed);
        NeuronArithmetic arithmetic;
        arithmetic.sum_bits = static_cast<int>(20 + seed % 11);
        REQUIRE(is_standard(arithmetic));
        const NeuronRun run =
            random_run(seed, static_cast<std::uint32_t>(seed % 7), static_cast<std::uint32_t>(1 + seed % 97));
        Bench vector = random_bench(seed, slots);
        Bench plain = vector;
        std::vector<std::int32_t> sums(vector.sums.size());
        for (std::uint32_t i = 0; i < sums.size(); ++i) {
            sums[i] = static_cast<std::int32_t>(draw(seed, i, 30, 0xFFFFFFFFU));
        }
        std::vector<std::int32_t> same = sums;
        const UpdateResult a =
            update_standard(run, vector.arrays, sums.data(), vector.spikes.data(), arithmetic.sum_bits);
        const UpdateResult b =
            update_general(arithmetic, run, {}, plain.arrays, same.data(), plain.spikes.data(), nullptr);
        REQUIRE(a.active == b.active);
        REQUIRE(std::vector(vector.spikes.data(), a.spikes_end) == std::vector(plain.spikes.data(), b.spikes_end));
        REQUIRE(vector.arrays.current == plain.arrays.current);
        REQUIRE(vector.arrays.voltage == plain.arrays.voltage);
        REQUIRE(sums == same);
    }
}

TEST_CASE("an impulse decays as Lava's own test says") {
    // tests/lava/proc/lif/test_models.py: du = 2047, input 128.
    Bench bench(1);
    const NeuronRun run{.count = 1,
                        .parameters = {.current_keep = 4096 - 2048, .voltage_keep = 4096},
                        .voltage_floor = -(1 << 23) + 1,
                        .voltage_ceiling = (1 << 23) - 1,
                        .noise = {}};
    bench.sums[0] = 128;
    for (const std::int32_t expected : {8192, 4096, 2048, 1024, 512, 256, 128, 64}) {
        (void)update_standard(run, bench.arrays, bench.sums.data(), bench.spikes.data());
        CHECK(bench.arrays.current[0] == expected);
    }
}

TEST_CASE("a soft reset keeps what exceeds the threshold, and holds it through dead steps") {
    for (const std::int32_t dead : {0, 2}) {
        CAPTURE(dead);
        Bench bench(1);
        const NeuronRun run{.count = 1,
                            .refractory = dead > 0,
                            .own = {.soft_reset = true},
                            .parameters = {.voltage_keep = 4096, .threshold = 100, .refractory = 1 + dead},
                            .voltage_floor = -(1 << 23) + 1,
                            .voltage_ceiling = (1 << 23) - 1,
                            .noise = {}};
        bench.arrays.bias[0] = 250;
        const std::vector<std::int32_t> expected =
            dead > 0 ? std::vector{150, 150, 150, 300, 300, 300} : std::vector{150, 300, 450, 600, 750, 900};
        for (std::size_t step = 0; step < expected.size(); ++step) {
            CAPTURE(step);
            const UpdateResult result = update_standard(run, bench.arrays, bench.sums.data(), bench.spikes.data());
            const bool fires = dead == 0 || step % 3 == 0;
            CHECK(result.spikes_end - bench.spikes.data() == (fires ? 1 : 0));
            CHECK(bench.arrays.voltage[0] == expected[step]);
        }
    }
}

TEST_CASE("decay truncates toward zero, above and below it") {
    for (const std::int32_t sign : {1, -1}) {
        Bench bench(1);
        const NeuronRun run{.count = 1,
                            .parameters = {.current_keep = 0, .voltage_keep = 2048},
                            .voltage_floor = -(1 << 23) + 1,
                            .voltage_ceiling = (1 << 23) - 1,
                            .noise = {}};
        bench.arrays.voltage[0] = sign * 7;
        for (const std::int32_t expected : {3, 1, 0}) {
            (void)update_standard(run, bench.arrays, bench.sums.data(), bench.spikes.data());
            CHECK(bench.arrays.voltage[0] == sign * expected);
        }
    }
}

TEST_CASE("noise is drawn by who and when, within its bounds, and shifted by its exponent") {
    const NeuronArithmetic arithmetic;
    for (const int exponent : {5, 7, 10}) {
        Bench bench(64);
        NeuronRun run{.count = 64,
                      .voltage_floor = -(1 << 23) + 1,
                      .voltage_ceiling = (1 << 23) - 1,
                      .noise = {.target = Noise::Target::voltage, .mantissa_offset = 1, .exponent = exponent}};
        const auto voltages = [&](NoiseKey key) {
            (void)update_general(arithmetic, run, key, bench.arrays, bench.sums.data(), bench.spikes.data(), nullptr);
            return bench.arrays.voltage;
        };
        const auto first = voltages({.seed = 1, .step = 3});
        CHECK(first == voltages({.seed = 1, .step = 3}));
        CHECK_FALSE(first == voltages({.seed = 1, .step = 4}));
        CHECK_FALSE(first == voltages({.seed = 2, .step = 3}));
        for (std::size_t i = 0; i < 64; ++i) {
            CHECK(first[i] <= (exponent < 7 ? 191 / 4 : 191 * (1 << (exponent - 7))));
            CHECK(first[i] >= (exponent < 7 ? -63 / 4 : -63 * (1 << (exponent - 7))));
        }
    }
}

}  // namespace spikeloom::core
