#include "router/network_cases.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "core/base/diagnostics.hpp"
#include "router/models.hpp"
#include "router/synthetic.hpp"

namespace spikeloom::test {

using router::Cycle;

std::vector<NetworkCase> agreement_cases() {
    // Saturation of an 8 x 8 mesh, packets a node and cycle, 1 flit, by depth 1, 4, 16 (BookSim's figures; tornado: our
    // own).
    struct Pattern {
        std::string name;
        double limit[3];
    };
    const std::vector<Pattern> patterns = {{"uniform", {0.047, 0.235, 0.403}},
                                           {"transpose", {0.039, 0.113, 0.181}},
                                           {"hotspot:27=8", {0.022, 0.092, 0.132}},
                                           {"tornado", {0.035, 0.16, 0.25}},
                                           {"allto:27", {0.0026, 0.010, 0.0158}}};
    const router::Mesh square{.columns = 8, .rows = 8, .cores_per_tile = 1};
    std::vector<NetworkCase> cases;
    for (const Pattern& pattern : patterns) {
        for (const int flits : {1, 2, 4}) {
            for (const int planes : {1, 3}) {
                for (const int depth : {1, 2, 4, 8, 16}) {
                    const double limit = pattern.limit[depth < 4    ? 0
                                                       : depth < 16 ? 1
                                                                    : 2] *
                                         depth /
                                         (depth < 4    ? 1
                                          : depth < 16 ? 4
                                                       : 16) /
                                         (depth == 8 ? 1.3 : 1) * planes / flits;
                    for (const double part : {0.0, 0.5, 0.8, 1.5}) {
                        NetworkCase one;
                        one.traffic = pattern.name;
                        one.mesh = square;
                        one.depth = depth;
                        one.flits = flits;
                        one.planes = planes;
                        one.load = part * limit;
                        one.packets = pattern.name == "allto:27" ? 20 : 60;
                        one.saturated = part == 0 || part > 1;
                        if (one.load > 0.9) {
                            continue;
                        }
                        one.name = fmt::format("{} depth {} flits {} planes {} load {}", pattern.name, depth, flits,
                                               planes, part);
                        cases.push_back(one);
                    }
                }
            }
        }
    }
    return cases;
}

std::vector<NetworkCase> speed_cases() {
    std::vector<NetworkCase> cases;
    const auto add = [&](int cores_per_tile, double load, std::uint32_t packets, int flits, router::Topology topology) {
        NetworkCase one;
        one.traffic = "uniform";
        one.mesh = {.columns = 8, .rows = 4, .cores_per_tile = cores_per_tile};
        one.load = load;
        one.packets = packets;
        one.flits = flits;
        one.planes = 2;
        one.depth = 16;
        one.topology = topology;
        one.name = fmt::format("{} cores, {}, {}", one.mesh.cores(),
                               topology == router::Topology::torus ? "torus" : fmt::format("flits {}", flits),
                               load == 0 ? "batch" : fmt::format("load {}", load));
        cases.push_back(one);
    };
    for (const std::uint32_t packets : {10U, 100U, 1000U, 10000U}) {
        add(4, 0.05, packets, 1, router::Topology::mesh);  // linear in messages
    }
    for (const int cores_per_tile : {1, 4}) {
        for (const double load : {0.02, 0.1, 0.0}) {
            add(cores_per_tile, load, 500, 1, router::Topology::mesh);
        }
    }
    add(4, 0.02, 500, 2, router::Topology::mesh);
    add(4, 0.02, 500, 4, router::Topology::mesh);
    add(4, 0.02, 500, 1, router::Topology::torus);
    return cases;
}

router::Graph graph_of(const NetworkCase& one) {
    router::NetworkParameters parameters;
    parameters.buffer_flits = one.depth;
    parameters.packet_flits = one.flits;
    parameters.planes = one.planes;
    parameters.topology = one.topology;
    auto graph = router::Graph::build(one.mesh, parameters);
    SPIKELOOM_ASSERT(graph.has_value(), one.name);
    return std::move(*graph);
}

router::Workload workload_of(const NetworkCase& one) {
    auto traffic = router::parse_traffic(one.traffic);
    SPIKELOOM_ASSERT(traffic.has_value(), one.name);
    const router::TrafficSource source(*traffic, one.mesh, 1);
    router::Workload workload =
        one.load == 0 ? source.batch(one.packets)
                      : source.bernoulli(one.load, static_cast<Cycle>(std::lround(one.packets / one.load)));
    for (router::Message& message : workload.messages) {
        message.service = one.service;
    }
    return workload;
}

Agreement compare(const NetworkCase& one) {
    const router::Graph graph = graph_of(one);
    const router::Workload workload = workload_of(one);
    router::Outcome flit;
    router::Outcome queued;
    router::make_flit_model(graph)->run(workload, false, flit);
    router::make_queued_model(graph)->run(workload, false, queued);
    Agreement agreement{.flit_end = flit.end, .queued_end = queued.end};
    const auto relative = [&](Cycle q, Cycle f) {
        return static_cast<double>(q - f) / static_cast<double>(std::max<Cycle>(flit.end, 1));
    };
    agreement.end = relative(queued.end, flit.end);
    for (std::size_t e = 0; e < flit.sent.size(); ++e) {
        const double sent = relative(queued.sent[e], flit.sent[e]);
        const double processed = relative(queued.processed[e], flit.processed[e]);
        agreement.sent = std::abs(sent) > std::abs(agreement.sent) ? sent : agreement.sent;
        agreement.processed = std::abs(processed) > std::abs(agreement.processed) ? processed : agreement.processed;
    }
    return agreement;
}

}  // namespace spikeloom::test
