#include "router/route_table.hpp"

namespace spikeloom::router {

bool RouteTable::fits(const Graph& graph) {
    constexpr std::uint64_t most = std::uint64_t{1} << 20;  // 4 MB
    return graph.channel_classes() == 1 && std::uint64_t{graph.routers()} * graph.endpoints() <= most;
}

RouteTable::RouteTable(const Graph& graph) : graph_(graph), endpoints_(graph.endpoints()) {
    if (!fits(graph)) {
        return;
    }
    table_.reserve(std::size_t{graph.routers()} * endpoints_);
    for (std::uint32_t router = 0; router < graph.routers(); ++router) {
        for (std::uint32_t endpoint = 0; endpoint < endpoints_; ++endpoint) {
            table_.push_back(graph.link(router, graph.next(router, endpoint, {}).port));
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
