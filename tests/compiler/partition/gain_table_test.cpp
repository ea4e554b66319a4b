#include "compiler/partition/gain_table.hpp"

#include <doctest/doctest.h>

#include "compiler/partition/anneal.hpp"
#include "compiler/partition/graphs.hpp"

namespace spikeloom::compiler {
namespace {

using namespace test_graphs;

/// Every entry of the table against the objective computed from nothing, for every move that could be made.
void check_all_moves(const GainTable& table, const GroupedNets& nets) {
    const auto part_of = table.part_of();
    const std::int64_t here = copies(nets, part_of);
    REQUIRE(table.copies() == here);
    for (std::uint32_t v = 0; v < nets.vertices(); ++v) {
        for (std::uint32_t to = 0; to < table.parts(); ++to) {
            auto moved = part_of;
            moved[v] = to;
            REQUIRE(table.delta(v, to) == copies(nets, moved) - here);
        }
    }
}

TEST_CASE("gains equal recomputed differences after any moves") {
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
        const Hypergraph graph = random_graph({.vertices = 18, .nets = 30, .most_pins = 6, .most_net_weight = 4}, seed);
        const GroupedNets nets = group_nets(graph);
        GainTable table(nets, 4, random_parts(graph.vertices, 4, seed));
        check_all_moves(table, nets);
        Dice dice(seed + 5);
        for (int i = 0; i < 12; ++i) {
            for (int j = 0; j < 5; ++j) {
                table.move(dice.below(graph.vertices), dice.below(4));
            }
            check_all_moves(table, nets);
        }
    }
}

TEST_CASE("loads and members follow the moves") {
    const Hypergraph graph = random_graph({.vertices = 30, .most_vertex_weight = 9}, 3);
    const GroupedNets nets = group_nets(graph);
    GainTable table(nets, 3, random_parts(graph.vertices, 3, 1));
    Dice dice(9);
    for (int i = 0; i < 200; ++i) {
        table.move(dice.below(graph.vertices), dice.below(3));
    }
    std::size_t members = 0;
    for (std::uint32_t part = 0; part < 3; ++part) {
        std::uint64_t load = 0;
        for (const std::uint32_t v : table.members(part)) {
            CHECK(table.part(v) == part);
            load += graph.weight_of(v);
            ++members;
        }
        CHECK(load == table.load(part));
    }
    CHECK(members == graph.vertices);
}

TEST_CASE("unload makes room, and says where it cannot") {
    Hypergraph graph = random_graph({.vertices = 20, .nets = 30}, 1);
    const GroupedNets nets = group_nets(graph);
    GainTable all_on_one(nets, 4, std::vector<std::uint32_t>(20, 0));
    CHECK(unload(all_on_one, nets, std::vector<std::uint64_t>(4, 5)));
    for (std::uint32_t part = 0; part < 4; ++part) {
        CHECK(all_on_one.load(part) == 5);
    }
    CHECK_FALSE(unload(all_on_one, nets, std::vector<std::uint64_t>(4, 4)));
}

}  // namespace
}  // namespace spikeloom::compiler
