#include "core/analog/candidate_queue.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "core/base/random.hpp"

namespace spikeloom::core::analog {

TEST_CASE("the queue knows the least of its keys, and of equals the first") {
    for (const std::size_t keys : {0U, 1U, 16U, 17U, 256U, 257U, 5000U}) {
        CandidateQueue queue(keys);
        std::vector<double> plain(keys, never);
        CHECK(queue.least() == never);
        for (std::uint64_t i = 0; i < 300 && keys > 0; ++i) {
            const auto neuron = static_cast<std::uint32_t>(random_below(
                {.seed = 1, .purpose = RandomPurpose::test, .step = i, .core = static_cast<std::uint32_t>(keys)},
                keys));
            const auto value = random_below({.seed = 2, .purpose = RandomPurpose::test, .step = i}, 40);
            plain[neuron] = value < 10 ? never : static_cast<double>(value);
            queue.set(neuron, plain[neuron]);
            const auto least = std::ranges::min_element(plain);
            REQUIRE(queue.least() == *least);
            if (*least != never) {
                REQUIRE(queue.top().key == *least);
                REQUIRE(queue.top().neuron == static_cast<std::uint32_t>(least - plain.begin()));
            }
        }
        queue.clear();
        CHECK(queue.least() == never);
    }
}

}  // namespace spikeloom::core::analog
