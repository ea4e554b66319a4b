#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "compiler/passes/group_plane.hpp"

namespace spikeloom::compiler {
namespace {

constexpr double slack = 1e-12;
/// Coordinates sorted for strips that were only tried: about a second.
constexpr std::size_t most_sorted = 8'000'000;

using Members = std::span<const std::size_t>;

class StripCover {
public:
    StripCover(std::span<const PlanePoint> points, const PlanePlaces& places, const LineReach& reach, std::size_t axis)
        : points_(points), places_(places), reach_(reach), across_(axis), along_(1 - axis), order_(points.size()) {
        std::iota(order_.begin(), order_.end(), std::size_t{0});
        std::ranges::stable_sort(order_, {}, [&](std::size_t i) { return points_[i].at[across_]; });
        for (std::size_t k = 0; k < order_.size(); ++k) {
            if (k == 0 || at(k) != at(k - 1)) {
                line_begin_.push_back(k);
            }
        }
        line_begin_.push_back(order_.size());
    }
    PlaneGrouping run();

private:
    [[nodiscard]] double at(std::size_t k) const { return points_[order_[k]].at[across_]; }
    [[nodiscard]] std::size_t lines() const { return line_begin_.size() - 1; }
    [[nodiscard]] Members members(std::size_t first, std::size_t end) const {
        return Members(order_).subspan(line_begin_[first], line_begin_[end] - line_begin_[first]);
    }
    [[nodiscard]] bool in_reach(std::size_t first, std::size_t last) const;
    [[nodiscard]] std::size_t fewest_groups(Members strip);
    [[nodiscard]] std::vector<std::size_t> strips();
    [[nodiscard]] std::vector<std::size_t> covered(Members members, std::size_t axis) const;
    void cover(Members strip, PlaneGrouping& all) const;

    std::span<const PlanePoint> points_;
    const PlanePlaces& places_;
    LineReach reach_;
    std::size_t across_;
    std::size_t along_;
    std::vector<std::size_t> order_;       ///< points by their coordinate across
    std::vector<std::size_t> line_begin_;  ///< of those with one coordinate; and the end
    std::vector<double> sorted_;
};

/// Whether one place suits lines first .. last.
bool StripCover::in_reach(std::size_t first, std::size_t last) const {
    const std::vector<double>& places = places_[across_];
    const auto low = std::ranges::lower_bound(places, at(line_begin_[last]) - reach_.down - slack);
    return low != places.end() && *low <= at(line_begin_[first]) + reach_.up + slack;
}

std::size_t StripCover::fewest_groups(Members strip) {
    sorted_.clear();
    for (const std::size_t i : strip) {
        sorted_.push_back(points_[i].at[along_]);
    }
    std::ranges::sort(sorted_);
    const std::vector<double>& places = places_[along_];
    std::size_t groups = 0;
    for (std::size_t i = 0; i < sorted_.size(); ++groups) {
        const auto beyond = std::ranges::upper_bound(places, sorted_[i] + reach_.up + slack);
        const double last = (beyond == places.begin() ? sorted_[i] : *(beyond - 1)) + reach_.down + slack;
        for (++i; i < sorted_.size() && sorted_[i] <= last;) {
            ++i;
        }
    }
    return groups;
}

/// The lines at which strips begin, from the last to the first, so that fewest groups are needed. Where trying all
/// takes too long, strips are as wide as one place reaches.
std::vector<std::size_t> StripCover::strips() {
    constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
    std::vector<std::size_t> fewest(lines() + 1, none);  // for the lines before
    std::vector<std::size_t> begin(lines() + 1, 0);
    fewest[0] = 0;
    std::size_t work = 0;
    for (std::size_t first = 0; first < lines(); ++first) {
        for (std::size_t end = first + 1; fewest[first] != none && end <= lines(); ++end) {
            if (!in_reach(first, end - 1)) {
                break;
            }
            const bool widest = end == lines() || !in_reach(first, end);
            if (work > most_sorted && !widest) {
                continue;
            }
            const Members strip = members(first, end);
            work += strip.size();
            if (const std::size_t groups = fewest[first] + fewest_groups(strip); groups < fewest[end]) {
                fewest[end] = groups;
                begin[end] = first;
            }
        }
    }
    std::vector<std::size_t> begins{lines()};
    while (begins.back() > 0) {
        begins.push_back(begin[begins.back()]);
    }
    return begins;
}

/// The place of each member along one axis alone.
std::vector<std::size_t> StripCover::covered(Members members, std::size_t axis) const {
    std::map<double, double> weights;
    for (const std::size_t i : members) {
        weights[points_[i].at[axis]] += points_[i].weight;
    }
    std::vector<LinePoint> line;
    for (const auto& [at, weight] : weights) {
        line.push_back({.at = at, .weight = weight});
    }
    const LineGrouping grouping = cover_line(line, places_[axis], reach_);
    std::vector<std::size_t> places;
    for (const std::size_t i : members) {
        const auto found = std::ranges::lower_bound(line, points_[i].at[axis], {}, &LinePoint::at);
        places.push_back(grouping.place[static_cast<std::size_t>(found - line.begin())]);
    }
    return places;
}

void StripCover::cover(Members strip, PlaneGrouping& all) const {
    const std::vector<std::size_t> along = covered(strip, along_);
    std::map<std::size_t, std::vector<std::size_t>> groups;
    for (std::size_t k = 0; k < strip.size(); ++k) {
        groups[along[k]].push_back(strip[k]);
    }
    for (const auto& [place, group] : groups) {
        const std::vector<std::size_t> across = covered(group, across_);
        for (std::size_t k = 0; k < group.size(); ++k) {
            const std::size_t i = group[k];
            all.place[i][along_] = place;
            all.place[i][across_] = across[k];
            const double dx = points_[i].at[along_] - places_[along_][place];
            const double dy = points_[i].at[across_] - places_[across_][across[k]];
            all.cost += points_[i].weight * (dx * dx + dy * dy);
        }
    }
    all.groups += groups.size();
}

PlaneGrouping StripCover::run() {
    PlaneGrouping all{.place = std::vector<std::array<std::size_t, 2>>(points_.size())};
    const std::vector<std::size_t> begins = strips();
    for (std::size_t i = 1; i < begins.size(); ++i) {
        cover(members(begins[i], begins[i - 1]), all);
    }
    return all;
}

}  // namespace

PlaneGrouping cover_plane(std::span<const PlanePoint> points, const PlanePlaces& places, const LineReach& reach) {
    PlaneGrouping first = StripCover(points, places, reach, 0).run();
    PlaneGrouping second = StripCover(points, places, reach, 1).run();
    return std::pair(second.groups, second.cost) < std::pair(first.groups, first.cost) ? std::move(second)
                                                                                       : std::move(first);
}

}  // namespace spikeloom::compiler
