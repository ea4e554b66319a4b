#include "runtime/report/html_energy.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/report/findings.hpp"

namespace spikeloom::runtime {
namespace {

constexpr Script script = Script::unicode;
constexpr std::size_t most_rows = 12;
constexpr double least_share = 0.001;  ///< of the spread, below which a constant isn't worth a line

struct Column {
    std::string text;
    bool number = true;
};

std::string head(const std::vector<Column>& columns) {
    std::string html = "<div class=\"scroll\"><table>\n<thead><tr>";
    for (const Column& column : columns) {
        html += fmt::format("<th{} scope=\"col\">{}</th>", column.number ? " class=\"n\"" : "", escaped(column.text));
    }
    return html + "</tr></thead>\n<tbody>\n";
}

constexpr std::string_view foot = "</tbody></table></div>\n";

/// A bar of a share of the whole, 0..1.
std::string bar(double share) {
    return fmt::format(
        "<td><svg viewBox=\"0 0 100 10\" width=\"100\" height=\"10\" aria-hidden=\"true\"><rect class=\"bar binds\" "
        "width=\"{:.1f}\" height=\"10\"/></svg></td>",
        100 * std::clamp(share, 0.0, 1.0));
}

std::string spread_table(const Report& report, const PricedRun& run) {
    chip::Estimate all;
    for (const chip::ConstantShare& share : run.constants) {
        all += share.energy_pj;
    }
    if (all.spread() <= 0) {
        return {};
    }
    const Per unit = per(report);
    std::string html = head({{"constant, under " + run.table, false},
                             {"energy"},
                             {"low–high"},
                             {"of the range"},
                             {"", false},
                             {"trust", false},
                             {"source", false}});
    for (std::size_t i = 0; i < std::min(run.constants.size(), most_rows); ++i) {
        const chip::ConstantShare& share = run.constants[i];
        const double part = share.energy_pj.spread() / all.spread();
        if (part < least_share) {
            break;
        }
        const chip::Estimate each = scaled(share.energy_pj, 1 / unit.count);
        html += "<tr>" + cell(share.constant) + cell(energy(each.value, script), "n") +
                cell(energy_range(each, script), "n") + cell(percent(part, script), "n") + bar(part) +
                cell(name(share.trust)) + cell(shortened(share.source, 90, script)) + "</tr>\n";
    }
    const chip::Estimate each = scaled(all, 1 / unit.count);
    html += "<tr class=\"sum\"><td>all, static included</td>" + cell(energy(each.value, script), "n") +
            cell(energy_range(each, script), "n") + "<td></td><td></td><td></td><td></td></tr>\n";
    return html.append(foot);
}

void add_spreads(const Report& report, Page& page) {
    std::string tables;
    for (const PricedRun& run : report.priced) {
        tables += spread_table(report, run);
    }
    if (tables.empty()) {
        return;
    }
    page.section("Where the energy's range comes from", spread_finding(report));
    page.raw(tables);
    for (const PricedRun& run : report.priced) {
        if (!run.condition.empty()) {
            page.paragraph(fmt::format("{}: {}.", run.table, run.condition), "note");
        }
    }
}

void add_populations(const Report& report, Page& page) {
    if (report.priced.empty() || report.priced.front().populations.empty()) {
        return;
    }
    const PricedRun& run = report.priced.front();
    const Per unit = per(report);
    const auto each = [&](const chip::Estimate& estimate) {
        return cell(energy(estimate.value / unit.count, script), "n");
    };
    page.raw(fmt::format("<h3>Dynamic energy by population, per {}, under {}</h3>\n", unit.noun, escaped(run.table)));
    page.raw(
        head({{"population", false}, {"updates"}, {"spikes"}, {"messages"}, {"synapses"}, {"learning"}, {"share"}}));
    for (std::size_t i = 0; i < std::min(run.populations.size(), most_rows); ++i) {
        const PopulationEnergy& population = run.populations[i];
        const double share = run.dynamic_pj.value > 0 ? total(population).value / run.dynamic_pj.value : 0;
        page.raw("<tr>" + cell(shortened(population.population, 48, script)) + each(population.updates_pj) +
                 each(population.spikes_pj) + each(population.messages_pj) + each(population.synapses_pj) +
                 each(population.learning_pj) + cell(percent(share, script), "n") + "</tr>\n");
    }
    page.raw(foot);
    if (run.populations.size() > most_rows) {
        page.paragraph(fmt::format("And {} more, in the JSON report.", run.populations.size() - most_rows), "note");
    }
}

void add_chips(const Report& report, Page& page) {
    if (report.priced.empty() || report.priced.front().chips.size() < 2) {
        return;
    }
    const PricedRun& run = report.priced.front();
    page.raw(fmt::format("<h3>Dynamic energy by chip, under {}</h3>\n", escaped(run.table)));
    page.raw(head({{"chip", false}, {"energy"}, {"low–high"}, {"share"}, {"", false}}));
    for (std::size_t i = 0; i < std::min(run.chips.size(), most_rows); ++i) {
        const chip::Estimate each = scaled(run.chips[i].energy_pj, 1 / per(report).count);
        const double share = run.dynamic_pj.value > 0 ? run.chips[i].energy_pj.value / run.dynamic_pj.value : 0;
        page.raw("<tr>" + cell(std::to_string(run.chips[i].place)) + cell(energy(each.value, script), "n") +
                 cell(energy_range(each, script), "n") + cell(percent(share, script), "n") + bar(share) + "</tr>\n");
    }
    page.raw(foot);
}

std::string change(double before, double after) {
    if (before <= 0) {
        return "–";
    }
    return (after < before ? "−" : "+") + percent(std::abs(after - before) / before, script);
}

std::string repriced_finding(const Report& report) {
    const PricedRun& run = report.repriced.front();
    if (run.against >= report.priced.size()) {
        return {};
    }
    const double before = report.priced[run.against].dynamic_pj.value;
    const double after = run.dynamic_pj.value;
    return before == after ? fmt::format("Dynamic energy is the same under ‘{}’", run.table)
                           : fmt::format("Dynamic energy {} under ‘{}’", change(before, after), run.table);
}

void add_repriced(const Report& report, Page& page) {
    if (report.repriced.empty()) {
        return;
    }
    page.section("Priced again", repriced_finding(report));
    const Per unit = per(report);
    for (const PricedRun& run : report.repriced) {
        if (run.against >= report.priced.size()) {
            continue;
        }
        const PricedRun& recorded = report.priced[run.against];
        page.raw(
            head({{"per " + unit.noun, false}, {"recorded: " + recorded.table}, {"again: " + run.table}, {"change"}}));
        const auto row = [&](std::string_view what, double before, double after, bool time) {
            const auto shown = [&](double value) {
                return time ? si(value * 1e-9 / unit.count, "s", script) : energy(value / unit.count, script);
            };
            if (before != 0 || after != 0) {
                page.raw("<tr>" + cell(what) + cell(shown(before), "n") + cell(shown(after), "n") +
                         cell(before == after ? "0" : change(before, after), "n") + "</tr>\n");
            }
        };
        for (const Kind kind : all_kinds) {
            row(name(kind), energy_of(recorded, kind).value, energy_of(run, kind).value, false);
        }
        row("dynamic energy", recorded.dynamic_pj.value, run.dynamic_pj.value, false);
        row("dynamic energy, low", recorded.dynamic_pj.low, run.dynamic_pj.low, false);
        row("dynamic energy, high", recorded.dynamic_pj.high, run.dynamic_pj.high, false);
        if (recorded.static_pj && run.static_pj) {
            row("static energy", sum(*recorded.static_pj).value, sum(*run.static_pj).value, false);
        }
        row("time", recorded.time_ns, run.time_ns, true);
        page.raw(foot);
        if (!run.time_remark.empty()) {
            page.paragraph(run.time_remark, "note");
        }
    }
}

}  // namespace

void add_energy_details(const Report& report, Page& page) {
    add_spreads(report, page);
    add_populations(report, page);
    add_chips(report, page);
    add_repriced(report, page);
}

}  // namespace spikeloom::runtime
