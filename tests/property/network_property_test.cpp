// Whatever the network: every message arrives exactly once, those of a pair in order, over the way that the graph
// says; no configuration deadlocks (the flit model asserts that all have arrived when nothing can move any more).
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "core/base/random.hpp"
#include "router/model.hpp"

namespace spikeloom::router {
namespace {

/// Numbers drawn one after the other for one configuration.
class Draws {
public:
    explicit Draws(std::uint64_t seed) : seed_(seed) {}
    int between(int least, int most) {
        return least + static_cast<int>(random_word(seed_, next_++) % static_cast<std::uint64_t>(most - least + 1));
    }
    bool chance(int percent) { return between(1, 100) <= percent; }

private:
    static std::uint64_t random_word(std::uint64_t seed, std::uint64_t i) {
        std::uint64_t z = (seed * 0x9E3779B97F4A7C15U) ^ ((i + 1) * 0xD1B54A32D192ED03U);
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9U;
        z = (z ^ z >> 27) * 0x94D049BB133111EBU;
        return z ^ z >> 31;
    }
    std::uint64_t seed_;
    std::uint64_t next_ = 0;
};

LinkTiming timing(Draws& draws) {
    return {.latency = draws.between(1, 4), .interval = draws.chance(70) ? 1 : draws.between(2, 9)};
}

struct Case {
    Mesh mesh;
    NetworkParameters parameters;
};

Case draw_case(Draws& draws) {
    Case drawn;
    drawn.mesh = {.columns = draws.between(1, 4),
                  .rows = draws.between(1, 4),
                  .cores_per_tile = draws.between(1, 3),
                  .chip_columns = draws.chance(30) ? 2 : 1,
                  .chip_rows = draws.chance(20) ? 2 : 1};
    NetworkParameters& parameters = drawn.parameters;
    parameters.topology = static_cast<Topology>(draws.between(0, 2));
    parameters.order = static_cast<DimensionOrder>(draws.between(0, 1));
    parameters.cast = draws.chance(35) ? Cast::multicast : Cast::unicast;
    parameters.allocation = static_cast<Allocation>(draws.between(0, 1));
    parameters.tree_arity = draws.between(2, 4);
    parameters.planes = draws.between(1, 3);
    parameters.virtual_channels = draws.between(1, 2);
    parameters.packet_flits = draws.between(1, 3);
    parameters.buffer_flits = draws.chance(50) ? 1 : draws.between(1, 5);
    if (parameters.cast == Cast::multicast) {
        parameters.buffer_flits = std::max(parameters.buffer_flits, parameters.packet_flits);
    }
    parameters.source_queue = draws.chance(50) ? 0 : draws.between(1, 3);
    parameters.router_cycles = draws.between(1, 3);
    parameters.credit_cycles = draws.between(1, 3);
    parameters.east_west = timing(draws);
    parameters.north_south = timing(draws);
    parameters.vertical = timing(draws);
    parameters.local = timing(draws);
    parameters.between_chips = {.latency = draws.between(1, 12), .interval = draws.between(1, 12)};
    return drawn;
}

struct Traffic {
    Workload workload;
    std::vector<std::vector<std::uint32_t>> destinations;  ///< by message
};

Traffic draw_traffic(Draws& draws, const Graph& graph, NetworkModel& model) {
    Traffic traffic;
    const int endpoints = static_cast<int>(graph.endpoints());
    const int hot = draws.between(0, endpoints - 1);
    const int to_hot = draws.chance(50) ? 0 : draws.between(10, 100);
    const int most = std::max(1, 160 / endpoints);
    const bool slow = draws.chance(30);
    const auto destination = [&] {
        return static_cast<std::uint32_t>(draws.chance(to_hot) ? hot : draws.between(0, endpoints - 1));
    };
    const auto service = [&] { return static_cast<std::uint32_t>(slow ? draws.between(0, 20) : draws.between(0, 2)); };
    for (std::uint32_t source = 0; source < graph.endpoints(); ++source) {
        traffic.workload.first.push_back(traffic.workload.messages.size());
        traffic.workload.rest.push_back(static_cast<std::uint32_t>(draws.between(0, 5)));
        for (int i = draws.between(0, most); i > 0; --i) {
            std::vector<std::uint32_t>& to = traffic.destinations.emplace_back();
            Message message{.destination = destination(),
                            .service = service(),
                            .work = static_cast<std::uint32_t>(draws.between(0, 3))};
            to.push_back(message.destination);
            if (graph.parameters().cast == Cast::multicast && draws.chance(80)) {
                std::set<std::uint32_t> members{message.destination};
                for (int member = draws.between(0, 4); member > 0; --member) {
                    members.insert(destination());
                }
                to.assign(members.begin(), members.end());
                std::vector<GroupMember> group;
                for (const std::uint32_t endpoint : to) {
                    group.push_back({.endpoint = endpoint, .service = service()});
                }
                message.destination = model.add_group(source, group);
            }
            traffic.workload.messages.push_back(message);
        }
    }
    traffic.workload.first.push_back(traffic.workload.messages.size());
    return traffic;
}

/// Flits that must have crossed the links between routers.
std::uint64_t link_flits(const Graph& graph, const Traffic& traffic) {
    std::uint64_t flits = 0;
    std::size_t message = 0;
    for (std::uint32_t source = 0; source < graph.endpoints(); ++source) {
        for (; message < traffic.workload.first[source + 1]; ++message) {
            flits += graph.tree_distance(source, traffic.destinations[message]).hops();
        }
    }
    return flits * static_cast<std::uint64_t>(graph.parameters().packet_flits);
}

std::string check(const Graph& graph, const Traffic& traffic, const Outcome& outcome) {
    std::map<std::pair<std::uint32_t, std::uint32_t>, Cycle> last;
    std::size_t passage = 0;
    std::size_t message = 0;
    for (std::uint32_t source = 0; source < graph.endpoints(); ++source) {
        for (; message < traffic.workload.first[source + 1]; ++message) {
            for (const std::uint32_t to : traffic.destinations[message]) {
                const Passage& passed = outcome.passages.at(passage++);
                if (passed.source != source || passed.destination != to) {
                    return fmt::format("message {} went from {} to {}", message, passed.source, passed.destination);
                }
                if (passed.made > passed.injected || passed.injected >= passed.arrived ||
                    passed.arrived > passed.processed) {
                    return fmt::format("message {} was in two places at once", message);
                }
                if (passed.hops != graph.distance(source, to).hops()) {
                    return fmt::format("message {} took {} hops", message, passed.hops);
                }
                Cycle& before = last.try_emplace({source, to}, -1).first->second;
                if (passed.arrived <= before) {
                    return fmt::format("message {} overtook another of its pair", message);
                }
                before = passed.arrived;
            }
        }
    }
    if (passage != outcome.passages.size() || outcome.arrivals != passage) {
        return "messages were lost or doubled";
    }
    std::uint64_t flits = 0;
    for (std::uint32_t link = 0; link < graph.inject_link(0); ++link) {
        flits += outcome.links[link].flits;
    }
    return flits == link_flits(graph, traffic) ? "" : "a flit crossed a link too many or too few";
}

void try_networks(Model kind, std::uint64_t seeds) {
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        Draws draws(seed);
        const Case drawn = draw_case(draws);
        const auto graph = Graph::build(drawn.mesh, drawn.parameters);
        REQUIRE(graph.has_value());
        const auto model = make_model(kind, *graph);
        const Traffic traffic = draw_traffic(draws, *graph, *model);
        Outcome outcome;
        model->run(traffic.workload, true, outcome);
        const std::string wrong = check(*graph, traffic, outcome);
        CHECK_MESSAGE(wrong.empty(), fmt::format("{} model, seed {}: {}", name_of(kind), seed, wrong));
        const Outcome first = outcome;
        if (seed % 8 == 0) {
            model->run(traffic.workload, true, outcome);
            CHECK(outcome.passages == first.passages);
            CHECK(outcome.links == first.links);
        }
    }
}

}  // namespace

TEST_CASE("in 10,000 networks every message arrives once, in order, and none deadlocks: flit") {
    try_networks(Model::flit, 10'000);
}

TEST_CASE("in 3,000 networks every message arrives once, in order, and none deadlocks: queued") {
    try_networks(Model::queued, 3'000);
}

}  // namespace spikeloom::router
