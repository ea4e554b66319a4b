#include "router/graph.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "router/random_network.hpp"

namespace spikeloom::router {
namespace {

using test::random_network;
using test::RandomNetwork;

Graph graph_of(const Mesh& mesh, const NetworkParameters& parameters) {
    Result<Graph> graph = Graph::build(mesh, parameters);
    REQUIRE_MESSAGE(graph.has_value(), (graph ? "" : to_text(graph.error())));
    return *std::move(graph);
}

Mesh square(int side) {
    return {.columns = side, .rows = side, .cores_per_tile = 1};
}

/// The core of a tile of a mesh with one core a tile.
std::uint32_t at(const Mesh& mesh, int column, int row) {
    return static_cast<std::uint32_t>(mesh.tile_at(column, row) * mesh.cores_per_tile);
}

/// A way's channels: link times classes + class.
struct Walk {
    std::vector<std::uint32_t> links;
    std::vector<std::uint32_t> channels;
};

/// By `next` alone; empty if it does not end.
Walk walk(const Graph& graph, std::uint32_t from, std::uint32_t to) {
    Walk walked;
    std::uint32_t router = graph.router_of(from);
    Hop came{.port = graph.links()[graph.inject_link(from)].to_port, .channel_class = 0};
    while (walked.links.size() <= graph.links().size()) {
        const Hop hop = graph.next(router, to, came);
        const std::uint32_t link = graph.link(router, hop.port);
        REQUIRE(link != no_link);
        if (link == graph.eject_link(to)) {
            return walked;
        }
        const Link& taken = graph.links()[link];
        REQUIRE(taken.from == router);
        walked.links.push_back(link);
        walked.channels.push_back(link * graph.channel_classes() + hop.channel_class);
        router = taken.to;
        came = {.port = taken.to_port, .channel_class = hop.channel_class};
    }
    FAIL("a way from " << from << " to " << to << " does not end");
    return walked;
}

/// Fewest links from a router to each other.
std::vector<std::uint32_t> breadth_first(const Graph& graph, std::uint32_t from) {
    constexpr std::uint32_t unreached = 0xFFFFFFFF;
    std::vector<std::uint32_t> hops(graph.routers(), unreached);
    std::deque<std::uint32_t> todo{from};
    hops[from] = 0;
    while (!todo.empty()) {
        const std::uint32_t router = todo.front();
        todo.pop_front();
        for (std::uint32_t port = 0; port < graph.ports(); ++port) {
            const std::uint32_t link = graph.link(router, port);
            if (link == no_link || graph.links()[link].kind == LinkKind::eject) {
                continue;
            }
            const std::uint32_t to = graph.links()[link].to;
            if (hops[to] == unreached) {
                hops[to] = hops[router] + 1;
                todo.push_back(to);
            }
        }
    }
    return hops;
}

/// Whether channels that hold a packet while it waits for another never close a circle.
class Dependencies {
public:
    explicit Dependencies(const Graph& graph) : after_(graph.links().size() * graph.channel_classes()) {}
    void add(const std::vector<std::uint32_t>& channels) {
        for (std::size_t i = 1; i < channels.size(); ++i) {
            after_[channels[i - 1]].insert(channels[i]);
        }
    }
    [[nodiscard]] bool acyclic() const {
        std::vector<std::uint32_t> before(after_.size());
        for (const auto& next : after_) {
            for (const std::uint32_t channel : next) {
                ++before[channel];
            }
        }
        std::vector<std::uint32_t> ready;
        for (std::uint32_t channel = 0; channel < after_.size(); ++channel) {
            if (before[channel] == 0) {
                ready.push_back(channel);
            }
        }
        std::size_t done = 0;
        while (!ready.empty()) {
            const std::uint32_t channel = ready.back();
            ready.pop_back();
            ++done;
            for (const std::uint32_t next : after_[channel]) {
                if (--before[next] == 0) {
                    ready.push_back(next);
                }
            }
        }
        return done == after_.size();
    }

private:
    std::vector<std::set<std::uint32_t>> after_;
};

Distance count(const Graph& graph, const std::set<std::uint32_t>& links) {
    Distance sum;
    for (const std::uint32_t l : links) {
        const Link& link = graph.links()[l];
        sum.east_west += link.kind == LinkKind::east_west ? 1 : 0;
        sum.north_south += link.kind == LinkKind::north_south ? 1 : 0;
        sum.vertical += link.kind == LinkKind::vertical ? 1 : 0;
        sum.between_chips += link.between_chips ? 1 : 0;
    }
    return sum;
}

TEST_CASE("links come in order, each from an output to its neighbour's input") {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        CAPTURE(seed);
        const RandomNetwork network = random_network(seed, 4);
        const Graph graph = graph_of(network.mesh, network.parameters);
        std::set<std::pair<std::uint32_t, std::uint32_t>> inputs;
        std::pair<std::uint32_t, std::uint32_t> last{0, 0};
        bool first = true;
        for (std::uint32_t l = 0; l < graph.inject_link(0); ++l) {
            const Link& link = graph.links()[l];
            const std::pair<std::uint32_t, std::uint32_t> output{link.from, link.from_port};
            CHECK((first || last < output));
            CHECK(inputs.emplace(link.to, link.to_port).second);
            CHECK(graph.link(link.from, link.from_port) == l);
            // The way back leaves through the side that it came in by.
            REQUIRE(graph.link(link.to, link.to_port) != no_link);
            CHECK(graph.links()[graph.link(link.to, link.to_port)].to == link.from);
            last = output;
            first = false;
        }
        for (std::uint32_t endpoint = 0; endpoint < graph.endpoints(); ++endpoint) {
            const Link& in = graph.links()[graph.inject_link(endpoint)];
            const Link& out = graph.links()[graph.eject_link(endpoint)];
            CHECK((in.kind == LinkKind::inject && in.from == endpoint && in.to == graph.router_of(endpoint)));
            CHECK((out.kind == LinkKind::eject && out.to == endpoint && out.from == graph.router_of(endpoint)));
            CHECK(graph.link(out.from, out.from_port) == graph.eject_link(endpoint));
            CHECK(inputs.emplace(in.to, in.to_port).second);
        }
        CHECK(graph.links().size() == graph.eject_link(graph.endpoints() - 1) + 1);
    }
}

TEST_CASE("every way ends, is minimal, and has the distance that is told without walking it") {
    for (std::uint64_t seed = 100; seed < 180; ++seed) {
        CAPTURE(seed);
        const RandomNetwork network = random_network(seed, 4);
        const Graph graph = graph_of(network.mesh, network.parameters);
        const auto stride = std::max(graph.endpoints() / 24, 1U);
        std::vector<std::uint32_t> links;
        for (std::uint32_t from = 0; from < graph.endpoints(); from += stride) {
            const std::vector<std::uint32_t> fewest = breadth_first(graph, graph.router_of(from));
            for (std::uint32_t to = 0; to < graph.endpoints(); ++to) {
                const Walk walked = walk(graph, from, to);
                graph.way(from, to, links);
                const Distance distance = graph.distance(from, to);
                const bool right = links == walked.links && walked.links.size() == fewest[graph.router_of(to)] &&
                                   distance == count(graph, {links.begin(), links.end()}) &&
                                   distance.hops() == links.size();
                REQUIRE_MESSAGE(right, "from " << from << " to " << to);
            }
        }
    }
}

TEST_CASE("no circle of channels, unicast and multicast") {
    // A multicast packet waits with all its branches: its dependencies are those of the tree's root-to-leaf walks.
    for (std::uint64_t seed = 200; seed < 400; ++seed) {
        CAPTURE(seed);
        RandomNetwork network = random_network(seed, 3);
        network.mesh.columns += seed % 4 == 0 ? 5 : 0;  // long rings
        network.mesh.cores_per_tile = 1;
        const Graph graph = graph_of(network.mesh, network.parameters);
        Dependencies dependencies(graph);
        for (std::uint32_t from = 0; from < graph.endpoints(); ++from) {
            for (std::uint32_t to = 0; to < graph.endpoints(); ++to) {
                dependencies.add(walk(graph, from, to).channels);
            }
        }
        CHECK(dependencies.acyclic());
    }
}

TEST_CASE("without the second class a torus has circles: the check above can fail") {
    const Graph graph = graph_of(square(5), {.topology = Topology::torus});
    Dependencies dependencies(graph);
    for (std::uint32_t from = 0; from < graph.endpoints(); ++from) {
        for (std::uint32_t to = 0; to < graph.endpoints(); ++to) {
            dependencies.add(walk(graph, from, to).links);
        }
    }
    CHECK_FALSE(dependencies.acyclic());
}

TEST_CASE("the ways from a source are a tree, and its distance counts each link once") {
    for (std::uint64_t seed = 400; seed < 460; ++seed) {
        CAPTURE(seed);
        const RandomNetwork network = random_network(seed, 4);
        const Graph graph = graph_of(network.mesh, network.parameters);
        test::Draws draws(seed);
        const auto any = [&] { return static_cast<std::uint32_t>(draws.between(0, graph.endpoints() - 1)); };
        const std::uint32_t from = any();
        std::vector<std::uint32_t> to;
        std::set<std::uint32_t> links;
        std::set<std::uint32_t> channels;
        std::set<std::uint32_t> entered;
        for (int i = draws.integer(1, 20); i > 0; --i) {
            to.push_back(any());
            const Walk walked = walk(graph, from, to.back());
            links.insert(walked.links.begin(), walked.links.end());
            channels.insert(walked.channels.begin(), walked.channels.end());
        }
        CHECK(graph.tree_distance(from, to) == count(graph, links));
        CHECK(channels.size() == links.size());  // one class each
        for (const std::uint32_t link : links) {
            CHECK(graph.links()[link].to != graph.router_of(from));
            CHECK(entered.insert(graph.links()[link].to).second);
        }
    }
}

TEST_CASE("dimension order") {
    const Mesh mesh = square(4);
    std::vector<std::uint32_t> links;
    const auto names = [&](const Graph& graph) {
        graph.way(at(mesh, 0, 0), at(mesh, 2, 1), links);
        std::string text;
        for (const std::uint32_t link : links) {
            text += graph.name(link) + "; ";
        }
        return text;
    };
    CHECK(names(graph_of(mesh, {})) == "tile 0,0 -> 1,0; tile 1,0 -> 2,0; tile 2,0 -> 2,1; ");
    CHECK(names(graph_of(mesh, {.order = DimensionOrder::y_first})) ==
          "tile 0,0 -> 0,1; tile 0,1 -> 1,1; tile 1,1 -> 2,1; ");
    const Graph graph = graph_of(mesh, {});
    CHECK(graph.name(graph.inject_link(5)) == "core 5 -> tile 1,1");
    CHECK(graph.name(graph.eject_link(5)) == "tile 1,1 -> core 5");
}

TEST_CASE("a torus goes the shorter way; half-way round, by the parity of where it starts") {
    const Mesh mesh = square(6);
    const Graph graph = graph_of(mesh, {.topology = Topology::torus});
    const auto way = [&](int from, int to) {
        const Walk walked = walk(graph, at(mesh, from, 2), at(mesh, to, 2));
        std::string text;
        for (std::size_t i = 0; i < walked.links.size(); ++i) {
            const Link& link = graph.links()[walked.links[i]];
            text += std::to_string(mesh.tile_column(static_cast<int>(link.to))) +
                    (walked.channels[i] % 2 == 1 ? "* " : " ");
        }
        return text;
    };
    CHECK(way(4, 1) == "5 0* 1* ");  // half-way, from an even column
    CHECK(way(1, 4) == "0 5* 4* ");  // from an odd one
    CHECK(way(0, 5) == "5* ");
    CHECK(way(5, 1) == "0* 1* ");
    CHECK(way(1, 3) == "2 3 ");
    CHECK(graph.channel_classes() == 2);

    const Graph narrow = graph_of({.columns = 2, .rows = 1, .cores_per_tile = 1}, {.topology = Topology::torus});
    CHECK(narrow.inject_link(0) == 2);  // a ring of two is a line
}

TEST_CASE("a torus closes over the whole board") {
    const Mesh mesh{.columns = 4, .rows = 3, .cores_per_tile = 1, .chip_columns = 2, .chip_rows = 1};
    const NetworkParameters parameters{.topology = Topology::torus, .between_chips = {.latency = 40, .interval = 30}};
    const Graph graph = graph_of(mesh, parameters);
    CHECK(graph.distance(at(mesh, 0, 0), at(mesh, 7, 0)) == Distance{.east_west = 1, .between_chips = 1});
    CHECK(graph.distance(at(mesh, 2, 0), at(mesh, 5, 2)) ==
          Distance{.east_west = 3, .north_south = 1, .between_chips = 1});
    CHECK(graph.distance(at(mesh, 1, 0), at(mesh, 6, 0)) == Distance{.east_west = 3, .between_chips = 1});
    int between = 0;
    for (const Link& link : graph.links()) {
        between += link.between_chips ? 1 : 0;
        CHECK((link.timing == parameters.between_chips) == link.between_chips);
    }
    CHECK(between == 3 * 2 * 2);  // rows, directions, borders
}

TEST_CASE("a tree over two chips of six tiles") {
    const Mesh mesh{.columns = 3, .rows = 2, .cores_per_tile = 2, .chip_columns = 1, .chip_rows = 2};
    const Graph graph = graph_of(mesh, {.topology = Topology::tree, .tree_arity = 4});
    CHECK(graph.routers() == 12 + 4 + 2 + 1);  // tiles; 4 + 2 of each chip; roots of the chips; of the board
    std::vector<std::uint32_t> links;
    graph.way(0, 22, links);
    std::string text;
    for (const std::uint32_t link : links) {
        text += graph.name(link) + (graph.links()[link].between_chips ? "!; " : "; ");
    }
    CHECK(text ==
          "tile 0,0 -> switch 1.0; switch 1.0 -> switch 2.0; switch 2.0 -> switch 3.0!; switch 3.0 -> switch 2.1!; "
          "switch 2.1 -> switch 1.3; switch 1.3 -> tile 2,3; ");
    CHECK(graph.distance(0, 7) == Distance{.vertical = 2});
    CHECK(graph.distance(0, 8) == Distance{.vertical = 4});
    CHECK(graph.distance(0, 22) == Distance{.vertical = 6, .between_chips = 2});
    CHECK(graph.distance(0, 1) == Distance{});
    const Graph one = graph_of({.columns = 1, .rows = 1, .cores_per_tile = 3}, {.topology = Topology::tree});
    CHECK(one.routers() == 1);
}

TEST_CASE("what can't be built is refused with what is allowed") {
    const auto refused = [](const Mesh& mesh, const NetworkParameters& parameters) {
        const Result<Graph> graph = Graph::build(mesh, parameters);
        return graph ? std::string() : to_text(graph.error());
    };
    CHECK(refused({}, {}).empty());
    CHECK(refused({.columns = 0}, {}).find("mesh.columns is 0; allowed: 1..1024") != std::string::npos);
    CHECK(refused({.cores_per_tile = 257}, {}).find("mesh.cores_per_tile is 257") != std::string::npos);
    CHECK(refused({.columns = 1024, .rows = 1024, .cores_per_tile = 1, .chip_columns = 2}, {})
              .find("at most 1048576 cores") != std::string::npos);
    CHECK(refused({.columns = 1024, .rows = 1024, .chip_columns = 1024, .chip_rows = 1024}, {})
              .find("at most 1048576 cores") != std::string::npos);
    CHECK(refused({}, {.east_west = {.latency = 0}}).find("east_west.latency is 0") != std::string::npos);
    CHECK(refused({}, {.virtual_channels = 0}).find("virtual_channels is 0") != std::string::npos);
    CHECK(refused({}, {.tree_arity = 1}).find("tree_arity is 1") != std::string::npos);
    CHECK(refused({}, {.packet_flits = 4, .buffer_flits = 3}).empty());
    CHECK(refused({}, {.cast = Cast::multicast, .packet_flits = 4, .buffer_flits = 3}).find("whole packet") !=
          std::string::npos);
    CHECK(refused({.columns = 1024, .rows = 512, .cores_per_tile = 2}, {.virtual_channels = 64, .buffer_flits = 65536})
              .find("buffers for") != std::string::npos);
}

}  // namespace
}  // namespace spikeloom::router
