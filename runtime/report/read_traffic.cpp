// /traffic, part by part, and what they say of one another.
#include "runtime/report/read_traffic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "runtime/report/slabs.hpp"
#include "runtime/report/units.hpp"

namespace spikeloom::runtime {

Distribution distribution_of(std::vector<double>& values) {
    Distribution result{.count = values.size()};
    if (values.empty()) {
        return result;
    }
    std::sort(values.begin(), values.end());
    const auto n = static_cast<double>(values.size());
    result.least = values.front();
    result.most = values.back();
    result.mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
    double squares = 0;
    for (const double value : values) {
        squares += (value - result.mean) * (value - result.mean);
    }
    result.deviation = values.size() > 1 ? std::sqrt(squares / (n - 1)) : 0;
    // Nearest rank: the least value that at least this share of the values do not exceed.
    const auto quantile = [&](double share) {
        return values[static_cast<std::size_t>(std::max(std::ceil(share * n - 1e-9), 1.0)) - 1];
    };
    result.median = quantile(0.5);
    result.p95 = quantile(0.95);
    return result;
}

namespace {

constexpr std::array<std::string_view, 3> models{"free", "queued", "flit"};

bool read_head(Source& source, TrafficReport& traffic) {
    traffic.model = source.text("/traffic/model");
    traffic.costs = source.text("/traffic/costs");
    if (std::ranges::find(models, traffic.model) == models.end()) {
        source.wrong("/traffic/model", fmt::format("'{}'", shortened(traffic.model, 40, Script::plain)),
                     "free, queued or flit");
    }
    const auto cycle = source.number<double>("/traffic/cycle");
    if (!cycle || !std::isfinite(*cycle) || *cycle <= 0) {
        if (cycle) {
            source.wrong("/traffic/cycle", fmt::format("{} ns", *cycle), "a time above 0");
        }
        return false;
    }
    traffic.cycle_ns = *cycle;
    return !has_error(source.findings);
}

void read_core_messages(Source& source, TrafficReport& traffic) {
    const auto out = source.column<std::uint64_t>("/traffic/cores/out", traffic.cores.size());
    const auto in = source.column<std::uint64_t>("/traffic/cores/in", traffic.cores.size());
    for (std::size_t core = 0; out && in && core < traffic.cores.size(); ++core) {
        traffic.cores[core].messages_out = (*out)[core];
        traffic.cores[core].messages_in = (*in)[core];
    }
}

/// What newer recordings say of samples and of the emulation itself.
void read_pace(Source& source, TrafficReport& traffic) {
    if (source.file.has("/eval/input_steps")) {
        traffic.input_steps = source.number<std::uint32_t>("/eval/input_steps").value_or(0);
    }
    if (source.file.has("/eval/feed_forward")) {
        traffic.feed_forward = source.number<std::uint8_t>("/eval/feed_forward").value_or(0) != 0;
    }
    if (source.file.has("/provenance/wall")) {
        traffic.wall_s = source.number<double>("/provenance/wall").value_or(0);
        if (!std::isfinite(traffic.wall_s) || traffic.wall_s < 0) {
            source.wrong("/provenance/wall", fmt::format("{} s", traffic.wall_s), "a finite time from 0");
        }
    }
}

/// Shares of the run, once its time is known.
void fill_busy(int planes, TrafficReport& traffic) {
    for (LinkTraffic& link : traffic.links) {
        const double busy = static_cast<double>(link.flits) * link.interval * traffic.cycle_ns / std::max(planes, 1);
        link.busy = traffic.time_ns > 0 ? busy / traffic.time_ns : 0;
    }
}

}  // namespace

void read_traffic(Source& source, const std::vector<std::uint32_t>& sample_steps, Report& report) {
    // With --no-traffic, the group has traced messages and cores' counters at most.
    if (!source.file.has("/traffic/model") && !source.file.has("/traffic/phases")) {
        return;
    }
    TrafficReport traffic;
    traffic.cores.resize(report.cores.size());
    traffic.planes = report.spike_network.parameters.planes;
    traffic.buffer_flits = report.spike_network.parameters.buffer_flits;
    traffic.steps = report.steps;
    if (!read_head(source, traffic) || !read_links(source, traffic)) {
        return;
    }
    const auto window = source.number<std::uint64_t>("/traffic/windows/steps");
    if (!window) {
        return;
    }
    traffic.window_steps = *window;
    if (traffic.window_steps == 0) {
        source.wrong("/traffic/windows/steps", "windows of 0 steps", "at least 1");
        return;
    }
    read_traffic_steps(source, sample_steps, report, traffic);
    read_core_messages(source, traffic);
    read_pace(source, traffic);
    fill_busy(traffic.planes, traffic);
    if (has_error(source.findings)) {
        return;
    }
    read_windows(source, traffic);
    if (source.file.has("/traffic/trace")) {
        read_trace(source, report, traffic);
    }
    if (std::ranges::find(report.cost_tables, traffic.costs, &chip::CostTable::name) == report.cost_tables.end()) {
        source.remark(
            fmt::format("The times of /traffic are those of '{}', a cost table that the recording's chip "
                        "description lacks.",
                        shortened(traffic.costs, 40, Script::unicode)));
    }
    report.traffic = std::move(traffic);
}

}  // namespace spikeloom::runtime
