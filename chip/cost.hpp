// Time and energy: pure functions of counts and a cost table. A finished run can be priced again under another
// table. Energies in pJ, times in ns; low and high follow from the table's own bounds.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "core/base/counters.hpp"

namespace spikeloom::chip {

struct Estimate {
    double value = 0;
    double low = 0;
    double high = 0;
    Estimate& operator+=(const Estimate& other);
    friend bool operator==(const Estimate&, const Estimate&) = default;
};

struct ItemEnergy {
    CostItem item = CostItem::update_active;
    std::uint64_t count = 0;
    Estimate energy_pj;
    friend bool operator==(const ItemEnergy&, const ItemEnergy&) = default;
};

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

/// Static energy over a time: cores in use, the chip's rest, the embedded processors, pJ.
struct StaticEnergy {
    Estimate cores_pj;
    Estimate chip_pj;
    Estimate host_pj;
    friend bool operator==(const StaticEnergy&, const StaticEnergy&) = default;
};
[[nodiscard]] StaticEnergy static_energy(const CostTable& costs, int cores_in_use, double time_ns);

}  // namespace spikeloom::chip
