// What a cost table makes of the report's counters: where the energy goes (tiles, chips, populations, links) and which
// of the table's constants its range comes from. Pure functions of the value; a recorded run and one priced again go
// through the same.
#pragma once

#include <string_view>

#include "chip/cost.hpp"
#include "runtime/report.hpp"

namespace spikeloom::runtime {

/// Cores and chips in use, over so long a time.
[[nodiscard]] chip::Usage usage_of(const Report& report, double time_ns);

/// Fills what follows from counters, table and run.time_ns: title, condition, static energy, constants, tiles, chips,
/// populations, unpriced items.
void divide_energy(const Report& report, const chip::CostTable& costs, PricedRun& run);

/// The run under another table, over run.time_ns: dynamic energy in all, by item and by core, and all of divide_energy.
void price_again(const Report& report, const chip::CostTable& costs, PricedRun& run);

/// Bins for step times from `least` to `most`.
[[nodiscard]] Histogram empty_step_histogram(double least, double most);
void add_to(Histogram& histogram, double time_ns);

/// Divides the energy of hops between the links of the recorded traffic: that of the hops east and west between the
/// links that run so, by what each carried; likewise the others. Empty without traffic.
void divide_hops(const Report& report, PricedRun& run);

/// Whether steps take the same time under both.
[[nodiscard]] bool same_times(const chip::CostTable& a, const chip::CostTable& b);

}  // namespace spikeloom::runtime
