// How messages find their way: who is next to whom, where a message goes next, how far it is. Arithmetic over Mesh and
// NetworkParameters without a table of links (graph.hpp has that), so that counting hops needs next to no memory.
//
//   mesh    one dimension to its end, then the other.
//   torus   likewise, the shorter way round each ring. Half-way round: from an even column east, from an odd one west;
//           from an even row south, from an odd one north. A ring of one or two tiles is a line. With several chips,
//           the rings run through all of them.
//   tree    up to the lowest switch above both tiles, then down. Switches take `tree_arity` neighbours in order of
//           number, level by level: first within each chip, up to one root a chip, then over the chips' roots. What
//           leads up from a chip's root, and all above, is between chips.
//
// All ways are minimal, and what a way passes lies on its own way from the same source. So the ways from one source
// form a tree: that is what multicast copies along.
//
// No deadlock (Dally and Seitz 1987): the channels, a link and a class of virtual channels each, can be numbered so
// that every way ascends. Mesh: first dimension's links in their direction, then the second's. Torus: in class 0 a ring
// lacks the link that closes it, and is a line; that link is taken in class 1, which lasts for the rest of the ring's
// part of the way and is a line too: no way comes back to that link. Tree: links up by height, then down by depth.
// Multicast: a packet holds the buffer in front of its branches until the last of them has copied it. Branches ascend
// too, so the last channel drains, then the one before it. This needs a buffer that takes a whole packet: else two
// packets could each hold a branch that the other waits for (Lin and Ni 1991), which is why check_network refuses it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/base/diagnostics.hpp"
#include "router/mesh.hpp"
#include "router/parameters.hpp"

namespace spikeloom::router {

enum class LinkKind : std::uint8_t { east_west, north_south, vertical, inject, eject };

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

/// The other end of a router's output.
struct Neighbour {
    std::uint32_t router = 0;
    std::uint16_t port = 0;  ///< the input there
    LinkKind kind = LinkKind::east_west;
    bool between_chips = false;
    friend bool operator==(const Neighbour&, const Neighbour&) = default;
};

inline constexpr std::int64_t most_cores_on_board = std::int64_t{1} << 20;

/// What can't be built: sizes outside their ranges, links without latency, buffers for more flits than a machine
/// would hold, multicast packets that no buffer takes.
[[nodiscard]] Diagnostics check_network(const Mesh& mesh, const NetworkParameters& parameters);

class Ways {
public:
    /// Of a mesh and parameters without findings.
    Ways(const Mesh& mesh, const NetworkParameters& parameters);

    [[nodiscard]] std::uint32_t routers() const { return routers_; }
    /// Of every router: those to neighbours, then one a core. Some lead nowhere.
    [[nodiscard]] std::uint32_t ports() const { return ports_; }
    [[nodiscard]] std::uint32_t first_core_port() const { return first_core_port_; }

    [[nodiscard]] std::optional<Neighbour> neighbour(std::uint32_t router, std::uint32_t port) const;
    /// For a packet that came into port `came.port` over a link of class `came.channel_class`.
    [[nodiscard]] Hop next(std::uint32_t router, std::uint32_t endpoint, Hop came) const;
    [[nodiscard]] Distance distance(std::uint32_t from_endpoint, std::uint32_t to_endpoint) const;
    /// Links of the union of the ways, each counted once.
    [[nodiscard]] Distance tree_distance(std::uint32_t from_endpoint, std::span<const std::uint32_t> to) const;
    /// Tiles east (negative: west) and south (negative: north) of a mesh's or torus' way.
    struct Offset {
        int columns = 0;
        int rows = 0;
    };
    [[nodiscard]] Offset offset(std::uint32_t from_tile, std::uint32_t to_tile) const;

    struct TreePlace {
        std::uint32_t level = 0;  ///< 0: a tile
        std::uint32_t index = 0;  ///< within the level
    };
    /// Of a router in a tree.
    [[nodiscard]] TreePlace tree_place(std::uint32_t router) const;

private:
    struct Position {
        std::int32_t column = 0;
        std::int32_t row = 0;
    };
    /// Of a tree; level 0 are the tiles.
    struct Level {
        std::uint32_t first_router = 0;
        std::uint32_t count = 0;
        std::uint32_t group = 0;     ///< so many, a chip's or all, have their parents to themselves
        bool leaves_a_chip = false;  ///< the links up from here
    };

    void add_levels();
    [[nodiscard]] std::uint32_t parent(const Level& level, std::uint32_t index) const;
    [[nodiscard]] std::uint32_t child_number(const Level& level, std::uint32_t index) const;
    [[nodiscard]] std::optional<Neighbour> grid_neighbour(std::uint32_t router, std::uint32_t port) const;
    [[nodiscard]] std::optional<Neighbour> tree_neighbour(std::uint32_t router, std::uint32_t port) const;
    [[nodiscard]] std::uint32_t tree_port(std::uint32_t router, std::uint32_t tile) const;
    [[nodiscard]] Distance tree_way(std::uint32_t from_tile, std::uint32_t to_tile) const;

    Mesh mesh_;
    Topology topology_ = Topology::mesh;
    bool x_first_ = true;
    std::uint32_t arity_ = 0;
    std::uint32_t routers_ = 0;
    std::uint32_t ports_ = 0;
    std::uint32_t first_core_port_ = 0;
    std::vector<Position> position_;  ///< by tile
    std::vector<Level> levels_;
};

}  // namespace spikeloom::router
