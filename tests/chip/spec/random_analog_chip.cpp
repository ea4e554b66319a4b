#include "chip/spec/random_analog_chip.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "chip/spec/draws.hpp"

namespace spikeloom::test {
namespace {

using namespace chip;

double magnitude(Draws& draws, double least, double most) {
    return least * std::pow(most / least, draws.real());
}

RealRange range(Draws& draws, double least, double most) {
    const double first = magnitude(draws, least, most);
    return {.least = first, .most = magnitude(draws, first, most)};
}

Quantity quantity(Draws& draws, double most) {
    const double value = draws.real() * most;
    return {.value = value,
            .low = draws.chance() ? value : value * draws.real(),
            .high = draws.chance() ? value : value * (1 + draws.real()),
            .source = "draw \"" + std::to_string(draws.between(0, 99)) + "\"\n\xc3\xa9",
            .trust = static_cast<Trust>(draws.integer(0, 4))};
}

AnalogArray array(Draws& draws) {
    const int buses = draws.integer(1, 4);
    const int drivers = buses * draws.integer(1, 6);
    AnalogArray array{.hemispheres = draws.integer(1, 3),
                      .columns = draws.integer(1, 20),
                      .rows = 2 * drivers,
                      .weight_bits = draws.integer(1, 8),
                      .label_bits = draws.integer(1, 8),
                      .drivers = drivers,
                      .padi_buses = buses,
                      .row_select_bits = draws.integer(3, 8),
                      .neuron_address_bits = draws.integer(1, 8),
                      .joined_circuits = 1,
                      .fixed_driver_addresses = draws.chance()};
    array.joined_circuits = draws.integer(1, array.circuits());
    return array;
}

AnalogCrossbar crossbar(Draws& draws, const AnalogArray& array) {
    AnalogCrossbar crossbar;
    crossbar.neuron_outputs = draws.integer(1, 8);
    crossbar.columns_per_output = (array.columns + crossbar.neuron_outputs - 1) / crossbar.neuron_outputs;
    crossbar.l2_lanes = draws.integer(1, 4);
    crossbar.background_sources = draws.integer(0, 3);
    crossbar.label_bits = draws.integer(11, 16);
    crossbar.background = {.clock_hz = magnitude(draws, 1, 1e9),
                           .period_bits = draws.integer(1, 32),
                           .rate_bits = draws.integer(1, 16),
                           .random_label_bits = draws.integer(0, 8)};
    const int outputs = array.hemispheres * array.padi_buses + crossbar.l2_lanes;
    for (int input = 0; input < crossbar.inputs(); ++input) {
        for (int output = 0; output < outputs; ++output) {
            if (draws.chance()) {
                crossbar.nodes.push_back({.input = input, .output = output});
            }
        }
    }
    return crossbar;
}

AnalogRanges ranges(Draws& draws) {
    AnalogRanges ranges;
    ranges.tau_mem_s = range(draws, 1e-9, 1);
    ranges.tau_syn_s = range(draws, 1e-9, 1);
    ranges.refractory_s = range(draws, 1e-9, 1);
    ranges.capacitance_f = range(draws, 1e-15, 1e-9);
    ranges.parameter_bits = draws.integer(1, 16);
    ranges.parameter_settle_s = draws.real();
    ranges.leak_lsb = 30 + 50 * draws.real();
    ranges.reset_lsb = 30 + 50 * draws.real();
    ranges.threshold_lsb = 100 + 100 * draws.real();
    return ranges;
}

Converter converter(Draws& draws) {
    return {.bits = draws.integer(1, 16),
            .period_s = magnitude(draws, 1e-9, 1),
            .channels = draws.integer(0, 1000),
            .samples = draws.between(0, 1'000'000)};
}

AnalogCostTable costs(Draws& draws, const std::string& name) {
    AnalogCostTable table{.name = name, .title = "t", .chip_power_mw = quantity(draws, 1000), .events = {}};
    for (const AnalogCostItem item : analog_cost_items) {
        if (draws.chance()) {
            table.events.push_back({.item = item, .energy_pj = quantity(draws, 100)});
        }
    }
    return table;
}

}  // namespace

AnalogSpec random_analog_chip(std::uint64_t seed) {
    Draws draws(seed);
    AnalogSpec chip;
    chip.name = "chip-" + std::to_string(seed);
    chip.title = "title";
    chip.description = "description";
    chip.speed_up = magnitude(draws, 1e-3, 1e6);
    chip.ideal = draws.between(0, 9) == 0;
    if (chip.ideal) {
        return chip;
    }
    chip.array = array(draws);
    chip.crossbar = crossbar(draws, chip.array);
    chip.ranges = ranges(draws);
    chip.links = {.time_stamp_s = magnitude(draws, 1e-12, 1e-3),
                  .lane_interval_s = draws.real(),
                  .host_round_trip_s = draws.real()};
    chip.cadc = converter(draws);
    chip.madc = converter(draws);
    for (const MismatchOf of : mismatch_kinds) {
        if (draws.chance()) {
            Mismatch mismatch{.of = of,
                              .uncalibrated = quantity(draws, 1),
                              .calibrated = quantity(draws, 1),
                              .trial = quantity(draws, 1)};
            if (mismatch.calibrated.value > mismatch.uncalibrated.value) {
                std::swap(mismatch.calibrated, mismatch.uncalibrated);
            }
            chip.mismatch.push_back(mismatch);
        }
    }
    if (draws.chance()) {
        chip.plasticity = {.present = true,
                           .processors = draws.integer(1, 4),
                           .clock_hz = magnitude(draws, 1e3, 1e9),
                           .vector_bytes = 2 * draws.integer(1, 256),
                           .correlation_tau_s = range(draws, 1e-9, 1),
                           .correlation_amplitude = range(draws, 1e-3, 10),
                           .sensor_bits = draws.integer(1, 16),
                           .rate_counter_bits = draws.integer(1, 32)};
    }
    for (int i = draws.integer(1, 3); i > 0; --i) {
        chip.costs.push_back(costs(draws, "table-" + std::to_string(i)));
    }
    return chip;
}

}  // namespace spikeloom::test
