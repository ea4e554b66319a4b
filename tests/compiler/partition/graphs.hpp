// Small hypergraphs for the partitioner's tests.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "compiler/partition/hypergraph.hpp"
#include "core/base/random.hpp"

namespace spikeloom::compiler::test_graphs {

class Dice {
public:
    explicit Dice(std::uint64_t seed) : seed_(seed) {}
    std::uint32_t below(std::uint32_t bound) {
        return static_cast<std::uint32_t>(random_below({.seed = seed_, .step = next_++}, bound));
    }

private:
    std::uint64_t seed_;
    std::uint64_t next_ = 0;
};

inline void add_net(Hypergraph& graph, std::vector<std::uint32_t> pins) {
    std::ranges::sort(pins);
    pins.erase(std::ranges::unique(pins).begin(), pins.end());
    graph.pins.insert(graph.pins.end(), pins.begin(), pins.end());
    graph.net_begin.push_back(graph.pins.size());
}

struct RandomShape {
    std::uint32_t vertices = 40;
    std::uint32_t nets = 60;
    std::uint32_t most_pins = 6;
    std::uint32_t most_net_weight = 1;
    std::uint32_t most_vertex_weight = 1;
};

inline Hypergraph random_graph(const RandomShape& shape, std::uint64_t seed) {
    Dice dice(seed);
    Hypergraph graph{.vertices = shape.vertices};
    for (std::uint32_t n = 0; n < shape.nets; ++n) {
        std::vector<std::uint32_t> pins(1 + dice.below(shape.most_pins));
        for (std::uint32_t& pin : pins) {
            pin = dice.below(shape.vertices);
        }
        // Every third net repeats the one before with another source: the kind that is grouped.
        if (n % 3 == 2) {
            const auto last = graph.net(graph.nets() - 1);
            pins.assign(last.begin(), last.end());
            pins[0] = dice.below(shape.vertices);
        }
        add_net(graph, pins);
        if (shape.most_net_weight > 1) {
            graph.net_weight.push_back(1 + dice.below(shape.most_net_weight));
        }
    }
    for (std::uint32_t v = 0; shape.most_vertex_weight > 1 && v < shape.vertices; ++v) {
        graph.vertex_weight.push_back(1 + dice.below(shape.most_vertex_weight));
    }
    return graph;
}

inline std::vector<std::uint32_t> random_parts(std::uint32_t vertices, std::uint32_t parts, std::uint64_t seed) {
    Dice dice(seed + 1'000'000);
    std::vector<std::uint32_t> part_of(vertices);
    for (std::uint32_t& part : part_of) {
        part = dice.below(parts);
    }
    return part_of;
}

/// Layers of neurons, each fully connected to the next.
inline Hypergraph layered(const std::vector<std::uint32_t>& sizes) {
    Hypergraph graph{.vertices = std::accumulate(sizes.begin(), sizes.end(), 0U)};
    std::uint32_t first = 0;
    for (std::size_t layer = 0; layer + 1 < sizes.size(); ++layer) {
        const std::uint32_t next = first + sizes[layer];
        for (std::uint32_t source = first; source < next; ++source) {
            std::vector<std::uint32_t> pins(sizes[layer + 1]);
            std::iota(pins.begin(), pins.end(), next);
            pins.push_back(source);
            add_net(graph, pins);
        }
        first = next;
    }
    return graph;
}

/// `modules` of `size` vertices, shuffled; a net has `inside` targets of its source's module, and `outside` others.
struct Planted {
    Hypergraph graph;
    std::vector<std::uint32_t> module_of;
};
inline Planted planted(std::uint32_t modules, std::uint32_t size, std::uint32_t inside, std::uint32_t outside,
                       std::uint64_t seed) {
    Dice dice(seed);
    Planted result{.graph = {.vertices = modules * size}, .module_of = std::vector<std::uint32_t>(modules * size)};
    std::vector<std::uint32_t> vertex(modules * size);
    std::iota(vertex.begin(), vertex.end(), 0U);
    for (std::uint32_t i = modules * size; i > 1; --i) {
        std::swap(vertex[i - 1], vertex[dice.below(i)]);
    }
    for (std::uint32_t i = 0; i < modules * size; ++i) {
        const std::uint32_t module = i / size;
        result.module_of[vertex[i]] = module;
        std::vector<std::uint32_t> pins{vertex[i]};
        for (std::uint32_t t = 0; t < inside; ++t) {
            pins.push_back(vertex[module * size + dice.below(size)]);
        }
        for (std::uint32_t t = 0; t < outside; ++t) {
            pins.push_back(vertex[dice.below(modules * size)]);
        }
        add_net(result.graph, pins);
    }
    return result;
}

/// Sum of weight x (lambda - 1), without shared code.
inline std::uint64_t naive_copies(const Hypergraph& graph, const std::vector<std::uint32_t>& part_of) {
    std::uint64_t sum = 0;
    for (std::size_t n = 0; n < graph.nets(); ++n) {
        std::vector<bool> seen;
        std::uint64_t lambda = 0;
        for (const std::uint32_t pin : graph.net(n)) {
            seen.resize(std::max<std::size_t>(seen.size(), part_of[pin] + std::size_t{1}), false);
            lambda += seen[part_of[pin]] ? 0 : 1;
            seen[part_of[pin]] = true;
        }
        sum += lambda > 0 ? (lambda - 1) * graph.weight_of_net(n) : 0;
    }
    return sum;
}

inline std::uint64_t largest_part(const Hypergraph& graph, const std::vector<std::uint32_t>& part_of) {
    std::vector<std::uint64_t> load(1, 0);
    for (std::uint32_t v = 0; v < graph.vertices; ++v) {
        load.resize(std::max<std::size_t>(load.size(), part_of[v] + std::size_t{1}), 0);
        load[part_of[v]] += graph.weight_of(v);
    }
    return *std::ranges::max_element(load);
}

}  // namespace spikeloom::compiler::test_graphs
