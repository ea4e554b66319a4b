// Energy and latency: what the dynamic energy goes into, what the chip draws besides, and the ranges per inference.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "runtime/report/charts.hpp"
#include "runtime/report/svg.hpp"

namespace spikeloom::runtime {

std::string style(Kind kind) {
    switch (kind) {
    case Kind::synapses:
        return "k-synapses";
    case Kind::updates:
        return "k-updates";
    case Kind::spikes:
        return "k-spikes";
    case Kind::messages:
        return "k-messages";
    case Kind::hops:
        return "k-hops";
    case Kind::inputs:
        return "k-inputs";
    case Kind::learning:
        return "k-learning";
    }
    return {};
}

namespace {

constexpr double chart_width = 1040;
constexpr double left = 150;
constexpr double right = 1020;
constexpr double row_pitch = 58;
constexpr double bar_height = 30;

struct Segment {
    double joule = 0;
    std::string style;
    std::string label;
    std::string tooltip;
};
struct Row {
    std::string name;
    std::vector<Segment> segments;
    double low = 0;  ///< of the whole, J; no whisker if equal
    double high = 0;
};

double end_of(const Row& row) {
    double all = 0;
    for (const Segment& segment : row.segments) {
        all += segment.joule;
    }
    return all;
}

void draw_row(const Row& row, const Scale& x, double y, Svg& svg) {
    svg.text(left - 12, y + bar_height / 2 + 4, shortened(row.name, 18, Script::unicode), "t strong", Anchor::end);
    double at = 0;
    for (const Segment& segment : row.segments) {
        const double begin = x(at);
        const double width = x(at + segment.joule) - begin;
        if (width > 0.05) {
            svg.rect({begin, y, std::max(width - (width > 3 ? 1 : 0), 0.5), bar_height}, segment.style, {},
                     segment.tooltip);
        }
        if (width > 10 + 6.4 * static_cast<double>(text_width(segment.label))) {
            svg.text(begin + width / 2, y + bar_height / 2 + 4, segment.label, "t small on-" + segment.style,
                     Anchor::middle);
        }
        at += segment.joule;
    }
    if (row.high > row.low) {
        const double middle = y + bar_height + 7;
        svg.line(x(row.low), middle, x(row.high), middle, "whisker");
        svg.line(x(row.low), middle - 4, x(row.low), middle + 4, "whisker");
        svg.line(x(row.high), middle - 4, x(row.high), middle + 4, "whisker");
    }
}

std::string stacked_bars(const std::vector<Row>& rows, const std::string& axis, const std::string& label) {
    double most = 0;
    for (const Row& row : rows) {
        most = std::max({most, end_of(row), row.high});
    }
    if (rows.empty() || !(most > 0)) {
        return {};
    }
    const Scale x{0, round_up(most), left, right};
    const double bottom = 8 + row_pitch * static_cast<double>(rows.size());
    Svg svg(chart_width, bottom + 40, label, true);
    svg.axis_below(x, bottom, 4, "J", axis, 8);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        draw_row(rows[i], x, 10 + row_pitch * static_cast<double>(i), svg);
    }
    return svg.finish();
}

Row dynamic_row(const Report& report, const PricedRun& run) {
    const Per unit = per(report);
    Row row{run.table, {}, run.dynamic_pj.low * 1e-12 / unit.count, run.dynamic_pj.high * 1e-12 / unit.count};
    for (const Kind group : all_kinds) {
        for (const chip::ItemEnergy& item : run.items) {
            if (kind(item.item) != group || !(item.energy_pj.value > 0)) {
                continue;
            }
            const double part = item.energy_pj.value / run.dynamic_pj.value;
            const chip::Estimate each = scaled(item.energy_pj, 1 / unit.count);
            row.segments.push_back(
                {each.value * 1e-12, style(group), percent(part, Script::unicode, 0),
                 fmt::format("{}: {} per {} ({}), {} in the run; {} of the dynamic energy", name(item.item),
                             energy(each.value, Script::unicode), unit.noun, energy_range(each, Script::unicode),
                             grouped(item.count), percent(part, Script::unicode))});
        }
    }
    return row;
}

}  // namespace

std::string dynamic_energy_chart(const Report& report) {
    std::vector<Row> rows;
    for (const PricedRun& run : report.priced) {
        rows.push_back(dynamic_row(report, run));
    }
    return stacked_bars(rows, "dynamic energy per " + per(report).noun,
                        "Dynamic energy by kind of event under each cost table");
}

std::string static_energy_chart(const Report& report) {
    const Per unit = per(report);
    std::vector<Row> rows;
    for (const PricedRun& run : report.priced) {
        if (!run.static_pj) {
            continue;
        }
        const auto segment = [&](double pj, const char* colour, const char* what) {
            return Segment{pj * 1e-12 / unit.count, colour, what,
                           fmt::format("{}: {} per {}", what, energy(pj / unit.count, Script::unicode), unit.noun)};
        };
        const chip::Estimate fixed = sum(*run.static_pj);
        rows.push_back({run.table,
                        {segment(run.dynamic_pj.value, "s-dynamic", "dynamic"),
                         segment(run.static_pj->cores_pj.value, "s-cores", "cores in use"),
                         segment(run.static_pj->chip_pj.value, "s-chip", "rest of the chip"),
                         segment(run.static_pj->host_pj.value, "s-host", "embedded processors")},
                        (run.dynamic_pj.low + fixed.low) * 1e-12 / unit.count,
                        (run.dynamic_pj.high + fixed.high) * 1e-12 / unit.count});
    }
    return stacked_bars(rows, "energy per " + unit.noun + ", dynamic and static",
                        "Static beside dynamic energy under each cost table");
}

namespace {

constexpr double range_width = 510;
constexpr double range_left = 190;
constexpr double range_right = 490;
constexpr double range_pitch = 40;

struct RangeRow {
    std::string name;
    std::string detail;
    std::string colour;
    double value = 0;  ///< base unit
    double low = 0;    ///< bounds that the cost table gives; equal: none
    double high = 0;
    double least = 0;  ///< over samples; equal: none
    double most = 0;
    std::string tooltip;
};

/// A logarithmic axis where the values span more than a factor of 30, else a linear one from 0.
struct RangeScale {
    bool logarithmic = false;
    Scale scale;

    explicit RangeScale(const std::vector<RangeRow>& rows) {
        double least = INFINITY;
        double most = 0;
        for (const RangeRow& row : rows) {
            for (const double value : {row.value, row.low, row.high, row.least, row.most}) {
                if (value > 0) {
                    least = std::min(least, value);
                    most = std::max(most, value);
                }
            }
        }
        logarithmic = most > 30 * least;
        scale = logarithmic ? Scale{std::floor(std::log10(least)), std::ceil(std::log10(most)), range_left, range_right}
                            : Scale{0, round_up(most), range_left, range_right};
    }
    [[nodiscard]] double operator()(double value) const {
        return logarithmic ? scale(std::log10(std::max(value, std::pow(10.0, scale.domain_first)))) : scale(value);
    }
    void draw_axis(double y, const std::string& unit, const std::string& axis, Svg& svg) const {
        if (!logarithmic) {
            svg.axis_below(scale, y, 4, unit, axis, 4);
            return;
        }
        for (double power = scale.domain_first; power <= scale.domain_last + 0.5; ++power) {
            svg.line(scale(power), 4, scale(power), y, "grid");
            svg.text(scale(power), y + 15, si(std::pow(10.0, power), unit, Script::unicode), "t tiny muted",
                     Anchor::middle);
        }
        svg.line(range_left, y, range_right, y, "axis");
        svg.text((range_left + range_right) / 2, y + 31, axis + ", logarithmic", "t small muted", Anchor::middle);
    }
};

std::string ranges(const std::vector<RangeRow>& rows, const std::string& unit, const std::string& axis,
                   const std::string& label) {
    if (rows.empty()) {
        return {};
    }
    const RangeScale x(rows);
    const double bottom = 10 + range_pitch * static_cast<double>(rows.size());
    Svg svg(range_width, bottom + 40, label);
    x.draw_axis(bottom, unit, axis, svg);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const RangeRow& row = rows[i];
        const double y = 8 + range_pitch * (static_cast<double>(i) + 0.5);
        svg.text(range_left - 10, y - 2, shortened(row.name, 24, Script::unicode), "t strong", Anchor::end);
        svg.text(range_left - 10, y + 12, row.detail, "t small muted", Anchor::end);
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
    return svg.finish();
}

std::string table_colour(std::size_t index) {
    return index % 2 == 0 ? "c-first" : "c-second";
}

}  // namespace

std::string energy_range_chart(const Report& report) {
    const Per unit = per(report);
    std::vector<RangeRow> rows;
    for (std::size_t i = 0; i < report.priced.size(); ++i) {
        const PricedRun& run = report.priced[i];
        const chip::Estimate dynamic = scaled(dynamic_per(report, run), 1e-12);
        const std::string text = fmt::format("{}: {} ({})", run.table, energy(dynamic.value * 1e12, Script::unicode),
                                             si_range(dynamic.low, dynamic.high, "J", Script::unicode));
        rows.push_back({run.table, "dynamic, " + si(dynamic.value, "J", Script::unicode), table_colour(i),
                        dynamic.value, dynamic.low, dynamic.high, run.sample_energy_pj.least * 1e-12,
                        run.sample_energy_pj.most * 1e-12, text});
        if (run.static_pj) {
            const chip::Estimate fixed = scaled(static_per(report, run), 1e-12);
            const double value = dynamic.value + fixed.value;
            rows.push_back({run.table, "with static, " + si(value, "J", Script::unicode), table_colour(i), value,
                            dynamic.low + fixed.low, dynamic.high + fixed.high, 0, 0,
                            run.table + ": " + si(value, "J", Script::unicode) + " with static energy"});
        }
    }
    return ranges(rows, "J", "energy per " + unit.noun, "Energy with its range under each cost table");
}

std::string latency_range_chart(const Report& report) {
    const Per unit = per(report);
    std::vector<RangeRow> rows;
    for (std::size_t i = 0; i < report.priced.size(); ++i) {
        const PricedRun& run = report.priced[i];
        const double value = time_per(report, run) * 1e-9;
        rows.push_back({run.table, si(value, "s", Script::unicode), table_colour(i), value, 0, 0,
                        run.sample_latency_ns.least * 1e-9, run.sample_latency_ns.most * 1e-9,
                        run.table + ": " + si(value, "s", Script::unicode)});
    }
    return ranges(rows, "s", "chip time per " + unit.noun, "Latency with its range under each cost table");
}

}  // namespace spikeloom::runtime
