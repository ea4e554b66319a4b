#include "chip/analog/analog_cost.hpp"

namespace spikeloom::chip::analog {
namespace {

constexpr double picojoule_per_millijoule = 1e9;

std::uint64_t occurrences(const AnalogCounts& counts, AnalogCostItem item, std::uint64_t ppu_vector_instructions) {
    switch (item) {
    case AnalogCostItem::input_spike:
        return counts.input_spikes;
    case AnalogCostItem::spike:
        return counts.spikes;
    case AnalogCostItem::synaptic_event:
        return counts.synaptic_events;
    case AnalogCostItem::output_spike:
        return counts.output_spikes;
    case AnalogCostItem::ppu_vector_instruction:
        return ppu_vector_instructions;
    }
    return 0;
}

}  // namespace

AnalogEnergy price(const AnalogCounts& counts, const AnalogCostTable& costs, std::uint64_t ppu_vector_instructions) {
    AnalogEnergy energy;
    energy.chip_pj = scaled(costs.chip_power_mw, counts.duration_s * picojoule_per_millijoule);
    energy.total_pj = energy.chip_pj;
    for (const AnalogEventCost& cost : costs.events) {
        const std::uint64_t count = occurrences(counts, cost.item, ppu_vector_instructions);
        energy.items.push_back(
            {.item = cost.item, .count = count, .energy_pj = scaled(cost.energy_pj, static_cast<double>(count))});
        energy.total_pj += energy.items.back().energy_pj;
    }
    return energy;
}

AnalogCounts& operator+=(AnalogCounts& sum, const AnalogCounts& more) {
    sum.input_spikes += more.input_spikes;
    sum.spikes += more.spikes;
    sum.synaptic_events += more.synaptic_events;
    sum.output_spikes += more.output_spikes;
    sum.crossbar_drops += more.crossbar_drops;
    sum.late_inputs += more.late_inputs;
    sum.background_spikes += more.background_spikes;
    sum.duration_s += more.duration_s;
    return sum;
}

}  // namespace spikeloom::chip::analog
