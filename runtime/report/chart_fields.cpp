// What single neurons learned: the weights onto a target as a picture over its sources. Weights are drawn in a few
// shades, one path a shade, so that twelve pictures of 28 x 28 stay small.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "runtime/report/charts.hpp"
#include "runtime/report/svg.hpp"

namespace spikeloom::runtime {
namespace {

constexpr double chart_width = 1040;
constexpr double gap = 14;
constexpr double caption = 18;
constexpr std::size_t shades = 24;
constexpr double legend_room = 48;

/// The least and the most of all drawn weights; never equal.
std::pair<double, double> drawn_range(const ProjectionLearning& learning) {
    std::optional<std::pair<std::int32_t, std::int32_t>> range;
    for (const WeightField& field : learning.fields) {
        for (const std::optional<std::int32_t>& weight : field.weights) {
            if (weight) {
                range = range ? std::pair(std::min(range->first, *weight), std::max(range->second, *weight))
                              : std::pair(*weight, *weight);
            }
        }
    }
    const auto [least, most] = range.value_or(std::pair(0, 1));
    return {static_cast<double>(least), static_cast<double>(most > least ? most : least + 1)};
}

struct Frame {
    double x = 0;
    double y = 0;
    double cell_width = 0;
    double cell_height = 0;
};

void draw_field(const WeightField& field, std::uint32_t columns, const std::pair<double, double>& range,
                const Frame& frame, Svg& svg) {
    std::array<std::string, shades> paths;
    for (std::size_t i = 0; i < field.weights.size(); ++i) {
        if (!field.weights[i]) {
            continue;
        }
        const double fraction = (*field.weights[i] - range.first) / (range.second - range.first);
        const auto shade = static_cast<std::size_t>(std::clamp(fraction, 0.0, 1.0) * (shades - 1) + 0.5);
        const std::size_t row = i / columns;
        const std::size_t column = i % columns;
        paths[shade] +=
            fmt::format("M{} {}h{}v{}h-{}z", coordinate(frame.x + frame.cell_width * static_cast<double>(column)),
                        coordinate(frame.y + frame.cell_height * static_cast<double>(row)),
                        coordinate(frame.cell_width), coordinate(frame.cell_height), coordinate(frame.cell_width));
    }
    for (std::size_t shade = 0; shade < shades; ++shade) {
        if (!paths[shade].empty()) {
            svg.path(paths[shade], "plain", viridis(static_cast<double>(shade) / (shades - 1)));
        }
    }
}

void draw_legend(const std::pair<double, double>& range, double y, Svg& svg) {
    constexpr double left = 2;
    constexpr double width = 260;
    for (std::size_t i = 0; i < shades; ++i) {
        svg.rect({left + width * static_cast<double>(i) / shades, y, width / shades + 0.6, 10}, "plain",
                 viridis(static_cast<double>(i) / (shades - 1)));
    }
    svg.text(left, y + 26, fmt::format("{:.0f}", range.first), "t tiny muted");
    svg.text(left + width / 2, y + 26, "weight, register", "t tiny muted", Anchor::middle);
    svg.text(left + width, y + 26, fmt::format("{:.0f}", range.second), "t tiny muted", Anchor::end);
}

}  // namespace

std::string field_chart(const ProjectionLearning& learning) {
    if (learning.fields.empty() || learning.field_shape.size() != 2) {
        return {};
    }
    const std::uint32_t rows = learning.field_shape[0];
    const std::uint32_t columns = learning.field_shape[1];
    const bool strips = rows == 1;  // sources in a line: one strip a target, under each other
    const std::size_t across = strips ? 1 : 6;
    const double width = strips ? chart_width - 90 : (chart_width - 5 * gap) / 6;
    const double height = strips ? 14 : std::min(width * rows / columns, 2 * width);
    const double pitch = height + (strips ? 5 : gap + caption);
    const std::size_t lines = (learning.fields.size() + across - 1) / across;
    const double bottom = pitch * static_cast<double>(lines);
    const std::pair<double, double> range = drawn_range(learning);
    Svg svg(chart_width, bottom + legend_room, "Weights of " + learning.name + " onto single targets", true);
    for (std::size_t i = 0; i < learning.fields.size(); ++i) {
        const std::size_t line = i / across;
        const std::size_t place = i % across;
        const double x = strips ? 90 : (width + gap) * static_cast<double>(place);
        const double y = pitch * static_cast<double>(line) + (strips ? 0 : caption);
        const std::string title = fmt::format("target {}", learning.fields[i].target);
        svg.text(strips ? 80 : x, y + (strips ? 11 : -5), title, "t small", strips ? Anchor::end : Anchor::start);
        svg.rect({x, y, width, height}, "band");
        draw_field(learning.fields[i], columns, range, {x, y, width / columns, height / rows}, svg);
    }
    draw_legend(range, bottom + 10, svg);
    return svg.finish();
}

}  // namespace spikeloom::runtime
