// A report as a value, made up but self-consistent: a labelled run of 200 samples of a 4-120-3 network on six cores,
// priced under two tables.
#pragma once

#include "runtime/report.hpp"

namespace spikeloom::test {

/// `raster_samples` samples of 32 steps are in the raster excerpt.
[[nodiscard]] runtime::Report labelled_report(std::size_t raster_samples = 2);
/// A run without labels, spikes, losses and gap, of one core.
[[nodiscard]] runtime::Report bare_report();
/// bare_report with a plastic projection of 3136 synapses, most of them at a limit, and probes of w and x1.
[[nodiscard]] runtime::Report learned_report();
/// One cost table with a value for every item, `scale` times a base.
[[nodiscard]] chip::CostTable made_up_costs(const std::string& name, double scale);

}  // namespace spikeloom::test
