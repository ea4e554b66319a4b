#include "tools/noc_forms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "runtime/report/svg.hpp"
#include "tools/figures.hpp"

namespace spikeloom::tools {

namespace {

namespace json = boost::json;
using router::LatencyFigures;
using router::LoadPoint;
using runtime::PlotPoint;
using runtime::Scale;
using runtime::Svg;

std::string head_text(const NocSetup& setup) {
    return fmt::format("{}\n{}, model {}\n", network_text(setup), router::to_text(setup.traffic),
                       router::name_of(setup.model));
}

/// "363 cycles", with the time where the chip tells a cycle's.
std::string cycles_text(const NocSetup& setup, double cycles) {
    return setup.cycle_ns ? fmt::format("{:.6g} cycles ({})", cycles, time_text(cycles * *setup.cycle_ns))
                          : fmt::format("{:.6g} cycles", cycles);
}

/// Cycles in which the link could not have carried a flit more.
double busy_cycles(const router::Graph& graph, std::size_t link, const router::LinkUse& use) {
    return static_cast<double>(use.flits) * graph.links()[link].timing.interval / graph.parameters().planes;
}

std::size_t busiest_link(const router::Graph& graph, const router::BatchResult& result) {
    std::size_t busiest = 0;
    for (std::size_t link = 1; link < result.links.size(); ++link) {
        if (busy_cycles(graph, link, result.links[link]) > busy_cycles(graph, busiest, result.links[busiest])) {
            busiest = link;
        }
    }
    return busiest;
}

double accepted_rate(const NocSetup& setup, const router::BatchResult& result) {
    return result.cycles == 0 ? 0
                              : static_cast<double>(result.flits) / static_cast<double>(result.cycles) /
                                    static_cast<double>(setup.graph.endpoints());
}

json::object network_object(const NocSetup& setup) {
    const router::Mesh& mesh = setup.graph.mesh();
    const router::NetworkParameters& parameters = setup.graph.parameters();
    json::object network{{"text", network_text(setup)},
                         {"columns", mesh.columns},
                         {"rows", mesh.rows},
                         {"cores_per_tile", mesh.cores_per_tile},
                         {"chip_columns", mesh.chip_columns},
                         {"chip_rows", mesh.chip_rows},
                         {"planes", parameters.planes},
                         {"packet_flits", parameters.packet_flits},
                         {"buffer_flits", parameters.buffer_flits},
                         {"virtual_channels", parameters.virtual_channels}};
    if (!setup.chip.empty()) {
        network["chip"] = setup.chip;
    }
    if (setup.cycle_ns) {
        network["cycle_ns"] = *setup.cycle_ns;
    }
    return {{"network", std::move(network)},
            {"model", json::string(router::name_of(setup.model))},
            {"traffic", router::to_text(setup.traffic)},
            {"seed", setup.seed}};
}

json::object latency_object(const LatencyFigures& latency) {
    return {{"packets", latency.packets},
            {"packet_latency_mean_cycles", latency.mean},
            {"packet_latency_least_cycles", latency.least},
            {"packet_latency_most_cycles", latency.most},
            {"network_latency_mean_cycles", latency.network_mean}};
}

json::object point_object(const LoadPoint& point) {
    json::object object = latency_object(point.latency);
    object["offered_flits_per_node_cycle"] = point.offered;
    object["accepted_flits_per_node_cycle"] = point.accepted;
    object["packet_latency_p99_cycles"] = point.latency_p99;
    object["queue_growth_packets"] = point.queue_growth;
    object["saturated"] = point.saturated;
    return object;
}

std::string pairs_text(const std::vector<router::PairLatency>& pairs) {
    std::string text = "\nsource  destination  packets  packet latency (cycles)  network latency (cycles)\n";
    for (const router::PairLatency& pair : pairs) {
        text += fmt::format("{:>6}  {:>11}  {:>7}  {:>23.6g}  {:>24.6g}\n", pair.source, pair.destination,
                            pair.latency.packets, pair.latency.mean, pair.latency.network_mean);
    }
    return text;
}

}  // namespace

std::string batch_text(const NocSetup& setup, const NocBatch& batch) {
    const router::BatchResult& result = batch.result;
    std::string text = head_text(setup);
    text += fmt::format("drained in       {}\n", cycles_text(setup, static_cast<double>(result.cycles)));
    text += fmt::format("packets          {}, {} flits, {:.4g} flits/node/cycle\n", result.latency.packets,
                        result.flits, accepted_rate(setup, result));
    text += fmt::format("packet latency   mean {}, from {} to {}; the wait in the source's queue is in it\n",
                        cycles_text(setup, result.latency.mean), result.latency.least, result.latency.most);
    text += fmt::format("network latency  mean {}\n", cycles_text(setup, result.latency.network_mean));
    if (result.cycles > 0 && !result.links.empty()) {
        const std::size_t link = busiest_link(setup.graph, result);
        const router::LinkUse& use = result.links[link];
        text += fmt::format(
            "busiest link     {}: {} flits, busy {:.1f} % of the time; most flits in the buffer at its end: {}\n",
            setup.graph.name(static_cast<std::uint32_t>(link)), use.flits,
            100 * busy_cycles(setup.graph, link, use) / static_cast<double>(result.cycles), use.peak);
    }
    return batch.pairs ? text + pairs_text(result.pairs) : text;
}

std::string batch_json(const NocSetup& setup, const NocBatch& batch) {
    const router::BatchResult& result = batch.result;
    json::object object = network_object(setup);
    json::object figures = latency_object(result.latency);
    figures["drain_cycles"] = result.cycles;
    figures["flits"] = result.flits;
    figures["accepted_flits_per_node_cycle"] = accepted_rate(setup, result);
    if (batch.pairs) {
        json::array pairs;
        for (const router::PairLatency& pair : result.pairs) {
            json::object row = latency_object(pair.latency);
            row["source"] = pair.source;
            row["destination"] = pair.destination;
            pairs.push_back(std::move(row));
        }
        figures["pairs"] = std::move(pairs);
    }
    object["batch"] = std::move(figures);
    return json::serialize(object) + "\n";
}

std::string sweep_text(const NocSetup& setup, const NocSweep& sweep) {
    std::string text = head_text(setup);
    text +=
        fmt::format("measured for {} cycles after {} of warm-up; rates in flits/node/cycle, latencies in cycles\n\n",
                    sweep.options.measured, sweep.options.warm_up);
    text += "  offered  accepted  packet latency  99 % below  network latency\n";
    for (const LoadPoint& point : sweep.points) {
        text += fmt::format("{:>9.5g} {:>9.5f} {:>15.2f} {:>11} {:>16.2f}{}\n", point.offered, point.accepted,
                            point.latency.mean, point.latency_p99, point.latency.network_mean,
                            point.saturated ? "  saturated" : "");
    }
    if (sweep.saturation) {
        const router::Saturation& found = *sweep.saturation;
        text += found.unstable == 0
                    ? fmt::format("\ncarries all that nodes can send, {:.5g}", found.stable)
                    : fmt::format(
                          "\nsaturates between {:.5g} and {:.5g}; offered {:.5g}, it accepts "
                          "{:.5g}",
                          found.stable, found.unstable, found.overload.offered, found.overload.accepted);
        text += " flits/node/cycle\n";
    }
    return text;
}

std::string sweep_json(const NocSetup& setup, const NocSweep& sweep) {
    json::object object = network_object(setup);
    object["warm_up_cycles"] = sweep.options.warm_up;
    object["measured_cycles"] = sweep.options.measured;
    json::array points;
    for (const LoadPoint& point : sweep.points) {
        points.push_back(point_object(point));
    }
    object["points"] = std::move(points);
    if (sweep.saturation) {
        object["saturation"] = json::object{
            {"stable_flits_per_node_cycle", sweep.saturation->stable},
            {"unstable_flits_per_node_cycle",
             sweep.saturation->unstable == 0 ? json::value(nullptr) : json::value(sweep.saturation->unstable)},
            {"overload", point_object(sweep.saturation->overload)}};
    }
    return json::serialize(object) + "\n";
}

std::string sweep_svg(const NocSetup& setup, const NocSweep& sweep) {
    constexpr double left = 70;
    constexpr double right = 740;
    constexpr double top = 66;
    constexpr double bottom = 366;
    Svg svg(760, 412, "Latency over load");
    svg.text(16, 22, fmt::format("{}, model {}", router::to_text(setup.traffic), router::name_of(setup.model)),
             "t strong");
    svg.text(16, 42, network_text(setup), "t small muted");
    double most_rate = 0;
    double most_latency = 0;
    for (const LoadPoint& point : sweep.points) {
        most_rate = std::max(most_rate, point.offered);
        if (!point.saturated) {
            most_latency = std::max(most_latency, point.latency.mean);
        }
    }
    if (most_latency == 0) {
        most_latency = sweep.options.latency_threshold;
    }
    const Scale x{0, most_rate, left, right};
    const Scale y{0, 1.25 * most_latency, bottom, top};
    svg.axis_below(x, bottom, top, "", "offered (flits/node/cycle)", 8);
    svg.axis_left(y, left, right, "mean packet latency (cycles)", 6);
    std::vector<PlotPoint> packet;
    std::vector<PlotPoint> network;
    for (const LoadPoint& point : sweep.points) {
        if (point.saturated) {
            const double at = x(point.offered);
            svg.line(at, top, at, bottom, "zero");
            svg.text(at - 5, top + 12, "saturated", "t tiny muted", runtime::Anchor::end);
            break;
        }
        packet.push_back({x(point.offered), y(point.latency.mean)});
        network.push_back({x(point.offered), y(point.latency.network_mean)});
    }
    svg.path(runtime::line_path(network), "curve c6");
    svg.path(runtime::line_path(packet), "curve c0");
    for (std::size_t i = 0; i < packet.size(); ++i) {
        const LoadPoint& point = sweep.points[i];
        svg.circle(packet[i].x, packet[i].y, 3, "dot c0",
                   fmt::format("offered {:.5g}, accepted {:.5g} flits/node/cycle: {:.2f} cycles (network {:.2f}, 99 % "
                               "below {})",
                               point.offered, point.accepted, point.latency.mean, point.latency.network_mean,
                               point.latency_p99));
    }
    svg.text(left + 8, bottom - 26, "blue: packet latency, source queue included", "t tiny muted");
    svg.text(left + 8, bottom - 12, "grey: network latency", "t tiny muted");
    return runtime::standalone(svg.finish());
}

}  // namespace spikeloom::tools
