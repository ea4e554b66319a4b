#include "router/multicast.hpp"

#include <algorithm>
#include <tuple>

namespace spikeloom::router {
namespace {

/// A router that is still to be given its branches.
struct Open {
    std::uint32_t router = 0;
    Hop came;
    std::vector<std::uint32_t> members;  ///< numbers
};

}  // namespace

std::uint32_t MulticastTrees::add(const Graph& graph, std::uint32_t source, std::span<const GroupMember> members) {
    const auto group = static_cast<std::uint32_t>(roots_.size());
    const auto first = static_cast<std::uint32_t>(members_.size());
    members_.insert(members_.end(), members.begin(), members.end());
    first_member_.push_back(static_cast<std::uint32_t>(members_.size()));

    // Nodes are numbered breadth first, so that a branch knows its node before the node has branches.
    std::vector<Open> open(1);
    open[0].router = graph.router_of(source);
    open[0].came = {.port = graph.links()[graph.inject_link(source)].to_port, .channel_class = 0};
    for (std::uint32_t i = first; i < members_.size(); ++i) {
        open[0].members.push_back(i);
    }
    const auto root = static_cast<std::uint32_t>(first_branch_.size() - 1);
    roots_.push_back(root);
    for (std::size_t node = 0; node < open.size(); ++node) {
        std::vector<std::pair<Hop, std::uint32_t>> ways;
        for (const std::uint32_t member : open[node].members) {
            ways.emplace_back(graph.next(open[node].router, members_[member].endpoint, open[node].came), member);
        }
        std::sort(ways.begin(), ways.end(), [](const auto& a, const auto& b) {
            return std::tie(a.first.port, a.first.channel_class, a.second) <
                   std::tie(b.first.port, b.first.channel_class, b.second);
        });
        for (auto way = ways.begin(); way != ways.end();) {
            const Hop hop = way->first;
            const Link& link = graph.links()[graph.link(open[node].router, hop.port)];
            if (link.kind == LinkKind::eject) {
                branches_.push_back({.hop = hop, .next = way->second});
                ++way;
                continue;
            }
            branches_.push_back({.hop = hop, .next = root + static_cast<std::uint32_t>(open.size())});
            Open& beyond = open.emplace_back();
            beyond.router = link.to;
            beyond.came = {.port = link.to_port, .channel_class = hop.channel_class};
            for (; way != ways.end() && way->first == hop; ++way) {
                beyond.members.push_back(way->second);
            }
        }
        first_branch_.push_back(static_cast<std::uint32_t>(branches_.size()));
    }
    return group;
}

}  // namespace spikeloom::router
