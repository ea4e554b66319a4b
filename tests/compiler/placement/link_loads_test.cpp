#include "compiler/placement/link_loads.hpp"

#include <doctest/doctest.h>

#include <map>

#include "compiler/passes/place.hpp"
#include "compiler/placement/congestion.hpp"
#include "compiler/placement/placement_bounds.hpp"
#include "support/placement_problems.hpp"

namespace spikeloom::compiler {
namespace {

using namespace test_placement;

/// Router by router along the ways that the router library gives its packets.
std::map<std::pair<std::uint32_t, std::uint32_t>, std::int64_t> loads_by_hops(const CoreFlows& flows,
                                                                              const std::vector<std::uint32_t>& place,
                                                                              const Board& board) {
    const router::Ways ways(board.mesh, board.network);
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::int64_t> loads;
    for (const CoreFlow& flow : flows.flows) {
        const auto per_tile = static_cast<std::uint32_t>(board.mesh.cores_per_tile);
        std::uint32_t router = place[flow.from] / per_tile;
        while (router != place[flow.to] / per_tile) {
            const std::uint32_t port = ways.next(router, place[flow.to], {}).port;
            loads[{router, port}] += flow.messages;
            router = ways.neighbour(router, port)->router;
        }
    }
    return loads;
}

TEST_CASE("link loads are those of the router library's ways, and add up to the hops") {
    std::uint64_t seed = 40;
    for (Board board : boards()) {
        for (const auto order : {router::DimensionOrder::x_first, router::DimensionOrder::y_first}) {
            CAPTURE(board.name);
            board.network.order = order;
            test::Draws draws(++seed);
            const auto places = static_cast<std::uint32_t>(board.mesh.cores());
            const CoreFlows flows = random_flows(draws, places - 2, 50);
            Arrangement place = random_arrangement(draws, places);
            place.resize(flows.cores);
            const LinkLoads loads = link_loads(flows, place, board.mesh, board.network);
            const auto expected = loads_by_hops(flows, place, board);
            std::int64_t largest = 0;
            for (const auto& [link, load] : expected) {
                CHECK(loads.load(link.first, link.second) == load);
                largest = std::max(largest, load);
            }
            CHECK(loads.largest() == largest);
            CHECK(static_cast<std::uint64_t>(loads.total()) == hops_of(flows, place, board.mesh, board.network));

            const PlacementBounds bounds = placement_bounds(flows, place, board.mesh, board.network);
            CHECK(bounds.hops == static_cast<std::uint64_t>(loads.total()));
            CHECK(bounds.hops_bound <= bounds.hops);
            CHECK(bounds.hops_bound > 0);
            CHECK(bounds.largest_link == static_cast<std::uint64_t>(largest));
            CHECK(bounds.largest_link_bound <= bounds.largest_link);
            CHECK(bounds.largest_link_bound > 0);
        }
    }
}

TEST_CASE("bounds of small placements, by hand") {
    // All to one, in a row of four: 3 + 2 + 1 hops; nobody could do better than two neighbours and one farther.
    const CoreFlows star =
        flows_of_table(std::vector<std::uint32_t>{0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 4);
    const router::Mesh row{.columns = 4, .rows = 1, .cores_per_tile = 1};
    const std::vector<std::uint32_t> place{0, 1, 2, 3};
    const PlacementBounds bounds = placement_bounds(star, place, row, {});
    CHECK(bounds.messages == 3);
    CHECK(bounds.hops == 6);
    CHECK(bounds.hops_bound == 4);
    CHECK(bounds.hops_bound_by == HopsBound::gilmore_lawler);
    CHECK(bounds.largest_link == 3);
    CHECK(bounds.largest_link_bound == 3);
    // Four cores share a tile: nothing need hop.
    const router::Mesh tile{.columns = 2, .rows = 1, .cores_per_tile = 4};
    CHECK(placement_bounds(star, place, tile, {}).hops_bound == 0);
    // With every other place of the row forbidden, distances double: the bound is (8 + 3 x 2) / 2.
    const router::Mesh longer{.columns = 7, .rows = 1, .cores_per_tile = 1};
    const std::vector<std::uint32_t> forbidden{1, 3, 5};
    CHECK(placement_bounds(star, std::vector<std::uint32_t>{2, 0, 4, 6}, longer, {}, forbidden).hops_bound == 7);
}

TEST_CASE("the least assignment is the least of all") {
    test::Draws draws(8);
    for (int round = 0; round < 40; ++round) {
        const std::size_t rows = 4;
        const std::size_t columns = 5;
        std::vector<std::int64_t> table;
        for (std::size_t i = 0; i < rows * columns; ++i) {
            table.push_back(draws.integer(0, 50));
        }
        std::vector<std::size_t> order{0, 1, 2, 3, 4};
        std::int64_t least = 1000;
        do {
            std::int64_t sum = 0;
            for (std::size_t row = 0; row < rows; ++row) {
                sum += table[row * columns + order[row]];
            }
            least = std::min(least, sum);
        } while (std::next_permutation(order.begin(), order.end()));
        CHECK(least_assignment(table, rows, columns) == least);
    }
}

TEST_CASE("congestion falls among arrangements of equal cost") {
    // Two senders above each other, two receivers likewise: straight across, or both over one row.
    const router::Mesh mesh{.columns = 3, .rows = 2, .cores_per_tile = 1};
    const CoreFlows flows{.cores = 4, .flows = {{0, 1, 10, 10}, {2, 1, 1, 1}, {2, 3, 10, 10}, {0, 3, 1, 1}}};
    test::Draws draws(2);
    const auto slots = all_places(mesh);
    const PlacementProblem problem{.flows = both_ways(flows), .metric = SlotMetric(slots, mesh, {})};
    bool fell = false;
    for (int round = 0; round < 60; ++round) {
        const Arrangement start = random_arrangement(draws, 6);
        const Arrangement eased = ease_congestion(problem, flows, slots, start, mesh, {}, {});
        CHECK(cost_of(problem, eased) == cost_of(problem, start));
        const auto largest = [&](Arrangement place) {
            place.resize(4);
            return link_loads(flows, place, mesh, {}).largest();
        };
        CHECK(largest(eased) <= largest(start));
        fell = fell || largest(eased) < largest(start);
    }
    CHECK(fell);
}

}  // namespace
}  // namespace spikeloom::compiler
