#include "runtime/report/traffic_fixture.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "core/base/random.hpp"
#include "router/graph.hpp"
#include "runtime/report/read_traffic.hpp"
#include "runtime/report/report_fixture.hpp"

namespace spikeloom::test {
namespace {

using chip::StepBound;
using runtime::TrafficReport;

std::uint64_t draw(std::uint32_t place, std::uint32_t number, std::uint64_t bound) {
    return random_below({.seed = 11, .step = 0, .core = place, .neuron = number}, bound);
}

void add_links(const router::Graph& graph, TrafficReport& traffic) {
    const router::Mesh& mesh = graph.mesh();
    const auto column = [&](std::uint32_t router) {
        const int tile = static_cast<int>(router);
        return tile < mesh.tiles() ? mesh.tile_column(tile) : -1;
    };
    const auto row = [&](std::uint32_t router) {
        const int tile = static_cast<int>(router);
        return tile < mesh.tiles() ? mesh.tile_row(tile) : -1;
    };
    for (std::uint32_t i = 0; i < graph.inject_link(0); ++i) {
        const router::Link& link = graph.links()[i];
        runtime::LinkTraffic use{.name = graph.name(i),
                                 .from = link.from,
                                 .to = link.to,
                                 .from_column = column(link.from),
                                 .from_row = row(link.from),
                                 .to_column = column(link.to),
                                 .to_row = row(link.to),
                                 .between_chips = link.between_chips,
                                 .interval = static_cast<std::uint32_t>(link.timing.interval)};
        // Busy around the first tiles, nothing far away.
        const double distance = std::hypot(use.from_column - 1.0, use.from_row - 1.0);
        const double flits = 180'000 * std::exp(-distance / 2) - 4'000;
        use.flits = flits > 0 ? static_cast<std::uint64_t>(flits) + draw(i, 1, 20'000) : 0;
        use.peak = use.flits > 0 ? 1 + static_cast<std::uint32_t>(draw(i, 2, 8)) : 0;
        use.waited = use.flits * draw(i, 3, 4);
        traffic.links.push_back(use);
    }
}

void add_steps(TrafficReport& traffic) {
    traffic.step_times_ns = {.first = 250, .width = 20, .counts = {}};
    traffic.step_times_ns.counts.resize(40);
    for (std::uint32_t point = 0; point < 200; ++point) {
        runtime::TimelinePoint here{.first_step = point * 32ULL, .steps = 32, .time_ns = {}, .longest_ns = 0};
        const double wave = 1 + 0.6 * std::sin(point / 9.0);
        here.time_ns[StepBound::generation] = 40 + static_cast<double>(draw(point, 4, 30));
        here.time_ns[StepBound::processing] = 320 * wave;
        here.time_ns[StepBound::network] = wave > 1.4 ? 120 : 12;
        here.time_ns[StepBound::barrier] = 113;
        here.time_ns[StepBound::host] = 20;
        here.longest_ns = 1.2 * here.time_ns.sum();
        traffic.time_ns += 32 * here.time_ns.sum();
        const auto bin = static_cast<std::size_t>((here.time_ns.sum() - 250) / 20);
        const StepBound bound = wave > 1.4   ? StepBound::network
                                : wave < 0.5 ? StepBound::barrier
                                             : StepBound::processing;
        for (const StepBound part : runtime::all_bounds) {
            traffic.time_by_ns[part] += 32 * here.time_ns[part];
        }
        traffic.bound_steps[bound] += 32;
        traffic.cores[point % 5 == 0 ? 3 : bound == StepBound::network ? 1 : 2].steps[bound] += 32;
        traffic.step_times_ns.counts[std::min<std::size_t>(bin, 39)][bound] += 32;
        traffic.timeline.push_back(here);
    }
}

void add_windows(std::size_t windows, TrafficReport& traffic) {
    for (std::uint32_t i = 0; i < windows; ++i) {
        runtime::TrafficWindow window{.first_step = i * traffic.window_steps,
                                      .steps = traffic.window_steps,
                                      .time_ns = traffic.time_ns / static_cast<double>(windows),
                                      .links = {}};
        for (std::uint32_t link = 0; link < traffic.links.size(); ++link) {
            const runtime::LinkTraffic& use = traffic.links[link];
            const double wave = 1 + std::sin(i / 6.0 + use.from_column);
            if (use.flits > 0) {
                window.links.push_back({.link = link,
                                        .peak = use.peak,
                                        .flits = static_cast<std::uint64_t>(wave * static_cast<double>(use.flits) /
                                                                            static_cast<double>(windows))});
            }
        }
        traffic.windows.push_back(std::move(window));
    }
}

void add_messages(TrafficReport& traffic) {
    std::vector<double> latency;
    std::vector<double> part;
    traffic.trace.recorded = 2000;
    traffic.trace.first_bin_ns = 5;
    traffic.trace.bin_width_ns = 4;
    traffic.trace.bins.resize(40);
    for (std::uint32_t i = 0; i < 2000; ++i) {
        const double slow = std::pow(static_cast<double>(draw(i, 5, 1000)) / 1000, 4);
        latency.push_back(6 + 150 * slow);
        part.push_back(2 + 70 * slow);
        ++traffic.trace.bins[static_cast<std::size_t>((latency.back() - 5) / 4)];
    }
    traffic.trace.latency_ns = runtime::distribution_of(latency);
    traffic.trace.network_ns = runtime::distribution_of(part);
    traffic.trace.source_ns = traffic.trace.receiver_ns = traffic.trace.network_ns;
    traffic.trace.mean_hops = 2.4;
    traffic.trace.stalled = 410;
    const auto links = static_cast<std::uint32_t>(traffic.links.size());
    traffic.trace.places = {{0, 210, 9100}, {links + 5, 120, 4000}, {links + 10, 80, 1500}};
}

}  // namespace

runtime::Report traffic_report(const router::Mesh& mesh, const router::NetworkParameters& parameters,
                               std::size_t windows, bool messages) {
    runtime::Report report = labelled_report(2);
    report.mesh = mesh;
    report.spike_network.parameters = parameters;
    const auto graph = router::Graph::build(mesh, parameters);
    REQUIRE_MESSAGE(graph.has_value(), (graph ? "" : to_text(graph.error())));
    TrafficReport traffic;
    traffic.model = "queued";
    traffic.costs = "davies2018";
    traffic.cycle_ns = 1.3;
    traffic.steps = report.steps;
    traffic.planes = parameters.planes;
    traffic.buffer_flits = parameters.buffer_flits;
    traffic.cores.resize(report.cores.size());
    traffic.window_steps = windows == 0 ? report.steps : report.steps / windows;
    for (std::size_t i = 0; i < traffic.cores.size(); ++i) {
        traffic.cores[i].messages_out = 1000 * i;
        traffic.cores[i].messages_in = 500 * i;
    }
    add_steps(traffic);
    add_links(*graph, traffic);
    std::size_t busiest = 0;
    for (std::size_t i = 0; i < traffic.links.size(); ++i) {
        runtime::LinkTraffic& link = traffic.links[i];
        link.busy = static_cast<double>(link.flits) * link.interval * traffic.cycle_ns / traffic.time_ns;
        busiest = link.busy > traffic.links[busiest].busy ? i : busiest;
    }
    traffic.links[busiest].busiest_steps = 5000;
    traffic.links[busiest].busy_when_busiest = 0.3;
    add_windows(windows, traffic);
    if (messages) {
        add_messages(traffic);
    }
    std::vector<double> samples;
    std::vector<double> firsts;
    for (std::uint32_t i = 0; i < report.samples; ++i) {
        samples.push_back(traffic.time_ns / 200 * (0.8 + 0.002 * i));
        firsts.push_back(0.4 * samples.back());
    }
    traffic.sample_ns = runtime::distribution_of(samples);
    traffic.first_spike_ns = runtime::distribution_of(firsts);
    traffic.input_steps = 20;
    traffic.feed_forward = true;
    traffic.wall_s = 0.8;
    report.traffic = std::move(traffic);
    return report;
}

}  // namespace spikeloom::test
