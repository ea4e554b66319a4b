// Energy and step times under each cost table. Step times may be many: they are read in slabs, twice (range, then
// histogram), so that memory doesn't grow with the run.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include "runtime/report/pricing.hpp"
#include "runtime/report/source.hpp"
#include "runtime/report/units.hpp"

namespace spikeloom::runtime {
namespace {

constexpr std::size_t most_tables = 16;

/// Counts of each cost item: the same under every table.
std::vector<chip::ItemEnergy> counted_items(const Counters& totals) {
    chip::CostTable free;
    for (const chip::CostItem item : chip::cost_items) {
        free.events.push_back({.item = item, .energy_pj = {}, .time_ns = {}});
    }
    return chip::dynamic_energy(totals, free);
}

/// Which item each row is of: by the attribute `items`, else by position. Empty after a finding.
std::vector<std::optional<chip::CostItem>> item_rows(Source& source, const std::string& path, std::uint64_t rows) {
    const std::vector<std::string> names = source.column_names(path, "items");
    std::vector<std::optional<chip::CostItem>> items(rows);
    if (names.empty() && rows >= counters_before_learning && rows <= chip::cost_items.size()) {
        std::copy_n(chip::cost_items.begin(), rows, items.begin());
        return items;
    }
    if (names.size() != rows || rows < counters_before_learning) {
        source.wrong(path, "another shape",
                     fmt::format("shape ({}, 3), or a name for each row", chip::cost_items.size()));
        return {};
    }
    for (std::size_t i = 0; i < rows; ++i) {
        const auto known =
            std::ranges::find_if(chip::cost_items, [&](chip::CostItem item) { return name_of(item) == names[i]; });
        if (known != chip::cost_items.end()) {
            items[i] = *known;
        } else {
            source.remark(fmt::format("This version doesn't know the kind of event '{}'; its energy is left out.",
                                      shortened(printable(names[i]), 40, Script::unicode)));
        }
    }
    return items;
}

void read_items(Source& source, const std::string& folder, const Counters& totals, PricedRun& run) {
    const std::string path = folder + "/items";
    run.items = counted_items(totals);
    const auto array = source.keep(source.file.read<double>(path, 3 * most_columns));
    if (!array) {
        return;
    }
    const std::uint64_t rows = array->shape.empty() ? 0 : array->shape[0];
    if (array->shape != std::vector<std::uint64_t>{rows, 3}) {
        source.wrong(path, "another shape", fmt::format("shape ({}, 3)", run.items.size()));
        return;
    }
    const auto items = item_rows(source, path, rows);
    for (std::size_t i = 0; i < items.size(); ++i) {
        const double* row = &array->values[3 * i];
        if (!std::isfinite(row[0]) || !std::isfinite(row[1]) || !std::isfinite(row[2]) || row[0] < 0) {
            source.wrong(path, fmt::format("an energy of {} pJ in row {}", row[0], i), "finite energies from 0");
            return;
        }
        if (items[i]) {
            run.items[static_cast<std::size_t>(*items[i])].energy_pj = {row[0], row[1], row[2]};
        }
    }
    run.dynamic_pj = chip::total(run.items);
}

/// Calls `use` with slabs of the dataset's rows; false if one can't be read.
template <class T>
bool in_slabs(Source& source, const std::string& path, std::uint64_t rows,
              const std::function<bool(const std::vector<T>&)>& use) {
    for (std::uint64_t first = 0; first < rows; first += slab_rows) {
        const auto slab = source.keep(source.file.read_rows<T>(path, first, std::min(slab_rows, rows - first)));
        if (!slab || !use(slab->values)) {
            return false;
        }
    }
    return true;
}

bool has_rows(Source& source, const std::string& path, std::uint64_t rows) {
    const auto info = source.keep(source.file.describe(path));
    if (info && (info->shape.size() != 1 || info->count != rows)) {
        source.wrong(path, fmt::format("{} values", info->count), fmt::format("one a step: {}", rows));
        return false;
    }
    return info.has_value();
}

void read_step_times(Source& source, const std::string& folder, std::uint64_t steps, PricedRun& run) {
    const std::string path = folder + "/step_time";
    if (!has_rows(source, path, steps) || steps == 0) {
        return;
    }
    double least = INFINITY;
    double most = 0;
    double sum = 0;
    const bool sound = in_slabs<float>(source, path, steps, [&](const std::vector<float>& times) {
        for (const float time : times) {
            if (!std::isfinite(time) || time < 0) {
                source.wrong(path, fmt::format("a step time of {} ns", time), "finite times from 0");
                return false;
            }
            least = std::min<double>(least, time);
            most = std::max<double>(most, time);
            sum += time;
        }
        return true;
    });
    if (!sound) {
        return;
    }
    run.step_time_mean_ns = sum / static_cast<double>(steps);
    run.step_time_max_ns = most;
    Histogram& histogram = run.step_times_ns;
    histogram = empty_step_histogram(least, most);
    in_slabs<float>(source, path, steps, [&](const std::vector<float>& times) {
        for (const float time : times) {
            add_to(histogram, time);
        }
        return true;
    });
}

void read_slowest(Source& source, const std::string& folder, std::uint64_t steps, std::size_t cores, PricedRun& run) {
    const std::string path = folder + "/slowest_core";
    if (!has_rows(source, path, steps)) {
        return;
    }
    run.slowest_steps.assign(cores, 0);
    in_slabs<std::uint32_t>(source, path, steps, [&](const std::vector<std::uint32_t>& slowest) {
        for (const std::uint32_t core : slowest) {
            if (core >= cores) {
                source.wrong(path, fmt::format("core {}", core), fmt::format("the run's cores, 0..{}", cores - 1));
                return false;
            }
            ++run.slowest_steps[core];
        }
        return true;
    });
}

void price_parts(Source& source, const Report& report, PricedRun& run) {
    const auto table = std::find_if(report.cost_tables.begin(), report.cost_tables.end(),
                                    [&](const chip::CostTable& costs) { return costs.name == run.table; });
    if (table == report.cost_tables.end()) {
        return;
    }
    divide_energy(report, *table, run);
    const double again = chip::total(chip::dynamic_energy(report.totals, *table)).value;
    if (std::abs(again - run.dynamic_pj.value) > 1e-6 * std::max(again, run.dynamic_pj.value)) {
        source.remark(
            fmt::format("Under '{}', the recorded dynamic energy ({}) is not what the recorded counts and "
                        "costs give ({}).",
                        run.table, energy(run.dynamic_pj.value, Script::unicode), energy(again, Script::unicode)));
    }
}

}  // namespace

void read_energy(Source& source, Report& report) {
    if (!source.file.has("/energy")) {
        source.remark("The recording has no energies.");
        return;
    }
    auto tables = source.keep(source.file.members("/energy"));
    if (!tables) {
        return;
    }
    if (tables->size() > most_tables) {
        source.remark(fmt::format("Of {} cost tables, the first {} are shown.", tables->size(), most_tables));
        tables->resize(most_tables);
    }
    // The description's order: its first table is the default.
    const auto rank = [&](const files::Hdf5Member& member) {
        const auto found = std::find_if(report.cost_tables.begin(), report.cost_tables.end(),
                                        [&](const chip::CostTable& costs) { return costs.name == member.name; });
        return found - report.cost_tables.begin();
    };
    std::stable_sort(tables->begin(), tables->end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
    for (const files::Hdf5Member& member : *tables) {
        const std::string folder = "/energy/" + member.name;
        if (member.kind != files::Hdf5Kind::group) {
            source.wrong(folder, "not a group", "one group a cost table");
            continue;
        }
        PricedRun run;
        run.table = printable(member.name);
        read_items(source, folder, report.totals, run);
        read_step_times(source, folder, report.steps, run);
        read_slowest(source, folder, report.steps, report.cores.size(), run);
        run.time_ns = source.number<double>(folder + "/time").value_or(0);
        if (!std::isfinite(run.time_ns) || run.time_ns < 0) {
            source.wrong(folder + "/time", fmt::format("{} ns", run.time_ns), "a finite time from 0");
            continue;
        }
        run.core_energy_pj =
            source.column<double>(folder + "/core_dynamic", report.cores.size()).value_or(std::vector<double>());
        if (std::any_of(run.core_energy_pj.begin(), run.core_energy_pj.end(),
                        [](double pj) { return !std::isfinite(pj) || pj < 0; })) {
            source.wrong(folder + "/core_dynamic", "an energy that is negative or not finite", "energies from 0");
            continue;
        }
        price_parts(source, report, run);
        report.priced.push_back(std::move(run));
    }
}

}  // namespace spikeloom::runtime
