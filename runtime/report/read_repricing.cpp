// A recording priced again under other tables: energies from the counters, step times from those of every core and step
// where the recording has them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>

#include "chip/spec/cost_settings.hpp"
#include "runtime/report/pricing.hpp"
#include "runtime/report/source.hpp"
#include "runtime/report/units.hpp"

namespace spikeloom::runtime {
namespace {

/// The tables to price under: those asked for, with the settings; without tables, those of the recording that a setting
/// changes.
std::vector<chip::CostTable> wanted_tables(Source& source, const Report& report, const Repricing& repricing) {
    const bool own = repricing.tables.empty();
    std::vector<chip::CostTable> tables = own ? report.cost_tables : repricing.tables;
    if (own && repricing.settings.empty()) {
        return {};
    }
    const Diagnostics findings = chip::set_costs(tables, repricing.settings);
    source.findings.insert(source.findings.end(), findings.begin(), findings.end());
    if (!findings.empty()) {
        return {};
    }
    if (own) {
        std::vector<chip::CostTable> changed;
        for (std::size_t i = 0; i < tables.size(); ++i) {
            if (tables[i] != report.cost_tables[i]) {
                changed.push_back(std::move(tables[i]));
            }
        }
        return changed;
    }
    for (chip::CostTable& table : tables) {
        table.name = printable(table.name);
        table.title = printable(table.title);
        table.condition = printable(table.condition);
    }
    return tables;
}

const chip::CostTable* recorded_costs(const Report& report, const std::string& table) {
    const auto found = std::ranges::find(report.cost_tables, table, &chip::CostTable::name);
    return found == report.cost_tables.end() ? nullptr : &*found;
}

/// The recorded table of the same name, or the first.
std::size_t compared_with(const Report& report, const std::string& table) {
    const auto found = std::ranges::find(report.priced, table, &PricedRun::table);
    return found == report.priced.end() ? 0 : static_cast<std::size_t>(found - report.priced.begin());
}

/// Takes over the recorded run's times.
void take_times(const PricedRun& recorded, PricedRun& run) {
    run.time_ns = recorded.time_ns;
    run.step_time_mean_ns = recorded.step_time_mean_ns;
    run.step_time_max_ns = recorded.step_time_max_ns;
    run.step_times_ns = recorded.step_times_ns;
    run.slowest_steps = recorded.slowest_steps;
    run.sample_latency_ns = recorded.sample_latency_ns;
}

}  // namespace

void read_repricing(Source& source, const Repricing& repricing, Report& report) {
    report.repriced_tables = wanted_tables(source, report, repricing);
    for (const chip::CostTable& table : report.repriced_tables) {
        if (report.priced.empty()) {
            source.remark(fmt::format("No times are recorded, so '{}' gives no static energy.", table.name));
            report.repriced.push_back(price_again(report, table, 0));
            continue;
        }
        const std::size_t against = compared_with(report, table.name);
        const auto same = std::ranges::find_if(report.priced, [&](const PricedRun& priced) {
            const chip::CostTable* costs = recorded_costs(report, priced.table);
            return costs != nullptr && same_times(*costs, table);
        });
        const PricedRun& times = same == report.priced.end() ? report.priced[against] : *same;
        PricedRun run = price_again(report, table, times.time_ns);
        take_times(times, run);
        run.against = against;
        if (same != report.priced.end()) {
            run.times_from = TimesFrom::same_constants;
            run.time_remark = fmt::format(
                "Step times are the recorded ones of '{}': the constants of time are the same.", times.table);
        } else {
            run.times_from = TimesFrom::another_table;
            run.time_remark = fmt::format(
                "Step times, and static energy with them, are those recorded under '{}': what they would be under "
                "'{}' needs a run (spikeloom run --costs).",
                times.table, table.name);
        }
        report.repriced.push_back(std::move(run));
    }
}

}  // namespace spikeloom::runtime
