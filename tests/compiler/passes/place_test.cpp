#include "compiler/passes/place.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "support/networks.hpp"
#include "support/sanitized.hpp"

namespace spikeloom::compiler {
namespace {

/// Hops of a placement, straight from its definition.
std::uint64_t hops_of(const std::vector<std::uint32_t>& traffic, const std::vector<std::uint32_t>& place,
                      const chip::Mesh& mesh) {
    std::uint64_t sum = 0;
    const std::size_t cores = place.size();
    for (std::size_t a = 0; a < cores; ++a) {
        for (std::size_t b = 0; b < cores; ++b) {
            const auto p = static_cast<int>(place[a]);
            const auto q = static_cast<int>(place[b]);
            sum += std::uint64_t{traffic[a * cores + b]} *
                   static_cast<std::uint64_t>(std::abs(mesh.column(p) - mesh.column(q)) +
                                              std::abs(mesh.row(p) - mesh.row(q)));
        }
    }
    return sum;
}

/// The placement of a row-major table of messages.
Placement placed(const std::vector<std::uint32_t>& traffic, const chip::Mesh& mesh,
                 const router::NetworkParameters& network = {}, std::uint64_t seed = 1) {
    std::uint32_t cores = 0;
    while (std::size_t{cores} * cores < traffic.size()) {
        ++cores;
    }
    auto placement = place_cores(flows_of_table(traffic, cores), mesh, network, {.seed = seed});
    REQUIRE(placement);
    return *placement;
}

TEST_CASE("cores lie on distinct places of the fewest tiles, and the hops are what they say") {
    for (std::uint64_t seed = 0; seed < (test::sanitized ? 2 : 5); ++seed) {
        test::Draws draws(seed);
        const auto cores = static_cast<std::size_t>(draws.integer(1, 128));
        std::vector<std::uint32_t> traffic(cores * cores);
        for (auto& flow : traffic) {
            flow = static_cast<std::uint32_t>(draws.integer(0, 20));
        }
        const chip::Mesh mesh;
        const Placement placement = placed(traffic, mesh, {}, seed);
        std::set<std::uint32_t> places(placement.place.begin(), placement.place.end());
        std::set<int> tiles;
        for (const std::uint32_t place : placement.place) {
            REQUIRE(place < 128);
            tiles.insert(mesh.tile(static_cast<int>(place)));
        }
        CHECK(places.size() == cores);
        CHECK(tiles.size() == (cores + 3) / 4);
        CHECK(placement.hops == hops_of(traffic, placement.place, mesh));
        CHECK(placement.hops <= placement.hops_unplaced);
        CHECK(placed(traffic, mesh, {}, seed).place == placement.place);
    }
}

TEST_CASE("a shuffled chain is laid out without detours") {
    const std::size_t cores = 32;
    std::vector<std::uint32_t> traffic(cores * cores, 0);
    const auto shuffled = [](std::size_t i) { return (i * 13) % 32; };
    for (std::size_t i = 0; i + 1 < cores; ++i) {
        traffic[shuffled(i) * cores + shuffled(i + 1)] = 100;
    }
    const chip::Mesh mesh{.columns = 8, .rows = 4, .cores_per_tile = 1};
    CHECK(placed(traffic, mesh).hops == 3100);
}

TEST_CASE("a ring of cores is laid round a torus, and over a line only with detours") {
    const std::size_t cores = 8;
    std::vector<std::uint32_t> traffic(cores * cores, 0);
    for (std::size_t i = 0; i < cores; ++i) {
        traffic[i * 3 % cores * cores + (i + 1) * 3 % cores] = 100;
    }
    const chip::Mesh mesh{.columns = 8, .rows = 1, .cores_per_tile = 1};
    CHECK(placed(traffic, mesh, {.topology = router::Topology::torus}).hops == 800);
    CHECK(placed(traffic, mesh).hops == 1400);
}

TEST_CASE("cores that talk to each other share a chip, where links between chips are narrow") {
    const std::size_t cores = 12;
    std::vector<std::uint32_t> traffic(cores * cores, 0);
    for (std::size_t a = 0; a < cores; ++a) {
        for (std::size_t b = 0; b < cores; ++b) {
            traffic[a * cores + b] = a == b ? 0 : (a % 3 == b % 3 ? 50 : 1);
        }
    }
    const chip::Mesh mesh{.columns = 2, .rows = 2, .cores_per_tile = 1, .chip_columns = 3, .chip_rows = 1};
    for (const auto topology : {router::Topology::mesh, router::Topology::torus, router::Topology::tree}) {
        const Placement placement =
            placed(traffic, mesh, {.topology = topology, .between_chips = {.latency = 30, .interval = 30}}, 7);
        for (std::size_t core = 3; core < cores; ++core) {
            CHECK(mesh.chip(static_cast<int>(placement.place[core])) ==
                  mesh.chip(static_cast<int>(placement.place[core % 3])));
        }
    }
}

TEST_CASE("a board's chips fill one after the other, the last in a block") {
    const chip::Mesh mesh{.columns = 4, .rows = 4, .cores_per_tile = 2, .chip_columns = 2, .chip_rows = 2};
    for (const std::size_t cores : {20, 32, 33, 70, 128}) {
        const std::vector<std::uint32_t> traffic(cores * cores, 1);
        const Placement placement = placed(traffic, mesh);
        std::vector<std::size_t> on_chip(4);
        for (const std::uint32_t place : placement.place) {
            ++on_chip[static_cast<std::size_t>(mesh.chip(static_cast<int>(place)))];
        }
        for (std::size_t chip = 0; chip < 4; ++chip) {
            const std::size_t before = std::min(cores, 32 * chip);
            CHECK(on_chip[chip] == std::min<std::size_t>(cores - before, 32));
        }
        CHECK(placement.hops == hops_of(traffic, placement.place, mesh));
    }
}

}  // namespace
}  // namespace spikeloom::compiler
