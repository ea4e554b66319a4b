#include "chip/cost.hpp"

#include <algorithm>

namespace spikeloom::chip {

std::uint64_t count_of(const Counters& counters, CostItem item) {
    switch (item) {
    case CostItem::update_active:
        return counters[Counter::updates_active];
    case CostItem::update_idle:
        return counters[Counter::updates_idle];
    case CostItem::spike:
        return counters[Counter::spikes];
    case CostItem::message_out:
        return counters[Counter::messages_out];
    case CostItem::message_in:
        return counters[Counter::messages_in];
    case CostItem::hop_local:
        return counters[Counter::messages_local];
    case CostItem::hop_ew:
        return counters[Counter::hops_ew];
    case CostItem::hop_ns:
        return counters[Counter::hops_ns];
    case CostItem::synaptic_event_sparse:
        return counters[Counter::synaptic_events_sparse];
    case CostItem::synaptic_event_runlength:
        return counters[Counter::synaptic_events_runlength];
    case CostItem::synaptic_event_dense:
        return counters[Counter::synaptic_events_dense];
    case CostItem::input_spike:
        return counters[Counter::input_spikes];
    case CostItem::learning_update:
        return counters[Counter::learning_updates];
    case CostItem::hop_vertical:
        return counters[Counter::hops_vertical];
    case CostItem::hop_chip:
        return counters[Counter::hops_chip];
    case CostItem::output_spike:
        return counters[Counter::output_spikes];
    }
    return 0;
}

bool is_on_link(CostItem item) {
    return item == CostItem::hop_ew || item == CostItem::hop_ns || item == CostItem::hop_vertical ||
           item == CostItem::hop_chip;
}

Estimate scaled(const Quantity& quantity, double factor) {
    return {.value = quantity.value * factor, .low = quantity.low * factor, .high = quantity.high * factor};
}

Estimate& Estimate::operator+=(const Estimate& other) {
    value += other.value;
    low += other.low;
    high += other.high;
    return *this;
}

std::vector<ItemEnergy> dynamic_energy(const Counters& counters, const CostTable& costs) {
    std::vector<ItemEnergy> items;
    items.reserve(cost_items.size());
    for (const CostItem item : cost_items) {
        const std::uint64_t count = count_of(counters, item);
        items.push_back({.item = item,
                         .count = count,
                         .energy_pj = scaled(costs.event(item).energy_pj, static_cast<double>(count))});
    }
    return items;
}

Estimate total(const std::vector<ItemEnergy>& items) {
    Estimate sum;
    for (const ItemEnergy& item : items) {
        sum += item.energy_pj;
    }
    return sum;
}

double core_step_time_ns(const Counters& step_counts, const CostTable& costs) {
    const auto spent = [&](CostItem item) {
        return static_cast<double>(count_of(step_counts, item)) * costs.event(item).time_ns.value;
    };
    const double generating = spent(CostItem::update_active) + spent(CostItem::update_idle) + spent(CostItem::spike) +
                              spent(CostItem::message_out);
    const double processing = spent(CostItem::message_in) + spent(CostItem::synaptic_event_sparse) +
                              spent(CostItem::synaptic_event_runlength) + spent(CostItem::synaptic_event_dense);
    return std::max(generating, processing) + spent(CostItem::learning_update);
}

double barrier_time_ns(const CostTable& costs, int tiles) {
    double time_ns = 0;
    for (const BarrierPoint& point : costs.barrier) {
        if (point.tiles <= std::max(tiles, 1)) {
            time_ns = point.time_ns.value;
        }
    }
    return time_ns;
}

double chip_barrier_time_ns(const CostTable& costs, int chips) {
    double time_ns = 0;
    for (const ChipBarrierPoint& point : costs.chip_barrier) {
        if (point.chips <= chips) {
            time_ns = point.time_ns.value;
        }
    }
    return time_ns;
}

StepTime step_time(std::span<const Counters> cores, const CostTable& costs, int tiles) {
    StepTime step;
    for (std::size_t core = 0; core < cores.size(); ++core) {
        const double time_ns = core_step_time_ns(cores[core], costs);
        if (time_ns > step.time_ns) {
            step = {.time_ns = time_ns, .slowest = static_cast<std::uint32_t>(core)};
        }
    }
    step.time_ns += barrier_time_ns(costs, tiles);
    return step;
}

StaticEnergy static_energy(const CostTable& costs, int cores_in_use, double time_ns, int chips_in_use) {
    // 1 mW for 1 ns is 1 pJ.
    return {.cores_pj = scaled(costs.static_power_core_mw, cores_in_use * time_ns),
            .chip_pj = scaled(costs.static_power_chip_mw, chips_in_use * time_ns),
            .host_pj = scaled(costs.host_power_mw, chips_in_use * time_ns)};
}

Estimate total(const StaticEnergy& energy) {
    Estimate sum = energy.cores_pj;
    sum += energy.chip_pj;
    sum += energy.host_pj;
    return sum;
}

std::vector<ConstantShare> energy_shares(const Counters& counters, const CostTable& costs, const Usage& usage) {
    std::vector<ConstantShare> shares;
    const auto add = [&](std::string constant, const Quantity& quantity, const Estimate& energy) {
        if (energy.value > 0 || energy.high > 0) {
            shares.push_back({.constant = std::move(constant),
                              .energy_pj = energy,
                              .trust = quantity.trust,
                              .source = quantity.source});
        }
    };
    for (const ItemEnergy& item : dynamic_energy(counters, costs)) {
        add(std::string(name_of(item.item)) + ".energy_pj", costs.event(item.item).energy_pj, item.energy_pj);
    }
    const StaticEnergy fixed = static_energy(costs, usage.cores, usage.time_ns, usage.chips);
    add("static_power_core_mw", costs.static_power_core_mw, fixed.cores_pj);
    add("static_power_chip_mw", costs.static_power_chip_mw, fixed.chip_pj);
    add("host_power_mw", costs.host_power_mw, fixed.host_pj);
    std::ranges::sort(shares, [](const ConstantShare& a, const ConstantShare& b) {
        if (a.energy_pj.spread() != b.energy_pj.spread()) {
            return a.energy_pj.spread() > b.energy_pj.spread();
        }
        return a.energy_pj.value != b.energy_pj.value ? a.energy_pj.value > b.energy_pj.value : a.constant < b.constant;
    });
    return shares;
}

}  // namespace spikeloom::chip
