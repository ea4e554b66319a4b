#include <doctest/doctest.h>

#include <atomic>
#include <map>
#include <optional>

#include "compiler/partition/copy_bounds.hpp"
#include "compiler/partition/fill.hpp"
#include "compiler/partition/graphs.hpp"
#include "compiler/partition/hmetis.hpp"
#include "compiler/partition/hypergraph.hpp"
#include "core/files/gzip.hpp"
#include "support/reference_data.hpp"
#include "support/sanitized.hpp"

namespace spikeloom::compiler {
namespace {

using namespace test_graphs;

/// The least copies of any partition within the capacity, by trying them all; nothing if there is none.
std::optional<std::uint64_t> optimum(const Hypergraph& graph, std::uint32_t parts, std::uint64_t capacity) {
    std::vector<std::uint32_t> part_of(graph.vertices, 0);
    std::optional<std::uint64_t> least;
    for (;;) {
        if (largest_part(graph, part_of) <= capacity) {
            least = std::min(least.value_or(~std::uint64_t{0}), naive_copies(graph, part_of));
        }
        std::uint32_t v = 0;
        while (v < graph.vertices && ++part_of[v] == parts) {
            part_of[v++] = 0;
        }
        if (v == graph.vertices) {
            return least;
        }
    }
}

TEST_CASE("small graphs are partitioned to the optimum") {
    int packed = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const bool weighted = seed % 2 == 1;
        const Hypergraph graph = random_graph({.vertices = 8,
                                               .nets = 14,
                                               .most_pins = 4,
                                               .most_net_weight = weighted ? 5U : 1U,
                                               .most_vertex_weight = weighted ? 3U : 1U},
                                              seed);
        const std::uint64_t capacity = graph.total_weight() / 3 + 1;
        const auto part_of = partition_hypergraph(graph, {.parts = 3, .capacity = capacity, .effort = 1, .seed = seed});
        const auto least = optimum(graph, 3, capacity);
        if (!least) {
            CHECK(part_of.empty());
            continue;
        }
        ++packed;
        REQUIRE(part_of.size() == graph.vertices);
        CHECK(largest_part(graph, part_of) <= capacity);
        CHECK(naive_copies(graph, part_of) == *least);
    }
    CHECK(packed >= 15);
}

TEST_CASE("the capacity holds at every effort, with and without slack, with weights") {
    for (std::uint64_t seed = 0; seed < (test::sanitized ? 2 : 6); ++seed) {
        const bool weighted = seed % 3 == 0;
        const Hypergraph graph = random_graph({.vertices = 90,
                                               .nets = 110,
                                               .most_pins = 12,
                                               .most_net_weight = seed % 2 == 0 ? 100U : 1U,
                                               .most_vertex_weight = weighted ? 9U : 1U},
                                              seed);
        const std::uint32_t parts = 3 + static_cast<std::uint32_t>(seed % 4);
        const std::uint64_t exact = (graph.total_weight() + parts - 1) / parts;
        for (const std::uint64_t capacity : {exact, exact + exact / 10}) {
            for (int effort = 0; effort < 3; ++effort) {
                const auto part_of =
                    partition_hypergraph(graph, {.parts = parts, .capacity = capacity, .effort = effort, .seed = seed});
                if (part_of.empty()) {
                    CHECK(weighted);  // unit weights always pack
                    continue;
                }
                REQUIRE(part_of.size() == graph.vertices);
                CHECK(*std::ranges::max_element(part_of) < parts);
                CHECK(largest_part(graph, part_of) <= capacity);
            }
        }
    }
}

TEST_CASE("more effort is no worse, and the same options give the same parts") {
    constexpr int most_effort = test::sanitized ? 1 : 3;
    for (const Hypergraph& graph : {planted(6, 40, 10, 3, 1).graph, random_graph({.vertices = 240}, 7)}) {
        std::uint64_t last = ~std::uint64_t{0};
        for (int effort = 0; effort <= most_effort; ++effort) {
            PartitionOptions options{.parts = 6, .capacity = 42, .effort = effort, .seed = 3};
            const auto part_of = partition_hypergraph(graph, options);
            options.threads = 4;
            CHECK(partition_hypergraph(graph, options) == part_of);
            CHECK(naive_copies(graph, part_of) <= last);
            last = naive_copies(graph, part_of);
        }
    }
}

TEST_CASE("planted modules are found") {
    const Planted net = planted(8, 64, 30, 2, 5);
    const auto part_of = partition_hypergraph(net.graph, {.parts = 8, .capacity = 64, .effort = 1});
    std::map<std::uint32_t, std::uint32_t> part_of_module;
    std::uint32_t strangers = 0;
    for (std::uint32_t v = 0; v < net.graph.vertices; ++v) {
        strangers += part_of_module.emplace(net.module_of[v], part_of[v]).first->second != part_of[v] ? 1U : 0U;
    }
    CHECK(strangers == 0);
    CHECK(naive_copies(net.graph, part_of) == naive_copies(net.graph, net.module_of));
}

TEST_CASE("a shuffled ring is cut into stretches" * doctest::skip(test::sanitized)) {
    constexpr std::uint32_t vertices = 4096;
    constexpr std::uint32_t parts = 16;
    Hypergraph graph{.vertices = vertices};
    Dice dice(9);
    const auto at = [](std::uint32_t place) { return place % vertices * 1721 % vertices; };
    for (std::uint32_t place = 0; place < vertices; ++place) {
        std::vector<std::uint32_t> pins{at(place)};
        for (int i = 0; i < 7; ++i) {
            pins.push_back(at(vertices + place + dice.below(61) - 30));
        }
        add_net(graph, std::move(pins));
    }
    std::vector<std::uint32_t> stretches(vertices);
    for (std::uint32_t place = 0; place < vertices; ++place) {
        stretches[at(place)] = place / (vertices / parts);
    }
    std::vector<PartitionAttempt> attempts;
    const auto part_of =
        partition_hypergraph(graph, {.parts = parts, .capacity = vertices / parts, .effort = 1}, &attempts);
    CHECK(largest_part(graph, part_of) <= vertices / parts);
    CHECK(10 * naive_copies(graph, part_of) < 13 * naive_copies(graph, stretches));
    const auto halved = std::ranges::find(attempts, "halved, refined", &PartitionAttempt::method);
    REQUIRE(halved != attempts.end());
    CHECK(halved->copies == naive_copies(graph, part_of));  // the other searches leave more pieces
    MESSAGE(naive_copies(graph, part_of) << " copies, " << naive_copies(graph, stretches) << " of plain stretches");
}

TEST_CASE("layers are aligned to parts where that is best") {
    // Two full parts for each layer of 64: every neuron of the layer before reaches both, and no more.
    const Hypergraph graph = layered({48, 64, 64, 8});
    const auto part_of = partition_hypergraph(graph, {.parts = 6, .capacity = 32, .effort = 1});
    CHECK(naive_copies(graph, part_of) == 48 * 2 + 64 * 2 + 64 * 1);
}

TEST_CASE("a stopped search gives a partition all the same") {
    const Hypergraph graph = planted(6, 40, 10, 3, 1).graph;
    int asked = 0;
    const auto part_of = partition_hypergraph(
        graph, {.parts = 6, .capacity = 40, .effort = 3, .stop = [&asked] { return ++asked > 3; }});
    CHECK(part_of.size() == graph.vertices);
    CHECK(largest_part(graph, part_of) <= 40);
}

TEST_CASE("what cannot be packed is empty; odd graphs are no trouble") {
    Hypergraph graph{.vertices = 3};
    graph.vertex_weight = {2, 2, 2};
    CHECK(partition_hypergraph(graph, {.parts = 2, .capacity = 3}).empty());
    CHECK(partition_hypergraph(graph, {.parts = 3, .capacity = 2}).size() == 3);
    CHECK(partition_hypergraph({}, {.parts = 2, .capacity = 3}).empty());
    CHECK(partition_hypergraph({.vertices = 5}, {.parts = 2, .capacity = 3}).size() == 5);
    CHECK(fewest_parts(graph, 4) == 2);
    CHECK(fewest_parts({}, 4) == 1);
}

TEST_CASE("bounds lie below every partition, and bite on dense layers") {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const Hypergraph graph = random_graph(
            {.vertices = 8, .nets = 14, .most_pins = 6, .most_net_weight = 5, .most_vertex_weight = 2}, seed);
        const std::uint64_t capacity = graph.total_weight() / 3 + 1;
        if (const auto least = optimum(graph, 3, capacity)) {
            CHECK(copy_bounds(graph, capacity, 3).best() <= *least);
        }
    }
    // 64 sources that reach 64 neurons in parts of 32: at least one copy each by fan-out.
    CHECK(copy_bounds(layered({64, 64}), 32, 4).fan_out == 64 * 2);
    // MAPPING facts 2: (k - 1) (1 - (1 - 1/k)^d) a source.
    CHECK(copy_bounds(layered({1, 3}), 2, 2).random == doctest::Approx(1 - 0.125));
}

struct Target {
    const char* net;
    std::uint32_t parts;
    std::uint64_t best;  ///< of all rows of partition_ref.csv
};

TEST_CASE("reference hypergraphs at effort 1" * doctest::skip(test::sanitized)) {
    for (const Target& target : {Target{"lenet5", 28, 3493}, Target{"mlp", 16, 15074}}) {
        const auto path = test::reference_data(std::string("mapping/hypergraphs/") + target.net + ".hgr.gz");
        if (!path) {
            return;
        }
        const auto bytes = files::read_maybe_gzip(*path);
        REQUIRE(bytes);
        const auto graph = read_hmetis(*bytes, *path);
        REQUIRE(graph);
        const auto part_of = partition_hypergraph(*graph, {.parts = target.parts, .capacity = 256, .effort = 1});
        CAPTURE(target.net);
        CHECK(largest_part(*graph, part_of) <= 256);
        CHECK(static_cast<double>(naive_copies(*graph, part_of)) <= 1.15 * static_cast<double>(target.best));
    }
}

}  // namespace
}  // namespace spikeloom::compiler
