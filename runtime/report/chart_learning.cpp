// What was learned: weights before and after, their mean, and the probed quantities over time.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "runtime/report/charts.hpp"
#include "runtime/report/svg.hpp"

namespace spikeloom::runtime {
namespace {

constexpr double chart_width = 510;
constexpr double chart_height = 212;
constexpr double left = 64;
constexpr double right = 490;
constexpr double top = 12;
constexpr double bottom = 170;
constexpr std::size_t most_colours = 8;

/// The values' range, a little wider; never empty.
std::pair<double, double> domain(const std::vector<std::vector<double>>& lines) {
    double least = 0;
    double most = 0;
    bool any = false;
    for (const std::vector<double>& line : lines) {
        for (const double value : line) {
            least = any ? std::min(least, value) : value;
            most = any ? std::max(most, value) : value;
            any = true;
        }
    }
    const double room = most > least ? 0.05 * (most - least) : 1;
    return {least - room, most + room};
}

struct LinePlot {
    std::string label;        ///< of the picture
    std::string y_name;       ///< with its unit
    double line_end = right;  ///< what is right of it is the legend's
    std::pair<double, double> y_domain;
};

/// Lines over the same moments, drawn with straight pieces between them.
Svg line_plot(const LinePlot& plot, const std::vector<double>& time_ms, const std::vector<std::vector<double>>& lines) {
    const double first = time_ms.front() * 1e-3;
    const double last = time_ms.back() > time_ms.front() ? time_ms.back() * 1e-3 : first + 1;
    const Scale x{first, last, left, plot.line_end};
    const Scale y{plot.y_domain.first, plot.y_domain.second, bottom, top};
    Svg svg(chart_width, chart_height, plot.label);
    svg.axis_left(y, left, plot.line_end, plot.y_name);
    svg.axis_below(x, bottom, bottom, "s", "network time", 5);
    for (std::size_t line = 0; line < lines.size(); ++line) {
        std::string path;
        for (std::size_t i = 0; i < std::min(time_ms.size(), lines[line].size()); ++i) {
            path += fmt::format("{}{} {}", i == 0 ? "M" : "L", coordinate(x(time_ms[i] * 1e-3)),
                                coordinate(y(lines[line][i])));
        }
        svg.path(path, fmt::format("line l{}", line % most_colours));
    }
    return svg;
}

}  // namespace

std::string weight_chart(const ProjectionLearning& learning) {
    const Histogram& after = learning.after;
    if (after.counts.empty() || learning.before.counts.size() != after.counts.size()) {
        return {};
    }
    std::uint64_t most = 0;
    for (std::size_t i = 0; i < after.counts.size(); ++i) {
        most = std::max({most, after.counts[i], learning.before.counts[i]});
    }
    const auto bins = static_cast<double>(after.counts.size());
    // A bin of integers first .. first + width - 1 is drawn around them.
    const Scale x{after.first - 0.5, after.first + after.width * bins - 0.5, left, right};
    const Scale y{0, round_up(static_cast<double>(most)), bottom, top};
    Svg svg(chart_width, chart_height, "Histogram of the weights of " + learning.name + " before and after");
    svg.axis_left(y, left, right, "synapses");
    svg.axis_below(x, bottom, bottom, "", "weight, register", 6);
    for (std::size_t i = 0; i < after.counts.size(); ++i) {
        const double from = after.first + after.width * static_cast<double>(i);
        const double edge = x(from - 0.5);
        const double width = x(from + after.width - 0.5) - edge;
        const std::string range = after.width > 1 ? fmt::format("{:.0f} to {:.0f}", from, from + after.width - 1)
                                                  : fmt::format("{:.0f}", from);
        const std::string tooltip =
            fmt::format("{}: {} before, {} after", range, grouped(learning.before.counts[i]), grouped(after.counts[i]));
        const double y_before = y(static_cast<double>(learning.before.counts[i]));
        const double y_after = y(static_cast<double>(after.counts[i]));
        const double half = std::max(width / 2 - 0.5, 0.5);
        svg.rect({edge + 0.5, y_before, half, bottom - y_before}, "bar", {}, tooltip);
        svg.rect({edge + width / 2, y_after, half, bottom - y_after}, "bar binds", {}, tooltip);
    }
    return svg.finish();
}

std::string mean_weight_chart(const ProjectionLearning& learning) {
    if (learning.time_ms.size() < 2) {
        return {};
    }
    const std::vector<std::vector<double>> lines{learning.weight_mean};
    return line_plot({.label = "Mean weight of " + learning.name + " over time",
                      .y_name = "mean weight, register",
                      .y_domain = domain(lines)},
                     learning.time_ms, lines)
        .finish();
}

std::string limit_chart(const ProjectionLearning& learning) {
    const bool any = std::any_of(learning.share_at_limits.begin(), learning.share_at_limits.end(),
                                 [](double share) { return share > 0; });
    if (learning.time_ms.size() < 2 || !any) {
        return {};
    }
    std::vector<std::vector<double>> lines(1);
    for (const double share : learning.share_at_limits) {
        lines[0].push_back(100 * share);
    }
    return line_plot({.label = "Share of the weights of " + learning.name + " at a limit, over time",
                      .y_name = "weights at a limit, %",
                      .y_domain = {0, round_up(*std::max_element(lines[0].begin(), lines[0].end()))}},
                     learning.time_ms, lines)
        .finish();
}

std::string accuracy_chart(const Report& report) {
    const std::vector<double>& parts = report.accuracy_over_run;
    if (parts.size() < 2) {
        return {};
    }
    const auto samples = static_cast<double>(report.samples);
    const Scale x{0, samples, left, right};
    const Scale y{0, 100, bottom, top};
    Svg svg(chart_width, chart_height, "Accuracy over the samples, in their order");
    svg.axis_left(y, left, right, "accuracy, %", 5);
    svg.axis_below(x, bottom, bottom, "", "samples", 5);
    const double width = samples / static_cast<double>(parts.size());
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const double edge = x(width * static_cast<double>(i));
        const double end = x(width * static_cast<double>(i + 1));
        svg.rect({edge + 0.5, y(100 * parts[i]), end - edge - 1, bottom - y(100 * parts[i])}, "bar binds", {},
                 fmt::format("samples {} to {}: {}", grouped(report.samples * i / parts.size()),
                             grouped(report.samples * (i + 1) / parts.size() - 1), percent(parts[i], Script::unicode)));
    }
    return svg.finish();
}

std::string series_chart(const LearningSeries& series) {
    if (series.time_ms.size() < 2 || series.values.empty()) {
        return {};
    }
    constexpr double legend = 400;
    Svg svg = line_plot({.label = quantity_name(series.quantity) + " over time",
                         .y_name = quantity_name(series.quantity),
                         .line_end = legend - 12,
                         .y_domain = domain(series.values)},
                        series.time_ms, series.values);
    for (std::size_t i = 0; i < std::min(series.lines.size(), series.values.size()); ++i) {
        const double y = top + 8 + 18 * static_cast<double>(i);
        svg.rect({legend, y - 6, 14, 4}, fmt::format("dot l{}", i % most_colours));
        svg.text(legend + 20, y, shortened(series.lines[i], 14, Script::unicode), "t small");
    }
    return svg.finish();
}

}  // namespace spikeloom::runtime
