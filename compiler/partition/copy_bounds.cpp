#include "compiler/partition/copy_bounds.hpp"

#include <cmath>
#include <numeric>

namespace spikeloom::compiler {
namespace {

/// Order the parts of any partition by the largest degree in each: vertices of a degree above the j-th part's largest
/// lie on j parts, so they weigh at most j capacities.
std::uint64_t least_received(const Hypergraph& graph, std::uint64_t capacity) {
    std::vector<std::uint64_t> degree(graph.vertices, 0);
    for (std::size_t n = 0; n < graph.nets(); ++n) {
        for (const std::uint32_t pin : graph.net(n)) {
            degree[pin] += graph.weight_of_net(n);
        }
    }
    std::vector<std::uint32_t> order(graph.vertices);
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::stable_sort(order, std::ranges::greater{}, [&](std::uint32_t v) { return degree[v]; });
    std::uint64_t sum = 0;
    std::uint64_t weight = 0;   // of the vertices up to here
    std::uint64_t covered = 0;  // that the parts counted so far could hold
    for (const std::uint32_t v : order) {
        weight += graph.weight_of(v);
        if (weight > covered) {
            const std::uint64_t parts = (weight - covered + capacity - 1) / capacity;
            sum += parts * degree[v];
            covered += parts * capacity;
        }
    }
    return sum;
}

}  // namespace

CopyBounds copy_bounds(const Hypergraph& graph, std::uint64_t capacity, std::uint32_t parts) {
    CopyBounds bounds;
    std::uint64_t reached = 0;  // copies and one part of its own for each net
    for (std::size_t n = 0; n < graph.nets(); ++n) {
        const auto pins = graph.net(n);
        if (pins.empty()) {
            continue;
        }
        const std::uint64_t net_weight = graph.weight_of_net(n);
        std::uint64_t weight = 0;
        for (const std::uint32_t pin : pins) {
            weight += graph.weight_of(pin);
        }
        bounds.fan_out += net_weight * (std::max<std::uint64_t>((weight + capacity - 1) / capacity, 1) - 1);
        reached += net_weight;
        const double others = parts - 1.0;
        bounds.random += static_cast<double>(net_weight) * others *
                         (1 - std::pow(1 - 1.0 / parts, static_cast<double>(pins.size() - 1)));
    }
    const std::uint64_t received = least_received(graph, capacity);
    bounds.fan_in = received > reached ? received - reached : 0;
    return bounds;
}

}  // namespace spikeloom::compiler
