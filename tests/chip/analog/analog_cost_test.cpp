#include "chip/analog/analog_cost.hpp"

#include <doctest/doctest.h>

using namespace spikeloom;
using namespace spikeloom::chip;
using namespace spikeloom::chip::analog;

namespace {

Quantity made_up(double value, double low, double high) {
    return {.value = value, .low = low, .high = high, .source = "made up for a test", .trust = Trust::guessed};
}

AnalogCostTable table() {
    AnalogCostTable costs;
    costs.name = "test";
    costs.chip_power_mw = made_up(175, 150, 200);
    return costs;
}

}  // namespace

TEST_CASE("48 us at 175 mW are 8.4 uJ, the published figure of a 16x16 MNIST image") {
    AnalogCounts counts;
    counts.duration_s = 48e-6;
    counts.spikes = 70;
    const AnalogEnergy energy = price(counts, table());
    CHECK(energy.total_pj.value == doctest::Approx(8.4e6));
    CHECK(energy.total_pj.low == doctest::Approx(7.2e6));
    CHECK(energy.total_pj.high == doctest::Approx(9.6e6));
    CHECK(energy.items.empty());
}

TEST_CASE("events cost what the table says of each, beside the power") {
    AnalogCostTable costs = table();
    for (const auto& [item, pj] :
         {std::pair(AnalogCostItem::input_spike, 1.0), std::pair(AnalogCostItem::spike, 10.0),
          std::pair(AnalogCostItem::synaptic_event, 100.0), std::pair(AnalogCostItem::output_spike, 1000.0),
          std::pair(AnalogCostItem::ppu_vector_instruction, 10000.0)}) {
        costs.events.push_back({.item = item, .energy_pj = made_up(pj, pj / 2, pj * 2)});
    }
    const AnalogCounts counts{.input_spikes = 1, .spikes = 2, .synaptic_events = 3, .output_spikes = 4};
    const AnalogEnergy energy = price(counts, costs, 5);
    CHECK(energy.chip_pj.value == 0);
    CHECK(energy.total_pj.value == doctest::Approx(54321));
    CHECK(energy.total_pj.high == doctest::Approx(2 * 54321));
    REQUIRE(energy.items.size() == 5);
    CHECK(energy.items[2].count == 3);
    CHECK(energy.items[2].energy_pj.low == doctest::Approx(150));
}

TEST_CASE("counts of trials add up") {
    AnalogCounts sum{.input_spikes = 1, .spikes = 2, .duration_s = 1e-6};
    sum += {.input_spikes = 10, .late_inputs = 3, .duration_s = 2e-6};
    CHECK(sum == AnalogCounts{.input_spikes = 11, .spikes = 2, .late_inputs = 3, .duration_s = 3e-6});
}
