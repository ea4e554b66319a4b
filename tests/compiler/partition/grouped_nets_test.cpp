#include "compiler/partition/grouped_nets.hpp"

#include <doctest/doctest.h>

#include "compiler/partition/graphs.hpp"
#include "compiler/partition/twins.hpp"

namespace spikeloom::compiler {
namespace {

using namespace test_graphs;

TEST_CASE("grouped nets have the hypergraph's objective") {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        const Hypergraph graph = random_graph({.vertices = 25, .nets = 40, .most_pins = 5, .most_net_weight = 9}, seed);
        const GroupedNets nets = group_nets(graph);
        for (std::uint32_t parts = 1; parts < 6; ++parts) {
            const auto part_of = random_parts(graph.vertices, parts, seed);
            CHECK(copies(nets, part_of) == static_cast<std::int64_t>(naive_copies(graph, part_of)));
            CHECK(copies(graph, part_of) == naive_copies(graph, part_of));
        }
    }
}

TEST_CASE("contraction keeps the objective of partitions that respect the clusters") {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        const Hypergraph graph = random_graph({.vertices = 30, .nets = 50, .most_pins = 6, .most_net_weight = 3}, seed);
        const GroupedNets nets = group_nets(graph);
        constexpr std::uint32_t clusters = 9;
        auto cluster_of = random_parts(graph.vertices, clusters, seed + 77);
        for (std::uint32_t c = 0; c < clusters; ++c) {
            cluster_of[c] = c;  // none empty
        }
        const GroupedNets coarse = contract(nets, cluster_of, clusters);
        const auto coarse_parts = random_parts(clusters, 4, seed);
        std::vector<std::uint32_t> part_of(graph.vertices);
        for (std::uint32_t v = 0; v < graph.vertices; ++v) {
            part_of[v] = coarse_parts[cluster_of[v]];
        }
        CHECK(copies(coarse, coarse_parts) == static_cast<std::int64_t>(naive_copies(graph, part_of)));
        CHECK(coarse.pins.items.size() <= nets.pins.items.size());
    }
}

TEST_CASE("the sources of a dense layer are one group, its neurons twins") {
    const Hypergraph graph = layered({20, 30, 10});
    const GroupedNets nets = group_nets(graph);
    CHECK(nets.groups() == 2);
    CHECK(nets.pins.items.size() == 40);
    CHECK(nets.sources.items.size() == 50);
    const TwinKinds kinds = find_twins(nets);
    CHECK(kinds.size == std::vector<std::uint32_t>{20, 30, 10});
    CHECK(kinds.of[0] == 0);
    CHECK(kinds.of[49] == 1);
    CHECK(kinds.of[59] == 2);
}

TEST_CASE("weights beyond 30 bits are scaled down together") {
    Hypergraph graph{.vertices = 4};
    add_net(graph, {0, 1});
    add_net(graph, {2, 3});
    graph.net_weight = {4'000'000'000U, 2'000'000'000U};
    const GroupedNets nets = group_nets(graph);
    REQUIRE(nets.groups() == 2);
    const auto cut = [&](std::vector<std::uint32_t> part_of) { return static_cast<double>(copies(nets, part_of)); };
    CHECK(cut({0, 1, 0, 0}) < 1 << 30);
    CHECK(cut({0, 1, 0, 0}) / cut({0, 0, 0, 1}) == doctest::Approx(2));
}

}  // namespace
}  // namespace spikeloom::compiler
