#include "router/ways.hpp"

#include <algorithm>
#include <cstdlib>

namespace spikeloom::router {
namespace {

enum GridPort : std::uint16_t { east = 0, west = 1, south = 2, north = 3, grid_ports = 4 };
/// Where what leaves by a port comes in.
constexpr std::uint32_t opposite(std::uint32_t port) {
    return port ^ 1U;
}
constexpr std::uint32_t up = 0;  // of a tree; children, or cores, follow

constexpr std::uint32_t ceiling_of(std::uint32_t a, std::uint32_t b) {
    return (a + b - 1) / b;
}

/// Steps from one place to another in a line, or the shorter way round a ring.
int shift(int from, int to, int size, bool ring) {
    const int direct = to - from;
    if (!ring || size < 3 || 2 * std::abs(direct) < size) {
        return direct;
    }
    if (2 * std::abs(direct) == size) {
        return from % 2 == 0 ? size / 2 : -size / 2;
    }
    return direct > 0 ? direct - size : direct + size;
}

/// Borders between chips that `steps` steps from a place cross; the place may lie beyond the end of a ring.
std::uint32_t borders(int from, int steps, int chip_size, int chips) {
    if (chips == 1) {
        return 0;
    }
    const int board = chip_size * chips;
    return static_cast<std::uint32_t>(std::abs((from + steps + board) / chip_size - (from + board) / chip_size));
}

}  // namespace

Ways::Ways(const Mesh& mesh, const NetworkParameters& parameters)
    : mesh_(mesh),
      topology_(parameters.topology),
      x_first_(parameters.order == DimensionOrder::x_first),
      arity_(static_cast<std::uint32_t>(parameters.tree_arity)) {
    const auto cores_per_tile = static_cast<std::uint32_t>(mesh.cores_per_tile);
    if (topology_ == Topology::tree) {
        add_levels();
        routers_ = levels_.back().first_router + levels_.back().count;
        first_core_port_ = up + 1;
        ports_ = first_core_port_ + std::max(arity_, cores_per_tile);
        return;
    }
    routers_ = static_cast<std::uint32_t>(mesh.tiles());
    first_core_port_ = grid_ports;
    ports_ = first_core_port_ + cores_per_tile;
    position_.reserve(routers_);
    for (int tile = 0; tile < mesh.tiles(); ++tile) {
        position_.push_back({.column = mesh.tile_column(tile), .row = mesh.tile_row(tile)});
    }
}

std::optional<Neighbour> Ways::neighbour(std::uint32_t router, std::uint32_t port) const {
    return topology_ == Topology::tree ? tree_neighbour(router, port) : grid_neighbour(router, port);
}

Hop Ways::next(std::uint32_t router, std::uint32_t endpoint, Hop came) const {
    const auto cores_per_tile = static_cast<std::uint32_t>(mesh_.cores_per_tile);
    const std::uint32_t tile = endpoint / cores_per_tile;
    if (tile == router) {
        return {.port = static_cast<std::uint16_t>(first_core_port_ + endpoint % cores_per_tile), .channel_class = 0};
    }
    if (topology_ == Topology::tree) {
        return {.port = static_cast<std::uint16_t>(tree_port(router, tile)), .channel_class = 0};
    }
    const Offset rest = offset(router, tile);
    const bool horizontal = rest.rows == 0 || (rest.columns != 0 && x_first_);
    const GridPort port = horizontal ? (rest.columns > 0 ? east : west) : (rest.rows > 0 ? south : north);
    if (topology_ == Topology::mesh) {
        return {.port = port, .channel_class = 0};
    }
    const Position here = position_[router];
    const bool closes = (port == east && here.column == mesh_.board_columns() - 1) ||
                        (port == west && here.column == 0) || (port == south && here.row == mesh_.board_rows() - 1) ||
                        (port == north && here.row == 0);
    const bool closed = came.port == opposite(port) && came.channel_class == 1;
    return {.port = port, .channel_class = static_cast<std::uint8_t>(closes || closed ? 1 : 0)};
}

Ways::Offset Ways::offset(std::uint32_t from_tile, std::uint32_t to_tile) const {
    const Position from = position_[from_tile];
    const Position to = position_[to_tile];
    const bool ring = topology_ == Topology::torus;
    return {.columns = shift(from.column, to.column, mesh_.board_columns(), ring),
            .rows = shift(from.row, to.row, mesh_.board_rows(), ring)};
}

Distance Ways::distance(std::uint32_t from_endpoint, std::uint32_t to_endpoint) const {
    const auto cores_per_tile = static_cast<std::uint32_t>(mesh_.cores_per_tile);
    const std::uint32_t from = from_endpoint / cores_per_tile;
    const std::uint32_t to = to_endpoint / cores_per_tile;
    if (topology_ == Topology::tree) {
        return tree_way(from, to);
    }
    const Offset way = offset(from, to);
    return {.east_west = static_cast<std::uint32_t>(std::abs(way.columns)),
            .north_south = static_cast<std::uint32_t>(std::abs(way.rows)),
            .vertical = 0,
            .between_chips = borders(position_[from].column, way.columns, mesh_.columns, mesh_.chip_columns) +
                             borders(position_[from].row, way.rows, mesh_.rows, mesh_.chip_rows)};
}

Distance Ways::tree_distance(std::uint32_t from_endpoint, std::span<const std::uint32_t> to) const {
    if (to.size() == 1) {
        return distance(from_endpoint, to.front());
    }
    std::vector<std::uint64_t> outputs;  // router and port of each link on some way
    const auto cores_per_tile = static_cast<std::uint32_t>(mesh_.cores_per_tile);
    for (const std::uint32_t endpoint : to) {
        std::uint32_t router = from_endpoint / cores_per_tile;
        while (router != endpoint / cores_per_tile) {
            const std::uint32_t port = next(router, endpoint, {}).port;
            outputs.push_back(std::uint64_t{router} * ports_ + port);
            router = neighbour(router, port)->router;
        }
    }
    std::sort(outputs.begin(), outputs.end());
    outputs.erase(std::unique(outputs.begin(), outputs.end()), outputs.end());
    Distance sum;
    for (const std::uint64_t output : outputs) {
        const Neighbour link =
            *neighbour(static_cast<std::uint32_t>(output / ports_), static_cast<std::uint32_t>(output % ports_));
        sum.east_west += link.kind == LinkKind::east_west ? 1 : 0;
        sum.north_south += link.kind == LinkKind::north_south ? 1 : 0;
        sum.vertical += link.kind == LinkKind::vertical ? 1 : 0;
        sum.between_chips += link.between_chips ? 1 : 0;
    }
    return sum;
}

// ---- mesh and torus ----

std::optional<Neighbour> Ways::grid_neighbour(std::uint32_t router, std::uint32_t port) const {
    if (port >= grid_ports) {
        return std::nullopt;
    }
    const bool flat = port == east || port == west;
    const int step = port == east || port == south ? 1 : -1;
    const int size = flat ? mesh_.board_columns() : mesh_.board_rows();
    const Position here = position_[router];
    int place = (flat ? here.column : here.row) + step;
    if (place < 0 || place >= size) {
        if (topology_ != Topology::torus || size < 3) {
            return std::nullopt;
        }
        place = (place + size) % size;
    }
    const int there = flat ? mesh_.tile_at(place, here.row) : mesh_.tile_at(here.column, place);
    return Neighbour{.router = static_cast<std::uint32_t>(there),
                     .port = static_cast<std::uint16_t>(opposite(port)),
                     .kind = flat ? LinkKind::east_west : LinkKind::north_south,
                     .between_chips = mesh_.chip_of_tile(static_cast<int>(router)) != mesh_.chip_of_tile(there)};
}

// ---- tree ----

void Ways::add_levels() {
    const auto chips = static_cast<std::uint32_t>(mesh_.chips());
    std::uint32_t first = 0;
    const auto add = [&](std::uint32_t count, std::uint32_t group, bool leaves_a_chip) {
        levels_.push_back({.first_router = first, .count = count, .group = group, .leaves_a_chip = leaves_a_chip});
        first += count;
    };
    auto of_chip = static_cast<std::uint32_t>(mesh_.tiles_per_chip());
    for (; of_chip > 1; of_chip = ceiling_of(of_chip, arity_)) {
        add(of_chip * chips, of_chip, false);
    }
    for (std::uint32_t count = chips; count > 1; count = ceiling_of(count, arity_)) {
        add(count, count, true);
    }
    add(1, 1, false);
}

std::uint32_t Ways::parent(const Level& level, std::uint32_t index) const {
    return index / level.group * ceiling_of(level.group, arity_) + index % level.group / arity_;
}

std::uint32_t Ways::child_number(const Level& level, std::uint32_t index) const {
    return index % level.group % arity_;
}

Ways::TreePlace Ways::tree_place(std::uint32_t router) const {
    std::uint32_t level = 0;
    while (router - levels_[level].first_router >= levels_[level].count) {
        ++level;
    }
    return {.level = level, .index = router - levels_[level].first_router};
}

std::optional<Neighbour> Ways::tree_neighbour(std::uint32_t router, std::uint32_t port) const {
    const auto [level, index] = tree_place(router);
    const Level& here = levels_[level];
    if (port == up) {
        if (level + 1 == levels_.size()) {
            return std::nullopt;
        }
        return Neighbour{.router = levels_[level + 1].first_router + parent(here, index),
                         .port = static_cast<std::uint16_t>(up + 1 + child_number(here, index)),
                         .kind = LinkKind::vertical,
                         .between_chips = here.leaves_a_chip};
    }
    if (level == 0 || port > arity_) {
        return std::nullopt;
    }
    const Level& below = levels_[level - 1];
    const std::uint32_t parents = ceiling_of(below.group, arity_);
    const std::uint32_t child = index % parents * arity_ + (port - up - 1);
    if (child >= below.group) {
        return std::nullopt;
    }
    return Neighbour{.router = below.first_router + index / parents * below.group + child,
                     .port = up,
                     .kind = LinkKind::vertical,
                     .between_chips = below.leaves_a_chip};
}

std::uint32_t Ways::tree_port(std::uint32_t router, std::uint32_t tile) const {
    const auto [level, index] = tree_place(router);
    std::uint32_t ancestor = tile;
    std::uint32_t port = up;
    for (std::uint32_t l = 0; l < level; ++l) {
        port = up + 1 + child_number(levels_[l], ancestor);
        ancestor = parent(levels_[l], ancestor);
    }
    return ancestor == index ? port : up;
}

Distance Ways::tree_way(std::uint32_t from_tile, std::uint32_t to_tile) const {
    Distance way;
    for (std::uint32_t level = 0; from_tile != to_tile; ++level) {
        way.vertical += 2;
        way.between_chips += levels_[level].leaves_a_chip ? 2 : 0;
        from_tile = parent(levels_[level], from_tile);
        to_tile = parent(levels_[level], to_tile);
    }
    return way;
}

}  // namespace spikeloom::router
