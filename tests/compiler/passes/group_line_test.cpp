#include "compiler/passes/group_line.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "compiler/passes/group_plane.hpp"
#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

double square(double x) {
    return x * x;
}

/// Random points and places on 0 .. 1, ascending, every point within 0.06 of a place.
struct LineCase {
    std::vector<LinePoint> points;
    std::vector<double> places;
};

LineCase line_case(std::uint64_t seed, std::size_t points) {
    test::Draws draws(seed);
    LineCase made;
    for (std::size_t i = 0; i < points; ++i) {
        made.points.push_back({.at = draws.uniform(0, 1), .weight = static_cast<double>(draws.integer(1, 9))});
    }
    std::ranges::sort(made.points, {}, &LinePoint::at);
    for (double at = 0; at < 1.05; at += draws.uniform(0.01, 0.1)) {
        made.places.push_back(at);
    }
    return made;
}

/// Tries every division into stretches, by the bits of a number, each at each place.
struct BruteForce {
    std::size_t groups = 0;
    double cost = 0;
};

template <class Allowed>
std::vector<BruteForce> all_groupings(const LineCase& made, const Allowed& allowed) {
    const std::size_t count = made.points.size();
    std::vector<BruteForce> all;
    for (std::size_t cuts = 0; cuts < (std::size_t{1} << (count - 1)); ++cuts) {
        BruteForce one{.groups = 1};
        std::size_t begin = 0;
        for (std::size_t end = 1; end <= count; ++end) {
            const bool last = end == count;
            if (!last && ((cuts >> (end - 1)) & 1U) == 0) {
                continue;
            }
            double least = std::numeric_limits<double>::infinity();
            for (const double place : made.places) {
                double here = 0;
                for (std::size_t i = begin; i < end; ++i) {
                    here += allowed(made.points[i].at, place)
                                ? made.points[i].weight * square(made.points[i].at - place)
                                : std::numeric_limits<double>::infinity();
                }
                least = std::min(least, here);
            }
            one.cost += least;
            one.groups += last ? 0 : 1;
            begin = end;
        }
        all.push_back(one);
    }
    return all;
}

double cost_of(const LineCase& made, const LineGrouping& grouping) {
    double cost = 0;
    for (std::size_t i = 0; i < made.points.size(); ++i) {
        cost += made.points[i].weight * square(made.points[i].at - made.places[grouping.place[i]]);
    }
    return cost;
}

TEST_CASE("groups of points on a line are the best of all divisions") {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        const LineCase made = line_case(seed, 2 + seed % 8);
        const auto all = all_groupings(made, [](double, double) { return true; });
        for (std::size_t most = 1; most <= made.points.size(); ++most) {
            double least = std::numeric_limits<double>::infinity();
            for (const BruteForce& one : all) {
                least = one.groups <= most ? std::min(least, one.cost) : least;
            }
            const LineGrouping grouping = group_line(made.points, made.places, most);
            CAPTURE(seed);
            CAPTURE(most);
            CHECK(cost_of(made, grouping) == doctest::Approx(least).epsilon(1e-9));
            CHECK(grouping.cost == doctest::Approx(least).epsilon(1e-9));
            CHECK(std::set(grouping.place.begin(), grouping.place.end()).size() <= most);
        }
    }
}

TEST_CASE("a line is covered by the fewest groups within reach, at the least cost") {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        const LineCase made = line_case(seed, 2 + seed % 8);
        const LineReach reach{.down = 0.07 + 0.01 * static_cast<double>(seed % 5), .up = 0.1};
        const auto within = [&](double at, double place) { return place - at <= reach.up && at - place <= reach.down; };
        BruteForce best{.groups = made.points.size() + 1};
        for (const BruteForce& one : all_groupings(made, within)) {
            if (std::isfinite(one.cost) && std::pair(one.groups, one.cost) < std::pair(best.groups, best.cost)) {
                best = one;
            }
        }
        const LineGrouping grouping = cover_line(made.points, made.places, reach);
        CAPTURE(seed);
        CHECK(grouping.groups == best.groups);
        CHECK(cost_of(made, grouping) == doctest::Approx(best.cost).epsilon(1e-9));
        for (std::size_t i = 0; i < made.points.size(); ++i) {
            CHECK(within(made.points[i].at, made.places[grouping.place[i]]));
        }
    }
}

/// Points of a plane around `centers` centers, their places on a fine grid.
struct PlaneCase {
    std::vector<PlanePoint> points;
    PlanePlaces places;
};

PlaneCase plane_case(std::uint64_t seed, std::size_t points, std::size_t centers, double spread) {
    test::Draws draws(seed);
    PlaneCase made;
    for (std::size_t i = 0; i < points; ++i) {
        const std::size_t center = i % centers;
        made.points.push_back({.at = {static_cast<double>(center % 3) + draws.uniform(-spread, spread),
                                      static_cast<double>(center / 3) + draws.uniform(-spread, spread)},
                               .weight = static_cast<double>(draws.integer(1, 5))});
    }
    for (double at = -1; at < 3; at += 0.02) {
        made.places[0].push_back(at);
        made.places[1].push_back(at);
    }
    return made;
}

double distance(const PlaneCase& made, const PlaneGrouping& grouping, std::size_t i) {
    return square(made.points[i].at[0] - made.places[0][grouping.place[i][0]]) +
           square(made.points[i].at[1] - made.places[1][grouping.place[i][1]]);
}

/// The least cost of `most` groups of points whose places are their means, by trying all assignments.
double least_cost(const PlaneCase& made, std::size_t most) {
    const std::size_t count = made.points.size();
    std::vector<std::size_t> group(count, 0);
    double least = std::numeric_limits<double>::infinity();
    const auto next = [&] {
        for (std::size_t i = count; i-- > 0;) {
            const std::size_t used =
                i == 0 ? 0 : *std::max_element(group.begin(), group.begin() + static_cast<int>(i)) + 1;
            if (group[i] < std::min(used, most - 1)) {
                ++group[i];
                std::fill(group.begin() + static_cast<int>(i) + 1, group.end(), 0);
                return true;
            }
        }
        return false;
    };
    do {
        double cost = 0;
        for (std::size_t g = 0; g < most; ++g) {
            double weight = 0;
            double x = 0;
            double y = 0;
            for (std::size_t i = 0; i < count; ++i) {
                if (group[i] == g) {
                    weight += made.points[i].weight;
                    x += made.points[i].weight * made.points[i].at[0];
                    y += made.points[i].weight * made.points[i].at[1];
                }
            }
            for (std::size_t i = 0; i < count; ++i) {
                if (group[i] == g) {
                    cost += made.points[i].weight *
                            (square(made.points[i].at[0] - x / weight) + square(made.points[i].at[1] - y / weight));
                }
            }
        }
        least = std::min(least, cost);
    } while (next());
    return least;
}

TEST_CASE("groups of points of a plane are near the best of all assignments") {
    std::size_t best = 0;
    std::size_t cases = 0;
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
        const PlaneCase made = plane_case(seed, 9, 9, 0.9);
        for (const std::size_t most : {2U, 3U, 4U}) {
            const PlaneGrouping grouping = group_plane(made.points, made.places, most);
            double cost = 0;
            for (std::size_t i = 0; i < made.points.size(); ++i) {
                cost += made.points[i].weight * distance(made, grouping, i);
            }
            CAPTURE(seed);
            CAPTURE(most);
            CHECK(cost == doctest::Approx(grouping.cost).epsilon(1e-9));
            CHECK(grouping.groups <= most);
            const double least = least_cost(made, most);
            CHECK(cost <= 1.25 * least);
            best += cost <= 1.01 * least ? 1U : 0U;  // places lie on a grid, means do not
            ++cases;
        }
    }
    MESSAGE(best << " of " << cases << " are the best there are");
    CHECK(best * 10 >= cases * 8);
}

TEST_CASE("clusters of a plane that lie apart are found") {
    const PlaneCase made = plane_case(7, 400, 9, 0.12);
    const PlaneGrouping grouping = group_plane(made.points, made.places, 9);
    CHECK(grouping.groups == 9);
    for (std::size_t i = 0; i < made.points.size(); ++i) {
        CHECK(distance(made, grouping, i) < square(0.2));
        CHECK(grouping.place[i] == grouping.place[i % 9]);
    }
    CHECK(group_plane(made.points, made.places, 9).place == grouping.place);
    CHECK(group_plane(made.points, made.places, 1).groups == 1);
}

TEST_CASE("a plane is covered within reach, by one group for each cluster that one place suits") {
    const LineReach reach{.down = 0.15, .up = 0.15};
    const PlaneCase apart = plane_case(3, 300, 9, 0.12);
    CHECK(cover_plane(apart.points, apart.places, reach).groups == 9);
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
        const PlaneCase made = plane_case(seed, 200, 9, 0.6);
        const PlaneGrouping grouping = cover_plane(made.points, made.places, reach);
        std::set<std::array<std::size_t, 2>> used(grouping.place.begin(), grouping.place.end());
        CHECK(used.size() <= grouping.groups);
        double cost = 0;
        for (std::size_t i = 0; i < made.points.size(); ++i) {
            for (const std::size_t axis : {0U, 1U}) {
                CHECK(std::abs(made.points[i].at[axis] - made.places[axis][grouping.place[i][axis]]) <= 0.15 + 1e-9);
            }
            cost += made.points[i].weight * distance(made, grouping, i);
        }
        CHECK(cost == doctest::Approx(grouping.cost));
        // No two points farther apart than 0.3 on an axis share a place, so a set of such points is a lower bound.
        std::vector<std::size_t> apart_points;
        for (std::size_t i = 0; i < made.points.size(); ++i) {
            if (std::ranges::all_of(apart_points, [&](std::size_t k) {
                    return std::abs(made.points[i].at[0] - made.points[k].at[0]) > 0.3 ||
                           std::abs(made.points[i].at[1] - made.points[k].at[1]) > 0.3;
                })) {
                apart_points.push_back(i);
            }
        }
        MESSAGE(grouping.groups << " groups, at least " << apart_points.size());
        CHECK(grouping.groups >= apart_points.size());
        CHECK(grouping.groups <= 2 * apart_points.size());
    }
}

}  // namespace
}  // namespace spikeloom::compiler
