// A stream of random words for one search: the n-th block is a pure function of (seed, stream, n).
#pragma once

#include <array>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "core/base/random.hpp"

namespace spikeloom::compiler {

class Draws {
public:
    Draws(std::uint64_t seed, std::uint32_t stream) : seed_(seed), stream_(stream) {}

    [[nodiscard]] std::array<std::uint32_t, 4> block() {
        return random_block({.seed = seed_, .purpose = RandomPurpose::partition, .step = next_++, .core = stream_});
    }
    /// A word as a number below `bound`.
    [[nodiscard]] static std::uint32_t below(std::uint32_t word, std::uint32_t bound) {
        return static_cast<std::uint32_t>((std::uint64_t{word} * bound) >> 32);
    }
    [[nodiscard]] std::vector<std::uint32_t> permutation(std::uint32_t count) {
        std::vector<std::uint32_t> order(count);
        std::iota(order.begin(), order.end(), 0U);
        for (std::uint32_t i = count; i > 1; --i) {
            std::swap(order[i - 1], order[below(block()[0], i)]);
        }
        return order;
    }

private:
    std::uint64_t seed_;
    std::uint32_t stream_;
    std::uint64_t next_ = 0;
};

}  // namespace spikeloom::compiler
