#include "compiler/placement/graph_bisection.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <queue>
#include <utility>

#include "compiler/placement/random_words.hpp"

namespace spikeloom::compiler {
namespace {

constexpr std::uint32_t coarse_enough = 48;
constexpr int growths = 6;
constexpr int most_passes = 4;

using Sides = std::vector<std::uint8_t>;

std::vector<std::uint32_t> shuffled(std::uint32_t count, RandomWords& words) {
    std::vector<std::uint32_t> order(count);
    std::iota(order.begin(), order.end(), 0U);
    for (std::uint32_t i = count; i > 1; --i) {
        std::swap(order[i - 1], order[words.below(i).index]);
    }
    return order;
}

/// Each vertex with the free neighbour that it exchanges most with, in a random order.
struct Coarsening {
    WeightedGraph graph;
    std::vector<std::uint32_t> coarse_of;
};

Coarsening coarsen(const WeightedGraph& fine, RandomWords& words, std::uint64_t largest) {
    constexpr std::uint32_t none = 0xFFFFFFFF;
    const std::uint32_t count = fine.vertices();
    Coarsening result;
    result.coarse_of.assign(count, none);
    std::vector<std::pair<std::uint32_t, std::uint32_t>> members;
    std::uint32_t alone = none;  // a vertex that found no neighbour: the next such one joins it
    for (const std::uint32_t v : shuffled(count, words)) {
        if (result.coarse_of[v] != none) {
            continue;
        }
        std::uint32_t mate = v;
        std::int64_t most = 0;
        for (std::uint64_t e = fine.begin[v]; e < fine.begin[v + 1]; ++e) {
            const WeightedGraph::Edge& edge = fine.edges[e];
            if (result.coarse_of[edge.to] == none && edge.weight > most &&
                std::uint64_t{fine.size[v]} + fine.size[edge.to] <= largest) {
                most = edge.weight;
                mate = edge.to;
            }
        }
        if (mate == v && alone != none && std::uint64_t{fine.size[v]} + fine.size[alone] <= largest) {
            result.coarse_of[v] = result.coarse_of[alone];
            members[result.coarse_of[v]].second = v;
            alone = none;
            continue;
        }
        alone = mate == v ? v : alone;
        result.coarse_of[v] = result.coarse_of[mate] = static_cast<std::uint32_t>(members.size());
        members.emplace_back(v, mate);
    }
    WeightedGraph& coarse = result.graph;
    std::vector<std::int64_t> sum(members.size(), 0);
    std::vector<std::uint32_t> touched;
    for (std::uint32_t c = 0; c < members.size(); ++c) {
        const auto [first, second] = members[c];
        coarse.size.push_back(fine.size[first] + (first != second ? fine.size[second] : 0));
        coarse.bias.push_back(fine.bias[first] + (first != second ? fine.bias[second] : 0));
        const auto gather = [&](std::uint32_t v) {
            for (std::uint64_t e = fine.begin[v]; e < fine.begin[v + 1]; ++e) {
                const std::uint32_t to = result.coarse_of[fine.edges[e].to];
                if (to == c || fine.edges[e].weight == 0) {
                    continue;
                }
                if (sum[to] == 0) {
                    touched.push_back(to);
                }
                sum[to] += fine.edges[e].weight;
            }
        };
        gather(first);
        if (first != second) {
            gather(second);
        }
        for (const std::uint32_t to : touched) {
            coarse.edges.push_back({.to = to, .weight = std::exchange(sum[to], 0)});
        }
        touched.clear();
        coarse.begin.push_back(coarse.edges.size());
    }
    return result;
}

/// Moves of single vertices, the best first, each at most once a pass; the best prefix within the limits is kept.
class Mover {
public:
    Mover(const WeightedGraph& graph, const BisectionLimits& limits, Sides& sides)
        : graph_(graph), limits_(limits), sides_(sides), gain_(graph.vertices()), moved_(graph.vertices()) {}

    void run() {
        for (int pass = 0; pass < most_passes; ++pass) {
            if (!improve()) {
                return;
            }
        }
    }

private:
    /// How far the size of side 0 is off the limits.
    [[nodiscard]] std::uint64_t off(std::uint64_t size) const {
        return size < limits_.least ? limits_.least - size : (size > limits_.most ? size - limits_.most : 0);
    }

    bool improve() {
        std::uint64_t size = 0;
        for (auto& queue : queues_) {
            queue = {};
        }
        for (std::uint32_t v = 0; v < graph_.vertices(); ++v) {
            gain_[v] = gain_of(v);
            moved_[v] = 0;
            queues_[sides_[v]].emplace(gain_[v], v);
            size += sides_[v] == 0 ? graph_.size[v] : 0;
        }
        std::vector<std::uint32_t> moves;
        std::size_t kept = 0;
        std::int64_t sum = 0;
        std::int64_t best = 0;
        std::uint64_t best_off = off(size);
        const std::size_t patience = 64 + graph_.vertices() / 8;
        while (moves.size() < kept + patience) {
            const int side = choose_side(size);
            if (side < 0) {
                break;
            }
            const std::uint32_t v = queues_[side].top().second;
            sum += gain_[v];
            size = side == 0 ? size - graph_.size[v] : size + graph_.size[v];
            move(v);
            moves.push_back(v);
            if (off(size) < best_off || (off(size) == best_off && sum > best)) {
                best_off = off(size);
                best = sum;
                kept = moves.size();
            }
        }
        for (std::size_t i = moves.size(); i > kept; --i) {
            sides_[moves[i - 1]] ^= 1U;
        }
        return kept > 0;
    }

    /// The side to move from: what brings the size into the limits, else the better gain.
    int choose_side(std::uint64_t size) {
        std::array<bool, 2> has{};
        for (std::size_t side = 0; side < 2; ++side) {
            auto& queue = queues_[side];
            while (!queue.empty() &&
                   (moved_[queue.top().second] != 0 || queue.top().first != gain_[queue.top().second])) {
                queue.pop();
            }
            has[side] = !queue.empty();
        }
        if (size > limits_.most || size < limits_.least) {
            const int from = size > limits_.most ? 0 : 1;
            return has[static_cast<std::size_t>(from)] ? from : -1;
        }
        // One step beyond the limits is allowed: the next one goes back.
        if (has[0] && has[1]) {
            return queues_[0].top().first >= queues_[1].top().first ? 0 : 1;
        }
        return has[0] ? 0 : (has[1] ? 1 : -1);
    }

    [[nodiscard]] std::int64_t gain_of(std::uint32_t v) const {
        std::int64_t gain = sides_[v] != 0 ? graph_.bias[v] : -graph_.bias[v];
        for (std::uint64_t e = graph_.begin[v]; e < graph_.begin[v + 1]; ++e) {
            const WeightedGraph::Edge& edge = graph_.edges[e];
            gain += sides_[edge.to] != sides_[v] ? edge.weight : -edge.weight;
        }
        return gain;
    }

    void move(std::uint32_t v) {
        moved_[v] = 1;
        sides_[v] ^= 1U;
        for (std::uint64_t e = graph_.begin[v]; e < graph_.begin[v + 1]; ++e) {
            const WeightedGraph::Edge& edge = graph_.edges[e];
            if (moved_[edge.to] == 0) {
                gain_[edge.to] += sides_[edge.to] != sides_[v] ? 2 * edge.weight : -2 * edge.weight;
                queues_[sides_[edge.to]].emplace(gain_[edge.to], edge.to);
            }
        }
    }

    const WeightedGraph& graph_;
    BisectionLimits limits_;
    Sides& sides_;
    std::vector<std::int64_t> gain_;
    std::vector<std::uint8_t> moved_;
    std::array<std::priority_queue<std::pair<std::int64_t, std::uint32_t>>, 2> queues_;  ///< with outdated entries
};

/// Side 0 grown from a vertex by the strongest links.
Sides grow(const WeightedGraph& graph, const BisectionLimits& limits, std::uint32_t seed_vertex) {
    Sides sides(graph.vertices(), 1);
    std::vector<std::int64_t> pull(graph.vertices());
    for (std::uint32_t v = 0; v < graph.vertices(); ++v) {
        pull[v] = graph.bias[v];
    }
    std::uint64_t size = 0;
    for (std::uint32_t v = seed_vertex; size < limits.wanted;) {
        sides[v] = 0;
        size += graph.size[v];
        for (std::uint64_t e = graph.begin[v]; e < graph.begin[v + 1]; ++e) {
            pull[graph.edges[e].to] += graph.edges[e].weight;
        }
        std::int64_t most = std::numeric_limits<std::int64_t>::min();
        bool found = false;
        for (std::uint32_t u = 0; u < graph.vertices(); ++u) {
            if (sides[u] != 0 && (!found || pull[u] > most)) {
                found = true;
                most = pull[u];
                v = u;
            }
        }
        if (!found) {
            break;
        }
    }
    return sides;
}

Sides bisect_coarsest(const WeightedGraph& graph, const BisectionLimits& limits, RandomWords& words) {
    Sides best;
    std::int64_t least = 0;
    for (int growth = 0; growth < growths; ++growth) {
        Sides sides = grow(graph, limits, words.below(graph.vertices()).index);
        Mover(graph, limits, sides).run();
        const std::int64_t cut = cost_of_cut(graph, sides);
        if (best.empty() || cut < least) {
            least = cut;
            best = std::move(sides);
        }
    }
    return best;
}

}  // namespace

std::int64_t cost_of_cut(const WeightedGraph& graph, const std::vector<std::uint8_t>& sides) {
    std::int64_t twice = 0;
    std::int64_t bias = 0;
    for (std::uint32_t v = 0; v < graph.vertices(); ++v) {
        bias += sides[v] != 0 ? graph.bias[v] : 0;
        for (std::uint64_t e = graph.begin[v]; e < graph.begin[v + 1]; ++e) {
            twice += sides[v] != sides[graph.edges[e].to] ? graph.edges[e].weight : 0;
        }
    }
    return twice / 2 + bias;
}

std::vector<std::uint8_t> bisect_graph(const WeightedGraph& graph, const BisectionLimits& limits, std::uint64_t seed,
                                       std::uint32_t run) {
    RandomWords words(seed, run, 5);
    std::vector<Coarsening> levels;
    const auto finest = [&](std::size_t level) -> const WeightedGraph& {
        return level == 0 ? graph : levels[level - 1].graph;
    };
    const std::uint64_t total = std::accumulate(graph.size.begin(), graph.size.end(), std::uint64_t{0});
    const std::uint64_t largest = std::max<std::uint64_t>(1, total / (coarse_enough / 3));
    while (finest(levels.size()).vertices() > coarse_enough) {
        Coarsening next = coarsen(finest(levels.size()), words, largest);
        if (next.graph.vertices() * std::uint64_t{20} > finest(levels.size()).vertices() * std::uint64_t{19}) {
            break;
        }
        levels.push_back(std::move(next));
    }
    Sides sides = bisect_coarsest(finest(levels.size()), limits, words);
    for (std::size_t level = levels.size(); level > 0; --level) {
        const auto& coarse_of = levels[level - 1].coarse_of;
        Sides finer(coarse_of.size());
        for (std::size_t v = 0; v < coarse_of.size(); ++v) {
            finer[v] = sides[coarse_of[v]];
        }
        sides = std::move(finer);
        Mover(finest(level - 1), limits, sides).run();
    }
    return sides;
}

}  // namespace spikeloom::compiler
