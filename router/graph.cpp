#include "router/graph.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace spikeloom::router {
namespace {

enum GridPort : std::uint16_t { east = 0, west = 1, south = 2, north = 3, first_local = 4 };

}  // namespace

Result<Graph> Graph::build(const Mesh& mesh, const NetworkParameters& parameters) {
    Graph graph;
    graph.mesh_ = mesh;
    graph.parameters_ = parameters;
    graph.build_grid();
    graph.add_local_links();
    return graph;
}

void Graph::build_grid() {
    routers_ = static_cast<std::uint32_t>(mesh_.tiles());
    ports_ = first_local + static_cast<std::uint32_t>(mesh_.cores_per_tile);
    link_of_port_.assign(std::size_t{routers_} * ports_, no_link);
    const int columns = mesh_.board_columns();
    const int rows = mesh_.board_rows();
    for (std::uint32_t router = 0; router < routers_; ++router) {
        const int column = mesh_.tile_column(static_cast<int>(router));
        const int row = mesh_.tile_row(static_cast<int>(router));
        const auto join = [&](GridPort port, int to_column, int to_row) {
            if (to_column < 0 || to_column >= columns || to_row < 0 || to_row >= rows) {
                return;
            }
            const int to = mesh_.tile_at(to_column, to_row);
            const bool border = mesh_.chip_of_tile(static_cast<int>(router)) != mesh_.chip_of_tile(to);
            const bool flat = port == east || port == west;
            link_of_port_[std::size_t{router} * ports_ + port] = static_cast<std::uint32_t>(links_.size());
            links_.push_back({.from = router,
                              .to = static_cast<std::uint32_t>(to),
                              .from_port = port,
                              .to_port = port,
                              .kind = flat ? LinkKind::east_west : LinkKind::north_south,
                              .between_chips = border,
                              .timing = border ? parameters_.between_chips
                                        : flat ? parameters_.east_west
                                               : parameters_.north_south});
        };
        join(east, column + 1, row);
        join(west, column - 1, row);
        join(south, column, row + 1);
        join(north, column, row - 1);
    }
}

void Graph::add_local_links() {
    first_local_ = static_cast<std::uint32_t>(links_.size());
    const auto cores_per_tile = static_cast<std::uint32_t>(mesh_.cores_per_tile);
    for (std::uint32_t endpoint = 0; endpoint < endpoints(); ++endpoint) {
        const std::uint32_t router = router_of(endpoint);
        const auto port = static_cast<std::uint16_t>(ports_ - cores_per_tile + endpoint % cores_per_tile);
        links_.push_back({.from = endpoint,
                          .to = router,
                          .from_port = 0,
                          .to_port = port,
                          .kind = LinkKind::inject,
                          .between_chips = false,
                          .timing = parameters_.local});
        link_of_port_[std::size_t{router} * ports_ + port] = static_cast<std::uint32_t>(links_.size());
        links_.push_back({.from = router,
                          .to = endpoint,
                          .from_port = port,
                          .to_port = 0,
                          .kind = LinkKind::eject,
                          .between_chips = false,
                          .timing = parameters_.local});
    }
}

Hop Graph::next(std::uint32_t router, std::uint32_t endpoint, Hop /*came*/) const {
    const int here = static_cast<int>(router);
    const int there = mesh_.tile(static_cast<int>(endpoint));
    const int x = mesh_.tile_column(there) - mesh_.tile_column(here);
    const int y = mesh_.tile_row(there) - mesh_.tile_row(here);
    const auto along = [](int distance, GridPort positive, GridPort negative) {
        return Hop{.port = distance > 0 ? positive : negative, .channel_class = 0};
    };
    if (x == 0 && y == 0) {
        const auto cores_per_tile = static_cast<std::uint32_t>(mesh_.cores_per_tile);
        return {.port = static_cast<std::uint16_t>(first_local + endpoint % cores_per_tile), .channel_class = 0};
    }
    const bool horizontal = y == 0 || (x != 0 && parameters_.order == DimensionOrder::x_first);
    return horizontal ? along(x, east, west) : along(y, south, north);
}

void Graph::way(std::uint32_t from_endpoint, std::uint32_t to_endpoint, std::vector<std::uint32_t>& links) const {
    links.clear();
    std::uint32_t router = router_of(from_endpoint);
    Hop came{.port = links_[inject_link(from_endpoint)].to_port, .channel_class = 0};
    while (true) {
        const Hop hop = next(router, to_endpoint, came);
        const std::uint32_t out = link(router, hop.port);
        if (links_[out].kind == LinkKind::eject) {
            return;
        }
        links.push_back(out);
        router = links_[out].to;
        came = {.port = links_[out].to_port, .channel_class = hop.channel_class};
    }
}

Distance Graph::distance(std::uint32_t from_endpoint, std::uint32_t to_endpoint) const {
    return tree_distance(from_endpoint, std::span(&to_endpoint, 1));
}

Distance Graph::tree_distance(std::uint32_t from_endpoint, std::span<const std::uint32_t> to) const {
    std::vector<std::uint32_t> links;
    std::vector<std::uint32_t> all;
    for (const std::uint32_t endpoint : to) {
        way(from_endpoint, endpoint, links);
        all.insert(all.end(), links.begin(), links.end());
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    Distance distance;
    for (const std::uint32_t l : all) {
        const Link& link = links_[l];
        distance.east_west += link.kind == LinkKind::east_west ? 1 : 0;
        distance.north_south += link.kind == LinkKind::north_south ? 1 : 0;
        distance.vertical += link.kind == LinkKind::vertical ? 1 : 0;
        distance.between_chips += link.between_chips ? 1 : 0;
    }
    return distance;
}

std::string Graph::name(std::uint32_t index) const {
    const Link& link = links_[index];
    const auto tile = [&](std::uint32_t router) {
        return fmt::format("{},{}", mesh_.tile_column(static_cast<int>(router)),
                           mesh_.tile_row(static_cast<int>(router)));
    };
    switch (link.kind) {
    case LinkKind::inject:
        return fmt::format("core {} -> tile {}", link.from, tile(link.to));
    case LinkKind::eject:
        return fmt::format("tile {} -> core {}", tile(link.from), link.to);
    case LinkKind::east_west:
    case LinkKind::north_south:
    case LinkKind::vertical:
        break;
    }
    return fmt::format("tile {} -> {}", tile(link.from), tile(link.to));
}

}  // namespace spikeloom::router
