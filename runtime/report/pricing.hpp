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

/// The run under another table: dynamic energy in all and by core, of items and of everything in divide_energy.
[[nodiscard]] PricedRun price_again(const Report& report, const chip::CostTable& costs, double time_ns);

/// Whether steps take the same time under both.
[[nodiscard]] bool same_times(const chip::CostTable& a, const chip::CostTable& b);

}  // namespace spikeloom::runtime
