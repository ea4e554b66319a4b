#include "router/graph.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace spikeloom::router {

Result<Graph> Graph::build(const Mesh& mesh, const NetworkParameters& parameters) {
    if (Diagnostics findings = check_network(mesh, parameters); has_error(findings)) {
        return fail(std::move(findings));
    }
    return Graph(mesh, parameters);
}

Graph::Graph(const Mesh& mesh, const NetworkParameters& parameters)
    : mesh_(mesh),
      parameters_(parameters),
      ways_(mesh, parameters),
      routers_(ways_.routers()),
      ports_(ways_.ports()),
      link_of_port_(std::size_t{routers_} * ports_, no_link) {
    add_links_between_routers();
    add_local_links();
}

void Graph::add_links_between_routers() {
    const auto timing_of = [&](const Neighbour& neighbour) {
        if (neighbour.between_chips) {
            return parameters_.between_chips;
        }
        switch (neighbour.kind) {
        case LinkKind::east_west:
            return parameters_.east_west;
        case LinkKind::north_south:
            return parameters_.north_south;
        case LinkKind::vertical:
            return parameters_.vertical;
        case LinkKind::inject:
        case LinkKind::eject:
            break;
        }
        return parameters_.local;
    };
    for (std::uint32_t router = 0; router < routers_; ++router) {
        for (std::uint32_t port = 0; port < ports_; ++port) {
            const std::optional<Neighbour> neighbour = ways_.neighbour(router, port);
            if (!neighbour) {
                continue;
            }
            link_of_port_[std::size_t{router} * ports_ + port] = static_cast<std::uint32_t>(links_.size());
            links_.push_back({.from = router,
                              .to = neighbour->router,
                              .from_port = static_cast<std::uint16_t>(port),
                              .to_port = neighbour->port,
                              .kind = neighbour->kind,
                              .between_chips = neighbour->between_chips,
                              .timing = timing_of(*neighbour)});
        }
    }
}

void Graph::add_local_links() {
    first_local_ = static_cast<std::uint32_t>(links_.size());
    const auto cores_per_tile = static_cast<std::uint32_t>(mesh_.cores_per_tile);
    for (std::uint32_t endpoint = 0; endpoint < endpoints(); ++endpoint) {
        const std::uint32_t router = router_of(endpoint);
        const auto port = static_cast<std::uint16_t>(ways_.first_core_port() + endpoint % cores_per_tile);
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

std::string Graph::name(std::uint32_t index) const {
    const Link& link = links_[index];
    const auto position = [&](std::uint32_t router) {
        return fmt::format("{},{}", mesh_.tile_column(static_cast<int>(router)),
                           mesh_.tile_row(static_cast<int>(router)));
    };
    const auto place = [&](std::uint32_t router) {
        if (is_tile(router)) {
            return "tile " + position(router);
        }
        const Ways::TreePlace at = ways_.tree_place(router);
        return fmt::format("switch {}.{}", at.level, at.index);
    };
    switch (link.kind) {
    case LinkKind::inject:
        return fmt::format("core {} -> {}", link.from, place(link.to));
    case LinkKind::eject:
        return fmt::format("{} -> core {}", place(link.from), link.to);
    case LinkKind::vertical:
        return fmt::format("{} -> {}", place(link.from), place(link.to));
    case LinkKind::east_west:
    case LinkKind::north_south:
        break;
    }
    return fmt::format("{} -> {}", place(link.from), position(link.to));
}

}  // namespace spikeloom::router
