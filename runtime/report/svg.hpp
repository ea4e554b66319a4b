// A small writer of inline SVG: shapes with classes (the page's style sheet gives the colours, so that light, dark
// and print need no second picture), tooltips as <title>, everything that is text escaped here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spikeloom::runtime {

/// Text as it may stand in HTML or SVG, between tags and in quoted attributes.
[[nodiscard]] std::string escaped(std::string_view text);
/// A coordinate: two decimals at most, no exponent, no trailing zeros.
[[nodiscard]] std::string coordinate(double value);

/// Domain to pixels, linear.
struct Scale {
    double domain_first = 0;
    double domain_last = 1;
    double range_first = 0;
    double range_last = 1;

    [[nodiscard]] double operator()(double value) const {
        const double extent = domain_last - domain_first;
        return extent == 0 ? range_first : range_first + (value - domain_first) / extent * (range_last - range_first);
    }
};

/// Round numbers (1, 2, 5 x 10^n) within [first, last], about `wanted` of them.
[[nodiscard]] std::vector<double> round_ticks(double first, double last, int wanted);
/// The smallest round number at or above.
[[nodiscard]] double round_up(double value);

/// Ticks as an axis shows them: all under one SI prefix, which stands in the unit.
struct AxisLabels {
    std::vector<std::string> texts;
    std::string unit;  ///< "µJ"
};
/// `values` in the base unit ("J").
[[nodiscard]] AxisLabels axis_labels(const std::vector<double>& values, std::string_view base_unit);

/// viridis (matplotlib, CC0): 0 dark blue, 1 yellow; perceptually even, readable with every colour blindness and in
/// grey. "#rrggbb".
[[nodiscard]] std::string viridis(double fraction);
/// Whether text on viridis(fraction) should be dark.
[[nodiscard]] bool viridis_wants_dark_text(double fraction);

enum class Anchor : std::uint8_t { start, middle, end };

struct Box {
    double x = 0;
    double y = 0;
    double width = 0;
    double height = 0;
};

struct PlotPoint {
    double x = 0;
    double y = 0;
};
/// Path data of a line through the points (pixels), and of the area between two lines over the same x.
[[nodiscard]] std::string line_path(const std::vector<PlotPoint>& points);
[[nodiscard]] std::string area_path(const std::vector<PlotPoint>& upper, const std::vector<PlotPoint>& lower);

/// 0 blue, 0.5 white, 1 vermilion: deviations to both sides, readable with every colour blindness. "#rrggbb".
[[nodiscard]] std::string diverging(double fraction);

/// An inline picture as a file of its own: namespace and the part of the page's style that charts use. Light or dark,
/// as the viewer prefers.
[[nodiscard]] std::string standalone(std::string inline_svg);

class Svg {
public:
    /// `label` is what a screen reader says. `wide` pictures keep a least width and scroll on narrow screens.
    Svg(double width, double height, std::string_view label, bool wide = false);

    /// `style`: class names. `fill`: a colour, or empty (the class decides). `tooltip` may be empty.
    void rect(const Box& box, std::string_view style, std::string_view fill = {}, std::string_view tooltip = {});
    void line(double x1, double y1, double x2, double y2, std::string_view style, std::string_view tooltip = {});
    void path(std::string_view data, std::string_view style, std::string_view fill = {});
    void circle(double x, double y, double radius, std::string_view style, std::string_view tooltip = {});
    void text(double x, double y, std::string_view text, std::string_view style = "t", Anchor anchor = Anchor::start);
    /// Read from bottom to top, centred on (x, y).
    void text_upwards(double x, double y, std::string_view text, std::string_view style);

    /// Shapes until end_group() are one group. `declarations`: CSS of the group, from the program only.
    void begin_group(std::string_view style, std::string_view declarations = {});
    void end_group();

    /// A horizontal axis at `y`: ticks below, grid lines up to `grid_top`, its name at the right end.
    void axis_below(const Scale& scale, double y, double grid_top, std::string_view base_unit, std::string_view name,
                    int ticks = 6);
    /// A vertical axis of counts at `x` with grid lines to `grid_right`.
    void axis_left(const Scale& scale, double x, double grid_right, std::string_view name, int ticks = 4);

    [[nodiscard]] std::string finish();

private:
    std::string out_;
};

}  // namespace spikeloom::runtime
