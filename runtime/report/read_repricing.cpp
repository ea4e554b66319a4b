// A recording priced again under other tables: energies from the counters, step times from those of every core and step
// where the recording has them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "chip/spec/cost_settings.hpp"
#include "runtime/report/pricing.hpp"
#include "runtime/report/slabs.hpp"
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

/// What is needed of a core's counters to say when it is done: without congestion, core by core.
class CoreSteps {
public:
    explicit CoreSteps(const chip::CostTable& costs, const Report& report) : costs_(costs), report_(report) {
        std::set<int> tiles;
        for (const CoreOccupancy& core : report.cores) {
            tiles.insert(report.mesh.tile(static_cast<int>(core.place)));
        }
        barrier_ns_ = chip::barrier_time_ns(costs, static_cast<int>(tiles.size())) +
                      chip::chip_barrier_time_ns(costs, usage_of(report, 0).chips);
    }

    /// Calls `visit(time of the step, core done last)` for every step; false if the recording can't be read so far.
    bool each(Source& source, const std::function<void(double, std::uint32_t)>& visit) const;

private:
    struct Rows {
        Slabs<std::uint64_t> step;
        Slabs<std::uint32_t> core;
        Slabs<std::uint64_t> counters;
    };

    const chip::CostTable& costs_;
    const Report& report_;
    double barrier_ns_ = 0;
};

bool CoreSteps::each(Source& source, const std::function<void(double, std::uint32_t)>& visit) const {
    const std::string folder = "/traffic/core_steps";
    const auto rows = length_of(source, folder + "/step", report_.cores.size() * report_.steps);
    const auto info = source.keep(source.file.describe(folder + "/counters"));
    const std::uint64_t columns = info && info->shape.size() == 2 ? info->shape[1] : 0;
    const auto meaning = source.counter_columns(folder + "/counters", columns);
    if (!rows || !meaning || !has_shape(source, folder + "/core", *rows) ||
        !has_shape(source, folder + "/counters", *rows, columns)) {
        return false;
    }
    Rows data{.step = {source, folder + "/step", *rows},
              .core = {source, folder + "/core", *rows},
              .counters = {source, folder + "/counters", *rows, columns}};
    std::uint64_t row = 0;
    for (std::uint64_t step = 0; step < report_.steps; ++step) {
        double slowest_ns = 0;
        double host_ns = 0;
        std::uint32_t slowest = 0;
        for (; row < *rows; ++row) {
            const std::uint64_t* at = data.step.row(row);
            const std::uint32_t* core = data.core.row(row);
            const std::uint64_t* values = data.counters.row(row);
            if (at == nullptr || core == nullptr || values == nullptr) {
                return false;
            }
            if (*at > step) {
                break;
            }
            if (*at < step || *core >= report_.cores.size()) {
                source.wrong(folder, fmt::format("core {} at step {} after step {}", *core, *at, step),
                             fmt::format("ascending steps, cores below {}", report_.cores.size()));
                return false;
            }
            Counters counts;
            for (std::size_t i = 0; i < columns; ++i) {
                if ((*meaning)[i]) {
                    counts[*(*meaning)[i]] = values[i];
                }
            }
            const double core_ns = chip::core_step_time_ns(counts, costs_);
            host_ns += static_cast<double>(counts[Counter::input_spikes]) *
                           costs_.event(chip::CostItem::input_spike).time_ns.value +
                       static_cast<double>(counts[Counter::output_spikes]) *
                           costs_.event(chip::CostItem::output_spike).time_ns.value;
            if (core_ns > slowest_ns) {
                slowest_ns = core_ns;
                slowest = *core;
            }
        }
        visit(slowest_ns + barrier_ns_ + host_ns, slowest);
    }
    return true;
}

/// Fills the run's times from the counters of every core and step; false without them.
bool time_again(Source& source, const Report& report, const chip::CostTable& costs, PricedRun& run) {
    if (!source.file.has("/traffic/core_steps/counters") || report.steps == 0 || report.cores.empty()) {
        return false;
    }
    const CoreSteps steps(costs, report);
    double least = INFINITY;
    std::vector<std::uint64_t> slowest(report.cores.size(), 0);
    double sum = 0;
    double most = 0;
    const bool sound = steps.each(source, [&](double time, std::uint32_t core) {
        least = std::min(least, time);
        most = std::max(most, time);
        sum += time;
        ++slowest[core];
    });
    if (!sound) {
        return false;
    }
    run.time_ns = sum;
    run.step_time_mean_ns = sum / static_cast<double>(report.steps);
    run.step_time_max_ns = most;
    run.slowest_steps = std::move(slowest);
    Histogram& histogram = run.step_times_ns;
    histogram = empty_step_histogram(least, most);
    return steps.each(source, [&](double time, std::uint32_t) { add_to(histogram, time); });
}

/// The recorded run whose steps take the same time under the table: that which it is compared with before others.
const PricedRun* with_same_times(const Report& report, const chip::CostTable& table, const PricedRun& against) {
    const auto same = [&](const PricedRun& priced) {
        const chip::CostTable* costs = recorded_costs(report, priced.table);
        return costs != nullptr && same_times(*costs, table);
    };
    if (same(against)) {
        return &against;
    }
    const auto found = std::ranges::find_if(report.priced, same);
    return found == report.priced.end() ? nullptr : &*found;
}

/// Times under the table, and what is said of them.
void set_times(Source& source, const Report& report, const chip::CostTable& table, PricedRun& run) {
    const PricedRun& against = report.priced[run.against];
    const chip::CostTable* costs = recorded_costs(report, against.table);
    const std::string model = report.traffic && report.traffic->costs == against.table ? report.traffic->model : "";
    if (const PricedRun* same = with_same_times(report, table, against)) {
        take_times(*same, run);
        run.times_from = TimesFrom::same_constants;
        run.time_remark =
            fmt::format("Step times are the recorded ones of '{}': the constants of time are the same.", same->table);
        return;
    }
    if (time_again(source, report, table, run)) {
        run.times_from = TimesFrom::core_steps;
        run.time_remark =
            "Step times are computed again from the counters of every core and step, without congestion "
            "(the model 'free'). A counter holds a message in the step that receives it, a run works it off in the "
            "step that "
            "sent it: single steps may differ from a run's.";
        PricedRun before;
        if (!model.empty() && model != "free" && costs != nullptr && time_again(source, report, *costs, before)) {
            run.time_remark += fmt::format(
                " Those under '{}' were recorded with the model '{}'; without congestion "
                "they add up to {}.",
                against.table, model, time(before.time_ns, Script::plain));
        }
        return;
    }
    take_times(against, run);
    run.times_from = TimesFrom::another_table;
    run.time_remark = fmt::format(
        "Step times, and static energy with them, are those recorded under '{}'{}: what they would be under '{}' needs "
        "a run (spikeloom run --cost-tables), or a recording with --core-steps.",
        against.table, model.empty() ? "" : fmt::format(" with the model '{}'", model), table.name);
}

}  // namespace

void read_repricing(Source& source, const Repricing& repricing, Report& report) {
    report.repriced_tables = wanted_tables(source, report, repricing);
    for (const chip::CostTable& table : report.repriced_tables) {
        PricedRun run;
        if (report.priced.empty()) {
            source.remark(fmt::format("No times are recorded, so '{}' gives no static energy.", table.name));
        } else {
            run.against = compared_with(report, table.name);
            set_times(source, report, table, run);
        }
        price_again(report, table, run);
        report.repriced.push_back(std::move(run));
    }
    for (std::vector<PricedRun>* runs : {&report.priced, &report.repriced}) {
        for (PricedRun& run : *runs) {
            divide_hops(report, run);
        }
    }
}

}  // namespace spikeloom::runtime
