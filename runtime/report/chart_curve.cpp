// Accuracy after every step of a sample, over steps and over synaptic events, with the ANN as reference.
#include <fmt/format.h>

#include <algorithm>

#include "runtime/report/charts.hpp"
#include "runtime/report/svg.hpp"

namespace spikeloom::runtime {
namespace {

constexpr double chart_width = 510;
constexpr double chart_height = 232;
constexpr double left = 56;
constexpr double right = 490;
constexpr double top = 16;
constexpr double bottom = 186;
constexpr std::size_t most_points = 1000;
constexpr std::size_t most_curves = 8;
constexpr double inner_distance = 0.01;  ///< of the last accuracy: settled

bool is_drawable(const Report& report) {
    return report.curve && std::ranges::any_of(report.curve->curves,
                                               [](const AccuracyCurve& curve) { return curve.accuracy.size() > 1; });
}

/// Points of a line, thinned out.
std::vector<PlotPoint> points(const AccuracyCurve& curve, const std::vector<double>& along, const Scale& x,
                              const Scale& y) {
    std::vector<PlotPoint> line;
    const std::size_t stride = curve.accuracy.size() / most_points + 1;
    for (std::size_t i = 0; i < curve.accuracy.size(); ++i) {
        if (i % stride == 0 || i + 1 == curve.accuracy.size()) {
            line.push_back({x(along[i]), y(100 * curve.accuracy[i])});
        }
    }
    return line;
}

std::string tooltip(const AccuracyCurve& curve, std::size_t step) {
    return fmt::format("{}, {} step{}: {}, {} synaptic events a sample", curve.name, step + 1, step == 0 ? "" : "s",
                       percent(curve.accuracy[step], Script::unicode),
                       grouped(static_cast<std::uint64_t>(curve.operations[step] + 0.5)));
}

void reference_line(Svg& svg, const PlotPoint& from, const PlotPoint& to, const std::string& tooltip) {
    svg.begin_group("", "stroke-dasharray:5 4");
    svg.line(from.x, from.y, to.x, to.y, "line l6", tooltip);
    svg.end_group();
}

/// Lines over `along(curve)`, a dot where the accuracy has settled, and the ANN's accuracy.
template <class Along>
void draw(Svg& svg, const AccuracyCurves& curves, const Scale& x, const Scale& y, const Along& along) {
    if (curves.ann && curves.ann->accuracy >= 0) {
        const double level = y(100 * curves.ann->accuracy);
        reference_line(svg, {left, level}, {right, level},
                       "the ANN: " + percent(curves.ann->accuracy, Script::unicode));
    }
    for (std::size_t i = 0; i < std::min(curves.curves.size(), most_curves); ++i) {
        const AccuracyCurve& curve = curves.curves[i];
        if (curve.accuracy.empty()) {
            continue;
        }
        const std::vector<double> places = along(curve);
        svg.path(line_path(points(curve, places, x, y)), fmt::format("line l{}", i));
        const std::size_t settled = settling_step(curve, inner_distance) - 1;
        for (const std::size_t step : {settled, curve.accuracy.size() - 1}) {
            svg.circle(x(places[step]), y(100 * curve.accuracy[step]), 3.5, fmt::format("dot l{}", i),
                       tooltip(curve, step));
        }
    }
}

Scale accuracy_scale() {
    return {0, 100, bottom, top};
}

}  // namespace

std::string curve_finding(const Report& report, Script script) {
    if (!report.curve || report.curve->curves.empty() || report.curve->curves[0].accuracy.empty()) {
        return {};
    }
    const AccuracyCurve& curve = report.curve->curves[0];
    const std::size_t settled = settling_step(curve, inner_distance);
    std::string sentence = fmt::format("{} after {} steps, within one point of it from step {} on",
                                       percent(curve.accuracy.back(), script), curve.accuracy.size(), settled);
    if (report.curve->ann && report.curve->ann->multiply_accumulates > 0) {
        const auto operations = static_cast<double>(report.curve->ann->multiply_accumulates);
        const double ratio = curve.operations[settled - 1] / operations;
        sentence += fmt::format(", with {:.{}f} synaptic events for each of the ANN's multiply-accumulates", ratio,
                                ratio < 10 ? 2 : 0);
        if (report.curve->ann->accuracy >= 0) {
            sentence += fmt::format("; the ANN: {}", percent(report.curve->ann->accuracy, script));
        }
    }
    return sentence;
}

std::string step_curve_chart(const Report& report) {
    if (!is_drawable(report)) {
        return {};
    }
    std::size_t steps = 1;
    for (const AccuracyCurve& curve : report.curve->curves) {
        steps = std::max(steps, curve.accuracy.size());
    }
    const Scale x{0, static_cast<double>(steps), left, right};
    const Scale y = accuracy_scale();
    Svg svg(chart_width, chart_height, "Accuracy over time steps");
    svg.axis_left(y, left, right, "accuracy, %", 5);
    svg.axis_below(x, bottom, bottom, "", "steps", 6);
    draw(svg, *report.curve, x, y, [](const AccuracyCurve& curve) {
        std::vector<double> along(curve.accuracy.size());
        for (std::size_t i = 0; i < along.size(); ++i) {
            along[i] = static_cast<double>(i + 1);
        }
        return along;
    });
    return svg.finish();
}

std::string operation_curve_chart(const Report& report) {
    if (!is_drawable(report)) {
        return {};
    }
    double most = 1;
    for (const AccuracyCurve& curve : report.curve->curves) {
        most = std::max(most, curve.operations.empty() ? 0 : curve.operations.back());
    }
    const bool counted = report.curve->ann && report.curve->ann->multiply_accumulates > 0;
    const double reference = counted ? static_cast<double>(report.curve->ann->multiply_accumulates) : 0;
    const Scale x{0, 1.02 * std::max(most, reference), left, right};
    const Scale y = accuracy_scale();
    Svg svg(chart_width, chart_height, "Accuracy over synaptic events a sample");
    svg.axis_left(y, left, right, "accuracy, %", 5);
    svg.axis_below(x, bottom, bottom, "", "synaptic events a sample", 5);
    if (counted) {
        reference_line(svg, {x(reference), top}, {x(reference), bottom},
                       fmt::format("the ANN: {} multiply-accumulates an inference",
                                   grouped(report.curve->ann->multiply_accumulates)));
    }
    draw(svg, *report.curve, x, y, [](const AccuracyCurve& curve) { return curve.operations; });
    return svg.finish();
}

}  // namespace spikeloom::runtime
