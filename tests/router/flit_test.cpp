#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

#include "router/models.hpp"

namespace spikeloom::router {
namespace {

/// A line or grid of tiles with one core each, and messages from some of them.
class Bench {
public:
    Bench(int columns, int rows, const NetworkParameters& parameters)
        : graph_(Graph::build({.columns = columns, .rows = rows, .cores_per_tile = 1}, parameters).value()),
          model_(make_flit_model(graph_)),
          by_source_(graph_.endpoints()) {}

    Bench& send(std::uint32_t source, const Message& message) {
        by_source_[source].push_back(message);
        return *this;
    }
    std::uint32_t group(std::uint32_t source, const std::vector<GroupMember>& members) {
        return model_->add_group(source, members);
    }
    Outcome run() {
        Workload workload;
        for (const auto& messages : by_source_) {
            workload.first.push_back(workload.messages.size());
            workload.messages.insert(workload.messages.end(), messages.begin(), messages.end());
            workload.rest.push_back(0);
        }
        workload.first.push_back(workload.messages.size());
        model_->run(workload, true, outcome_);
        return outcome_;
    }
    const Graph& graph() const { return graph_; }

private:
    Graph graph_;
    std::unique_ptr<NetworkModel> model_;
    std::vector<std::vector<Message>> by_source_;
    Outcome outcome_;
};

constexpr std::uint32_t core_at(int rows, int column, int row) {
    return static_cast<std::uint32_t>(column * rows + row);
}

}  // namespace

TEST_CASE("an empty network takes 5 cycles and 3 a hop, one more a hop and at the end with allocation in two cycles") {
    for (int hops = 0; hops < 8; ++hops) {
        for (int flits = 1; flits <= 3; ++flits) {
            NetworkParameters parameters;
            parameters.packet_flits = flits;
            const auto target = static_cast<std::uint32_t>(hops);
            CHECK(Bench(8, 1, parameters).send(0, {.destination = target}).run().last_arrival ==
                  5 + 3 * hops + flits - 1);
            parameters.allocation = Allocation::two_cycles;
            CHECK(Bench(8, 1, parameters).send(0, {.destination = target}).run().last_arrival ==
                  6 + 4 * hops + flits - 1);
        }
    }
}

TEST_CASE("wires of their own length: a hop takes router and wire, each way its own") {
    NetworkParameters parameters;
    parameters.east_west.latency = 5;
    parameters.north_south.latency = 9;
    const Outcome outcome = Bench(3, 3, parameters).send(0, {.destination = core_at(3, 2, 1)}).run();
    CHECK(outcome.last_arrival == 2 + 2 * (2 + 5) + (2 + 9) + 3);
    CHECK(outcome.passages.at(0).hops == 3);
}

TEST_CASE("a link carries at most a flit each credit loop over the buffer's depth, and each interval") {
    for (int depth = 1; depth <= 8; ++depth) {
        NetworkParameters parameters;
        parameters.buffer_flits = depth;
        Bench bench(2, 1, parameters);
        for (int i = 0; i < 600; ++i) {
            bench.send(0, {.destination = 1});
        }
        // The loop of six cycles between two routers is the longest.
        const double cycles = 600 * std::max(1.0, 6.0 / depth);
        CHECK(static_cast<double>(bench.run().last_arrival) == doctest::Approx(cycles).epsilon(0.03));
    }
    NetworkParameters narrow;
    narrow.east_west.interval = 30;
    Bench bench(2, 1, narrow);
    for (int i = 0; i < 11; ++i) {
        bench.send(0, {.destination = 1});
    }
    CHECK(bench.run().last_arrival == 8 + 10 * 30);
}

TEST_CASE("a slow receiver takes one message after the other, and its full buffer holds up the sender") {
    NetworkParameters parameters;
    parameters.buffer_flits = 2;
    parameters.source_queue = 1;
    Bench bench(2, 1, parameters);
    for (int i = 0; i < 20; ++i) {
        bench.send(0, {.destination = 1, .service = 100});
    }
    const Outcome outcome = bench.run();
    CHECK(outcome.processed[1] == 8 + 20 * 100);
    // Two messages wait in each of three buffers, and one at the source: the last is made when the 13th is taken.
    CHECK(outcome.sent[0] > 8 + 12 * 100);
    CHECK(outcome.sent[0] < 8 + 14 * 100);
    CHECK(outcome.links[bench.graph().eject_link(1)].peak == 2);
    CHECK(outcome.passages[10].stalled > 0);
}

TEST_CASE("work between messages is kept, and what is left after the last one") {
    Bench bench(2, 1, {});
    bench.send(0, {.destination = 1, .service = 3, .work = 10}).send(0, {.destination = 1, .service = 3, .work = 40});
    const Outcome outcome = bench.run();
    CHECK(outcome.passages[0].made == 10);
    CHECK(outcome.passages[1].made == 50);
    CHECK(outcome.passages[1].processed == 50 + 8 + 3);
    CHECK(outcome.sent[0] == 50);
    CHECK(outcome.latency_sum == 16);
}

TEST_CASE("packets of two inputs take turns at an output, whole packets at a time") {
    NetworkParameters parameters;
    parameters.packet_flits = 4;
    parameters.buffer_flits = 8;
    Bench bench(3, 1, parameters);
    for (int i = 0; i < 10; ++i) {
        bench.send(0, {.destination = 1}).send(2, {.destination = 1});
    }
    const Outcome outcome = bench.run();
    std::vector<std::pair<Cycle, std::uint32_t>> order;
    for (const Passage& passage : outcome.passages) {
        order.emplace_back(passage.arrived, passage.source);
    }
    std::sort(order.begin(), order.end());
    for (std::size_t i = 1; i < order.size(); ++i) {
        CHECK(order[i].second != order[i - 1].second);
        CHECK(order[i].first - order[i - 1].first >= 4);
    }
}

TEST_CASE("a multicast message crosses every link of its tree once and is copied where the ways part") {
    NetworkParameters parameters;
    parameters.cast = Cast::multicast;
    Bench bench(3, 3, parameters);
    const std::vector<GroupMember> members{{core_at(3, 2, 0), 1}, {core_at(3, 2, 2), 7}, {core_at(3, 1, 2), 1}};
    const std::uint32_t group = bench.group(0, members);
    const Outcome outcome = bench.send(0, {.destination = group}).run();
    CHECK(outcome.arrivals == 3);
    CHECK(outcome.passages[1].destination == core_at(3, 2, 2));
    CHECK(outcome.passages[1].hops == 4);
    CHECK(outcome.passages[1].processed - outcome.passages[1].arrived == 7);
    std::uint64_t flits = 0;
    for (std::uint32_t link = 0; link < bench.graph().inject_link(0); ++link) {
        CHECK(outcome.links[link].flits <= 1);
        flits += outcome.links[link].flits;
    }
    CHECK(flits == 6);
}

TEST_CASE("planes carry side by side what one plane carries in turn") {
    NetworkParameters parameters;
    const auto drain = [&] {
        Bench bench(3, 1, parameters);
        for (int i = 0; i < 200; ++i) {
            bench.send(0, {.destination = 1}).send(0, {.destination = 2});
        }
        return bench.run().last_arrival;
    };
    const Cycle one = drain();
    parameters.planes = 2;
    const Cycle two = drain();
    CHECK(one >= 400);
    CHECK(two < 220);
}

}  // namespace spikeloom::router
