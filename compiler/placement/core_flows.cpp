#include "compiler/placement/core_flows.hpp"

#include <algorithm>

namespace spikeloom::compiler {

CoreFlows flows_of_table(std::span<const std::uint32_t> messages, std::uint32_t cores) {
    CoreFlows flows{.cores = cores, .flows = {}};
    for (std::uint32_t from = 0; from < cores; ++from) {
        for (std::uint32_t to = 0; to < cores; ++to) {
            const std::uint32_t count = messages[std::size_t{from} * cores + to];
            if (from != to && count > 0) {
                flows.flows.push_back({.from = from, .to = to, .messages = count, .weight = count});
            }
        }
    }
    return flows;
}

std::uint64_t total_messages(const CoreFlows& flows) {
    std::uint64_t sum = 0;
    for (const CoreFlow& flow : flows.flows) {
        sum += flow.messages;
    }
    return sum;
}

std::uint32_t FlowGraph::between(std::uint32_t a, std::uint32_t b) const {
    const auto row = of(a);
    const auto found = std::lower_bound(row.begin(), row.end(), b, [](const Neighbour& neighbour, std::uint32_t core) {
        return neighbour.core < core;
    });
    return found != row.end() && found->core == b ? found->flow : 0;
}

FlowGraph both_ways(const CoreFlows& flows) {
    FlowGraph graph;
    graph.begin.assign(std::size_t{flows.cores} + 1, 0);
    for (const CoreFlow& flow : flows.flows) {
        ++graph.begin[flow.from + 1];
        ++graph.begin[flow.to + 1];
    }
    for (std::size_t core = 0; core < flows.cores; ++core) {
        graph.begin[core + 1] += graph.begin[core];
    }
    graph.neighbours.resize(graph.begin.back());
    std::vector<std::uint64_t> next(graph.begin.begin(), graph.begin.end() - 1);
    for (const CoreFlow& flow : flows.flows) {
        graph.neighbours[next[flow.from]++] = {.core = flow.to, .flow = flow.weight};
        graph.neighbours[next[flow.to]++] = {.core = flow.from, .flow = flow.weight};
    }
    std::uint64_t kept = 0;
    for (std::size_t core = 0; core < flows.cores; ++core) {
        const std::uint64_t first = graph.begin[core];
        const std::uint64_t last = graph.begin[core + 1];
        const auto at = [&](std::uint64_t i) { return graph.neighbours.begin() + static_cast<std::ptrdiff_t>(i); };
        std::sort(at(first), at(last), [](const auto& a, const auto& b) { return a.core < b.core; });
        graph.begin[core] = kept;
        for (std::uint64_t i = first; i < last; ++i) {
            const FlowGraph::Neighbour neighbour = graph.neighbours[i];
            if (kept > graph.begin[core] && graph.neighbours[kept - 1].core == neighbour.core) {
                graph.neighbours[kept - 1].flow += neighbour.flow;
            } else {
                graph.neighbours[kept++] = neighbour;
            }
        }
    }
    graph.begin[flows.cores] = kept;
    graph.neighbours.resize(kept);
    graph.neighbours.shrink_to_fit();
    return graph;
}

}  // namespace spikeloom::compiler
