// Energy and latency: what the dynamic energy goes into, what the chip draws besides, and the ranges per inference.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "runtime/report/charts.hpp"
#include "runtime/report/range_chart.hpp"
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
    return range_chart(rows, {"J", "energy per " + unit.noun, "Energy with its range under each cost table", {}});
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
    return range_chart(rows, {"s", "chip time per " + unit.noun, "Latency with its range under each cost table", {}});
}

}  // namespace spikeloom::runtime
