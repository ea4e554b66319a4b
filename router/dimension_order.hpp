// Distance on a mesh whose routers send a message along one dimension first, then along the other. Without
// congestion only the number of hops matters, and that is the same for either order.
#pragma once

#include <cstdint>

namespace spikeloom::router {

struct TilePosition {
    int column = 0;
    int row = 0;
    friend bool operator==(const TilePosition&, const TilePosition&) = default;
};

struct Hops {
    std::uint32_t east_west = 0;
    std::uint32_t north_south = 0;
    friend bool operator==(const Hops&, const Hops&) = default;
};

/// Tile-to-tile hops of a message; none within a tile.
[[nodiscard]] constexpr Hops dimension_order_hops(TilePosition from, TilePosition to) {
    const auto distance = [](int a, int b) { return static_cast<std::uint32_t>(a < b ? b - a : a - b); };
    return {distance(from.column, to.column), distance(from.row, to.row)};
}

}  // namespace spikeloom::router
