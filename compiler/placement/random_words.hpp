// Random words one after the other for the searches of placement: four from each block of the counter-based generator.
#pragma once

#include <array>
#include <cstdint>

#include "core/base/random.hpp"

namespace spikeloom::compiler {

class RandomWords {
public:
    RandomWords(std::uint64_t seed, std::uint32_t run, std::uint32_t draw) : seed_(seed), run_(run), draw_(draw) {}

    std::uint32_t next() {
        if (used_ == 4) {
            block_ = random_block({.seed = seed_,
                                   .purpose = RandomPurpose::placement,
                                   .step = block_number_++,
                                   .core = run_,
                                   .draw = draw_});
            used_ = 0;
        }
        return block_[used_++];
    }
    /// 0..bound-1, and 32 bits left over that hardly depend on it.
    struct Choice {
        std::uint32_t index = 0;
        std::uint32_t rest = 0;
    };
    Choice below(std::uint32_t bound) {
        const std::uint64_t product = std::uint64_t{next()} * bound;
        return {.index = static_cast<std::uint32_t>(product >> 32), .rest = static_cast<std::uint32_t>(product)};
    }

private:
    std::uint64_t seed_;
    std::uint32_t run_;
    std::uint32_t draw_;
    std::uint64_t block_number_ = 0;
    std::array<std::uint32_t, 4> block_{};
    std::uint32_t used_ = 4;
};

}  // namespace spikeloom::compiler
