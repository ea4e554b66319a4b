#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "compiler/partition/graphs.hpp"
#include "compiler/partition/grouped_nets.hpp"
#include "compiler/partition/grow.hpp"
#include "compiler/partition/sub_hypergraphs.hpp"
#include "compiler/partition/top_down.hpp"
#include "compiler/partition/windows.hpp"
#include "support/sanitized.hpp"

namespace spikeloom::compiler {
namespace {

using namespace test_graphs;

TEST_CASE("within blocks, copies are those of the whole but for the copies between blocks") {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const Hypergraph graph = random_graph(
            {.vertices = 60, .nets = 80, .most_pins = 9, .most_net_weight = 7, .most_vertex_weight = 3}, seed);
        // Parts 0..7, two to a block.
        const std::vector<std::uint32_t> part_of = random_parts(graph.vertices, 8, seed);
        std::vector<std::uint32_t> block_of;
        for (const std::uint32_t part : part_of) {
            block_of.push_back(part / 2);
        }
        std::uint64_t sum = naive_copies(graph, block_of);
        std::uint64_t weight = 0;
        for (const SubHypergraph& sub : cut_into_blocks(graph, block_of, 4)) {
            std::vector<std::uint32_t> parts;
            for (const std::uint32_t v : sub.vertices) {
                parts.push_back(part_of[v]);
            }
            REQUIRE(parts.size() == sub.graph.vertices);
            sum += naive_copies(sub.graph, parts);
            weight += sub.graph.total_weight();
        }
        CHECK(sum == naive_copies(graph, part_of));
        CHECK(weight == graph.total_weight());
    }
}

TEST_CASE("windows hold each part once, those that share nets together") {
    const Planted net = planted(12, 10, 4, 0, 3);  // modules without nets between them
    std::vector<std::uint32_t> part_of(120);
    for (std::uint32_t v = 0; v < 120; ++v) {
        part_of[v] = net.module_of[v] * 2 + v % 2;
    }
    const auto windows = choose_windows(net.graph, part_of, {.parts = 24}, 2, 0);
    REQUIRE(windows.size() == 12);
    std::vector<bool> seen(24, false);
    for (const auto& window : windows) {
        REQUIRE(window.size() == 2);
        CHECK(window[0] / 2 == window[1] / 2);
        seen[window[0]] = seen[window[1]] = true;
    }
    CHECK(std::ranges::count(seen, true) == 24);
}

TEST_CASE("top down and windows keep the capacity, and no number of threads changes what they find") {
    for (std::uint64_t seed = 0; seed < (test::sanitized ? 2 : 4); ++seed) {
        const std::uint32_t heaviest = seed % 2 == 0 ? 1 : 4;
        const Hypergraph graph = random_graph(
            {.vertices = 600, .nets = 700, .most_pins = 8, .most_net_weight = 3, .most_vertex_weight = heaviest}, seed);
        const std::uint32_t parts = 41;
        const std::uint64_t exact = (graph.total_weight() + parts - 1) / parts;
        const std::uint64_t capacity = heaviest == 1 ? exact : exact + 2;
        TopDownOptions split{.parts = parts,
                             .capacity = capacity,
                             .seed = seed,
                             .most_at_once = 5,
                             .proposals = 40,
                             .early_proposals = 10,
                             .work = 1000};
        const auto part_of = partition_top_down(graph, split);
        REQUIRE(part_of.size() == graph.vertices);
        CHECK(*std::ranges::max_element(part_of) < parts);
        CHECK(largest_part(graph, part_of) <= capacity);
        split.threads = 3;
        CHECK(partition_top_down(graph, split) == part_of);

        WindowOptions refine{.parts = parts,
                             .capacity = capacity,
                             .seed = seed,
                             .table_room = 1000,
                             .rounds = 2,
                             .proposals = 40,
                             .work = 1000};
        const auto refined = refine_in_windows(graph, part_of, refine);
        CHECK(largest_part(graph, refined) <= capacity);
        CHECK(naive_copies(graph, refined) < naive_copies(graph, part_of));
        refine.threads = 3;
        CHECK(refine_in_windows(graph, part_of, refine) == refined);
    }
}

TEST_CASE("problems whose tables would be too large are searched all the same, with and without large blocks") {
    Hypergraph ring{.vertices = 1280};
    for (std::uint32_t v = 0; v < 1280; ++v) {
        add_net(ring, {v * 7 % 1280, (v + 1) * 7 % 1280, (v + 3) * 7 % 1280, (v + 6) * 7 % 1280});
    }
    const Hypergraph modules = planted(64, 20, 6, 3, 2).graph;
    for (const bool local : {true, false}) {
        const Hypergraph& graph = local ? ring : modules;
        const std::uint64_t capacity = local ? 5 : 19;
        PartitionOptions options{.parts = local ? 260U : 68U, .capacity = capacity, .effort = 1, .table_room = 1000};
        std::vector<PartitionAttempt> attempts;
        const auto part_of = partition_hypergraph(graph, options, &attempts);
        CHECK(largest_part(graph, part_of) <= capacity);
        const auto copies_of = [&](const std::string& method) -> std::uint64_t {
            const auto found = std::ranges::find(attempts, method, &PartitionAttempt::method);
            return found == attempts.end() ? 0 : found->copies;
        };
        CHECK((copies_of("top down") > 0) == local);
        CHECK(copies_of("windows") == naive_copies(graph, part_of));
        CHECK(copies_of("windows") < copies_of("greedy overlap"));
        options.threads = 3;
        CHECK(partition_hypergraph(graph, options) == part_of);
        if (!test::sanitized) {
            options.effort = 2;
            CHECK(naive_copies(graph, partition_hypergraph(graph, options)) <= naive_copies(graph, part_of));
        }
        int asked = 0;
        options.stop = [&asked] { return ++asked > 5; };
        CHECK(largest_part(graph, partition_hypergraph(graph, options)) <= capacity);
    }
}

TEST_CASE("a chain grows into stretches") {
    Hypergraph graph{.vertices = 600};
    for (std::uint32_t v = 0; v + 1 < 600; ++v) {
        add_net(graph, {v * 7 % 600, (v + 1) * 7 % 600});
    }
    const GroupedNets nets = group_nets(graph);
    const std::vector<std::uint64_t> capacity(6, 100);
    const auto part_of = grow_parts(nets, capacity, 0);
    CHECK(largest_part(graph, part_of) <= 100);
    CHECK(naive_copies(graph, part_of) <= 7);  // at best 5; it grows to both sides
}

TEST_CASE("vertices without nets take the room that is left") {
    Hypergraph graph{.vertices = 40};
    graph.vertex_weight.assign(40, 2);
    graph.vertex_weight[39] = 1;
    for (std::uint32_t v = 0; v < 20; v += 4) {
        add_net(graph, {v, v + 1, v + 2, v + 3});
    }
    add_net(graph, {30});
    const auto part_of = partition_hypergraph(graph, {.parts = 10, .capacity = 8, .effort = 1});
    REQUIRE(part_of.size() == 40);
    CHECK(largest_part(graph, part_of) <= 8);
    CHECK(naive_copies(graph, part_of) == 0);
    // As many parts as anyone asks for: no more are used than there are vertices.
    CHECK(partition_hypergraph(graph, {.parts = 4'000'000'000, .capacity = 8, .effort = 1}).size() == 40);
}

}  // namespace
}  // namespace spikeloom::compiler
