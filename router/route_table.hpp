// Graph::next as a table where the graph is small enough, so that the fast models pay one load a hop.
#pragma once

#include <cstdint>
#include <vector>

#include "router/graph.hpp"

namespace spikeloom::router {

class RouteTable {
public:
    /// A link, and the class of virtual channels to use on it.
    struct Step {
        std::uint32_t link = no_link;
        std::uint32_t channel_class = 0;
    };

    explicit RouteTable(const Graph& graph);
    /// Whether there is a table for the graph: the classes of virtual channels don't matter, and it is not too large.
    [[nodiscard]] static bool fits(const Graph& graph);
    /// The links by which packets leave a router, by endpoint. Only with a table.
    [[nodiscard]] const std::uint32_t* row(std::uint32_t router) const {
        return table_.data() + std::size_t{router} * endpoints_;
    }

    /// The link by which a packet for `endpoint` leaves `router`, having come over `in` (a link) in `in_class`.
    [[nodiscard]] Step next(std::uint32_t router, std::uint32_t endpoint, std::uint32_t in,
                            std::uint32_t in_class) const {
        if (table_.empty()) {
            return ask_graph(router, endpoint, in, in_class);
        }
        return {table_[std::size_t{router} * endpoints_ + endpoint], 0};
    }

private:
    [[nodiscard]] Step ask_graph(std::uint32_t router, std::uint32_t endpoint, std::uint32_t in,
                                 std::uint32_t in_class) const;

    const Graph& graph_;
    std::uint32_t endpoints_;
    std::vector<std::uint32_t> table_;  ///< by router and endpoint; empty: too large, or classes matter
};

}  // namespace spikeloom::router
