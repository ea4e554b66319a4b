#include "compiler/analog/dependency_order.hpp"

#include <doctest/doctest.h>

#include "tests/compiler/analog/timed_networks.hpp"

namespace spikeloom::compiler::analog {
namespace {

/// Neurons with these sources (of neurons; one input channel feeds the first).
FanIn graph(const std::vector<std::vector<std::uint32_t>>& sources) {
    FanIn fan{.channels = 1, .begin = {0}, .sources = {}, .weights = {}};
    for (std::size_t n = 0; n < sources.size(); ++n) {
        if (n == 0) {
            fan.sources.push_back(0);
        }
        for (const std::uint32_t source : sources[n]) {
            fan.sources.push_back(source + 1);
        }
        fan.begin.push_back(fan.sources.size());
    }
    fan.weights.resize(fan.sources.size());
    return fan;
}

}  // namespace

TEST_CASE("sources come first, whatever their numbers") {
    const auto units = dependency_order(graph({{2}, {0}, {}, {1, 2}}));
    CHECK(units == std::vector<Unit>{{{2}, 0}, {{0}, 1}, {{1}, 2}, {{3}, 3}});
}

TEST_CASE("cycles stay together, also through themselves and through each other") {
    // 0 <-> 1, 2 alone with itself, 3 -> 4 -> 5 -> 3 fed by 0, 6 after 5.
    const auto units = dependency_order(graph({{1}, {0}, {2}, {5, 0}, {3}, {4}, {5}}));
    CHECK(units == std::vector<Unit>{{{0, 1}, 0}, {{2}, 0}, {{3, 4, 5}, 1}, {{6}, 2}});
}

TEST_CASE("long chains need no deep stack") {
    std::vector<std::vector<std::uint32_t>> sources(200000);
    for (std::uint32_t n = 0; n + 1 < sources.size(); ++n) {
        sources[n] = {n + 1};
    }
    const auto units = dependency_order(graph(sources));
    REQUIRE(units.size() == sources.size());
    CHECK(units.back().neurons == std::vector<std::uint32_t>{0});
    CHECK(units.back().level == sources.size() - 1);
}

}  // namespace spikeloom::compiler::analog
