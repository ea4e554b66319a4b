// Routers and links: what a Mesh and NetworkParameters amount to. A router is a tile's (numbered as Mesh numbers tiles)
// or, in a tree, a switch above them; an endpoint is a core. One plane; all planes are alike.
//
// Ports. 0 faces east, 1 west, 2 south, 3 north, then one a core; output and input of a side have one number. The order
// is BookSim's: round-robin arbiters go by it.
// A tree's switch: 0 up, then one a child; its leaves: 0 up, then one a core.
//
// How messages find their way, and why they never block one another for ever: ways.hpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/diagnostics.hpp"
#include "router/mesh.hpp"
#include "router/parameters.hpp"
#include "router/ways.hpp"

namespace spikeloom::router {

inline constexpr std::uint32_t no_link = 0xFFFFFFFF;

/// One direction of a wire. Links between routers come first, ascending by router and port; then one to inject and one
/// to eject for every endpoint.
struct Link {
    std::uint32_t from = 0;  ///< router (inject: endpoint)
    std::uint32_t to = 0;    ///< router (eject: endpoint)
    std::uint16_t from_port = 0;
    std::uint16_t to_port = 0;
    LinkKind kind = LinkKind::east_west;
    bool between_chips = false;
    LinkTiming timing;
    friend bool operator==(const Link&, const Link&) = default;
};

class Graph {
public:
    /// Errors: those of check_network.
    [[nodiscard]] static Result<Graph> build(const Mesh& mesh, const NetworkParameters& parameters);

    [[nodiscard]] const Mesh& mesh() const { return mesh_; }
    [[nodiscard]] const NetworkParameters& parameters() const { return parameters_; }
    [[nodiscard]] std::uint32_t routers() const { return routers_; }
    [[nodiscard]] std::uint32_t endpoints() const { return static_cast<std::uint32_t>(mesh_.cores()); }
    [[nodiscard]] std::uint32_t ports() const { return ports_; }  ///< of every router; some are not connected
    /// Whether a router is a tile's, and no switch above them.
    [[nodiscard]] bool is_tile(std::uint32_t router) const {
        return router < static_cast<std::uint32_t>(mesh_.tiles());
    }
    [[nodiscard]] std::uint32_t channel_classes() const { return parameters_.topology == Topology::torus ? 2 : 1; }
    [[nodiscard]] std::span<const Link> links() const { return links_; }
    /// The link behind a router's output, or no_link.
    [[nodiscard]] std::uint32_t link(std::uint32_t router, std::uint32_t port) const {
        return link_of_port_[std::size_t{router} * ports_ + port];
    }
    [[nodiscard]] std::uint32_t inject_link(std::uint32_t endpoint) const { return first_local_ + 2 * endpoint; }
    [[nodiscard]] std::uint32_t eject_link(std::uint32_t endpoint) const { return first_local_ + 2 * endpoint + 1; }
    [[nodiscard]] std::uint32_t router_of(std::uint32_t endpoint) const {
        return static_cast<std::uint32_t>(mesh_.tile(static_cast<int>(endpoint)));
    }
    /// "tile 3,1 -> 4,1", columns and rows of the whole board; "tile 3,1 -> switch 1.0", the first of level 1 of a
    /// tree; "core 17 -> tile 0,1".
    [[nodiscard]] std::string name(std::uint32_t link) const;

    /// The next hop from `router` to `endpoint`, for a packet that came over a link of `channel_class` into `port`.
    [[nodiscard]] Hop next(std::uint32_t router, std::uint32_t endpoint, Hop came) const {
        return ways_.next(router, endpoint, came);
    }
    /// The way's links without inject and eject, in order.
    void way(std::uint32_t from_endpoint, std::uint32_t to_endpoint, std::vector<std::uint32_t>& links) const;
    [[nodiscard]] Distance distance(std::uint32_t from_endpoint, std::uint32_t to_endpoint) const {
        return ways_.distance(from_endpoint, to_endpoint);
    }
    /// Links of the union of the ways (multicast), each counted once.
    [[nodiscard]] Distance tree_distance(std::uint32_t from_endpoint, std::span<const std::uint32_t> to) const {
        return ways_.tree_distance(from_endpoint, to);
    }

private:
    Graph(const Mesh& mesh, const NetworkParameters& parameters);
    void add_links_between_routers();
    void add_local_links();

    Mesh mesh_;
    NetworkParameters parameters_;
    Ways ways_;
    std::uint32_t routers_ = 0;
    std::uint32_t ports_ = 0;
    std::uint32_t first_local_ = 0;
    std::vector<Link> links_;
    std::vector<std::uint32_t> link_of_port_;  ///< by router and port
};

}  // namespace spikeloom::router
