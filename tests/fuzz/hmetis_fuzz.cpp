// Hypergraphs in hMETIS's form from hostile hands. What is accepted is whole: pins are vertices, none twice in a net,
// weights for all or for none.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "compiler/partition/hmetis.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace spikeloom;
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
    return 0;
}
