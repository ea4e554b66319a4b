// Synthetic traffic: who sends to whom, as BookSim 2 names and defines the patterns, and the workloads made of it. Node
// n stands at column t % columns, row t / columns of the board with t = n / cores_per_tile (row by row, unlike the
// numbering of Mesh), as core n % cores_per_tile of its tile. Patterns of tiles keep the core's place in the tile.
//
// Patterns of bits act on the number of the tile and want a power of two of them: bitcomp complements, bitrev reverses,
// shuffle rotates left by one. transpose swaps column and row of a square board. neighbor goes one tile on in both
// dimensions, tornado ceil(k / 2) - 1 tiles, both around the edge. (Dally and Towles 2004, section 3.2.)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/diagnostics.hpp"
#include "router/mesh.hpp"
#include "router/model.hpp"

namespace spikeloom::router {

enum class Pattern : std::uint8_t {
    uniform,  ///< any node, itself included
    transpose,
    bit_complement,
    bit_reverse,
    shuffle,
    neighbor,
    tornado,
    hotspot,  ///< any node, with weights
    all_to,   ///< one node
    listed,   ///< a user's packets
};
[[nodiscard]] std::string_view name_of(Pattern pattern);

struct HotNode {
    std::uint32_t node = 0;
    std::uint32_t weight = 1;
    friend bool operator==(const HotNode&, const HotNode&) = default;
};

struct ListedPacket {
    std::uint32_t source = 0;
    std::uint32_t destination = 0;
    Cycle cycle = 0;
    friend bool operator==(const ListedPacket&, const ListedPacket&) = default;
};

struct Traffic {
    Pattern pattern = Pattern::uniform;
    std::uint32_t target = 0;        ///< all_to
    std::vector<HotNode> hot;        ///< hotspot; every other node weighs 1
    std::vector<ListedPacket> list;  ///< listed, in the order of the file
    bool timed = false;              ///< listed: the packets have cycles
    friend bool operator==(const Traffic&, const Traffic&) = default;
};

/// "uniform", "transpose", ..., "allto:27", "hotspot:27=8,30=4" (the others weigh 1).
[[nodiscard]] Result<Traffic> parse_traffic(std::string_view text);
/// Lines "source,destination" or "source,destination,cycle" of node numbers, a header allowed, # begins a comment.
[[nodiscard]] Result<Traffic> parse_traffic_csv(std::string_view text, const std::string& origin);
[[nodiscard]] std::string to_text(const Traffic& traffic);
/// What keeps the traffic from this board: nodes beyond it, sides that the pattern can't use.
[[nodiscard]] Diagnostics check_traffic(const Traffic& traffic, const Mesh& mesh);

/// A node's endpoint, and the other way round.
[[nodiscard]] std::uint32_t endpoint_of_node(const Mesh& mesh, std::uint32_t node);
[[nodiscard]] std::uint32_t node_of_endpoint(const Mesh& mesh, std::uint32_t endpoint);

/// A traffic that check_traffic passed, on its board.
class TrafficSource {
public:
    TrafficSource(Traffic traffic, const Mesh& mesh, std::uint64_t seed);

    [[nodiscard]] const Traffic& traffic() const { return traffic_; }
    [[nodiscard]] const Mesh& mesh() const { return mesh_; }
    /// Whether the node ever sends.
    [[nodiscard]] bool sends(std::uint32_t node) const;
    /// Node that packet `packet` of `source` goes to: a pure function of both and the seed.
    [[nodiscard]] std::uint32_t destination(std::uint32_t source, std::uint64_t packet) const;

    /// Packet k of every node is made at cycle k, `packets` of each. A list: so many times over, or, timed, just as it
    /// stands.
    [[nodiscard]] Workload batch(std::uint32_t packets) const;
    /// In every cycle below `horizon` every node makes a packet with this probability, above 0.
    [[nodiscard]] Workload bernoulli(double probability, Cycle horizon) const;

private:
    [[nodiscard]] std::uint32_t permuted(std::uint32_t source) const;

    Traffic traffic_;
    Mesh mesh_;
    std::uint64_t seed_ = 0;
    std::vector<std::uint64_t> weight_before_;  ///< hotspot: sum of the weights up to a node, the node included
    std::vector<std::uint64_t> first_;          ///< listed: of_source_[first_[n] .. first_[n + 1]) are node n's
    std::vector<ListedPacket> of_source_;
};

}  // namespace spikeloom::router
