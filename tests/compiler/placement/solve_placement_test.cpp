#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "compiler/placement/annealing.hpp"
#include "compiler/placement/local_search.hpp"
#include "compiler/placement/placement_bounds.hpp"
#include "compiler/placement/placement_problem.hpp"
#include "compiler/placement/qap_text.hpp"
#include "compiler/placement/starts.hpp"
#include "compiler/placement/tabu_search.hpp"
#include "support/placement_problems.hpp"
#include "support/reference_data.hpp"
#include "support/sanitized.hpp"

namespace spikeloom::compiler {
namespace {

using namespace test_placement;

std::int64_t least_by_trying_all(const PlacementProblem& problem) {
    Arrangement slot_of(problem.slots());
    std::iota(slot_of.begin(), slot_of.end(), 0U);
    std::int64_t least = cost_of(problem, slot_of);
    while (std::next_permutation(slot_of.begin(), slot_of.end())) {
        least = std::min(least, cost_of(problem, slot_of));
    }
    return least;
}

bool is_permutation_of_all(Arrangement slot_of) {
    std::sort(slot_of.begin(), slot_of.end());
    for (std::uint32_t i = 0; i < slot_of.size(); ++i) {
        if (slot_of[i] != i) {
            return false;
        }
    }
    return true;
}

TEST_CASE("tiny problems are solved to the optimum, and no bound passes it") {
    for (std::uint64_t seed = 0; seed < (test::sanitized ? 5 : 12); ++seed) {
        CAPTURE(seed);
        test::Draws draws(seed);
        const std::array<router::Mesh, 3> meshes{
            {{.columns = 4, .rows = 2, .cores_per_tile = 1},
             {.columns = 2, .rows = 2, .cores_per_tile = 2},
             {.columns = 2, .rows = 1, .cores_per_tile = 1, .chip_columns = 2, .chip_rows = 2}}};
        const std::array<router::Topology, 3> topologies{router::Topology::mesh, router::Topology::torus,
                                                         router::Topology::tree};
        const router::Mesh& mesh = meshes[seed % 3];
        const router::NetworkParameters network{.topology = topologies[seed / 3 % 3],
                                                .between_chips = {.interval = seed % 2 == 0 ? 1 : 9}};
        CoreFlows flows = random_flows(draws, static_cast<std::uint32_t>(draws.integer(5, 8)), 50);
        const PlacementProblem problem{.flows = both_ways(flows),
                                       .metric = SlotMetric(all_places(mesh), mesh, network)};
        const std::int64_t least = least_by_trying_all(problem);
        const Arrangement start = random_arrangement(draws, 8);
        for (const int effort : {1, 2}) {
            const Arrangement found = solve_placement(problem, start, {.effort = effort, .seed = seed});
            CHECK(is_permutation_of_all(found));
            CHECK(cost_of(problem, found) == least);
        }
        std::vector<std::int32_t> distances;
        for (std::uint32_t a = 0; a < 8; ++a) {
            for (std::uint32_t b = 0; b < 8; ++b) {
                distances.push_back(problem.metric.distance(a, b));
            }
        }
        CHECK(gilmore_lawler_bound(problem.flows, distances, 8) <= static_cast<std::uint64_t>(least));
        CHECK(row_bound(problem.flows, distances, 8) <= gilmore_lawler_bound(problem.flows, distances, 8));
    }
}

TEST_CASE("what a search returns costs no more than its start, and what it says") {
    test::Draws draws(5);
    const router::Mesh mesh{.columns = 6, .rows = 6, .cores_per_tile = 1};
    const CoreFlows flows = random_flows(draws, 33, 20);
    const PlacementProblem problem{.flows = both_ways(flows), .metric = SlotMetric(all_places(mesh), mesh, {})};
    const Arrangement start = random_arrangement(draws, 36);
    const std::int64_t before = cost_of(problem, start);
    const SearchOptions options{.seed = 3};
    for (const Arrangement& found :
         {anneal(problem, start, {.proposals = 20000}, options),
          anneal(problem, start, {.proposals = 20000, .reach = 2}, options),
          tabu_search(problem, start, {.steps = 300}, options), descend(problem, start, 100'000, options),
          search_near_medians(problem, start, 5, options), anneal_plainly(problem, start, 20000, 1)}) {
        CHECK(is_permutation_of_all(found));
        CHECK(cost_of(problem, found) < before);
    }
    CHECK(is_permutation_of_all(hilbert_start(problem)));
    CHECK(is_permutation_of_all(bisection_start(problem, options)));
}

TEST_CASE("the result is a function of the seed and the effort, and a search can be stopped") {
    test::Draws draws(6);
    const router::Mesh mesh{.columns = 8, .rows = 4, .cores_per_tile = 2};
    const PlacementProblem problem{.flows = both_ways(random_flows(draws, 60, 15)),
                                   .metric = SlotMetric(all_places(mesh), mesh, {})};
    const Arrangement start = random_arrangement(draws, 64);
    for (const int effort : {0, 1}) {
        const SearchOptions options{.effort = effort, .seed = 11};
        CHECK(solve_placement(problem, start, options) == solve_placement(problem, start, options));
    }
    const auto at_once = [] { return true; };
    const Arrangement stopped = solve_placement(problem, start, {.effort = 3, .seed = 1, .stop = at_once});
    CHECK(is_permutation_of_all(stopped));
    CHECK(cost_of(problem, stopped) <= cost_of(problem, start));
}

TEST_CASE("a large grid whose cores were shuffled is nearly restored" * doctest::skip(test::sanitized)) {
    constexpr std::uint32_t side = 48;
    test::Draws draws(9);
    const Arrangement where = random_arrangement(draws, side * side);
    CoreFlows flows{.cores = side * side, .flows = {}};
    for (std::uint32_t column = 0; column < side; ++column) {
        for (std::uint32_t row = 0; row < side; ++row) {
            for (const std::uint32_t other : {(column + 1) * side + row, column * side + row + 1}) {
                const bool inside = other < side * side && (other % side != 0 || other >= (column + 1) * side + row);
                if (inside && (other / side == column || other % side == row)) {
                    flows.flows.push_back(
                        {.from = where[column * side + row], .to = where[other], .messages = 1, .weight = 1});
                }
            }
        }
    }
    std::sort(flows.flows.begin(), flows.flows.end(),
              [](const CoreFlow& a, const CoreFlow& b) { return std::pair(a.from, a.to) < std::pair(b.from, b.to); });
    const router::Mesh mesh{.columns = side, .rows = side, .cores_per_tile = 1};
    const PlacementProblem problem{.flows = both_ways(flows), .metric = SlotMetric(all_places(mesh), mesh, {})};
    const Arrangement start = random_arrangement(draws, side * side);
    const auto planted = static_cast<std::int64_t>(flows.flows.size());
    REQUIRE(planted == 2 * side * (side - 1));
    CHECK(cost_of(problem, start) > 25 * planted);
    CHECK(cost_of(problem, solve_placement(problem, start, {.effort = 0, .seed = 1})) < 3 * planted);
    CHECK(cost_of(problem, solve_placement(problem, start, {.effort = 1, .seed = 1})) < 2 * planted);
}

TEST_CASE("quadratic assignment problems: the optimum of the small ones, 0.3 % of the best known of the large ones" *
          doctest::skip(test::sanitized)) {
    struct Instance {
        const char* name;
        int effort;
        double allowed;  ///< over the best known, a fraction
        std::int64_t best;
    };
    for (const Instance& instance :
         {Instance{"nug12", 1, 0, 578}, Instance{"nug20", 1, 0, 2570}, Instance{"nug30", 2, 0, 6124},
          Instance{"sko49", 2, 0.003, 23386}, Instance{"sko100a", 1, 0.003, 152002}}) {
        CAPTURE(std::string(instance.name));
        const auto path = test::reference_data(std::string("mapping/qap/") + instance.name + ".dat");
        if (!path) {
            return;
        }
        const auto qap = read_qap(*path);
        REQUIRE(qap);
        const PlacementProblem problem = problem_of(*qap);
        const std::uint64_t seeds = instance.effort > 1 ? 1 : 2;
        for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
            Arrangement start(problem.slots());
            std::iota(start.begin(), start.end(), 0U);
            const Arrangement found = solve_placement(problem, start, {.effort = instance.effort, .seed = seed});
            const std::int64_t cost = qap_cost(*qap, found);
            MESSAGE(std::string(instance.name) << ": " << cost << ", best known " << instance.best);
            CHECK(cost >= instance.best);
            CHECK(static_cast<double>(cost) <= static_cast<double>(instance.best) * (1 + instance.allowed));
        }
    }
}

}  // namespace
}  // namespace spikeloom::compiler
