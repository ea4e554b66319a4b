#include "core/base/random.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace spikeloom;

TEST_CASE("Philox 4x32-10 gives the known answers of Random123") {
    using Block = std::array<std::uint32_t, 4>;
    CHECK(detail::philox4x32({0, 0, 0, 0}, {0, 0}) == Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    CHECK(detail::philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
          Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    CHECK(detail::philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
          Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("every part of the key names a stream of its own") {
    const RandomKey key{.seed = 7, .purpose = RandomPurpose::test, .step = 5, .core = 3, .neuron = 2, .draw = 1};
    std::set<std::array<std::uint32_t, 4>> blocks{random_block(key)};
    const auto changed = [&](auto change) {
        RandomKey other = key;
        change(other);
        return blocks.insert(random_block(other)).second;
    };
    CHECK(changed([](RandomKey& k) { k.seed = 8; }));
    CHECK(changed([](RandomKey& k) { k.seed = std::uint64_t{7} + (std::uint64_t{1} << 32); }));
    CHECK(changed([](RandomKey& k) { k.purpose = RandomPurpose::neuron_noise; }));
    CHECK(changed([](RandomKey& k) { k.step = 6; }));
    CHECK(changed([](RandomKey& k) { k.step = std::uint64_t{1} << 40; }));
    CHECK(changed([](RandomKey& k) { k.core = 4; }));
    CHECK(changed([](RandomKey& k) { k.neuron = 3; }));
    CHECK(changed([](RandomKey& k) { k.draw = 2; }));
}

TEST_CASE("uniform draws lie in [0, 1) and have the mean of a uniform") {
    double sum = 0;
    constexpr int draws = 20000;
    for (std::uint32_t i = 0; i < draws; ++i) {
        const double x = random_uniform({.seed = 1, .neuron = i});
        REQUIRE(x >= 0.0);
        REQUIRE(x < 1.0);
        sum += x;
    }
    CHECK(sum / draws == doctest::Approx(0.5).epsilon(0.02));  // 4.9 sigma
}

TEST_CASE("draws below a bound reach every value and none beyond") {
    std::array<int, 7> seen{};
    for (std::uint32_t i = 0; i < 7000; ++i) {
        const std::uint64_t x = random_below({.seed = 2, .neuron = i}, seen.size());
        REQUIRE(x < seen.size());
        ++seen[x];
    }
    for (const int count : seen) {
        CHECK(count > 850);
        CHECK(count < 1150);
    }
}
