#include "compiler/placement/swap_state.hpp"

#include <doctest/doctest.h>

#include "support/placement_problems.hpp"

namespace spikeloom::compiler {
namespace {

using namespace test_placement;

/// The cost straight from its definition.
std::int64_t cost_by_definition(const CoreFlows& flows, const SlotMetric& metric, const Arrangement& slot_of) {
    std::int64_t sum = 0;
    for (const CoreFlow& flow : flows.flows) {
        sum += std::int64_t{flow.weight} * metric.distance(slot_of[flow.from], slot_of[flow.to]);
    }
    return sum;
}

TEST_CASE("changes are exact in both forms, over hundreds of swaps, on every topology") {
    std::uint64_t seed = 0;
    for (const auto& board : boards()) {
        CAPTURE(board.name);
        test::Draws draws(++seed);
        const auto slots = static_cast<std::uint32_t>(board.mesh.cores());
        const std::uint32_t cores = slots - 3;
        const CoreFlows flows = random_flows(draws, cores, 40);
        const PlacementProblem problem{.flows = both_ways(flows),
                                       .metric = SlotMetric(all_places(board.mesh), board.mesh, board.network)};
        const Arrangement start = random_arrangement(draws, slots);
        REQUIRE(PotentialState::exact(problem));
        PotentialState potentials(problem, start);
        SparseState sparse(problem, start);
        std::int64_t now = cost_by_definition(flows, problem.metric, start);
        REQUIRE(cost_of(problem, start) == now);
        for (int i = 0; i < 300; ++i) {
            const auto a = static_cast<std::uint32_t>(draws.integer(0, static_cast<int>(cores) - 1));
            const auto b = static_cast<std::uint32_t>(draws.integer(0, static_cast<int>(slots) - 1));
            if (a == b) {
                continue;
            }
            Arrangement after = sparse.slot_of();
            std::swap(after[a], after[b]);
            const std::int64_t change = cost_by_definition(flows, problem.metric, after) - now;
            REQUIRE(sparse.change(a, b) == static_cast<double>(change));
            REQUIRE(potentials.change(a, b) == static_cast<double>(change));
            REQUIRE(swap_change(problem, sparse.slot_of(), a, b) == change);
            if (draws.integer(0, 1) == 0) {
                sparse.swap(a, b);
                potentials.swap(a, b);
                now += change;
                REQUIRE(potentials.slot_of() == sparse.slot_of());
            }
        }
    }
}

}  // namespace
}  // namespace spikeloom::compiler
