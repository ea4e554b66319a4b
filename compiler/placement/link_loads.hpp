// How many messages each link of the network carries, if every neuron spikes once and each message goes by itself along
// its way (router/ways.hpp; straight over columns and rows on a mesh and a torus, up and down in a tree). The largest
// load is the congestion that placement makes small last, after the hops.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compiler/placement/core_flows.hpp"
#include "router/mesh.hpp"
#include "router/parameters.hpp"
#include "router/ways.hpp"

namespace spikeloom::compiler {

class LinkLoads {
public:
    LinkLoads(const router::Mesh& mesh, const router::NetworkParameters& network);

    /// Messages along the way between two physical cores; negative ones take away.
    void add(std::uint32_t from, std::uint32_t to, std::int64_t messages);
    [[nodiscard]] std::int64_t load(std::uint32_t router, std::uint32_t port) const {
        return loads_[std::size_t{router} * ports_ + port];
    }
    [[nodiscard]] std::int64_t largest() const;
    [[nodiscard]] std::int64_t total() const;
    /// The sum of the squares: smaller where the load is spread more evenly.
    [[nodiscard]] double unevenness() const;
    /// Directed links that join two routers.
    [[nodiscard]] std::uint64_t links() const { return links_; }

private:
    enum Port : std::uint32_t { east = 0, west = 1, south = 2, north = 3, up = 0 };  ///< as router/ways.hpp has them

    void add_in_tree(std::uint32_t from_tile, std::uint32_t to_tile, std::int64_t messages);

    router::Ways ways_;
    bool tree_;
    bool x_first_;
    int columns_;
    int rows_;
    std::uint32_t cores_per_tile_;
    std::uint32_t ports_;
    std::uint64_t links_ = 0;
    std::vector<std::uint32_t> tile_at_;  ///< by column and row
    std::vector<int> column_of_;          ///< by tile
    std::vector<int> row_of_;
    std::vector<std::int64_t> loads_;  ///< [router][port to a neighbour]
};

/// Of all flows, by their messages.
[[nodiscard]] LinkLoads link_loads(const CoreFlows& flows, std::span<const std::uint32_t> place,
                                   const router::Mesh& mesh, const router::NetworkParameters& network);

}  // namespace spikeloom::compiler
