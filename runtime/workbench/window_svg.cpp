#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "runtime/report/svg.hpp"
#include "runtime/workbench/window.hpp"

namespace spikeloom::runtime {

namespace {

using rules::Variable;

constexpr std::array<std::string_view, 3> letters{"w", "d", "t"};
constexpr double width = 760;
constexpr double left = 64;
constexpr double right = 740;
constexpr double panel_height = 300;
constexpr double cell_size = 20;

std::vector<Variable> changed(const Window& window) {
    std::vector<Variable> all;
    for (const Variable variable : rules::variables) {
        if (!window.rule.series(variable).empty()) {
            all.push_back(variable);
        }
    }
    return all;
}

/// The rule, a line a variable; returns where the next thing may begin.
double draw_head(const Window& window, Svg& svg) {
    double y = 22;
    for (const Variable variable : changed(window)) {
        std::string text = fmt::format("{} = {}", rules::name_of(variable), rules::print(window.rule.series(variable)));
        constexpr std::size_t longest = 100;
        if (text.size() > longest) {
            text = text.substr(0, longest - 3) + "...";
        }
        svg.text(16, y, text, "t strong");
        y += 18;
    }
    svg.text(16, y,
             fmt::format("{}, {} protocol, {} repetition{}, {} trials a point, epoch {}, w from {}", window.chip,
                         name_of(window.options.protocol.kind), window.options.protocol.repeats,
                         window.options.protocol.repeats == 1 ? "" : "s", window.options.trials, window.rule.epoch,
                         window.options.weight),
             "t small muted");
    return y + 14;
}

std::string colour(std::size_t series) {
    return fmt::format("c{}", series % 7);
}

std::string float_style(const Window& window, std::size_t series) {
    return window.series.size() == 1 ? "curve float ink" : fmt::format("curve float {}", colour(series));
}

void draw_legend(const Window& window, double y, Svg& svg) {
    double x = left;
    for (std::size_t s = 0; s < window.series.size(); ++s) {
        const std::string prefix = window.series.size() > 1 ? window.series[s].label + ": " : "";
        svg.line(x, y - 4, x + 26, y - 4, float_style(window, s));
        svg.text(x + 32, y, "float", "t small");
        svg.rect({x + 74, y - 11, 26, 14}, fmt::format("area {}", colour(s)));
        svg.line(x + 74, y - 4, x + 100, y - 4, fmt::format("curve {}", colour(s)));
        svg.text(x + 106, y, fmt::format("{}chip, mean \u00b1 1 standard deviation", prefix), "t small");
        y += 17;
    }
}

Scale value_scale(const Window& window, std::size_t variable, double top, double bottom) {
    double low = 0;
    double high = 0;
    for (const WindowSeries& series : window.series) {
        for (const WindowPoint& point : series.points) {
            const Change& change = *point.changes[variable];
            low = std::min({low, change.real, change.mean - change.deviation});
            high = std::max({high, change.real, change.mean + change.deviation});
        }
    }
    const double margin = high > low ? 0.06 * (high - low) : 1;
    return {low - margin, high + margin, bottom, top};
}

void draw_curves(const Window& window, std::size_t variable, double top, Svg& svg) {
    const double bottom = top + panel_height;
    const auto& first = window.series.front().points;
    const Scale x{first.front().x, first.back().x, left, right};
    const Scale y = value_scale(window, variable, top, bottom);
    const ProtocolAxis axis = axes(window.options.protocol)[0];
    svg.axis_below(x, bottom, top, "", fmt::format("{} ({})", axis.name, axis.unit), 8);
    svg.axis_left(y, left, right, fmt::format("change of {} (units of the register)", letters[variable]), 6);
    svg.line(left, y(0), right, y(0), "zero");
    for (std::size_t s = 0; s < window.series.size(); ++s) {
        std::vector<PlotPoint> upper;
        std::vector<PlotPoint> lower;
        std::vector<PlotPoint> mean;
        std::vector<PlotPoint> real;
        for (const WindowPoint& point : window.series[s].points) {
            const Change& change = *point.changes[variable];
            upper.push_back({x(point.x), y(change.mean + change.deviation)});
            lower.push_back({x(point.x), y(change.mean - change.deviation)});
            mean.push_back({x(point.x), y(change.mean)});
            real.push_back({x(point.x), y(change.real)});
        }
        svg.path(area_path(upper, lower), fmt::format("area {}", colour(s)));
        svg.path(line_path(mean), fmt::format("curve {}", colour(s)));
        for (std::size_t i = 0; i < mean.size(); ++i) {
            const WindowPoint& point = window.series[s].points[i];
            const Change& change = *point.changes[variable];
            svg.circle(mean[i].x, mean[i].y, 2.5, fmt::format("dot {}", colour(s)),
                       fmt::format("{:g} {}: float {:+.3f}, chip {:+.3f} \u00b1 {:.3f} ({:+g} to {:+g})", point.x,
                                   axis.unit, change.real, change.mean, change.deviation, change.least, change.most));
        }
        svg.path(line_path(real), float_style(window, s));
    }
}

std::string curves_svg(const Window& window) {
    const std::vector<Variable> variables = changed(window);
    const double legend = 17.0 * static_cast<double>(window.series.size());
    const double pitch = panel_height + 62;
    const double head = 24 + 18 * static_cast<double>(variables.size()) + 14 + legend + 12;
    Svg svg(width, head + pitch * static_cast<double>(variables.size()), "Learning window, float and chip");
    const double y = draw_head(window, svg);
    draw_legend(window, y + 10, svg);
    for (std::size_t i = 0; i < variables.size(); ++i) {
        draw_curves(window, static_cast<std::size_t>(variables[i]), head + pitch * static_cast<double>(i), svg);
    }
    return standalone(svg.finish());
}

/// What a heat map of a triplet window shows.
enum class Shown : std::uint8_t { real, mean, difference };

double shown_value(const Change& change, Shown shown) {
    switch (shown) {
    case Shown::real:
        return change.real;
    case Shown::mean:
        return change.mean;
    case Shown::difference:
        return change.mean - change.real;
    }
    return 0;
}

struct MapPlace {
    double x = 0;
    double y = 0;
    double side = 0;
    double extent = 1;  ///< value at the colour scale's ends
};

void draw_map(const Window& window, const WindowSeries& series, std::size_t variable, Shown shown,
              const MapPlace& place, Svg& svg) {
    constexpr std::array<std::string_view, 3> titles{"float", "chip, mean", "chip - float"};
    const auto count = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(series.points.size()))));
    const double cell = place.side / static_cast<double>(count);
    svg.text(place.x, place.y - 8, fmt::format("{}: {}", series.label, titles[static_cast<std::size_t>(shown)]),
             "t small strong");
    for (std::size_t i = 0; i < series.points.size(); ++i) {
        const WindowPoint& point = series.points[i];
        const std::size_t row = i / count;
        const double value = shown_value(*point.changes[variable], shown);
        svg.rect({place.x + cell * static_cast<double>(i - row * count),
                  place.y + place.side - cell * static_cast<double>(row + 1), cell, cell},
                 "cell", diverging(0.5 + 0.5 * value / place.extent),
                 fmt::format("{:g} and {:g} steps: {:+.3f}", point.x, point.y, value));
    }
    for (std::size_t i = 0; i < count; ++i) {
        if (i % ((count + 4) / 5) != 0) {
            continue;
        }
        const double at = cell * (static_cast<double>(i) + 0.5);
        svg.text(place.x + at, place.y + place.side + 14, fmt::format("{:g}", series.points[i].x), "t tiny muted",
                 Anchor::middle);
        svg.text(place.x - 5, place.y + place.side - at + 4, fmt::format("{:g}", series.points[i].x), "t tiny muted",
                 Anchor::end);
    }
    const auto axis = axes(window.options.protocol);
    svg.text(place.x + place.side / 2, place.y + place.side + 29, axis[0].name + " (" + axis[0].unit + ")",
             "t tiny muted", Anchor::middle);
    svg.text_upwards(place.x - 24, place.y + place.side / 2, axis[1].name + " (" + axis[1].unit + ")", "t tiny muted");
}

void draw_colours(double x, double y, double extent, std::size_t variable, Svg& svg) {
    constexpr int steps = 41;
    for (int i = 0; i < steps; ++i) {
        svg.rect({x + 4.0 * i, y, 4.5, 10}, "", diverging(static_cast<double>(i) / (steps - 1)));
    }
    svg.text(x - 6, y + 9, fmt::format("{:+.3g}", -extent), "t tiny muted", Anchor::end);
    svg.text(x + 4.0 * steps + 6, y + 9,
             fmt::format("{:+.3g}  change of {} (units of the register)", extent, letters[variable]), "t tiny muted");
}

std::string maps_svg(const Window& window) {
    constexpr double side = 10 * cell_size;
    constexpr double pitch_x = side + 52;
    constexpr double pitch_y = side + 66;
    const std::vector<Variable> variables = changed(window);
    const auto rows = static_cast<double>(variables.size() * window.series.size());
    const double head = 24 + 18 * static_cast<double>(variables.size()) + 34;
    Svg svg(3 * pitch_x + 24, head + rows * pitch_y + 20 * static_cast<double>(variables.size()),
            "Triplet window, float and chip");
    double y = draw_head(window, svg) + 28;
    for (const Variable variable : variables) {
        const auto v = static_cast<std::size_t>(variable);
        double extent = 1e-9;
        for (const WindowSeries& series : window.series) {
            for (const WindowPoint& point : series.points) {
                extent = std::max({extent, std::abs(point.changes[v]->real), std::abs(point.changes[v]->mean)});
            }
        }
        for (const WindowSeries& series : window.series) {
            for (const Shown shown : {Shown::real, Shown::mean, Shown::difference}) {
                draw_map(window, series, v, shown,
                         {.x = 50 + pitch_x * static_cast<double>(shown), .y = y, .side = side, .extent = extent}, svg);
            }
            y += pitch_y;
        }
        draw_colours(100, y - 24, extent, v, svg);
        y += 20;
    }
    return standalone(svg.finish());
}

}  // namespace

std::string window_svg(const Window& window) {
    return window.options.protocol.kind == ProtocolKind::triplet ? maps_svg(window) : curves_svg(window);
}

}  // namespace spikeloom::runtime
