// Rows written to a stream and delivered from it, against adding one synapse at a time.
#include "core/synapse_stream.hpp"

#include <doctest/doctest.h>

#include <map>
#include <vector>

#include "core/base/random.hpp"

namespace spikeloom::core {
namespace {

constexpr unsigned block_shift = 9;
constexpr std::uint32_t blocks = 4;
constexpr std::uint32_t slots = blocks << block_shift;
constexpr std::uint32_t ring = 4;

template <class Sum>
struct Delivered {
    std::vector<Sum> sums = std::vector<Sum>(std::size_t{slots} * ring);
    std::vector<std::uint64_t> loads = std::vector<std::uint64_t>(std::size_t{load_kinds} * blocks);
    friend bool operator==(const Delivered&, const Delivered&) = default;

    [[nodiscard]] DeliveryTarget<Sum> target(std::uint32_t now) {
        return {.sums = sums.data(),
                .slots = slots,
                .position = now % ring,
                .ring_mask = ring - 1,
                .loads = loads.data(),
                .blocks = blocks,
                .block_shift = block_shift};
    }
    void add(const RowSynapse::Fields& synapse, std::uint32_t now) {
        Sum& sum = sums[std::size_t{(now + synapse.delay) % ring} * slots + synapse.slot];
        sum = static_cast<Sum>(sum + synapse.weight);
        loads[std::size_t{synapse.kind} * blocks + (synapse.slot >> block_shift)] +=
            1 + (std::uint64_t{synapse.opens_message} << 32);
    }
};

using Row = std::vector<RowSynapse::Fields>;

Row random_row(std::uint64_t seed) {
    auto draw = [&, n = std::uint32_t{0}](std::uint32_t bound) mutable {
        return static_cast<std::uint32_t>(random_below({.seed = seed, .neuron = n++}, bound));
    };
    Row row;
    for (std::uint32_t lists = draw(4); lists > 0; --lists) {
        const bool line = draw(2) == 0;
        std::uint32_t slot = draw(slots);
        const std::uint32_t kind = draw(load_kinds), delay = draw(ring);
        for (std::uint32_t count = draw(line ? 700 : 40); count > 0; --count) {
            row.push_back({.slot = slot,
                           .weight = static_cast<std::int32_t>(draw(1U << 16)) - (1 << 15),
                           .delay = delay,
                           .kind = kind,
                           .opens_message = draw(5) == 0});
            slot = line ? (slot + 1) % slots : draw(slots);
        }
    }
    return row;
}

std::uint32_t append(const Row& row, AlignedVector<std::uint32_t>& stream, std::span<const BareMessages> bare = {}) {
    std::vector<RowSynapse> synapses(row.begin(), row.end());
    return append_row(synapses, bare, {}, block_shift, stream);
}

template <class Sum>
void check_random_rows() {
    AlignedVector<std::uint32_t> stream;
    std::vector<std::uint32_t> begins;
    Delivered<Sum> found, expected;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        const Row row = random_row(seed);
        begins.push_back(append(row, stream));
        for (const RowSynapse::Fields& synapse : row) {
            expected.add(synapse, 6);
        }
    }
    deliver(stream.data(), begins, found.target(6));
    CHECK(found.sums == expected.sums);
    CHECK(found.loads == expected.loads);
}

}  // namespace

TEST_CASE("rows of every form arrive, in sums of 16 and of 32 bits") {
    check_random_rows<std::int16_t>();
    check_random_rows<std::int32_t>();
}

TEST_CASE("a scattered synapse takes a word, one in a line half of that") {
    AlignedVector<std::uint32_t> stream;
    Row scattered, line;
    for (std::uint32_t i = 0; i < 100; ++i) {
        scattered.push_back({.slot = 2 * i});
        line.push_back({.slot = i});
    }
    append(scattered, stream);
    CHECK(stream.size() == 101);
    append(line, stream);
    CHECK(stream.size() == 101 + 52);
}

TEST_CASE("a row longer than a segment can count is divided") {
    AlignedVector<std::uint32_t> stream;
    const Row row(70'000, {.slot = 3, .weight = 1});
    const std::vector<std::uint32_t> begins{append(row, stream)};
    Delivered<std::int32_t> found;
    deliver(stream.data(), begins, found.target(0));
    CHECK(found.sums[3] == 70'000);
    CHECK(found.loads[0] == 70'000);
}

TEST_CASE("messages without synapses are counted, and an empty row does nothing") {
    AlignedVector<std::uint32_t> stream;
    const std::vector<BareMessages> bare{{.block = 2, .count = 70'000}};
    const std::vector<std::uint32_t> begins{append({}, stream), append({}, stream, bare)};
    Delivered<std::int16_t> found;
    deliver(stream.data(), begins, found.target(0));
    CHECK(found.loads[2] == std::uint64_t{70'000} << 32);
    CHECK(found.sums == Delivered<std::int16_t>{}.sums);
}

TEST_CASE("sums of 16 bits wrap, as 22 bits do in units of 2^6") {
    AlignedVector<std::uint32_t> stream;
    const std::vector<std::uint32_t> begins{append({{.slot = 0, .weight = 32767}, {.slot = 0, .weight = 2}}, stream)};
    Delivered<std::int16_t> found;
    deliver(stream.data(), begins, found.target(0));
    CHECK(found.sums[0] == -32767);
}

}  // namespace spikeloom::core
