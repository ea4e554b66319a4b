#include "runtime/report/svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/diagnostics.hpp"
#include "runtime/report/units.hpp"

namespace spikeloom::runtime {

std::string escaped(std::string_view text) {
    std::string safe;
    safe.reserve(text.size());
    for (const char byte : text) {
        switch (byte) {
        case '&':
            safe += "&amp;";
            break;
        case '<':
            safe += "&lt;";
            break;
        case '>':
            safe += "&gt;";
            break;
        case '"':
            safe += "&quot;";
            break;
        case '\'':
            safe += "&#39;";
            break;
        case '\0':
            break;
        default:
            safe += byte;
        }
    }
    return safe;
}

std::string coordinate(double value) {
    if (!std::isfinite(value)) {
        return "0";
    }
    std::string text = fmt::format("{:.2f}", value);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') {
        text.pop_back();
    }
    return text == "-0" ? "0" : text;
}

namespace {

double round_step(double rough) {
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    const double mantissa = rough / power;
    return power * (mantissa <= 1.0001 ? 1 : mantissa <= 2.0001 ? 2 : mantissa <= 5.0001 ? 5 : 10);
}

}  // namespace

std::vector<double> round_ticks(double first, double last, int wanted) {
    std::vector<double> ticks;
    if (!std::isfinite(first) || !std::isfinite(last) || last <= first || wanted < 1) {
        ticks.push_back(std::isfinite(first) ? first : 0);
        return ticks;
    }
    const double step = round_step((last - first) / wanted);
    const double slack = step * 1e-6;
    for (double index = std::ceil((first - slack) / step); index * step <= last + slack && ticks.size() < 100;
         ++index) {
        ticks.push_back(index * step + 0.0);  // never -0
    }
    return ticks;
}

double round_up(double value) {
    if (!(value > 0) || !std::isfinite(value)) {
        return 1;
    }
    const double power = std::pow(10.0, std::floor(std::log10(value)));
    for (const double mantissa : {1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0}) {
        if (value <= mantissa * power * 1.0001) {
            return mantissa * power;
        }
    }
    return 10 * power;
}

AxisLabels axis_labels(const std::vector<double>& values, std::string_view base_unit) {
    constexpr std::array<std::string_view, 13> prefixes{"a", "f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P", "E"};
    double most = 0;
    for (const double value : values) {
        most = std::max(most, std::abs(value));
    }
    const bool countless = base_unit.empty();
    int thirds = most > 0 && std::isfinite(most) ? static_cast<int>(std::floor(std::log10(most * 1.0000001) / 3)) : 0;
    if (countless && most < 1e4) {
        thirds = 0;
    }
    thirds = std::clamp(thirds, -6, 6);
    const double factor = std::pow(10.0, 3 * thirds);
    double least_step = most / factor;
    for (std::size_t i = 1; i < values.size(); ++i) {
        least_step = std::min(least_step, std::abs(values[i] - values[i - 1]) / factor);
    }
    const int decimals =
        least_step > 0 ? std::clamp(static_cast<int>(std::ceil(-std::log10(least_step) - 1e-9)), 0, 4) : 0;
    AxisLabels labels;
    for (const double value : values) {
        labels.texts.push_back(fmt::format("{:.{}f}", value / factor + 0.0, decimals));
    }
    labels.unit = std::string(prefixes[static_cast<std::size_t>(thirds + 6)]) + std::string(base_unit);
    return labels;
}

namespace {

struct Rgb {
    double red, green, blue;
};

/// Every eighth of matplotlib's viridis.
constexpr std::array<Rgb, 9> viridis_stops{{{68, 1, 84},
                                            {71, 44, 122},
                                            {59, 81, 139},
                                            {44, 113, 142},
                                            {33, 144, 141},
                                            {39, 173, 129},
                                            {92, 200, 99},
                                            {170, 220, 50},
                                            {253, 231, 37}}};

Rgb viridis_rgb(double fraction) {
    const double at = std::clamp(std::isfinite(fraction) ? fraction : 0, 0.0, 1.0) * 8;
    const auto below = static_cast<std::size_t>(std::min(std::floor(at), 7.0));
    const double part = at - static_cast<double>(below);
    const Rgb& a = viridis_stops[below];
    const Rgb& b = viridis_stops[below + 1];
    return {a.red + part * (b.red - a.red), a.green + part * (b.green - a.green), a.blue + part * (b.blue - a.blue)};
}

}  // namespace

std::string viridis(double fraction) {
    const Rgb rgb = viridis_rgb(fraction);
    return fmt::format("#{:02x}{:02x}{:02x}", static_cast<int>(rgb.red + 0.5), static_cast<int>(rgb.green + 0.5),
                       static_cast<int>(rgb.blue + 0.5));
}

bool viridis_wants_dark_text(double fraction) {
    const Rgb rgb = viridis_rgb(fraction);
    return 0.299 * rgb.red + 0.587 * rgb.green + 0.114 * rgb.blue > 128;
}

namespace {

void append_points(const std::vector<PlotPoint>& points, std::string_view first, std::string& out) {
    for (std::size_t i = 0; i < points.size(); ++i) {
        out += fmt::format("{}{} {}", i == 0 ? first : "L", coordinate(points[i].x), coordinate(points[i].y));
    }
}

}  // namespace

std::string line_path(const std::vector<PlotPoint>& points) {
    std::string data;
    append_points(points, "M", data);
    return data;
}

std::string area_path(const std::vector<PlotPoint>& upper, const std::vector<PlotPoint>& lower) {
    std::string data = line_path(upper);
    append_points({lower.rbegin(), lower.rend()}, "L", data);
    return data.empty() ? data : data + "Z";
}

std::string diverging(double fraction) {
    constexpr std::array<Rgb, 3> stops{{{0, 114, 178}, {255, 255, 255}, {213, 94, 0}}};
    const double at = std::clamp(std::isfinite(fraction) ? fraction : 0.5, 0.0, 1.0) * 2;
    const std::size_t below = at < 1 ? 0 : 1;
    const double part = at - static_cast<double>(below);
    const auto mixed = [&](double Rgb::* channel) {
        return static_cast<int>(stops[below].*channel + part * (stops[below + 1].*channel - stops[below].*channel) +
                                0.5);
    };
    return fmt::format("#{:02x}{:02x}{:02x}", mixed(&Rgb::red), mixed(&Rgb::green), mixed(&Rgb::blue));
}

std::string standalone(std::string inline_svg) {
    constexpr std::string_view style = R"css(<style>
svg { background:#ffffff; font-family:system-ui,"Segoe UI","Noto Sans","DejaVu Sans",Arial,sans-serif; font-variant-numeric:tabular-nums; }
.t { font-size:13px; fill:#191c21; } .t.small { font-size:12px; } .t.tiny { font-size:11px; } .t.strong { font-weight:600; }
.t.muted { fill:#5a6270; } .t.on-light { fill:#101214; } .t.on-dark { fill:#ffffff; }
.grid { stroke:#e6e9ed; } .axis { stroke:#5a6270; } .zero { stroke:#5a6270; stroke-dasharray:2 3; }
.curve { fill:none; stroke-width:2; } .curve.float { stroke-dasharray:6 4; stroke-width:1.8; } .area { opacity:.22; }
.curve.c0 { stroke:#0072b2; } .area.c0, .dot.c0 { fill:#0072b2; } .curve.c1 { stroke:#d55e00; } .area.c1, .dot.c1 { fill:#d55e00; }
.curve.c2 { stroke:#009e73; } .area.c2, .dot.c2 { fill:#009e73; } .curve.c3 { stroke:#cc79a7; } .area.c3, .dot.c3 { fill:#cc79a7; }
.curve.c4 { stroke:#8a6d00; } .area.c4, .dot.c4 { fill:#8a6d00; } .curve.c5 { stroke:#56b4e9; } .area.c5, .dot.c5 { fill:#56b4e9; }
.curve.c6 { stroke:#8a919c; } .area.c6, .dot.c6 { fill:#8a919c; } .curve.ink { stroke:#191c21; } .cell { stroke:#ffffff; stroke-width:.5; }
.bar { fill:#b4bcc8; }
@media (prefers-color-scheme: dark) { svg { background:#14161a; } .t { fill:#e9ebee; } .t.muted { fill:#a0a8b4; }
  .grid { stroke:#2a2e36; } .axis, .zero { stroke:#a0a8b4; } .curve.c0 { stroke:#2f8fd0; } .area.c0, .dot.c0 { fill:#2f8fd0; }
  .curve.ink { stroke:#e9ebee; } .curve.c4 { stroke:#d8b833; } .area.c4, .dot.c4 { fill:#d8b833; } .bar { fill:#4b5360; } }
</style>
)css";
    const std::size_t tag = inline_svg.find("<svg ");
    const std::size_t end = inline_svg.find('>');
    SPIKELOOM_ASSERT(tag == 0 && end != std::string::npos, inline_svg.substr(0, 40));
    inline_svg.insert(end + 2, style);
    inline_svg.insert(5, "xmlns=\"http://www.w3.org/2000/svg\" ");
    return inline_svg;
}

Svg::Svg(double width, double height, std::string_view label, bool wide) {
    out_ = fmt::format("<svg class=\"{}\" viewBox=\"0 0 {} {}\" width=\"{}\" role=\"img\" aria-label=\"{}\">\n",
                       wide ? "chart wide" : "chart", coordinate(width), coordinate(height), coordinate(width),
                       escaped(label));
}

namespace {

std::string closing(std::string_view tag, std::string_view tooltip) {
    return tooltip.empty() ? "/>\n" : fmt::format("><title>{}</title></{}>\n", escaped(tooltip), tag);
}

std::string fill_attribute(std::string_view fill) {
    return fill.empty() ? std::string() : fmt::format(" fill=\"{}\"", escaped(fill));
}

}  // namespace

void Svg::rect(const Box& box, std::string_view style, std::string_view fill, std::string_view tooltip) {
    out_ += fmt::format("<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"{}", style, coordinate(box.x),
                        coordinate(box.y), coordinate(std::max(box.width, 0.0)), coordinate(std::max(box.height, 0.0)),
                        fill_attribute(fill));
    out_ += closing("rect", tooltip);
}

void Svg::line(double x1, double y1, double x2, double y2, std::string_view style, std::string_view tooltip) {
    out_ += fmt::format("<line class=\"{}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"", style, coordinate(x1),
                        coordinate(y1), coordinate(x2), coordinate(y2));
    out_ += closing("line", tooltip);
}

void Svg::path(std::string_view data, std::string_view style, std::string_view fill) {
    out_ += fmt::format("<path class=\"{}\" d=\"{}\"{}/>\n", style, data, fill_attribute(fill));
}

void Svg::circle(double x, double y, double radius, std::string_view style, std::string_view tooltip) {
    out_ += fmt::format("<circle class=\"{}\" cx=\"{}\" cy=\"{}\" r=\"{}\"", style, coordinate(x), coordinate(y),
                        coordinate(radius));
    out_ += closing("circle", tooltip);
}

void Svg::text(double x, double y, std::string_view text, std::string_view style, Anchor anchor) {
    constexpr std::array<std::string_view, 3> anchors{"", " text-anchor=\"middle\"", " text-anchor=\"end\""};
    out_ += fmt::format("<text class=\"{}\" x=\"{}\" y=\"{}\"{}>{}</text>\n", style, coordinate(x), coordinate(y),
                        anchors[static_cast<std::size_t>(anchor)], escaped(text));
}

void Svg::text_upwards(double x, double y, std::string_view text, std::string_view style) {
    out_ +=
        fmt::format("<text class=\"{}\" transform=\"translate({} {}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
                    style, coordinate(x), coordinate(y), escaped(text));
}

void Svg::begin_group(std::string_view style, std::string_view declarations) {
    out_ += declarations.empty() ? fmt::format("<g class=\"{}\">\n", style)
                                 : fmt::format("<g class=\"{}\" style=\"{}\">\n", style, escaped(declarations));
}

void Svg::end_group() {
    out_ += "</g>\n";
}

void Svg::axis_below(const Scale& scale, double y, double grid_top, std::string_view base_unit, std::string_view name,
                     int ticks) {
    const std::vector<double> values = round_ticks(scale.domain_first, scale.domain_last, ticks);
    const AxisLabels labels = axis_labels(values, base_unit);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double x = scale(values[i]);
        line(x, grid_top, x, y, "grid");
        text(x, y + 15, labels.texts[i], "t small muted", Anchor::middle);
    }
    line(scale.range_first, y, scale.range_last, y, "axis");
    const std::string unit = labels.unit.empty() ? std::string(name) : fmt::format("{} ({})", name, labels.unit);
    text((scale.range_first + scale.range_last) / 2, y + 31, unit, "t small muted", Anchor::middle);
}

void Svg::axis_left(const Scale& scale, double x, double grid_right, std::string_view name, int ticks) {
    const std::vector<double> values = round_ticks(scale.domain_first, scale.domain_last, ticks);
    const AxisLabels labels = axis_labels(values, "");
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double y = scale(values[i]);
        line(x, y, grid_right, y, "grid");
        text(x - 6, y + 4, labels.texts[i], "t small muted", Anchor::end);
    }
    const std::string unit = labels.unit.empty() ? std::string(name) : fmt::format("{} ({})", name, labels.unit);
    text_upwards(x - 42, (scale.range_first + scale.range_last) / 2, unit, "t small muted");
}

std::string Svg::finish() {
    out_ += "</svg>\n";
    return std::move(out_);
}

}  // namespace spikeloom::runtime
