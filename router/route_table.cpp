#include "router/route_table.hpp"

namespace spikeloom::router {

RouteTable::RouteTable(const Graph& graph) : graph_(graph), routers_(graph.routers()) {
    constexpr std::uint64_t most = std::uint64_t{1} << 20;  // 4 MB
    if (graph.channel_classes() > 1 || std::uint64_t{routers_} * routers_ > most) {
        return;
    }
    router_of_.resize(graph.endpoints());
    table_.assign(std::size_t{routers_} * routers_, no_link);
    for (std::uint32_t endpoint = graph.endpoints(); endpoint-- > 0;) {
        const std::uint32_t last = graph.router_of(endpoint);
        router_of_[endpoint] = last;
        for (std::uint32_t router = 0; router < routers_; ++router) {
            if (router != last) {
                table_[std::size_t{router} * routers_ + last] =
                    graph.link(router, graph.next(router, endpoint, {}).port);
            }
        }
    }
}

RouteTable::Step RouteTable::ask_graph(std::uint32_t router, std::uint32_t endpoint, std::uint32_t in,
                                       std::uint32_t in_class) const {
    const Hop came{.port = graph_.links()[in].to_port, .channel_class = static_cast<std::uint8_t>(in_class)};
    const Hop hop = graph_.next(router, endpoint, came);
    return {graph_.link(router, hop.port), hop.channel_class};
}

}  // namespace spikeloom::router
