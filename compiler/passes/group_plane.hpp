// Weighted points of a plane, in groups that each share one of the places that a grid of registers has. No fast method
// is exact here. For a number of groups: split the costliest group where a line along an axis divides it best, then
// move points to the nearest place and places to the mean of their points, and move the least useful place to where it
// helps most, as long as the sum of squared distances falls. For a reach: strips along one axis, each covered as a
// line, the strips' borders by dynamic programming; along both axes, the fewer groups. All of it without chance.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "compiler/passes/group_line.hpp"

namespace spikeloom::compiler {

struct PlanePoint {
    std::array<double, 2> at{};
    double weight = 1;
};

struct PlaneGrouping {
    std::vector<std::array<std::size_t, 2>> place{};  ///< of each point: an index of each axis' places
    std::size_t groups = 0;
    double cost = 0;  ///< sum of weight * squared distance
};

/// Coordinates that a place may have, ascending, not empty.
using PlanePlaces = std::array<std::vector<double>, 2>;

/// At most `most` groups (at least 1) of at least one point.
[[nodiscard]] PlaneGrouping group_plane(std::span<const PlanePoint> points, const PlanePlaces& places,
                                        std::size_t most);

/// Few groups that move no point beyond its reach on either axis. Every point has a place within its reach.
[[nodiscard]] PlaneGrouping cover_plane(std::span<const PlanePoint> points, const PlanePlaces& places,
                                        const LineReach& reach);

}  // namespace spikeloom::compiler
