#include "compiler/partition/sub_hypergraphs.hpp"

#include <algorithm>
#include <utility>

namespace spikeloom::compiler {

std::vector<SubHypergraph> cut_into_blocks(const Hypergraph& graph, std::span<const std::uint32_t> block_of,
                                           std::uint32_t blocks) {
    std::vector<SubHypergraph> subs(blocks);
    std::vector<std::uint32_t> local(graph.vertices);
    for (std::uint32_t v = 0; v < graph.vertices; ++v) {
        SubHypergraph& sub = subs[block_of[v]];
        local[v] = sub.graph.vertices++;
        sub.vertices.push_back(v);
        if (!graph.vertex_weight.empty()) {
            sub.graph.vertex_weight.push_back(graph.vertex_weight[v]);
        }
    }
    std::vector<std::pair<std::uint32_t, std::uint32_t>> pins;  // block, vertex there
    for (std::size_t n = 0; n < graph.nets(); ++n) {
        pins.clear();
        for (const std::uint32_t pin : graph.net(n)) {
            pins.emplace_back(block_of[pin], local[pin]);
        }
        std::ranges::sort(pins);
        for (std::size_t first = 0; first < pins.size();) {
            std::size_t end = first + 1;
            while (end < pins.size() && pins[end].first == pins[first].first) {
                ++end;
            }
            if (end - first > 1) {
                Hypergraph& sub = subs[pins[first].first].graph;
                for (std::size_t i = first; i < end; ++i) {
                    sub.pins.push_back(pins[i].second);
                }
                sub.net_begin.push_back(sub.pins.size());
                if (!graph.net_weight.empty()) {
                    sub.net_weight.push_back(graph.net_weight[n]);
                }
            }
            first = end;
        }
    }
    return subs;
}

}  // namespace spikeloom::compiler
