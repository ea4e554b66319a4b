// Time and energy: pure functions of counts and a cost table. A finished run can be priced again under another
// table. Energies in pJ, times in ns; low and high follow from the table's own bounds.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "core/base/counters.hpp"

namespace spikeloom::chip {

struct Estimate {
    double value = 0;
    double low = 0;
    double high = 0;
    [[nodiscard]] double spread() const { return high - low; }
    Estimate& operator+=(const Estimate& other);
    friend bool operator==(const Estimate&, const Estimate&) = default;
};

struct ItemEnergy {
    CostItem item = CostItem::update_active;
    std::uint64_t count = 0;
    Estimate energy_pj;
    friend bool operator==(const ItemEnergy&, const ItemEnergy&) = default;
};

/// How often an item occurred.
[[nodiscard]] std::uint64_t count_of(const Counters& counters, CostItem item);
/// Whether the item is charged for crossing a link between routers (a hop within a tile is not).
[[nodiscard]] bool is_on_link(CostItem item);
/// A constant times a number of events, or a power in mW times a time in ns, with its bounds.
[[nodiscard]] Estimate scaled(const Quantity& quantity, double factor);

/// Dynamic energy by item, one entry for every CostItem, in its order.
[[nodiscard]] std::vector<ItemEnergy> dynamic_energy(const Counters& counters, const CostTable& costs);
[[nodiscard]] Estimate total(const std::vector<ItemEnergy>& items);

/// Time of one step of one core without congestion: the larger of generating (updates, spikes, messages out) and
/// processing (messages in, synaptic events), then learning, a phase of its own that follows the spikes, ns. Hops are
/// latency that the step hides; they add nothing here.
[[nodiscard]] double core_step_time_ns(const Counters& step_counts, const CostTable& costs);
/// Barrier with this many tiles in use (that of the last point at no more tiles), ns.
[[nodiscard]] double barrier_time_ns(const CostTable& costs, int tiles);
/// What it takes besides with this many chips in use, ns.
[[nodiscard]] double chip_barrier_time_ns(const CostTable& costs, int chips);

struct StepTime {
    double time_ns = 0;         ///< slowest core plus barrier
    std::uint32_t slowest = 0;  ///< index of that core
};
[[nodiscard]] StepTime step_time(std::span<const Counters> cores, const CostTable& costs, int tiles);

/// Static energy over a time: cores in use, the chips' rest, the embedded processors, pJ.
struct StaticEnergy {
    Estimate cores_pj;
    Estimate chip_pj;
    Estimate host_pj;
    friend bool operator==(const StaticEnergy&, const StaticEnergy&) = default;
};
[[nodiscard]] StaticEnergy static_energy(const CostTable& costs, int cores_in_use, double time_ns,
                                         int chips_in_use = 1);
[[nodiscard]] Estimate total(const StaticEnergy& energy);

/// What static power is drawn by, and for how long.
struct Usage {
    int cores = 0;
    int chips = 1;
    double time_ns = 0;
};

/// What one constant gives to a run's energy. The energy is linear in the constants, so the shares add up to it, and
/// their spreads (high - low) to its spread: they say where the range comes from. The time is taken as it is; its own
/// uncertainty is not in the static energy's range.
struct ConstantShare {
    std::string constant;  ///< as a setting names it: "spike.energy_pj", "static_power_core_mw"
    Estimate energy_pj;
    Trust trust = Trust::guessed;
    std::string source;
    friend bool operator==(const ConstantShare&, const ConstantShare&) = default;
};
/// Of all constants that something was charged for: largest spread first, then largest energy, then by name, so that
/// the order is total.
[[nodiscard]] std::vector<ConstantShare> energy_shares(const Counters& counters, const CostTable& costs,
                                                       const Usage& usage);

}  // namespace spikeloom::chip
