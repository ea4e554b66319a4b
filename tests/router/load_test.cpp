#include "router/load.hpp"

#include <doctest/doctest.h>

#include <algorithm>

namespace spikeloom::router {
namespace {

/// A network whose figures are known: a packet leaves its source `interval` cycles after the one before at the
/// earliest, and is on its way for `flight` cycles.
class Line final : public NetworkModel {
public:
    Line(Cycle interval, Cycle flight) : interval_(interval), flight_(flight) {}
    std::uint32_t add_group(std::uint32_t /*source*/, std::span<const GroupMember> /*members*/) override { return 0; }
    void run(const Workload& workload, bool /*trace*/, Outcome& outcome) override {
        outcome = Outcome{};
        for (std::uint32_t endpoint = 0; endpoint + 1 < workload.first.size(); ++endpoint) {
            Cycle made = 0;
            Cycle free = 0;
            for (std::uint64_t at = workload.first[endpoint]; at < workload.first[endpoint + 1]; ++at) {
                made += workload.messages[at].work;
                const Cycle injected = std::max(made, free);
                free = injected + interval_;
                outcome.passages.push_back({.source = endpoint,
                                            .destination = workload.messages[at].destination,
                                            .made = made,
                                            .injected = injected,
                                            .arrived = injected + flight_});
                outcome.last_arrival = std::max(outcome.last_arrival, injected + flight_);
            }
        }
    }

private:
    Cycle interval_;
    Cycle flight_;
};

Graph graph_of(int packet_flits) {
    NetworkParameters parameters;
    parameters.packet_flits = packet_flits;
    auto graph = Graph::build({.columns = 4, .rows = 4, .cores_per_tile = 1}, parameters);
    REQUIRE(graph);
    return *graph;
}

TrafficSource uniform(const Graph& graph) {
    return {Traffic{}, graph.mesh(), 1};
}

}  // namespace

TEST_CASE("a batch's latency counts the wait in the source queue") {
    const Graph graph = graph_of(2);
    Line line(5, 10);
    auto traffic = parse_traffic("neighbor");
    REQUIRE(traffic);
    const BatchResult result = run_batch(graph, line, TrafficSource(*traffic, graph.mesh(), 0).batch(3));
    CHECK(result.cycles == 2 * 5 + 10 + 1);
    CHECK(result.latency.packets == 48);
    CHECK(result.latency.least == 10);
    CHECK(result.latency.most == 18);
    CHECK(result.latency.mean == doctest::Approx(14));
    CHECK(result.latency.network_mean == doctest::Approx(10));
    CHECK(result.flits == 96);
    REQUIRE(result.pairs.size() == 16);
    CHECK(result.pairs[0].source == 0);
    CHECK(result.pairs[0].destination == 5);
    CHECK(result.pairs[0].latency.packets == 3);
    CHECK(result.pairs[0].latency.mean == doctest::Approx(14));
}

TEST_CASE("a batch without packets takes no time") {
    const Graph graph = graph_of(1);
    Line line(5, 10);
    const BatchResult result = run_batch(graph, line, uniform(graph).batch(0));
    CHECK(result.cycles == 0);
    CHECK(result.latency.packets == 0);
}

TEST_CASE("a load below capacity is accepted, one above is not") {
    const Graph graph = graph_of(2);
    Line line(8, 10);  // 0.25 flits a cycle
    const LoadOptions options;
    const LoadPoint low = run_load(graph, line, uniform(graph), 0.05, options);
    CHECK(!low.saturated);
    CHECK(low.accepted == doctest::Approx(0.05).epsilon(0.05));
    // Geometric arrivals, a service of 8 cycles: (8 - 1) rho / 2 (1 - rho) cycles of wait at a load rho of 0.2.
    CHECK(low.latency.mean == doctest::Approx(10 + 0.5 * 7 * 0.2 / 0.8).epsilon(0.03));
    CHECK(low.latency.network_mean == doctest::Approx(10));
    CHECK(low.latency_p99 >= 17);
    CHECK(low.latency_p99 < 40);

    const LoadPoint high = run_load(graph, line, uniform(graph), 0.5, options);
    CHECK(high.saturated);
    CHECK(high.accepted == doctest::Approx(0.25).epsilon(0.001));
    CHECK(high.queue_growth > 0);
}

TEST_CASE("saturation lies where the capacity is") {
    const Graph graph = graph_of(1);
    Line line(8, 10);
    const Saturation found = find_saturation(graph, line, uniform(graph), {});
    CHECK(found.stable > 0.115);
    CHECK(found.unstable < 0.13);
    CHECK(found.unstable - found.stable <= 0.01 * found.unstable);
    CHECK(found.overload.accepted == doctest::Approx(0.125).epsilon(0.001));

    Line wide(1, 10);
    const Saturation never = find_saturation(graph, wide, uniform(graph), {.warm_up = 500, .measured = 500});
    CHECK(never.unstable == 0);
    CHECK(never.stable == doctest::Approx(1));
}

}  // namespace spikeloom::router
