// Routers, links and ways: what a Mesh and NetworkParameters amount to. A router is a tile's (numbered as Mesh
// numbers tiles) or, in a tree, a switch above them; an endpoint is a core. One plane; all planes are alike.
//
// Ports. Output p of a router leads to input p of its neighbour: 0 east, 1 west, 2 south, 3 north, then one a core.
// A tree's switch: 0 up, then one a child; its leaves: 0 up, then one a core.
//
// Deadlock. Mesh: dimension order never turns back, so channels can be ordered. Torus: a packet crosses to the second
// class of virtual channels with the link that closes the ring, which cuts each ring's cycle. Tree: all ways go up,
// then down. A chip's border changes a link's timing, never a way. (Dally and Seitz 1987; Dally and Towles 2004.)
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/diagnostics.hpp"
#include "router/mesh.hpp"
#include "router/parameters.hpp"

namespace spikeloom::router {

enum class LinkKind : std::uint8_t { east_west, north_south, vertical, inject, eject };

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

/// Where a packet goes next.
struct Hop {
    std::uint16_t port = 0;
    std::uint8_t channel_class = 0;  ///< of virtual channels on the link behind the port
    friend bool operator==(const Hop&, const Hop&) = default;
};

/// Links of a message from core to core, by kind. Within a tile: none.
struct Distance {
    std::uint32_t east_west = 0;
    std::uint32_t north_south = 0;
    std::uint32_t vertical = 0;
    std::uint32_t between_chips = 0;  ///< of those above, how many leave a chip
    [[nodiscard]] constexpr std::uint32_t hops() const { return east_west + north_south + vertical; }
    constexpr Distance& operator+=(const Distance& other) {
        east_west += other.east_west;
        north_south += other.north_south;
        vertical += other.vertical;
        between_chips += other.between_chips;
        return *this;
    }
    friend bool operator==(const Distance&, const Distance&) = default;
};

class Graph {
public:
    /// Refuses what can't be built: sizes below 1, links without latency, multicast packets that no buffer holds
    /// (two branches could wait for one another for ever).
    [[nodiscard]] static Result<Graph> build(const Mesh& mesh, const NetworkParameters& parameters);

    [[nodiscard]] const Mesh& mesh() const { return mesh_; }
    [[nodiscard]] const NetworkParameters& parameters() const { return parameters_; }
    [[nodiscard]] std::uint32_t routers() const { return routers_; }
    [[nodiscard]] std::uint32_t endpoints() const { return static_cast<std::uint32_t>(mesh_.cores()); }
    [[nodiscard]] std::uint32_t ports() const { return ports_; }  ///< of every router; some are not connected
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
    /// Of routers that belong to a tile: columns and rows of the whole board.
    [[nodiscard]] std::string name(std::uint32_t link) const;  ///< "tile 3,1 -> 4,1"

    /// The next hop from `router` to `endpoint`, for a packet that came over a link of `channel_class` into `port`.
    [[nodiscard]] Hop next(std::uint32_t router, std::uint32_t endpoint, Hop came) const;
    /// The way's links without inject and eject, in order.
    void way(std::uint32_t from_endpoint, std::uint32_t to_endpoint, std::vector<std::uint32_t>& links) const;
    [[nodiscard]] Distance distance(std::uint32_t from_endpoint, std::uint32_t to_endpoint) const;
    /// Links of the union of the ways (multicast), each counted once.
    [[nodiscard]] Distance tree_distance(std::uint32_t from_endpoint, std::span<const std::uint32_t> to) const;

private:
    Graph() = default;
    void build_grid();
    void build_tree();
    void add_local_links();

    Mesh mesh_;
    NetworkParameters parameters_;
    std::uint32_t routers_ = 0;
    std::uint32_t ports_ = 0;
    std::uint32_t first_local_ = 0;
    std::vector<Link> links_;
    std::vector<std::uint32_t> link_of_port_;   ///< by router and port
    std::vector<std::uint32_t> switch_parent_;  ///< of a tree
    std::vector<std::uint32_t> first_leaf_;     ///< of a tree: leaves under each router, [first, last)
    std::vector<std::uint32_t> last_leaf_;
};

}  // namespace spikeloom::router
