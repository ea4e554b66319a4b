#include "compiler/nir/recurrence.hpp"

#include <algorithm>
#include <cstddef>

namespace spikeloom::compiler {
namespace {

using Neighbours = std::vector<std::vector<std::uint32_t>>;

/// Appends the nodes reachable from `start` that are not seen yet, each after all that it leads to.
void depth_first(const Neighbours& edges, std::uint32_t start, std::vector<bool>& seen,
                 std::vector<std::uint32_t>& finished) {
    if (seen[start]) {
        return;
    }
    struct Frame {
        std::uint32_t node;
        std::size_t next;
    };
    std::vector<Frame> stack{{start, 0}};
    seen[start] = true;
    while (!stack.empty()) {
        Frame& top = stack.back();
        if (top.next == edges[top.node].size()) {
            finished.push_back(top.node);
            stack.pop_back();
            continue;
        }
        const std::uint32_t next = edges[top.node][top.next++];
        if (!seen[next]) {
            seen[next] = true;
            stack.push_back({next, 0});
        }
    }
}

/// The strongly connected component of every node (Kosaraju).
std::vector<std::uint32_t> components(const Neighbours& forwards, const Neighbours& backwards) {
    const auto count = static_cast<std::uint32_t>(forwards.size());
    std::vector<bool> seen(count, false);
    std::vector<std::uint32_t> finished;
    for (std::uint32_t node = 0; node < count; ++node) {
        depth_first(forwards, node, seen, finished);
    }
    std::vector<std::uint32_t> component(count, 0);
    seen.assign(count, false);
    std::uint32_t number = 0;
    for (auto last = finished.rbegin(); last != finished.rend(); ++last) {
        std::vector<std::uint32_t> members;
        depth_first(backwards, *last, seen, members);
        for (const std::uint32_t member : members) {
            component[member] = number;
        }
        ++number;
    }
    return component;
}

}  // namespace

void mark_recurrent(Network& network, const std::vector<std::size_t>& distance) {
    Neighbours forwards(network.populations.size());
    Neighbours backwards(network.populations.size());
    for (const Projection& projection : network.projections) {
        if (projection.source.kind == Source::Kind::population) {
            forwards[projection.source.index].push_back(projection.target.value());
            backwards[projection.target.value()].push_back(projection.source.index);
        }
    }
    const auto component = components(forwards, backwards);
    for (Projection& projection : network.projections) {
        const std::uint32_t target = projection.target.value();
        const std::uint32_t source = projection.source.index;
        projection.recurrent = projection.source.kind == Source::Kind::population &&
                               component[source] == component[target] && distance[target] <= distance[source];
    }
}

}  // namespace spikeloom::compiler
