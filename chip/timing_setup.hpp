// What of a step's timing does not change from step to step, so that timers over the same image share it: the spike
// network, who sends messages to whom and how long each keeps its receiver, where the cores stand. And what must hold
// of it before any step is timed.
#pragma once

#include <cstdint>
#include <vector>

#include "chip/cost.hpp"
#include "chip/image/image.hpp"
#include "chip/message_table.hpp"
#include "core/base/diagnostics.hpp"
#include "router/graph.hpp"

namespace spikeloom::chip {

/// Of one event each, ns.
struct EventTimes {
    double active = 0, idle = 0, spike = 0, message = 0, learning = 0, input = 0, output = 0;
    explicit EventTimes(const CostTable& costs)
        : active(costs.event(CostItem::update_active).time_ns.value),
          idle(costs.event(CostItem::update_idle).time_ns.value),
          spike(costs.event(CostItem::spike).time_ns.value),
          message(costs.event(CostItem::message_out).time_ns.value),
          learning(costs.event(CostItem::learning_update).time_ns.value),
          input(costs.event(CostItem::input_spike).time_ns.value),
          output(costs.event(CostItem::output_spike).time_ns.value) {}
};

struct TimingSetup {
    TimingSetup(const Image& image, const CostTable& costs, router::Graph network);

    [[nodiscard]] double barrier_of(const CostTable& costs) const {
        return barrier_time_ns(costs, tiles_in_use) + chip_barrier_time_ns(costs, chips_in_use);
    }

    router::Graph graph;
    MessageTable table;
    EventTimes times;
    double cycle_ns;
    double cycles_per_ns;
    double barrier_ns = 0;
    int tiles_in_use = 0;
    int chips_in_use = 0;
    std::vector<std::uint32_t> place;     ///< by core of the image
    std::vector<std::uint32_t> by_place;  ///< cores of the image, ascending by place
    std::vector<double> service;          ///< by work class: message and synaptic events, ns
};

/// Times that 32 bits of cycles can't hold.
[[nodiscard]] Diagnostics check_times(const TimingSetup& setup, const CostTable& costs);
/// Destinations that the chip's relative addresses (`range` tiles each way; 0: everywhere) don't reach.
[[nodiscard]] Diagnostics check_addresses(const TimingSetup& setup, int range);

}  // namespace spikeloom::chip
