// Where the steps' time goes: histogram, timeline, critical cores; and how long traced messages took.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "runtime/report/charts_traffic.hpp"
#include "runtime/report/svg.hpp"

namespace spikeloom::runtime {

using chip::StepBound;

std::string style(StepBound bound) {
    return "b-" + name(bound);
}

std::string bound_histogram(const Report& report) {
    if (!report.traffic || report.traffic->step_times_ns.counts.empty()) {
        return {};
    }
    const BoundHistogram& histogram = report.traffic->step_times_ns;
    std::uint64_t most = 0;
    for (const auto& bin : histogram.counts) {
        most = std::max(most, bin.sum());
    }
    const double end = histogram.first + histogram.width * static_cast<double>(histogram.counts.size());
    const Scale x{histogram.first * 1e-9, end * 1e-9, 64, 490};
    const Scale y{0, round_up(static_cast<double>(most)), 190, 12};
    Svg svg(510, 232, "Histogram of step times, stacked by what bounds the step");
    svg.axis_left(y, 64, 490, "steps");
    svg.axis_below(x, 190, 190, "s", "time of a step", 6);
    for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
        const double from = (histogram.first + histogram.width * static_cast<double>(i)) * 1e-9;
        const double to = from + histogram.width * 1e-9;
        std::uint64_t below = 0;
        for (const StepBound bound : all_bounds) {
            const std::uint64_t steps = histogram.counts[i][bound];
            if (steps == 0) {
                continue;
            }
            const double bottom = y(static_cast<double>(below));
            const double top = y(static_cast<double>(below + steps));
            svg.rect({x(from) + 0.5, top, x(to) - x(from) - 1, bottom - top}, style(bound), {},
                     fmt::format("{}: {} steps bounded by {}", si_range(from, to, "s", Script::unicode), grouped(steps),
                                 name(bound)));
            below += steps;
        }
    }
    return svg.finish();
}

std::string phase_timeline(const Report& report) {
    if (!report.traffic || report.traffic->timeline.empty()) {
        return {};
    }
    const std::vector<TimelinePoint>& points = report.traffic->timeline;
    double most = 0;
    for (const TimelinePoint& point : points) {
        most = std::max(most, point.longest_ns * 1e-9);
    }
    const double bottom = 190;
    const Scale x{0, static_cast<double>(report.traffic->steps), 90, 1024};
    const Scale y{0, round_up(most), bottom, 14};
    Svg svg(1040, bottom + 42, "Phases of the steps over the run, stacked", true);
    const std::vector<double> ticks = round_ticks(0, y.domain_last, 4);
    const AxisLabels labels = axis_labels(ticks, "s");
    for (std::size_t i = 0; i < ticks.size(); ++i) {
        svg.line(90, y(ticks[i]), 1024, y(ticks[i]), "grid");
        svg.text(84, y(ticks[i]) + 4, labels.texts[i], "t small muted", Anchor::end);
    }
    svg.text_upwards(34, (bottom + 14) / 2, fmt::format("time of a step ({})", labels.unit), "t small muted");
    svg.axis_below(x, bottom, bottom, "", "step", 8);
    std::vector<PlotPoint> longest;
    for (const TimelinePoint& point : points) {
        const double left = x(static_cast<double>(point.first_step));
        const double right = x(static_cast<double>(point.first_step + point.steps));
        double below = 0;
        for (const StepBound bound : all_bounds) {
            const double part = point.time_ns[bound] * 1e-9;
            if (part > 0) {
                svg.rect({left, y(below + part), right - left, y(below) - y(below + part)}, style(bound));
            }
            below += part;
        }
        longest.push_back({left, y(point.longest_ns * 1e-9)});
        longest.push_back({right, y(point.longest_ns * 1e-9)});
    }
    svg.path(line_path(longest), "longest");
    return svg.finish();
}

std::string critical_core_chart(const Report& report) {
    if (!report.traffic) {
        return {};
    }
    const TrafficReport& traffic = *report.traffic;
    constexpr std::size_t most_rows = 8;
    const std::vector<Ranked> cores = critical_cores(traffic, most_rows + 1);
    if (cores.empty()) {
        return {};
    }
    const std::size_t rows = std::min(cores.size(), most_rows);
    const Scale x{0, cores[0].share, 0, 250};
    Svg svg(510, 34 + 24 * static_cast<double>(rows) + 20, "Share of the steps in which a core was done last");
    svg.text(150, 14, "done last, share of the steps, by what bounds them", "t small muted");
    for (std::size_t i = 0; i < rows; ++i) {
        const double top = 24 + 24 * static_cast<double>(i);
        svg.text(140, top + 14, core_name(report, cores[i].index), "t", Anchor::end);
        double at = 150;
        for (const StepBound bound : all_bounds) {
            const std::uint64_t steps = traffic.cores[cores[i].index].steps[bound];
            const double width = x(static_cast<double>(steps) / static_cast<double>(traffic.steps));
            if (steps > 0) {
                svg.rect({at, top + 2, width, 17}, style(bound), {},
                         fmt::format("{}: last in {} steps bounded by {}", core_name(report, cores[i].index),
                                     grouped(steps), name(bound)));
            }
            at += width;
        }
        svg.text(at + 6, top + 15, percent(cores[i].share, Script::unicode), "t small muted");
    }
    if (cores.size() > rows) {
        svg.text(150, 24 + 24 * static_cast<double>(rows) + 15, "and others", "t small muted");
    }
    return svg.finish();
}

std::string trace_chart(const Report& report) {
    if (!report.traffic || report.traffic->trace.bins.empty()) {
        return {};
    }
    const MessageTrace& trace = report.traffic->trace;
    const std::uint64_t most = *std::max_element(trace.bins.begin(), trace.bins.end());
    const double end = trace.first_bin_ns + trace.bin_width_ns * static_cast<double>(trace.bins.size());
    const Scale x{trace.first_bin_ns * 1e-9, end * 1e-9, 70, 490};
    const Scale y{0, round_up(static_cast<double>(most)), 190, 12};
    Svg svg(510, 232, "Histogram of message latencies");
    svg.axis_left(y, 70, 490, "messages");
    svg.axis_below(x, 190, 190, "s", "from made to arrived", 6);
    for (std::size_t i = 0; i < trace.bins.size(); ++i) {
        if (trace.bins[i] > 0) {
            const double from = (trace.first_bin_ns + trace.bin_width_ns * static_cast<double>(i)) * 1e-9;
            const double to = from + trace.bin_width_ns * 1e-9;
            const double top = y(static_cast<double>(trace.bins[i]));
            svg.rect({x(from) + 0.5, top, x(to) - x(from) - 1, 190 - top}, "bar binds", {},
                     fmt::format("{}: {} messages", si_range(from, to, "s", Script::unicode), grouped(trace.bins[i])));
        }
    }
    for (const auto& [value, text] :
         {std::pair{trace.latency_ns.median, "half"}, std::pair{trace.latency_ns.p95, "95 %"}}) {
        const double at = x(value * 1e-9);
        svg.line(at, 12, at, 190, "mark");
        svg.text(at + (at > 430 ? -5 : 5), 22, text, "t small", at > 430 ? Anchor::end : Anchor::start);
    }
    return svg.finish();
}

}  // namespace spikeloom::runtime
