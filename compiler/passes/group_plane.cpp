#include "compiler/passes/group_plane.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>
#include <numeric>
#include <tuple>
#include <utility>

namespace spikeloom::compiler {
namespace {

/// Distances looked at, of all rounds together: some seconds.
constexpr std::size_t most_work = 400'000'000;
constexpr std::size_t most_rounds = 100;

std::size_t nearest(const std::vector<double>& places, double at) {
    const auto above = std::ranges::lower_bound(places, at);
    if (above == places.end()) {
        return places.size() - 1;
    }
    const auto i = static_cast<std::size_t>(above - places.begin());
    return i > 0 && at - places[i - 1] <= places[i] - at ? i - 1 : i;
}

double square(double x) {
    return x * x;
}

class PlaneGrouper {
public:
    PlaneGrouper(std::span<const PlanePoint> points, const PlanePlaces& places)
        : points_(points), places_(places), group_of_(points.size(), 0) {}

    PlaneGrouping run(std::size_t most) {
        split_into(most);
        settle();
        for (std::size_t i = 0; i < most_rounds && work_ < most_work; ++i) {
            if (!relocate()) {
                break;
            }
        }
        return grouping();
    }

private:
    using Place = std::array<std::size_t, 2>;
    /// Where a group is best divided.
    struct Division {
        double saves = 0;
        std::vector<std::size_t> upper{};  ///< the points that leave it
    };

    [[nodiscard]] double distance(std::size_t point, const Place& place) const {
        return square(points_[point].at[0] - places_[0][place[0]]) +
               square(points_[point].at[1] - places_[1][place[1]]);
    }
    [[nodiscard]] Place best_place(std::span<const std::size_t> members) const;
    [[nodiscard]] Division division(std::vector<std::size_t> members);
    void split_into(std::size_t most);
    void settle();
    void assign();
    [[nodiscard]] bool center();
    [[nodiscard]] bool relocate();
    [[nodiscard]] std::vector<std::vector<std::size_t>> members() const;
    [[nodiscard]] PlaneGrouping grouping() const;

    std::span<const PlanePoint> points_;
    const PlanePlaces& places_;
    std::vector<std::size_t> group_of_;
    std::vector<Place> centers_;
    double cost_ = 0;
    std::size_t work_ = 0;
};

PlaneGrouper::Place PlaneGrouper::best_place(std::span<const std::size_t> members) const {
    double weight = 0;
    std::array<double, 2> sum{};
    for (const std::size_t i : members) {
        weight += points_[i].weight;
        sum[0] += points_[i].weight * points_[i].at[0];
        sum[1] += points_[i].weight * points_[i].at[1];
    }
    return {nearest(places_[0], sum[0] / weight), nearest(places_[1], sum[1] / weight)};
}

/// By the means of both sides, which are near enough to places for a choice.
PlaneGrouper::Division PlaneGrouper::division(std::vector<std::size_t> members) {
    Division best;
    work_ += 2 * members.size();
    double weight = 0;
    std::array<double, 2> sum{};
    for (const std::size_t i : members) {
        weight += points_[i].weight;
        sum[0] += points_[i].weight * points_[i].at[0];
        sum[1] += points_[i].weight * points_[i].at[1];
    }
    for (const std::size_t axis : {std::size_t{0}, std::size_t{1}}) {
        std::ranges::stable_sort(members, {}, [&](std::size_t i) { return points_[i].at[axis]; });
        std::size_t cut = 0;
        double low_weight = 0;
        std::array<double, 2> low{};
        for (std::size_t k = 0; k + 1 < members.size(); ++k) {
            const PlanePoint& point = points_[members[k]];
            low_weight += point.weight;
            low[0] += point.weight * point.at[0];
            low[1] += point.weight * point.at[1];
            if (points_[members[k + 1]].at[axis] == point.at[axis]) {
                continue;
            }
            const double between = square(low[0] / low_weight - (sum[0] - low[0]) / (weight - low_weight)) +
                                   square(low[1] / low_weight - (sum[1] - low[1]) / (weight - low_weight));
            const double saves = between * low_weight * (weight - low_weight) / weight;
            if (saves > best.saves) {
                best.saves = saves;
                cut = k + 1;
            }
        }
        if (cut > 0) {
            best.upper.assign(members.begin() + static_cast<std::ptrdiff_t>(cut), members.end());
        }
    }
    return best;
}

std::vector<std::vector<std::size_t>> PlaneGrouper::members() const {
    std::vector<std::vector<std::size_t>> groups(centers_.size());
    for (std::size_t i = 0; i < points_.size(); ++i) {
        groups[group_of_[i]].push_back(i);
    }
    return groups;
}

void PlaneGrouper::split_into(std::size_t most) {
    std::vector<std::vector<std::size_t>> groups(1);
    groups[0].resize(points_.size());
    std::iota(groups[0].begin(), groups[0].end(), std::size_t{0});
    std::vector<Division> divisions{division(groups[0])};
    while (groups.size() < most) {
        const auto next =
            static_cast<std::size_t>(std::ranges::max_element(divisions, {}, &Division::saves) - divisions.begin());
        if (divisions[next].upper.empty()) {
            break;
        }
        std::vector<std::size_t> upper = std::move(divisions[next].upper);
        std::ranges::sort(upper);
        std::vector<std::size_t> lower;
        std::ranges::sort(groups[next]);
        std::ranges::set_difference(groups[next], upper, std::back_inserter(lower));
        divisions[next] = division(lower);
        divisions.push_back(division(upper));
        groups[next] = std::move(lower);
        groups.push_back(std::move(upper));
    }
    for (std::size_t g = 0; g < groups.size(); ++g) {
        centers_.push_back(best_place(groups[g]));
        for (const std::size_t i : groups[g]) {
            group_of_[i] = g;
        }
    }
}

/// Each point to the nearest center; the first of equals.
void PlaneGrouper::assign() {
    cost_ = 0;
    for (std::size_t i = 0; i < points_.size(); ++i) {
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t g = 0; g < centers_.size(); ++g) {
            if (const double here = distance(i, centers_[g]); here < least) {
                least = here;
                group_of_[i] = g;
            }
        }
        cost_ += points_[i].weight * least;
    }
    work_ += points_.size() * centers_.size();
}

/// Each center to where its points want it. Whether any moved.
bool PlaneGrouper::center() {
    bool moved = false;
    const auto groups = members();
    for (std::size_t g = 0; g < centers_.size(); ++g) {
        if (groups[g].empty()) {
            continue;
        }
        const Place place = best_place(groups[g]);
        moved = moved || place != centers_[g];
        centers_[g] = place;
    }
    return moved;
}

void PlaneGrouper::settle() {
    for (std::size_t round = 0; round < most_rounds; ++round) {
        assign();
        if (work_ > most_work || !center()) {
            break;
        }
    }
    assign();
}

/// Takes the center that is missed least to the group that is divided best; kept if the cost falls.
bool PlaneGrouper::relocate() {
    const std::size_t count = centers_.size();
    if (count < 3) {
        return false;
    }
    std::vector<double> missed(count, 0);
    for (std::size_t i = 0; i < points_.size(); ++i) {
        double second = std::numeric_limits<double>::infinity();
        for (std::size_t g = 0; g < count; ++g) {
            if (g != group_of_[i]) {
                second = std::min(second, distance(i, centers_[g]));
            }
        }
        missed[group_of_[i]] += points_[i].weight * (second - distance(i, centers_[group_of_[i]]));
    }
    work_ += points_.size() * count;
    const auto groups = members();
    std::vector<Division> divisions;
    for (const auto& group : groups) {
        divisions.push_back(division(group));
    }
    std::vector<std::size_t> removable(count);
    std::iota(removable.begin(), removable.end(), std::size_t{0});
    std::ranges::stable_sort(removable, {}, [&](std::size_t g) { return missed[g]; });
    std::vector<std::size_t> divisible(removable);
    std::ranges::stable_sort(divisible, std::greater<>(), [&](std::size_t g) { return divisions[g].saves; });
    constexpr std::size_t tries = 3;
    const auto kept = std::tuple(centers_, group_of_, cost_);
    for (std::size_t r = 0; r < std::min(tries, count); ++r) {
        for (std::size_t d = 0; d < std::min(tries, count); ++d) {
            const std::size_t from = removable[r];
            const std::size_t into = divisible[d];
            if (from == into || divisions[into].upper.empty() || divisions[into].saves <= missed[from] ||
                work_ > most_work) {
                continue;
            }
            std::vector<std::size_t> lower;
            std::vector<std::size_t> upper = divisions[into].upper;
            std::ranges::sort(upper);
            std::ranges::set_difference(groups[into], upper, std::back_inserter(lower));
            centers_[into] = best_place(lower);
            centers_[from] = best_place(upper);
            settle();
            if (cost_ < std::get<2>(kept) * (1 - 1e-9)) {
                return true;
            }
            std::tie(centers_, group_of_, cost_) = kept;
        }
    }
    return false;
}

PlaneGrouping PlaneGrouper::grouping() const {
    PlaneGrouping grouping{.place = {}, .groups = 0, .cost = cost_};
    for (const std::size_t group : group_of_) {
        grouping.place.push_back(centers_[group]);
    }
    std::vector<Place> used = grouping.place;
    std::ranges::sort(used);
    const auto rest = std::ranges::unique(used);
    grouping.groups = used.size() - rest.size();
    return grouping;
}

}  // namespace

PlaneGrouping group_plane(std::span<const PlanePoint> points, const PlanePlaces& places, std::size_t most) {
    return PlaneGrouper(points, places).run(most);
}

}  // namespace spikeloom::compiler
