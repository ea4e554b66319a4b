// Rates of a calibration run (SpikeRates, compile.hpp), made ready for the passes.
#pragma once

#include <vector>

#include "compiler/compile.hpp"
#include "compiler/network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// Rates that don't fit the network: wrong sizes, negative or infinite numbers. Empty: they do, or there are none.
[[nodiscard]] Diagnostics check_rates(const Network& network, const SpikeRates& rates);
/// Rates in a row, as MappedNetwork numbers the nodes; empty if there are none.
[[nodiscard]] std::vector<float> rates_by_node(const SpikeRates& rates);

}  // namespace spikeloom::compiler
