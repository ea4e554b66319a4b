// Energy in the text report.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "runtime/report/findings.hpp"
#include "runtime/report/text_parts.hpp"
#include "runtime/report/text_table.hpp"

namespace spikeloom::runtime::text {
namespace {

constexpr std::size_t most_constants = 8;
constexpr double least_share = 0.001;  ///< of the spread, below which a constant isn't worth a line

std::string by_kind(const Report& report) {
    if (report.priced.empty()) {
        return {};
    }
    const Per unit = per(report);
    std::string out = heading("Dynamic energy by kind of event", energy_finding(report, script));
    for (const PricedRun& run : report.priced) {
        Table table({shortened(run.table, 24, script), "count per " + unit.noun, "energy", "low to high", "share"});
        for (const chip::ItemEnergy& item : run.items) {
            if (item.count == 0) {
                continue;
            }
            const chip::Estimate each = scaled(item.energy_pj, 1 / unit.count);
            table.add({name(item.item), amount(static_cast<double>(item.count) / unit.count),
                       energy(each.value, script), energy_range(each, script),
                       run.dynamic_pj.value > 0 ? percent(item.energy_pj.value / run.dynamic_pj.value, script) : "-"});
        }
        const chip::Estimate all = dynamic_per(report, run);
        table.add({"all", "", energy(all.value, script), energy_range(all, script), ""});
        if (run.static_pj) {
            const chip::Estimate fixed = static_per(report, run);
            table.add({"static, besides", "", energy(fixed.value, script), energy_range(fixed, script), ""});
            const auto part = [&](const char* of, const chip::Estimate& over_run) {
                const chip::Estimate each = scaled(over_run, 1 / unit.count);
                table.add({of, "", energy(each.value, script), energy_range(each, script), ""});
            };
            part("  cores in use", run.static_pj->cores_pj);
            part("  rest of the chip", run.static_pj->chip_pj);
            part("  embedded processors", run.static_pj->host_pj);
        }
        out += table.print();
    }
    return out;
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
    Table table({shortened(run.table, 24, script), "energy", "low to high", "of the range", "trust"});
    for (std::size_t i = 0; i < std::min(run.constants.size(), most_constants); ++i) {
        const chip::ConstantShare& share = run.constants[i];
        if (share.energy_pj.spread() < least_share * all.spread()) {
            break;
        }
        const chip::Estimate each = scaled(share.energy_pj, 1 / unit.count);
        table.add({share.constant, energy(each.value, script), energy_range(each, script),
                   percent(share.energy_pj.spread() / all.spread(), script), name(share.trust)});
    }
    const chip::Estimate each = scaled(all, 1 / unit.count);
    table.add({"all, static included", energy(each.value, script), energy_range(each, script), "", ""});
    return table.print();
}

std::string spreads(const Report& report) {
    std::string tables;
    for (const PricedRun& run : report.priced) {
        tables += spread_table(report, run);
        if (!run.condition.empty()) {
            tables += wrapped(fmt::format("{}: {}", run.table, run.condition), 4);
        }
    }
    return tables.empty() ? tables : heading("Where the energy's range comes from", spread_finding(report)) + tables;
}

std::string populations(const Report& report) {
    if (report.priced.empty() || report.priced.front().populations.empty()) {
        return {};
    }
    const PricedRun& run = report.priced.front();
    const Per unit = per(report);
    Table table({"under " + shortened(run.table, 24, script), "updates", "spikes", "messages", "synapses", "learning",
                 "share"});
    const auto each = [&](const chip::Estimate& estimate) { return energy(estimate.value / unit.count, script); };
    for (std::size_t i = 0; i < std::min(run.populations.size(), most_rows); ++i) {
        const PopulationEnergy& population = run.populations[i];
        table.add({shortened(population.population, 28, script), each(population.updates_pj),
                   each(population.spikes_pj), each(population.messages_pj), each(population.synapses_pj),
                   each(population.learning_pj),
                   run.dynamic_pj.value > 0 ? percent(total(population).value / run.dynamic_pj.value, script) : "-"});
    }
    return heading("Dynamic energy by population, per " + unit.noun, "") + table.print();
}

std::string chips(const Report& report) {
    if (report.priced.empty() || report.priced.front().chips.size() < 2) {
        return {};
    }
    const PricedRun& run = report.priced.front();
    const Per unit = per(report);
    Table table({"chip", "dynamic energy", "low to high", "share"});
    for (std::size_t i = 0; i < std::min(run.chips.size(), most_rows); ++i) {
        const PlaceEnergy& chip = run.chips[i];
        const chip::Estimate each = scaled(chip.energy_pj, 1 / unit.count);
        table.add({std::to_string(chip.place), energy(each.value, script), energy_range(each, script),
                   run.dynamic_pj.value > 0 ? percent(chip.energy_pj.value / run.dynamic_pj.value, script) : "-"});
    }
    return heading("Dynamic energy by chip, under " + run.table, "") + table.print();
}

/// "-0.31 uJ" and "-25.0 %" of a difference; empty where the two are the same.
std::vector<std::string> difference(double before, double after, double scale, std::string_view unit) {
    const double change = after - before;
    if (change == 0) {
        return {"0", "0 %"};
    }
    const std::string sign = change < 0 ? "-" : "+";
    return {sign + si(std::abs(change) * scale, unit, script),
            before > 0 ? sign + percent(std::abs(change) / before, script) : "-"};
}

std::string changed_constants(const Report& report, const chip::CostTable& costs) {
    const auto old = std::ranges::find(report.cost_tables, costs.name, &chip::CostTable::name);
    if (old == report.cost_tables.end()) {
        return {};
    }
    std::string text;
    const auto compare = [&](const std::string& constant, const chip::Quantity& before, const chip::Quantity& after,
                             std::string_view unit) {
        if (before != after) {
            text += wrapped(fmt::format("{}: {:g} -> {:g} {} ({}; {})", constant, before.value, after.value, unit,
                                        name(after.trust), after.source),
                            4);
        }
    };
    for (const chip::CostItem item : chip::cost_items) {
        const std::string constant(chip::name_of(item));
        compare(constant + ".energy_pj", old->event(item).energy_pj, costs.event(item).energy_pj, "pJ");
        compare(constant + ".time_ns", old->event(item).time_ns, costs.event(item).time_ns, "ns");
    }
    compare("static_power_core_mw", old->static_power_core_mw, costs.static_power_core_mw, "mW");
    compare("static_power_chip_mw", old->static_power_chip_mw, costs.static_power_chip_mw, "mW");
    compare("host_power_mw", old->host_power_mw, costs.host_power_mw, "mW");
    for (std::size_t i = 0; i < std::min(old->barrier.size(), costs.barrier.size()); ++i) {
        compare(fmt::format("barrier[{}].time_ns", i), old->barrier[i].time_ns, costs.barrier[i].time_ns, "ns");
    }
    return text;
}

std::string again(const Report& report, std::size_t index) {
    const PricedRun& run = report.repriced[index];
    const PricedRun empty;
    const PricedRun& recorded = run.against < report.priced.size() ? report.priced[run.against] : empty;
    const Per unit = per(report);
    Table table({"per " + unit.noun, "recorded: " + shortened(recorded.table, 20, script),
                 "again: " + shortened(run.table, 20, script), "difference", ""});
    const auto row = [&](const std::string& what, double before, double after, double scale, std::string_view of) {
        if (before == 0 && after == 0) {
            return;
        }
        before /= unit.count;
        after /= unit.count;
        std::vector<std::string> line{what, si(before * scale, of, script), si(after * scale, of, script)};
        for (std::string& part : difference(before, after, scale, of)) {
            line.push_back(std::move(part));
        }
        table.add(std::move(line));
    };
    for (const Kind kind : all_kinds) {
        row(name(kind), energy_of(recorded, kind).value, energy_of(run, kind).value, 1e-12, "J");
    }
    row("dynamic energy", recorded.dynamic_pj.value, run.dynamic_pj.value, 1e-12, "J");
    row("  low", recorded.dynamic_pj.low, run.dynamic_pj.low, 1e-12, "J");
    row("  high", recorded.dynamic_pj.high, run.dynamic_pj.high, 1e-12, "J");
    if (recorded.static_pj && run.static_pj) {
        row("static energy", sum(*recorded.static_pj).value, sum(*run.static_pj).value, 1e-12, "J");
    }
    row("time", recorded.time_ns, run.time_ns, 1e-9, "s");
    std::string out = table.print();
    if (!run.time_remark.empty()) {
        out += wrapped(run.time_remark, 2);
    }
    for (const chip::CostItem item : run.unpriced) {
        out += wrapped(fmt::format("'{}' has no price for {}: {} of them cost nothing here.", run.table,
                                   chip::name_of(item), grouped(chip::count_of(report.totals, item))),
                       2);
    }
    if (!run.condition.empty()) {
        out += wrapped("Condition: " + run.condition + ".", 2);
    }
    return out + changed_constants(report, report.repriced_tables[index]);
}

}  // namespace

std::string energies(const Report& report) {
    std::string out = by_kind(report) + spreads(report) + populations(report) + chips(report);
    if (!report.repriced.empty()) {
        out += heading("Priced again", "");
    }
    for (std::size_t i = 0; i < std::min(report.repriced.size(), report.repriced_tables.size()); ++i) {
        out += again(report, i);
    }
    return out;
}

}  // namespace spikeloom::runtime::text
