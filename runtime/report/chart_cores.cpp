// What the cores use of each limit, how long steps take, and which core they wait for.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "runtime/report/charts.hpp"
#include "runtime/report/svg.hpp"

namespace spikeloom::runtime {
namespace {

constexpr double chart_width = 1040;
constexpr double left = 200;
constexpr double right = 1030;
constexpr double strip = 62;
constexpr double bar_room = 38;
constexpr std::size_t most_cores = 512;
constexpr std::size_t few_cores = 3;

std::string limit_tooltip(const Report& report, const CoreOccupancy& core, Limit limit) {
    return fmt::format("core {}, {}: {}{}", core.place, name(limit), use_text(report, core, limit),
                       binding(report, core) == limit ? "; binds" : "");
}

void draw_strip(const Report& report, Limit limit, double full, double top, double pitch, Svg& svg) {
    const double base = top + bar_room;
    svg.text(left - 12, base - 13, name(limit), "t strong", Anchor::end);
    svg.text(left - 12, base + 1, "of " + grouped(static_cast<std::uint64_t>(room(report, limit))), "t small muted",
             Anchor::end);
    const std::size_t shown = std::min(report.cores.size(), most_cores);
    const double width = std::min(pitch - std::min(4.0, pitch * 0.2), 60.0);
    const double end = left + pitch * static_cast<double>(shown);
    svg.line(left, top, end, top, "grid");
    svg.text(end - 2, top - 3, percent(full, Script::unicode, full < 0.1 ? 1 : 0), "t tiny muted", Anchor::end);
    svg.line(left, base, end, base, "axis");
    for (std::size_t i = 0; i < shown; ++i) {
        const CoreOccupancy& core = report.cores[i];
        const double fraction = utilisation(report, core, limit);
        const double height = std::max(std::min(fraction / full, 1.0) * bar_room, 0.5);
        const double x = left + pitch * (static_cast<double>(i) + 0.5) - width / 2;
        const bool binds = binding(report, core) == limit;
        svg.rect({x, base - height, width, height}, binds ? "bar binds" : "bar", {},
                 limit_tooltip(report, core, limit));
        if (shown <= 24) {
            svg.text(x + width / 2, base - height - 4, percent(fraction, Script::unicode, fraction < 0.0995 ? 1 : 0),
                     binds ? "t tiny strong" : "t tiny muted", Anchor::middle);
        }
    }
}

/// One strip a limit, the cores side by side.
std::string strips(const Report& report, const std::vector<Limit>& limits) {
    const std::size_t shown = std::min(report.cores.size(), most_cores);
    const double pitch = std::min((right - left) / static_cast<double>(shown), 150.0);
    Svg svg(chart_width, 16 + strip * static_cast<double>(limits.size()) + 12, "Use of each limit of each core", true);
    double fullest = 0;
    for (const CoreOccupancy& core : report.cores) {
        fullest = std::max(fullest, utilisation(report, core, binding(report, core)));
    }
    const double full = fullest > 0 ? std::min(round_up(1.25 * fullest), 1.0) : 1;  // room for the figures above bars
    double top = 16;
    for (const Limit limit : limits) {
        draw_strip(report, limit, full, top, pitch, svg);
        top += strip;
    }
    const double y = top - strip + bar_room + 16;
    const auto every = static_cast<std::size_t>(pitch >= 22 ? 1 : pitch >= 6 ? 8 : 32);
    for (std::size_t i = 0; i < shown; i += every) {
        svg.text(left + pitch * (static_cast<double>(i) + 0.5), y, std::to_string(report.cores[i].place),
                 "t small muted", Anchor::middle);
    }
    svg.text(left - 12, y, "core", "t small muted", Anchor::end);
    return svg.finish();
}

/// Bars from left to right, core by core.
std::string rows(const Report& report, const std::vector<Limit>& limits) {
    constexpr double end = 760;
    const double group = 24 + 22 * static_cast<double>(limits.size());
    Svg svg(chart_width, group * static_cast<double>(report.cores.size()) + 40, "Use of each limit of each core", true);
    const Scale x{0, 1, left, end};
    double y = 0;
    for (const CoreOccupancy& core : report.cores) {
        svg.text(left, y + 14, fmt::format("core {}", core.place), "t strong");
        y += 22;
        for (const Limit limit : limits) {
            const bool binds = binding(report, core) == limit;
            svg.text(left - 12, y + 12, name(limit), binds ? "t strong" : "t", Anchor::end);
            svg.rect({left, y, end - left, 15}, "band");
            svg.rect({left, y, x(std::min(utilisation(report, core, limit), 1.0)) - left, 15},
                     binds ? "bar binds" : "bar", {}, limit_tooltip(report, core, limit));
            svg.text(end + 10, y + 12, use_text(report, core, limit), binds ? "t small strong" : "t small muted");
            y += 22;
        }
        y += 2;
    }
    for (int tick = 0; tick <= 100; tick += 25) {
        svg.text(x(tick / 100.0), y + 12, fmt::format("{} %", tick), "t small muted", Anchor::middle);
    }
    return svg.finish();
}

}  // namespace

std::string utilisation_chart(const Report& report) {
    if (report.cores.empty()) {
        return {};
    }
    const std::vector<Limit> limits = recorded_limits(report);
    return report.cores.size() <= few_cores ? rows(report, limits) : strips(report, limits);
}

std::string step_time_chart(const Report& report, const PricedRun& run) {
    const Histogram& histogram = run.step_times_ns;
    if (histogram.counts.empty() || report.steps == 0) {
        return {};
    }
    const std::uint64_t most = *std::max_element(histogram.counts.begin(), histogram.counts.end());
    const double end = histogram.first + histogram.width * static_cast<double>(histogram.counts.size());
    const Scale x{histogram.first * 1e-9, end * 1e-9, 64, 490};
    const Scale y{0, round_up(static_cast<double>(most)), 170, 12};
    Svg svg(510, 212, "Histogram of step times under " + run.table);
    svg.axis_left(y, 64, 490, "steps");
    svg.axis_below(x, 170, 170, "s", "time of a step, " + shortened(run.table, 24, Script::unicode), 6);
    for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
        if (histogram.counts[i] == 0) {
            continue;
        }
        const double from = histogram.first + histogram.width * static_cast<double>(i);
        const double left_edge = x(from * 1e-9);
        const double width = x((from + histogram.width) * 1e-9) - left_edge;
        const double at = y(static_cast<double>(histogram.counts[i]));
        svg.rect(
            {left_edge + 0.5, at, width - 1, 170 - at}, "bar binds", {},
            fmt::format("{}: {} steps", si_range(from * 1e-9, (from + histogram.width) * 1e-9, "s", Script::unicode),
                        grouped(histogram.counts[i])));
    }
    const double mean = x(run.step_time_mean_ns * 1e-9);
    svg.line(mean, 12, mean, 170, "mark");
    svg.text(mean + (mean > 380 ? -6 : 6), 22, "mean " + time(run.step_time_mean_ns, Script::unicode), "t small",
             mean > 380 ? Anchor::end : Anchor::start);
    return svg.finish();
}

std::string slowest_core_chart(const Report& report, const PricedRun& run) {
    std::vector<std::pair<std::uint64_t, std::uint32_t>> shares;
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < std::min(run.slowest_steps.size(), report.cores.size()); ++i) {
        if (run.slowest_steps[i] > 0) {
            shares.emplace_back(run.slowest_steps[i], report.cores[i].place);
            all += run.slowest_steps[i];
        }
    }
    if (shares.empty()) {
        return {};
    }
    std::stable_sort(shares.begin(), shares.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    constexpr std::size_t most_rows = 8;
    const std::size_t rows = std::min(shares.size(), most_rows);
    Svg svg(510, 30 + 22 * static_cast<double>(rows) + 20, "Share of the steps in which a core was the slowest");
    svg.text(90, 14, "slowest core of a step, " + shortened(run.table, 24, Script::unicode), "t small muted");
    for (std::size_t i = 0; i < rows; ++i) {
        const double y = 24 + 22 * static_cast<double>(i);
        const double share = static_cast<double>(shares[i].first) / static_cast<double>(all);
        svg.text(80, y + 13, fmt::format("core {}", shares[i].second), "t", Anchor::end);
        svg.rect({90, y + 2, 320 * share, 15}, i == 0 ? "bar binds" : "bar", {},
                 fmt::format("core {}: slowest in {} of {} steps", shares[i].second, grouped(shares[i].first),
                             grouped(all)));
        svg.text(90 + 320 * share + 6, y + 13, percent(share, Script::unicode), "t small muted");
    }
    if (shares.size() > rows) {
        svg.text(90, 24 + 22 * static_cast<double>(rows) + 13, fmt::format("and {} more cores", shares.size() - rows),
                 "t small muted");
    }
    return svg.finish();
}

}  // namespace spikeloom::runtime
