#include "router/queued.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "chip/spec/draws.hpp"
#include "router/models.hpp"
#include "router/network_cases.hpp"
#include "router/random_network.hpp"

namespace spikeloom::router {
namespace {

Graph build(const Mesh& mesh, const NetworkParameters& parameters) {
    auto graph = Graph::build(mesh, parameters);
    REQUIRE(graph);
    return std::move(*graph);
}

Workload nothing(const Graph& graph) {
    return {.first = std::vector<std::uint64_t>(graph.endpoints() + 1), .messages = {}, .rest = {}};
}

/// Messages of the first endpoint that sends any are to stand first, and so on.
void append(Workload& workload, std::uint32_t source, const Message& message) {
    workload.messages.push_back(message);
    for (std::size_t e = source + 1; e < workload.first.size(); ++e) {
        ++workload.first[e];
    }
}

Workload random_workload(const Graph& graph, std::uint64_t seed, int most) {
    test::Draws draws(seed);
    Workload workload = nothing(graph);
    const auto last = static_cast<int>(graph.endpoints()) - 1;
    const int hot = draws.integer(0, last);
    for (std::uint32_t source = 0; source < graph.endpoints(); ++source) {
        const int messages = draws.integer(0, most);
        for (int i = 0; i < messages; ++i) {
            append(workload, source,
                   {.destination = static_cast<std::uint32_t>(draws.chance() ? hot : draws.integer(0, last)),
                    .service = static_cast<std::uint32_t>(draws.integer(0, 3)),
                    .work = static_cast<std::uint32_t>(draws.integer(0, 4))});
        }
        workload.rest.push_back(static_cast<std::uint32_t>(draws.integer(0, 9)));
        workload.busy.push_back(static_cast<std::uint32_t>(draws.integer(0, 30)));
    }
    return workload;
}

Outcome outcome_of(Model model, const Graph& graph, const Workload& workload) {
    Outcome outcome;
    make_model(model, graph)->run(workload, true, outcome);
    return outcome;
}

void check_equal(const Outcome& a, const Outcome& b) {
    CHECK(a.end == b.end);
    CHECK(a.last_arrival == b.last_arrival);
    CHECK(a.sent == b.sent);
    CHECK(a.processed == b.processed);
    CHECK(a.arrivals == b.arrivals);
    CHECK(a.latency_sum == b.latency_sum);
    CHECK(a.links == b.links);
    CHECK(a.passages == b.passages);
}

}  // namespace

TEST_CASE("a message alone takes as long in all models, on any network") {
    for (std::uint64_t seed = 0; seed < 150; ++seed) {
        CAPTURE(seed);
        const test::RandomNetwork network = test::random_network(seed, 4);
        const Graph graph = build(network.mesh, network.parameters);
        test::Draws draws(seed + 1000);
        const auto source = static_cast<std::uint32_t>(draws.integer(0, static_cast<int>(graph.endpoints()) - 1));
        Workload workload = nothing(graph);
        append(workload, source,
               {.destination = static_cast<std::uint32_t>(draws.integer(0, static_cast<int>(graph.endpoints()) - 1)),
                .service = 7,
                .work = 3});
        workload.rest.assign(graph.endpoints(), 1);
        const Outcome flit = outcome_of(Model::flit, graph, workload);
        check_equal(outcome_of(Model::queued, graph, workload), flit);
        Outcome free = outcome_of(Model::free, graph, workload);
        CHECK(free.end <= flit.end);  // in small buffers even a packet alone waits for the room of its own first flits
        if (network.parameters.packet_flits == 1 && network.parameters.allocation == Allocation::one_cycle) {
            check_equal(free, flit);
        }
        CHECK(free.passages[0].hops == flit.passages[0].hops);
        for (std::size_t l = 0; l < free.links.size(); ++l) {
            CHECK(free.links[l].flits == flit.links[l].flits);
        }
    }
}

TEST_CASE("every message arrives once and in its pair's order, on any network under any load") {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        CAPTURE(seed);
        const test::RandomNetwork network = test::random_network(seed, 3);
        const Graph graph = build(network.mesh, network.parameters);
        const Workload workload = random_workload(graph, seed, 12);
        const Outcome queued = outcome_of(Model::queued, graph, workload);
        const Outcome free = outcome_of(Model::free, graph, workload);
        REQUIRE(queued.passages.size() == workload.messages.size());
        CHECK(queued.arrivals == workload.messages.size());
        std::map<std::pair<std::uint32_t, std::uint32_t>, Cycle> last;
        for (std::size_t m = 0; m < queued.passages.size(); ++m) {
            const Passage& passage = queued.passages[m];
            CHECK(passage.destination == workload.messages[m].destination);
            CHECK(passage.hops == free.passages[m].hops);
            CHECK(passage.injected >= passage.made);
            CHECK(passage.arrived - passage.injected >= free.passages[m].arrived - free.passages[m].injected);
            CHECK(passage.processed >= passage.arrived + workload.messages[m].service);
            Cycle& before = last[{passage.source, passage.destination}];
            CHECK(passage.arrived > before);
            before = passage.arrived;
        }
        for (std::size_t l = 0; l < free.links.size(); ++l) {
            CHECK(queued.links[l].flits == free.links[l].flits);
        }
    }
}

TEST_CASE("a step does not depend on the steps before it") {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        CAPTURE(seed);
        const test::RandomNetwork network = test::random_network(seed, 3);
        const Graph graph = build(network.mesh, network.parameters);
        const auto model = make_queued_model(graph);
        Outcome outcome;
        for (const std::uint64_t step : {seed + 1, seed + 2, seed}) {
            model->run(random_workload(graph, step, 12), true, outcome);
        }
        check_equal(outcome, outcome_of(Model::queued, graph, random_workload(graph, seed, 12)));
    }
}

TEST_CASE("without a trace, a step takes as long as with one") {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        CAPTURE(seed);
        test::RandomNetwork network = test::random_network(seed, 3);
        if (seed % 2 == 0) {
            network.parameters.packet_flits = 1;
            network.parameters.virtual_channels = 1;
        }
        const Graph graph = build(network.mesh, network.parameters);
        const auto model = make_queued_model(graph);
        Outcome outcome;
        for (const std::uint64_t step : {seed, seed + 1}) {
            const Workload workload = random_workload(graph, step, 40);
            model->run(workload, false, outcome);
            Outcome traced = outcome_of(Model::queued, graph, workload);
            CHECK(traced.passages.size() == workload.messages.size());
            traced.passages.clear();
            check_equal(outcome, traced);
        }
    }
}

TEST_CASE("a multicast message reaches each member once, alone as in flit, and under load") {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        CAPTURE(seed);
        test::RandomNetwork network = test::random_network(seed, 3);
        network.parameters.cast = Cast::multicast;
        network.parameters.allocation = Allocation::one_cycle;
        network.parameters.buffer_flits = std::max(network.parameters.buffer_flits, network.parameters.packet_flits);
        const Graph graph = build(network.mesh, network.parameters);
        test::Draws draws(seed);
        const auto queued = make_queued_model(graph);
        const auto flit = make_flit_model(graph);
        const auto free = make_free_model(graph);
        Workload alone = nothing(graph);
        Workload many = nothing(graph);
        std::vector<std::uint32_t> expected;  // destinations, in the order of the passages
        const auto last = static_cast<int>(graph.endpoints()) - 1;
        for (std::uint32_t source = 0; source < std::min(graph.endpoints(), 12U); ++source) {
            std::vector<GroupMember> members;
            const int step = draws.integer(1, 3);
            for (int e = draws.integer(0, last); e <= last; e += step) {
                members.push_back({static_cast<std::uint32_t>(e), static_cast<std::uint32_t>(draws.integer(0, 2))});
            }
            const std::uint32_t group = queued->add_group(source, members);
            REQUIRE(flit->add_group(source, members) == group);
            REQUIRE(free->add_group(source, members) == group);
            const auto other = static_cast<std::uint32_t>(draws.integer(0, last));
            for (int i = 0; i < 6; ++i) {
                append(many, source, {.destination = i % 3 == 2 ? other : group, .service = 1, .work = 2});
                for (const GroupMember& member : members) {
                    if (i % 3 != 2) {
                        expected.push_back(member.endpoint);
                    }
                }
                if (i % 3 == 2) {
                    expected.push_back(other);
                }
            }
            if (source == 0) {
                append(alone, source, {.destination = group, .service = 0, .work = 5});
            }
        }
        Outcome a;
        Outcome b;
        Outcome c;
        queued->run(alone, true, a);
        flit->run(alone, true, b);
        free->run(alone, true, c);
        CHECK(a.arrivals == b.arrivals);
        if (network.parameters.packet_flits == 1) {
            for (std::size_t l = 0; l < a.links.size(); ++l) {
                a.links[l].waited = b.links[l].waited;  // flit counts each branch's wait, queued the last one's
            }
            check_equal(a, b);
        }
        CHECK(c.last_arrival <= b.last_arrival);
        queued->run(many, true, a);
        flit->run(many, true, b);
        free->run(many, true, c);
        REQUIRE(a.passages.size() == expected.size());
        REQUIRE(c.passages.size() == expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            CHECK(a.passages[i].destination == expected[i]);
            CHECK(a.passages[i].source == b.passages[i].source);
            CHECK(a.passages[i].hops == b.passages[i].hops);
            CHECK(a.passages[i].processed >= a.passages[i].arrived);
            CHECK(c.passages[i].destination == expected[i]);
            CHECK(c.passages[i].hops == b.passages[i].hops);
        }
        for (std::size_t l = 0; l < a.links.size(); ++l) {
            CHECK(a.links[l].flits == b.links[l].flits);
            CHECK(c.links[l].flits == b.links[l].flits);
        }
        CHECK(static_cast<double>(a.end) <= 1.25 * static_cast<double>(b.end));
        CHECK(static_cast<double>(a.end) >= 0.75 * static_cast<double>(b.end));
    }
}

TEST_CASE("a slow receiver bounds the step, and its senders stall once buffers and source queues are full") {
    constexpr std::uint32_t service = 500;
    constexpr std::uint32_t messages = 20;
    NetworkParameters parameters;
    parameters.buffer_flits = 2;
    parameters.source_queue = 3;
    const Graph graph = build({.columns = 4, .rows = 1, .cores_per_tile = 1}, parameters);
    Workload workload = nothing(graph);
    for (std::uint32_t i = 0; i < messages; ++i) {
        append(workload, 0, {.destination = 3, .service = service, .work = 1});
    }
    workload.rest.assign(graph.endpoints(), 0);
    for (const Model model : {Model::queued, Model::flit}) {
        const Outcome outcome = outcome_of(model, graph, workload);
        const Cycle first = 1 + 5 + 3 * 3;  // made, then three hops
        CHECK(outcome.end == first + messages * service);
        CHECK(outcome.processed[3] == outcome.end);
        // In the network: two flits in each of five buffers. The last message is made once the third before it goes in.
        const std::uint32_t taken = messages - 3 - 5 * 2;
        CHECK(outcome.sent[0] > first + (taken - 1) * service);
        CHECK(outcome.sent[0] <= first + taken * service);
    }
    parameters.source_queue = 0;
    const Graph unbounded = build({.columns = 4, .rows = 1, .cores_per_tile = 1}, parameters);
    CHECK(outcome_of(Model::queued, unbounded, workload).sent[0] == messages);
}

TEST_CASE("a receiver that is busy from the start takes its first message late, under every model") {
    const Graph graph = build({.columns = 4, .rows = 1, .cores_per_tile = 1}, {});
    Workload workload = nothing(graph);
    append(workload, 0, {.destination = 3, .service = 10, .work = 1});  // there at 1 + 5 + 3 * 3 = 15
    workload.busy.assign(graph.endpoints(), 0);
    for (const Model model : {Model::free, Model::queued, Model::flit}) {
        CAPTURE(name_of(model));
        for (const auto& [busy, processed] : {std::pair<std::uint32_t, Cycle>{15, 25}, {16, 26}, {100, 110}}) {
            workload.busy[3] = busy;
            workload.busy[2] = 7;
            const Outcome outcome = outcome_of(model, graph, workload);
            CHECK(outcome.processed[3] == processed);
            CHECK(outcome.processed[2] == 7);
            CHECK(outcome.end == processed);
            CHECK(outcome.last_arrival == 15);
        }
    }
}

TEST_CASE("queued and flit agree on step times, within 10 % below saturation and 15 % beyond") {
    // A sample of the grid in router/README.md; spikeloom_network_bench goes through all of it.
    const std::vector<test::NetworkCase> cases = test::agreement_cases();
    for (std::size_t i = 0; i < cases.size(); i += 7) {
        const test::NetworkCase& one = cases[i];
        CAPTURE(one.name);
        const test::Agreement agreement = test::compare(one);
        CHECK(std::abs(agreement.end) <= (one.saturated ? 0.15 : 0.10));
    }
}

}  // namespace spikeloom::router
