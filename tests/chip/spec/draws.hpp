// Random numbers in order, for builders of random values.
#pragma once

#include <cstdint>

#include "core/base/random.hpp"

namespace spikeloom::test {

class Draws {
public:
    explicit Draws(std::uint64_t seed) : seed_(seed) {}

    /// Uniform, both ends included.
    [[nodiscard]] std::int64_t between(std::int64_t least, std::int64_t most) {
        const auto bound = static_cast<std::uint64_t>(most - least) + 1;
        return least + static_cast<std::int64_t>(random_below({.seed = seed_, .step = next_++}, bound));
    }
    [[nodiscard]] int integer(int least, int most) { return static_cast<int>(between(least, most)); }
    [[nodiscard]] bool chance() { return between(0, 1) == 1; }
    /// Uniform in [0, 1).
    [[nodiscard]] double real() { return random_uniform({.seed = seed_, .step = next_++}); }

private:
    std::uint64_t seed_;
    std::uint64_t next_ = 0;
};

}  // namespace spikeloom::test
