#include "compiler/placement/slot_metric.hpp"

#include <doctest/doctest.h>

#include "support/placement_problems.hpp"

namespace spikeloom::compiler {
namespace {

using test_placement::all_places;
using test_placement::boards;

/// Hops, and the width of a link between chips for each that is crossed, as the mean of both directions.
std::int32_t expected(const router::Ways& ways, std::uint32_t a, std::uint32_t b, int interval) {
    const auto one_way = [&](std::uint32_t from, std::uint32_t to) {
        const router::Distance way = ways.distance(from, to);
        return static_cast<int>(way.hops()) + (interval - 1) * static_cast<int>(way.between_chips);
    };
    return (one_way(a, b) + one_way(b, a) + 1) / 2;
}

TEST_CASE("the metric is the ways' hops and borders, whatever the topology") {
    for (const auto& board : boards()) {
        CAPTURE(board.name);
        std::vector<std::uint32_t> slots;
        for (const std::uint32_t place : all_places(board.mesh)) {
            if (place % 5 != 2) {
                slots.push_back(place);
            }
        }
        const SlotMetric metric(slots, board.mesh, board.network);
        const router::Ways ways(board.mesh, board.network);
        std::int32_t largest = 0;
        for (std::uint32_t a = 0; a < slots.size(); ++a) {
            for (std::uint32_t b = 0; b < slots.size(); ++b) {
                const std::int32_t distance = metric.distance(a, b);
                REQUIRE(distance == expected(ways, slots[a], slots[b], board.network.between_chips.interval));
                largest = std::max(largest, distance);
            }
        }
        CHECK(metric.largest() >= largest);
    }
}

TEST_CASE("a tree too large for a table is walked, to the same distances") {
    const router::Mesh mesh{.columns = 40, .rows = 30, .cores_per_tile = 1, .chip_columns = 2, .chip_rows = 1};
    const router::NetworkParameters network{.topology = router::Topology::tree, .between_chips = {.interval = 5}};
    const auto slots = all_places(mesh);
    const SlotMetric metric(slots, mesh, network);
    CHECK(!metric.tabulated());
    const router::Ways ways(mesh, network);
    test::Draws draws(3);
    for (int i = 0; i < 500; ++i) {
        const auto a = static_cast<std::uint32_t>(draws.integer(0, mesh.cores() - 1));
        const auto b = static_cast<std::uint32_t>(draws.integer(0, mesh.cores() - 1));
        CHECK(metric.distance(a, b) == expected(ways, a, b, 5));
    }
}

}  // namespace
}  // namespace spikeloom::compiler
