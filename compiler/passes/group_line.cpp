#include "compiler/passes/group_line.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

namespace spikeloom::compiler {
namespace {

constexpr double impossible = std::numeric_limits<double>::infinity();

/// What one group of points begin .. end - 1 costs, at its best place.
class GroupCost {
public:
    GroupCost(std::span<const LinePoint> points, std::span<const double> places, const LineReach& reach)
        : points_(points), places_(places), reach_(reach), sums_(points.size() + 1) {
        for (std::size_t i = 0; i < points.size(); ++i) {
            const double x = points[i].at - points.front().at;
            sums_[i + 1] = {.weight = sums_[i].weight + points[i].weight,
                            .first = sums_[i].first + points[i].weight * x,
                            .second = sums_[i].second + points[i].weight * x * x};
        }
    }

    struct Best {
        std::size_t place = 0;
        double cost = 0;
    };
    /// Nothing: no place lies within reach of all.
    [[nodiscard]] std::optional<Best> best(std::size_t begin, std::size_t end) const {
        // The last point may be moved down, the first up; by as much as rounding errs, a place of its own is near.
        const double least = points_[end - 1].at - reach_.down;
        const double most = points_[begin].at + reach_.up;
        const auto low = std::ranges::lower_bound(places_, least - slack);
        const auto high = std::ranges::upper_bound(places_, most + slack);
        if (low >= high) {
            return std::nullopt;
        }
        const double mean =
            points_.front().at + (sums_[end].first - sums_[begin].first) / (sums_[end].weight - sums_[begin].weight);
        auto above = std::lower_bound(low, high, mean);
        if (above == high || (above != low && mean - *(above - 1) <= *above - mean)) {
            --above;
        }
        return Best{.place = static_cast<std::size_t>(above - places_.begin()), .cost = cost(begin, end, *above)};
    }

private:
    static constexpr double slack = 1e-12;
    struct Sums {
        double weight = 0, first = 0, second = 0;
    };
    [[nodiscard]] double cost(std::size_t begin, std::size_t end, double place) const {
        const double x = place - points_.front().at;
        const double squares = (sums_[end].second - sums_[begin].second) -
                               2 * x * (sums_[end].first - sums_[begin].first) +
                               x * x * (sums_[end].weight - sums_[begin].weight);
        return std::max(squares, 0.0);
    }

    std::span<const LinePoint> points_;
    std::span<const double> places_;
    LineReach reach_;
    std::vector<Sums> sums_;
};

/// best_[j]: the least cost of the first j points in k groups, for one k after the other. The last group's begin grows
/// with j (the cost satisfies the quadrangle inequality: of two places the higher suits higher points better), so the
/// begins of half of all j bound those of the rest.
class GroupingTable {
public:
    GroupingTable(const GroupCost& cost, std::size_t points) : cost_(cost), best_(points + 1, impossible) {
        best_[0] = 0;
    }
    void add_group() {
        before_ = best_;
        std::ranges::fill(best_, impossible);
        begins_.emplace_back(best_.size(), 0);
        fill(1, best_.size(), 0, best_.size() - 1);
    }
    [[nodiscard]] double least() const { return best_.back(); }
    [[nodiscard]] std::size_t begin(std::size_t group, std::size_t end) const { return begins_[group][end]; }

private:
    // NOLINTNEXTLINE(misc-no-recursion): as deep as the logarithm of the number of points
    void fill(std::size_t from, std::size_t to, std::size_t first_begin, std::size_t last_begin) {
        if (from >= to) {
            return;
        }
        const std::size_t end = from + (to - from) / 2;
        std::size_t chosen = last_begin;
        for (std::size_t begin = std::min(last_begin + 1, end); begin-- > first_begin;) {
            if (before_[begin] == impossible) {
                continue;
            }
            const auto group = cost_.best(begin, end);
            if (!group) {
                break;  // longer groups reach no further
            }
            if (before_[begin] + group->cost < best_[end]) {
                best_[end] = before_[begin] + group->cost;
                chosen = begin;
            }
        }
        begins_.back()[end] = static_cast<std::uint32_t>(chosen);
        fill(from, end, first_begin, chosen);
        fill(end + 1, to, best_[end] == impossible ? first_begin : chosen, last_begin);
    }

    const GroupCost& cost_;
    std::vector<double> before_;
    std::vector<double> best_;
    std::vector<std::vector<std::uint32_t>> begins_;  ///< of the last of k + 1 groups, by end
};

LineGrouping traced(const GroupingTable& table, const GroupCost& cost, std::size_t points, std::size_t groups) {
    LineGrouping grouping{.place = std::vector<std::size_t>(points), .groups = groups, .cost = table.least()};
    std::size_t end = points;
    for (std::size_t group = groups; group-- > 0;) {
        const std::size_t begin = table.begin(group, end);
        const std::size_t place = cost.best(begin, end)->place;
        std::fill(grouping.place.begin() + static_cast<std::ptrdiff_t>(begin),
                  grouping.place.begin() + static_cast<std::ptrdiff_t>(end), place);
        end = begin;
    }
    return grouping;
}

}  // namespace

LineGrouping group_line(std::span<const LinePoint> points, std::span<const double> places, std::size_t most) {
    const GroupCost cost(points, places, {});
    GroupingTable table(cost, points.size());
    const std::size_t groups = std::min(most, points.size());
    for (std::size_t group = 0; group < groups; ++group) {
        table.add_group();
    }
    return traced(table, cost, points.size(), groups);
}

LineGrouping cover_line(std::span<const LinePoint> points, std::span<const double> places, const LineReach& reach) {
    const GroupCost cost(points, places, reach);
    std::size_t groups = 0;
    for (std::size_t begin = 0; begin < points.size(); ++groups) {
        std::size_t end = begin + 1;
        while (end < points.size() && cost.best(begin, end + 1)) {
            ++end;
        }
        begin = end;
    }
    GroupingTable table(cost, points.size());
    for (std::size_t group = 0; group < groups; ++group) {
        table.add_group();
    }
    return traced(table, cost, points.size(), groups);
}

}  // namespace spikeloom::compiler
