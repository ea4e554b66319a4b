#include "runtime/report/range_chart.hpp"

#include <algorithm>
#include <cmath>

#include "runtime/report/svg.hpp"
#include "runtime/report/units.hpp"

namespace spikeloom::runtime {
namespace {

constexpr double range_width = 510;
constexpr double range_left = 190;
constexpr double range_right = 490;
constexpr double range_pitch = 40;
constexpr double right_margin = range_width - range_right;
constexpr double factor_of_a_linear_axis = 30;
constexpr int most_labels = 6;

class RangeScale {
public:
    RangeScale(const std::vector<RangeRow>& rows, const RangeAxis& axis) {
        double least = INFINITY;
        double most = 0;
        for (const RangeRow& row : rows) {
            for (const double value : {row.value, row.low, row.high, row.least, row.most}) {
                if (row.absent.empty() && value > 0) {
                    least = std::min(least, value);
                    most = std::max(most, value);
                }
            }
        }
        logarithmic_ = !axis.domain && most > factor_of_a_linear_axis * least;
        if (axis.domain) {
            scale_ = {axis.domain->first, axis.domain->second, range_left, range_right};
        } else if (logarithmic_) {
            scale_ = {std::floor(std::log10(least)), std::ceil(std::log10(most)), range_left, range_right};
        } else {
            scale_ = {0, most > 0 ? round_up(most) : 1, range_left, range_right};
        }
    }
    [[nodiscard]] double operator()(double value) const {
        return logarithmic_ ? scale_(std::log10(std::max(value, std::pow(10.0, scale_.domain_first)))) : scale_(value);
    }
    void draw_axis(double y, const RangeAxis& axis, Svg& svg) const {
        if (!logarithmic_) {
            svg.axis_below(scale_, y, 4, axis.unit, axis.name, 4);
            return;
        }
        const int first = static_cast<int>(scale_.domain_first);
        const int last = static_cast<int>(scale_.domain_last);
        const int every = (last - first + most_labels) / most_labels;
        for (int power = first; power <= last; ++power) {
            svg.line(scale_(power), 4, scale_(power), y, "grid");
            if ((power - first) % every == 0) {
                const bool at_the_edge = power == last;
                svg.text(scale_(power) + (at_the_edge ? right_margin : 0), y + 15,
                         si(std::pow(10.0, power), axis.unit, Script::unicode), "t tiny muted",
                         at_the_edge ? Anchor::end : Anchor::middle);
            }
        }
        svg.line(range_left, y, range_right, y, "axis");
        svg.text((range_left + range_right) / 2, y + 31, axis.name + ", logarithmic", "t small muted", Anchor::middle);
    }

private:
    bool logarithmic_ = false;
    Scale scale_;
};

void draw(const RangeRow& row, double y, const RangeScale& x, Svg& svg) {
    if (!row.absent.empty()) {
        svg.text(range_left + 4, y - 2, shortened(row.absent, 48, Script::unicode), "t small muted");
        return;
    }
    if (row.most > row.least) {
        svg.rect({x(row.least), y - 8, std::max(x(row.most) - x(row.least), 1.0), 16}, row.colour + " pale");
    }
    if (row.high > row.low) {
        svg.line(x(row.low), y, x(row.high), y, "whisker");
        svg.line(x(row.low), y - 5, x(row.low), y + 5, "whisker");
        svg.line(x(row.high), y - 5, x(row.high), y + 5, "whisker");
    }
    svg.circle(x(row.value), y, 5, row.colour, row.tooltip);
}

}  // namespace

std::string range_chart(const std::vector<RangeRow>& rows, const RangeAxis& axis) {
    if (std::ranges::none_of(rows, [](const RangeRow& row) { return row.absent.empty(); })) {
        return {};
    }
    const RangeScale x(rows, axis);
    const double bottom = 10 + range_pitch * static_cast<double>(rows.size());
    Svg svg(range_width, bottom + 40, axis.label);
    x.draw_axis(bottom, axis, svg);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const double y = 8 + range_pitch * (static_cast<double>(i) + 0.5);
        svg.text(range_left - 10, y - 2, shortened(rows[i].name, 24, Script::unicode), "t strong", Anchor::end);
        svg.text(range_left - 10, y + 12, rows[i].detail, "t small muted", Anchor::end);
        draw(rows[i], y, x, svg);
    }
    return svg.finish();
}

}  // namespace spikeloom::runtime
