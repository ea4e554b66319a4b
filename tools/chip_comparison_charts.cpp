// The page's charts: accuracy, energy and latency over the chips, each figure with its range.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "runtime/report/findings.hpp"
#include "runtime/report/range_chart.hpp"
#include "runtime/report/units.hpp"
#include "tools/chip_comparison_forms.hpp"

namespace spikeloom::tools {

namespace {

constexpr runtime::Script script = runtime::Script::unicode;
constexpr double joule_per_pj = 1e-12;
constexpr double second_per_ns = 1e-9;

/// Why a chip has no figure, short enough for a chart.
std::string absence(const ChipRow& row) {
    return !row.fits                                ? "does not fit"
           : !row.not_run.empty()                   ? "this set can't be run there"
           : row.continuous && row.cores_there == 0 ? "the equations alone, no chip"
                                                    : "no figure";
}

/// A line a chip, or where `every` says so one a chip and cost table.
std::vector<runtime::RangeRow> chart_rows(const ChipComparison& comparison, bool every_table,
                                          const std::function<runtime::RangeRow(const ChipRow&, std::size_t)>& make) {
    std::vector<runtime::RangeRow> rows;
    for (const ChipRow& row : comparison.chips) {
        const std::size_t prices = row.inference ? row.inference->prices.size() : 0;
        const bool shown = row.inference && (prices > 0 || !every_table);
        if (!shown) {
            rows.push_back({.name = row.chip, .detail = {}, .colour = {}, .absent = absence(row)});
        }
        for (std::size_t i = 0; shown && i < (every_table ? prices : 1); ++i) {
            rows.push_back(make(row, i));
        }
    }
    return rows;
}

std::string colour_of(std::size_t table) {
    return table % 2 == 0 ? "c-first" : "c-second";
}

}  // namespace

std::string accuracy_chart(const ChipComparison& comparison) {
    double least = 100;
    const auto rows = chart_rows(comparison, false, [&](const ChipRow& row, std::size_t) {
        const chip::Estimate share = runtime::wilson_interval(row.inference->correct, row.inference->samples);
        least = std::min(least, 100 * share.low);
        return runtime::RangeRow{
            .name = row.chip,
            .detail = runtime::percent(share.value, script, 2),
            .colour = "c-first",
            .value = 100 * share.value,
            .low = 100 * share.low,
            .high = 100 * share.high,
            .tooltip = fmt::format("{}: {} of {} samples", row.chip, row.inference->correct, row.inference->samples)};
    });
    constexpr double grid = 10;
    return runtime::range_chart(rows,
                                {.unit = "",
                                 .name = "accuracy, %",
                                 .label = "Accuracy on every chip, with its 95 % interval",
                                 .domain = std::pair(std::max(0.0, std::floor(least / grid - 0.5) * grid), 100.0)});
}

std::string energy_chart(const ChipComparison& comparison) {
    return runtime::range_chart(
        chart_rows(comparison, true,
                   [](const ChipRow& row, std::size_t table) {
                       const InferencePrice& price = row.inference->prices[table];
                       if (price.table.empty()) {
                           return runtime::RangeRow{
                               .name = row.chip, .detail = {}, .colour = {}, .absent = "the chip has no cost table"};
                       }
                       const chip::Estimate energy = price.energy_pj();
                       return runtime::RangeRow{
                           .name = row.chip,
                           .detail = fmt::format("{}, {}", price.table, runtime::energy(energy.value, script)),
                           .colour = colour_of(table),
                           .value = energy.value * joule_per_pj,
                           .low = energy.low * joule_per_pj,
                           .high = energy.high * joule_per_pj,
                           .tooltip = fmt::format("{} under {}: {} ({})", row.chip, price.table,
                                                  runtime::energy(energy.value, script),
                                                  runtime::energy_range(energy, script))};
                   }),
        {.unit = "J", .name = "energy per inference", .label = "Energy of an inference on every chip, with its range"});
}

std::string latency_chart(const ChipComparison& comparison) {
    return runtime::range_chart(
        chart_rows(comparison, true,
                   [](const ChipRow& row, std::size_t table) {
                       const InferencePrice& price = row.inference->prices[table];
                       const std::string text = runtime::time(price.latency_ns, script);
                       return runtime::RangeRow{
                           .name = row.chip,
                           .detail = price.table.empty() ? text : fmt::format("{}, {}", price.table, text),
                           .colour = colour_of(table),
                           .value = price.latency_ns * second_per_ns,
                           .least = price.latency_least_ns * second_per_ns,
                           .most = price.latency_most_ns * second_per_ns,
                           .tooltip = row.chip + ": " + text};
                   }),
        {.unit = "s", .name = "chip time per inference", .label = "Latency of an inference on every chip"});
}

}  // namespace spikeloom::tools
