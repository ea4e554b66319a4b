#include "compiler/analog/analog_routes.hpp"

#include <algorithm>

namespace spikeloom::compiler::analog {
namespace {

std::size_t at(int first, int second, int seconds) {
    return static_cast<std::size_t>(first) * static_cast<std::size_t>(seconds) + static_cast<std::size_t>(second);
}

}  // namespace

RunRoutes::RunRoutes(const chip::AnalogImage& image, const chip::AnalogRun& run) : chip_(image.chip) {
    const chip::AnalogArray& array = chip_.array;
    std::uint32_t channels = 0;
    for (const chip::AnalogInput& input : image.inputs) {
        channels += input.count;
    }
    arrivals_.resize(at(array.hemispheres, 0, array.padi_buses));
    listeners_.resize(at(array.hemispheres, 0, array.drivers));
    rows_.assign(at(array.hemispheres, 0, array.rows), chip::RowMode::disabled);
    neurons_.assign(at(array.hemispheres, 0, array.columns), -1);

    for (const chip::PlacedNeuron& placed : run.neurons) {
        for (const chip::Circuit& circuit : placed.circuits) {
            neurons_[at(circuit.hemisphere, circuit.column, array.columns)] = placed.neuron;
        }
        const int output = placed.circuits.front().column / chip_.crossbar.columns_per_output;
        const unsigned label = placed.address | static_cast<unsigned>(output) << array.neuron_address_bits;
        static_cast<void>(deliver(run, output, label, channels + placed.neuron));
    }
    for (std::size_t i = 0; i < run.host_sources.size(); ++i) {
        const chip::HostSource& source = run.host_sources[i];
        if (!deliver(run, chip_.crossbar.neuron_outputs + source.lane, source.label,
                     source.is_neuron ? channels + source.index : source.index)) {
            dropped_.push_back(i);
        }
    }
    for (const chip::BackgroundSetting& setting : run.background) {
        // Every label that its random bits can give, from all ones down.
        for (unsigned random = setting.mask, left = 1; left > 0; random = (random - 1) & setting.mask) {
            left = random;
            static_cast<void>(deliver(run, chip_.crossbar.neuron_outputs + chip_.crossbar.l2_lanes + setting.source,
                                      (setting.label & ~unsigned{setting.mask}) | random,
                                      channels + static_cast<std::uint32_t>(image.neurons.size()) + setting.source));
        }
    }
    const int rows_per_driver = array.rows / array.drivers;
    for (const chip::DriverSetting& driver : run.drivers) {
        for (int row = 0; row < std::min(rows_per_driver, 2); ++row) {
            rows_[at(driver.hemisphere, driver.driver * rows_per_driver + row, array.rows)] =
                driver.rows[static_cast<std::size_t>(row)];
        }
        std::vector<LabelSource>& passed = listeners_[at(driver.hemisphere, driver.driver, array.drivers)];
        for (const BusArrival& arrival : arrivals(driver.hemisphere, driver.driver % array.padi_buses)) {
            if ((arrival.row_select & driver.mask) == (driver.address & driver.mask)) {
                passed.push_back({arrival.label, arrival.source});
            }
        }
        std::ranges::sort(passed);
    }
}

bool RunRoutes::deliver(const chip::AnalogRun& run, int input, unsigned label, std::uint32_t source) {
    const chip::AnalogArray& array = chip_.array;
    bool passed = false;
    for (const chip::CrossbarSetting& setting : run.crossbar) {
        if (setting.node.input != input || (label & setting.mask) != setting.target) {
            continue;
        }
        if (setting.node.output < array.hemispheres * array.padi_buses) {
            arrivals_[static_cast<std::size_t>(setting.node.output)].push_back(
                {.source = source,
                 .row_select =
                     static_cast<std::uint8_t>(label >> array.label_bits & ((1U << array.row_select_bits) - 1)),
                 .label = static_cast<std::uint8_t>(label & ((1U << array.label_bits) - 1))});
            passed = true;
        }
    }
    return passed;
}

std::vector<std::uint32_t> RunRoutes::heard(int hemisphere, int driver, int label) const {
    const std::vector<LabelSource>& passed = listeners_[at(hemisphere, driver, chip_.array.drivers)];
    std::vector<std::uint32_t> sources;
    for (const LabelSource& entry : std::ranges::equal_range(passed, label, {}, &LabelSource::label)) {
        sources.push_back(entry.source);
    }
    return sources;
}

std::int64_t RunRoutes::neuron_at(int hemisphere, int column) const {
    return neurons_[at(hemisphere, column, chip_.array.columns)];
}

chip::RowMode RunRoutes::row_mode(int hemisphere, int row) const {
    return rows_[at(hemisphere, row, chip_.array.rows)];
}

std::span<const BusArrival> RunRoutes::arrivals(int hemisphere, int bus) const {
    return arrivals_[at(hemisphere, bus, chip_.array.padi_buses)];
}

}  // namespace spikeloom::compiler::analog
