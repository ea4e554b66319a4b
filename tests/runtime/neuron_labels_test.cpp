#include "runtime/neuron_labels.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace spikeloom::runtime;

TEST_CASE("a neuron stands for the class under which it spiked most a sample") {
    const std::vector<std::int32_t> labels{0, 1, 1, 2};
    const std::vector<std::uint32_t> spikes{
        3, 0, 1, 0,  // class 0
        2, 4, 1, 0,  // class 1, twice: 2 and 3 spikes a sample
        2, 2, 1, 0,  //
        0, 1, 0, 0,  // class 2
    };
    SUBCASE("means, not sums, are compared; of equals the lower class; silence is no class") {
        CHECK(assign_labels(labels, spikes, 4) == std::vector<std::int32_t>{0, 1, 0, -1});
    }
    SUBCASE("no samples, no classes") {
        CHECK(assign_labels({}, {}, 2) == std::vector<std::int32_t>{-1, -1});
    }
}
