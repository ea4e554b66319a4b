// The hypergraph that partitioning works on: vertices are neurons, a net is a neuron's (or an input's) spikes, its pins
// the source and the targets. On k cores a spike is copied to every core beyond its own that holds a pin, so the
// objective is exact: the sum over nets of weight x (lambda - 1), lambda = cores among the pins (MAPPING facts 2).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace spikeloom::compiler {

struct Hypergraph {
    std::uint32_t vertices = 0;
    std::vector<std::uint64_t> net_begin{0};     ///< nets + 1
    std::vector<std::uint32_t> pins{};           ///< of a net: each vertex at most once
    std::vector<std::uint32_t> net_weight{};     ///< empty: 1 each
    std::vector<std::uint32_t> vertex_weight{};  ///< compartments; empty: 1 each

    [[nodiscard]] std::size_t nets() const { return net_begin.size() - 1; }
    [[nodiscard]] std::span<const std::uint32_t> net(std::size_t n) const {
        return std::span(pins).subspan(net_begin[n], net_begin[n + 1] - net_begin[n]);
    }
    [[nodiscard]] std::uint32_t weight_of_net(std::size_t n) const { return net_weight.empty() ? 1 : net_weight[n]; }
    [[nodiscard]] std::uint32_t weight_of(std::uint32_t v) const {
        return vertex_weight.empty() ? 1 : vertex_weight[v];
    }
    [[nodiscard]] std::uint64_t total_weight() const;
};

struct PartitionOptions {
    std::uint32_t parts = 2;
    std::uint64_t capacity = 0;  ///< most weight of a part; parts * capacity must hold all vertices
    int effort = 1;              ///< 0..3, as CompileOptions
    int threads = 1;             ///< at most so many; the result does not depend on them
    std::uint64_t seed = 0;
    std::function<bool()> stop{};  ///< true: return the best so far. Asked from any of the threads, one at a time
    std::uint64_t table_room = 60'000'000;  ///< most entries of a search's tables, 16 bytes each
};

/// Sum over nets of weight x (lambda - 1).
[[nodiscard]] std::uint64_t copies(const Hypergraph& graph, std::span<const std::uint32_t> part_of);

/// Fewest parts that could hold the vertices by their weight: total / capacity, rounded up (at least 1).
[[nodiscard]] std::uint32_t fewest_parts(const Hypergraph& graph, std::uint64_t capacity);

/// A member of the portfolio and what it came to.
struct PartitionAttempt {
    std::string method;
    std::uint64_t copies = 0;
};

/// The part of each vertex: the best of a portfolio (fill in order, greedy overlap, annealed twins, multilevel). Never
/// above the capacity. A function of graph, options.parts, capacity, effort and seed. Empty if the vertices can't be
/// packed. `attempts`, if given, tells what the members came to.
[[nodiscard]] std::vector<std::uint32_t> partition_hypergraph(const Hypergraph& graph, const PartitionOptions& options,
                                                              std::vector<PartitionAttempt>* attempts = nullptr);

}  // namespace spikeloom::compiler
