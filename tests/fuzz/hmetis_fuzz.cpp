// Hypergraphs in hMETIS's form from hostile hands. What is accepted is whole: pins are vertices, none twice in a net,
// weights for all or for none. Small ones are partitioned: no part passes the capacity.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "compiler/partition/hmetis.hpp"
#include "compiler/partition/hypergraph.hpp"

namespace {

using namespace spikeloom;

/// Small ones are dealt to a few parts; the size of the file chooses how.
void partition(const compiler::Hypergraph& graph, std::size_t choice) {
    constexpr std::uint32_t most_vertices = 200;
    constexpr std::size_t most_pins = 600;
    if (graph.vertices > most_vertices || graph.pins.size() > most_pins) {
        return;
    }
    const auto parts = static_cast<std::uint32_t>(1 + choice % 7);
    const std::uint64_t capacity = (graph.total_weight() + parts - 1) / parts + choice % 5;
    int asked = 0;
    const auto part_of = partition_hypergraph(graph, {.parts = parts,
                                                      .capacity = capacity,
                                                      .effort = static_cast<int>(choice % 2),
                                                      .stop = [&asked] { return ++asked > 20; },
                                                      .table_room = choice % 3 == 0 ? 100U : 60'000'000U});
    SPIKELOOM_ASSERT(part_of.empty() || part_of.size() == graph.vertices, "parts");
    std::vector<std::uint64_t> load(parts, 0);
    for (std::size_t v = 0; v < part_of.size(); ++v) {
        SPIKELOOM_ASSERT(part_of[v] < parts, "a part");
        load[part_of[v]] += graph.weight_of(static_cast<std::uint32_t>(v));
        SPIKELOOM_ASSERT(load[part_of[v]] <= capacity, "the capacity");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto graph = compiler::read_hmetis(std::as_bytes(std::span(data, size)), "fuzz");
    if (!graph) {
        SPIKELOOM_ASSERT(has_error(graph.error()), "refused without an error");
        return 0;
    }
    SPIKELOOM_ASSERT(graph->net_begin.front() == 0 && graph->net_begin.back() == graph->pins.size(), "nets and pins");
    SPIKELOOM_ASSERT(graph->net_weight.empty() || graph->net_weight.size() == graph->nets(), "weights of nets");
    SPIKELOOM_ASSERT(graph->vertex_weight.empty() || graph->vertex_weight.size() == graph->vertices,
                     "weights of vertices");
    std::vector<std::size_t> named(graph->vertices, 0);
    for (std::size_t n = 0; n < graph->nets(); ++n) {
        for (const std::uint32_t vertex : graph->net(n)) {
            SPIKELOOM_ASSERT(vertex < graph->vertices && named[vertex] != n + 1, "pins");
            named[vertex] = n + 1;
        }
    }
    partition(*graph, size);
    return 0;
}
