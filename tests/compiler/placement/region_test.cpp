#include "compiler/placement/region.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "compiler/passes/place.hpp"
#include "support/placement_problems.hpp"

namespace spikeloom::compiler {
namespace {

using namespace test_placement;

TEST_CASE("forbidden places stay empty, pinned cores lie where they may, on every topology") {
    std::uint64_t seed = 0;
    for (const auto& board : boards()) {
        for (const int effort : {0, 1}) {
            CAPTURE(board.name);
            CAPTURE(effort);
            test::Draws draws(++seed);
            const std::uint32_t cores = 14;
            const CoreFlows flows = random_flows(draws, cores, 40);
            PlaceRules rules{.forbidden = {0, 3, 7}, .allowed_of_core = std::vector<std::vector<std::uint32_t>>(cores)};
            rules.allowed_of_core[2] = {20};
            for (const std::uint32_t core : {4U, 5U, 6U}) {
                rules.allowed_of_core[core] = {0, 18, 21, 20, 22};
            }
            const auto placement =
                place_cores(flows, board.mesh, board.network, {.seed = seed, .effort = effort, .rules = rules});
            REQUIRE(placement);
            const std::set<std::uint32_t> used(placement->place.begin(), placement->place.end());
            CHECK(used.size() == cores);
            for (const std::uint32_t place : rules.forbidden) {
                CHECK(used.count(place) == 0);
            }
            for (std::uint32_t core = 0; core < cores; ++core) {
                const auto& allowed = rules.allowed_of_core[core];
                CHECK((allowed.empty() || std::count(allowed.begin(), allowed.end(), placement->place[core]) == 1));
            }
            CHECK(placement->hops <= placement->hops_unplaced * (board.network.between_chips.interval > 1 ? 7 : 1));
        }
    }
}

TEST_CASE("pins that only fit if others make way are matched") {
    const router::Mesh mesh{.columns = 4, .rows = 1, .cores_per_tile = 1};
    // Core 0 first takes place 0; core 1 needs it, so core 0 goes to 1, and core 2 to 2.
    const PlaceRules rules{.forbidden = {}, .allowed_of_core = {{0, 1}, {0}, {1, 2}, {}}};
    const auto region = choose_region(4, mesh, {}, rules);
    REQUIRE(region);
    REQUIRE(region->slots == std::vector<std::uint32_t>{0, 1, 2, 3});
    CHECK(region->slot_of == std::vector<std::uint32_t>{1, 0, 2, 3});
}

TEST_CASE("rules that nothing can keep are refused with the reason") {
    const router::Mesh mesh{.columns = 4, .rows = 1, .cores_per_tile = 1};
    const auto said = [&](std::uint32_t cores, const PlaceRules& rules) {
        const auto region = choose_region(cores, mesh, {}, rules);
        REQUIRE(!region);
        return to_text(region.error());
    };
    CHECK(said(2, {.forbidden = {4}, .allowed_of_core = {}}).find("core 4 is forbidden") != std::string::npos);
    CHECK(said(2, {.forbidden = {}, .allowed_of_core = {{9}}}).find("core 9 is pinned to") != std::string::npos);
    CHECK(said(4, {.forbidden = {1}, .allowed_of_core = {}}).find("4 cores are needed") != std::string::npos);
    CHECK(said(3, {.forbidden = {}, .allowed_of_core = {{0, 1}, {1, 0}, {0}}})
              .find("3 cores of the network are pinned to the 2 places 0, 1") != std::string::npos);
    CHECK(said(1, {.forbidden = {2}, .allowed_of_core = {{2}}}).find("forbidden places alone") != std::string::npos);
}

TEST_CASE("a board's region grows in a block of chips") {
    const router::Mesh mesh{.columns = 2, .rows = 2, .cores_per_tile = 1, .chip_columns = 8, .chip_rows = 4};
    const auto region = choose_region(16, mesh, {}, {});
    REQUIRE(region);
    std::set<int> chips;
    for (const std::uint32_t slot : region->slots) {
        chips.insert(mesh.chip(static_cast<int>(slot)));
    }
    CHECK(chips == std::set<int>{0, 1, 4, 5});
}

}  // namespace
}  // namespace spikeloom::compiler
