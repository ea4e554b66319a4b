#include "compiler/placement/starts.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "compiler/placement/graph_bisection.hpp"

namespace spikeloom::compiler {
namespace {

constexpr std::uint32_t none = 0xFFFFFFFF;

/// Cores and the slots that they get, cut in two until one slot is left.
class Bisector {
public:
    Bisector(const PlacementProblem& problem, const SearchOptions& options)
        : problem_(problem), options_(options), slot_of_(problem.slots(), none), local_of_(problem.cores(), none) {}

    [[nodiscard]] Arrangement run() {
        std::vector<std::uint32_t> cores(problem_.cores());
        std::iota(cores.begin(), cores.end(), 0U);
        slots_.resize(problem_.slots());
        std::iota(slots_.begin(), slots_.end(), 0U);
        centre_of_.assign(problem_.cores(), problem_.metric.point(slots_[slots_.size() / 2]));
        // Level by level, so that every cut knows about where all others are as finely as possible.
        std::vector<Part> parts;
        parts.push_back({.cores = std::move(cores), .first = 0, .last = slots_.size()});
        for (std::uint32_t run = 0; !parts.empty();) {
            std::vector<Part> halves;
            for (Part& part : parts) {
                if (part.cores.empty()) {
                    continue;
                }
                if (part.last - part.first == 1) {
                    slot_of_[part.cores[0]] = slots_[part.first];
                } else {
                    divide(part, run++, halves);
                }
            }
            parts = std::move(halves);
        }
        fill_with_empties();
        return std::move(slot_of_);
    }

private:
    struct Part {
        std::vector<std::uint32_t> cores;
        std::size_t first = 0;  ///< of slots_
        std::size_t last = 0;
    };

    void divide(Part& part, std::uint32_t run, std::vector<Part>& halves) {
        const std::size_t middle = cut_slots(part.first, part.last);
        const SlotMetric::Point centre_0 = centre(part.first, middle);
        const SlotMetric::Point centre_1 = centre(middle, part.last);
        const std::uint64_t room_0 = middle - part.first;
        const std::uint64_t room_1 = part.last - middle;
        const std::uint64_t count = part.cores.size();
        BisectionLimits limits{.least = count > room_1 ? count - room_1 : 0, .most = std::min(count, room_0)};
        limits.wanted = std::clamp(count * room_0 / (room_0 + room_1), limits.least, limits.most);
        const WeightedGraph graph = graph_of(part.cores, centre_0, centre_1);
        const auto sides =
            options_.stop && options_.stop() ? in_order(count, limits.wanted) : best_cut(graph, limits, run);
        Part half_0{.cores = {}, .first = part.first, .last = middle};
        Part half_1{.cores = {}, .first = middle, .last = part.last};
        for (std::size_t i = 0; i < count; ++i) {
            (sides[i] == 0 ? half_0 : half_1).cores.push_back(part.cores[i]);
            centre_of_[part.cores[i]] = sides[i] == 0 ? centre_0 : centre_1;
        }
        halves.push_back(std::move(half_0));
        halves.push_back(std::move(half_1));
    }

    /// A bad cut near the top spoils all below it: the best of several there.
    [[nodiscard]] std::vector<std::uint8_t> best_cut(const WeightedGraph& graph, const BisectionLimits& limits,
                                                     std::uint32_t run) const {
        constexpr std::uint32_t tries_near_the_top = 4;
        const std::uint32_t tries = std::uint64_t{8} * graph.vertices() >= problem_.cores() ? tries_near_the_top : 1;
        std::vector<std::uint8_t> best = bisect_graph(graph, limits, options_.seed, tries_near_the_top * run);
        for (std::uint32_t i = 1; i < tries; ++i) {
            auto sides = bisect_graph(graph, limits, options_.seed, tries_near_the_top * run + i);
            if (cost_of_cut(graph, sides) < cost_of_cut(graph, best)) {
                best = std::move(sides);
            }
        }
        return best;
    }

    static std::vector<std::uint8_t> in_order(std::size_t count, std::uint64_t of_side_0) {
        std::vector<std::uint8_t> sides(count, 1);
        std::fill_n(sides.begin(), of_side_0, std::uint8_t{0});
        return sides;
    }

    /// Sorts the slots along the longer side of their extent; returns where to part them: near the middle, and where
    /// the step to the next column (or row) costs most.
    std::size_t cut_slots(std::size_t first, std::size_t last) {
        const auto begin = slots_.begin() + static_cast<std::ptrdiff_t>(first);
        const auto end = slots_.begin() + static_cast<std::ptrdiff_t>(last);
        SlotMetric::Point low = problem_.metric.point(*begin);
        SlotMetric::Point high = low;
        for (auto slot = begin; slot != end; ++slot) {
            const SlotMetric::Point point = problem_.metric.point(*slot);
            low = {.u = std::min(low.u, point.u), .v = std::min(low.v, point.v)};
            high = {.u = std::max(high.u, point.u), .v = std::max(high.v, point.v)};
        }
        const SlotMetric& metric = problem_.metric;
        const bool across =
            metric.distance(low, {.u = high.u, .v = low.v}) >= metric.distance(low, {.u = low.u, .v = high.v});
        const auto rank = [&](std::uint32_t slot) {
            const SlotMetric::Point point = metric.point(slot);
            return across ? std::pair(point.u, point.v) : std::pair(point.v, point.u);
        };
        std::sort(begin, end,
                  [&](std::uint32_t a, std::uint32_t b) { return std::pair(rank(a), a) < std::pair(rank(b), b); });
        const std::size_t half = first + (last - first + 1) / 2;
        std::size_t best = half;
        std::int32_t dearest = -1;
        std::size_t least_off = 0;
        const std::size_t margin = (last - first) / 4;
        for (std::size_t cut = first + 1; cut < last; ++cut) {
            const std::size_t off = cut > half ? cut - half : half - cut;
            const std::uint32_t before = rank(slots_[cut - 1]).first;
            const std::uint32_t after = rank(slots_[cut]).first;
            if (before == after || off > margin + 1) {
                continue;
            }
            const SlotMetric::Point a = metric.point(slots_[cut - 1]);
            const SlotMetric::Point b =
                across ? SlotMetric::Point{.u = after, .v = a.v} : SlotMetric::Point{.u = a.u, .v = after};
            const std::int32_t step = metric.distance(a, b);
            if (step > dearest || (step == dearest && off < least_off)) {
                dearest = step;
                least_off = off;
                best = cut;
            }
        }
        return best;
    }

    [[nodiscard]] SlotMetric::Point centre(std::size_t first, std::size_t last) const {
        std::vector<std::uint32_t> u;
        std::vector<std::uint32_t> v;
        for (std::size_t i = first; i < last; ++i) {
            const SlotMetric::Point point = problem_.metric.point(slots_[i]);
            u.push_back(point.u);
            v.push_back(point.v);
        }
        const auto middle = static_cast<std::ptrdiff_t>(u.size() / 2);
        std::nth_element(u.begin(), u.begin() + middle, u.end());
        std::nth_element(v.begin(), v.begin() + middle, v.end());
        return {.u = u[u.size() / 2], .v = v[v.size() / 2]};
    }

    WeightedGraph graph_of(const std::vector<std::uint32_t>& cores, SlotMetric::Point centre_0,
                           SlotMetric::Point centre_1) {
        const SlotMetric& metric = problem_.metric;
        const std::int64_t apart = std::max(1, metric.distance(centre_0, centre_1));
        for (std::uint32_t i = 0; i < cores.size(); ++i) {
            local_of_[cores[i]] = i;
        }
        WeightedGraph graph;
        graph.size.assign(cores.size(), 1);
        for (const std::uint32_t core : cores) {
            std::int64_t bias = 0;
            for (const FlowGraph::Neighbour& neighbour : problem_.flows.of(core)) {
                const std::uint32_t local = local_of_[neighbour.core];
                if (local != none) {
                    graph.edges.push_back({.to = local, .weight = neighbour.flow * apart});
                } else {
                    const SlotMetric::Point there = centre_of_[neighbour.core];
                    bias += std::int64_t{neighbour.flow} *
                            (metric.distance(centre_1, there) - metric.distance(centre_0, there));
                }
            }
            graph.bias.push_back(bias);
            graph.begin.push_back(graph.edges.size());
        }
        for (const std::uint32_t core : cores) {
            local_of_[core] = none;
        }
        return graph;
    }

    void fill_with_empties() {
        std::vector<std::uint8_t> taken(problem_.slots(), 0);
        for (std::uint32_t core = 0; core < problem_.cores(); ++core) {
            taken[slot_of_[core]] = 1;
        }
        std::uint32_t slot = 0;
        for (std::uint32_t item = problem_.cores(); item < problem_.slots(); ++item, ++slot) {
            while (taken[slot] != 0) {
                ++slot;
            }
            slot_of_[item] = slot;
        }
    }

    const PlacementProblem& problem_;
    const SearchOptions& options_;
    Arrangement slot_of_;
    std::vector<std::uint32_t> local_of_;       ///< by core, while a graph is made
    std::vector<std::uint32_t> slots_;          ///< cut in place
    std::vector<SlotMetric::Point> centre_of_;  ///< by core, of the region that it is in
};

}  // namespace

std::uint64_t hilbert_index(std::uint32_t column, std::uint32_t row, int bits) {
    std::uint64_t index = 0;
    for (std::uint32_t side = bits > 0 ? 1U << (bits - 1) : 0; side > 0; side /= 2) {
        const std::uint32_t x = (column & side) != 0 ? 1 : 0;
        const std::uint32_t y = (row & side) != 0 ? 1 : 0;
        index += std::uint64_t{side} * side * ((3 * x) ^ y);
        if (y == 0) {
            if (x == 1) {
                column = side - 1 - (column & (side - 1));
                row = side - 1 - (row & (side - 1));
            }
            std::swap(column, row);
        }
    }
    return index;
}

Arrangement hilbert_start(const PlacementProblem& problem) {
    const SlotMetric& metric = problem.metric;
    const int bits = std::bit_width(std::max(metric.u_size(), metric.v_size()) - 1);
    std::vector<std::pair<std::uint64_t, std::uint32_t>> along;
    for (std::uint32_t slot = 0; slot < problem.slots(); ++slot) {
        const SlotMetric::Point point = metric.point(slot);
        // One table alone (a tree's tiles, in order): as they are.
        along.emplace_back(metric.v_size() == 1 ? point.u : hilbert_index(point.u, point.v, bits), slot);
    }
    std::sort(along.begin(), along.end());
    Arrangement slot_of;
    for (const auto& [index, slot] : along) {
        slot_of.push_back(slot);
    }
    return slot_of;
}

Arrangement bisection_start(const PlacementProblem& problem, const SearchOptions& options) {
    return Bisector(problem, options).run();
}

}  // namespace spikeloom::compiler
