// Weighted points on a line, in groups that each share one of a list of places (registers hold no other values).
// Groups of points in the order of the line are enough: each point goes to the nearest place. So dynamic programming
// finds the least sum of squared distances for a number of groups, and stabbing intervals from one end finds the
// fewest groups that move no point too far.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace spikeloom::compiler {

struct LinePoint {
    double at = 0;
    double weight = 1;
};

/// How far a point may be moved.
struct LineReach {
    double down = std::numeric_limits<double>::infinity();
    double up = std::numeric_limits<double>::infinity();
};

struct LineGrouping {
    std::vector<std::size_t> place;  ///< of each point: an index of the places
    std::size_t groups = 0;
    double cost = 0;  ///< sum of weight * squared distance
};

/// At most `most` groups, of the least cost. `points` and `places` ascend, neither is empty; `most` is at least 1. Time
/// O(most * points * log(points)).
[[nodiscard]] LineGrouping group_line(std::span<const LinePoint> points, std::span<const double> places,
                                      std::size_t most);

/// The fewest groups that move no point beyond its reach; among those the least cost. Every point has a place within
/// its reach.
[[nodiscard]] LineGrouping cover_line(std::span<const LinePoint> points, std::span<const double> places,
                                      const LineReach& reach);

}  // namespace spikeloom::compiler
