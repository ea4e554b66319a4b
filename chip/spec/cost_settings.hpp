// Cost tables with constants changed by whoever asks "and if a synaptic event cost 20 pJ?": words as a command line
// gives them, "costs.silicon.spike.energy_pj=20". What is changed says so in its source and counts as guessed, so no
// report passes it off as a chip's figure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::chip {

/// Applies the settings in their order. A setting is PATH=NUMBER; the path is
///     costs.[TABLE.]ITEM.{energy_pj, time_ns}[.low | .high]
///     costs.[TABLE.]{static_power_core_mw, static_power_chip_mw, host_power_mw}[.low | .high]
///     costs.[TABLE.]{barrier[i], chip_barrier[i]}.time_ns[.low | .high]
///     costs.[TABLE.]voltage_v      the whole table at another supply voltage, see at_voltage
/// Without TABLE the first table is meant. ITEM may be one of item_groups: all their items are set. A value replaces
/// value and range (low = high = value); .low and .high change the range alone. An item that the table lacks is added.
/// Errors (all of them at once, the tables then being of no use): what a path doesn't name, with the names near it;
/// numbers outside 0..1e12; bounds that after the last setting don't enclose the value.
[[nodiscard]] Diagnostics set_costs(std::vector<CostTable>& tables, std::span<const std::string> settings);

/// Names that stand for several items: "synaptic_op", "synaptic_event", "neuron_update", "hop".
struct ItemGroup {
    std::string_view name;
    std::span<const CostItem> items;
};
[[nodiscard]] std::span<const ItemGroup> item_groups();

/// The table at another supply voltage: dynamic energies with the square of it (charge times voltage, C V^2), leakage
/// in proportion (its current taken as constant; where that falls with the voltage too, less is left than this says).
/// Times and host power stay: no source here says how the clock follows the voltage, and processors have a
/// supply of their own. Scaled constants become inferred. The table must state its voltage (voltage_v > 0).
[[nodiscard]] CostTable at_voltage(const CostTable& table, double voltage_v);

}  // namespace spikeloom::chip
