// A run of an analog image and its message: lists of one length, an element each neuron, cell, node and so on.
#include "chip/image/analog_image_proto.hpp"
#include "chip/image/message_fields.hpp"

namespace spikeloom::chip {
namespace {

bool neurons_from(const proto::AnalogRunProto& message, AnalogRun& run) {
    if (!same_size({message.neuron_size(), message.neuron_address_size(), message.neuron_circuits_size()}) ||
        !same_size({message.circuit_hemisphere_size(), message.circuit_column_size()})) {
        return false;
    }
    int next = 0;
    for (int i = 0; i < message.neuron_size(); ++i) {
        PlacedNeuron& neuron = run.neurons.emplace_back();
        neuron.neuron = message.neuron(i);
        const std::uint32_t count = message.neuron_circuits(i);
        if (!fit(message.neuron_address(i), neuron.address) ||
            count > static_cast<std::uint32_t>(message.circuit_column_size() - next)) {
            return false;
        }
        for (const int end = next + static_cast<int>(count); next < end; ++next) {
            Circuit& circuit = neuron.circuits.emplace_back();
            if (!fit(message.circuit_hemisphere(next), circuit.hemisphere) ||
                !fit(message.circuit_column(next), circuit.column)) {
                return false;
            }
        }
    }
    return next == message.circuit_column_size();
}

bool row_mode(std::uint32_t number, RowMode& mode) {
    mode = static_cast<RowMode>(number);
    return number <= static_cast<std::uint32_t>(RowMode::inhibitory);
}

bool drivers_from(const proto::AnalogRunProto& message, AnalogRun& run) {
    if (!same_size({message.driver_size(), message.driver_hemisphere_size(), message.driver_address_size(),
                    message.driver_mask_size(), message.driver_first_row_size(), message.driver_second_row_size()})) {
        return false;
    }
    for (int i = 0; i < message.driver_size(); ++i) {
        DriverSetting& driver = run.drivers.emplace_back();
        if (!fit(message.driver_hemisphere(i), driver.hemisphere) || !fit(message.driver(i), driver.driver) ||
            !fit(message.driver_address(i), driver.address) || !fit(message.driver_mask(i), driver.mask) ||
            !row_mode(message.driver_first_row(i), driver.rows[0]) ||
            !row_mode(message.driver_second_row(i), driver.rows[1])) {
            return false;
        }
    }
    return true;
}

bool cells_from(const proto::AnalogRunProto& message, AnalogRun& run) {
    if (!same_size({message.cell_hemisphere_size(), message.cell_row_size(), message.cell_column_size(),
                    message.cell_weight_size(), message.cell_label_size()})) {
        return false;
    }
    run.cells.resize(static_cast<std::size_t>(message.cell_row_size()));
    for (int i = 0; i < message.cell_row_size(); ++i) {
        SynapseCell& cell = run.cells[static_cast<std::size_t>(i)];
        if (!fit(message.cell_hemisphere(i), cell.hemisphere) || !fit(message.cell_row(i), cell.row) ||
            !fit(message.cell_column(i), cell.column) || !fit(message.cell_weight(i), cell.weight) ||
            !fit(message.cell_label(i), cell.label)) {
            return false;
        }
    }
    return true;
}

bool routes_from(const proto::AnalogRunProto& message, AnalogRun& run) {
    if (!same_size({message.node_input_size(), message.node_output_size(), message.node_mask_size(),
                    message.node_target_size()}) ||
        !same_size({message.source_is_neuron_size(), message.source_index_size(), message.source_lane_size(),
                    message.source_label_size()})) {
        return false;
    }
    for (int i = 0; i < message.node_input_size(); ++i) {
        CrossbarSetting& setting = run.crossbar.emplace_back();
        setting.node = {.input = message.node_input(i), .output = message.node_output(i)};
        if (!fit(message.node_mask(i), setting.mask) || !fit(message.node_target(i), setting.target)) {
            return false;
        }
    }
    for (int i = 0; i < message.source_index_size(); ++i) {
        HostSource& source = run.host_sources.emplace_back();
        source.is_neuron = message.source_is_neuron(i);
        source.index = message.source_index(i);
        if (!fit(message.source_lane(i), source.lane) || !fit(message.source_label(i), source.label)) {
            return false;
        }
    }
    return true;
}

bool background_from(const proto::AnalogRunProto& message, AnalogRun& run) {
    if (!same_size({message.background_source_size(), message.background_random_size(),
                    message.background_period_size(), message.background_rate_size(), message.background_seed_size(),
                    message.background_label_size(), message.background_mask_size()})) {
        return false;
    }
    for (int i = 0; i < message.background_source_size(); ++i) {
        BackgroundSetting& background = run.background.emplace_back();
        background.random = message.background_random(i);
        background.period = message.background_period(i);
        background.seed = message.background_seed(i);
        if (!fit(message.background_source(i), background.source) ||
            !fit(message.background_rate(i), background.rate) || !fit(message.background_label(i), background.label) ||
            !fit(message.background_mask(i), background.mask)) {
            return false;
        }
    }
    return true;
}

}  // namespace

void to_proto(const AnalogRun& run, proto::AnalogRunProto& message) {
    for (const PlacedNeuron& neuron : run.neurons) {
        message.add_neuron(neuron.neuron);
        message.add_neuron_address(neuron.address);
        message.add_neuron_circuits(static_cast<std::uint32_t>(neuron.circuits.size()));
        for (const Circuit& circuit : neuron.circuits) {
            message.add_circuit_hemisphere(circuit.hemisphere);
            message.add_circuit_column(circuit.column);
        }
    }
    for (const DriverSetting& driver : run.drivers) {
        message.add_driver_hemisphere(driver.hemisphere);
        message.add_driver(driver.driver);
        message.add_driver_address(driver.address);
        message.add_driver_mask(driver.mask);
        message.add_driver_first_row(static_cast<std::uint32_t>(driver.rows[0]));
        message.add_driver_second_row(static_cast<std::uint32_t>(driver.rows[1]));
    }
    for (const SynapseCell& cell : run.cells) {
        message.add_cell_hemisphere(cell.hemisphere);
        message.add_cell_row(cell.row);
        message.add_cell_column(cell.column);
        message.add_cell_weight(cell.weight);
        message.add_cell_label(cell.label);
    }
    for (const CrossbarSetting& setting : run.crossbar) {
        message.add_node_input(setting.node.input);
        message.add_node_output(setting.node.output);
        message.add_node_mask(setting.mask);
        message.add_node_target(setting.target);
    }
    for (const HostSource& source : run.host_sources) {
        message.add_source_is_neuron(source.is_neuron);
        message.add_source_index(source.index);
        message.add_source_lane(source.lane);
        message.add_source_label(source.label);
    }
    for (const BackgroundSetting& background : run.background) {
        message.add_background_source(background.source);
        message.add_background_random(background.random);
        message.add_background_period(background.period);
        message.add_background_rate(background.rate);
        message.add_background_seed(background.seed);
        message.add_background_label(background.label);
        message.add_background_mask(background.mask);
    }
}

const char* from_proto(const proto::AnalogRunProto& message, AnalogRun& run) {
    return !neurons_from(message, run)      ? "placed neurons"
           : !drivers_from(message, run)    ? "synapse drivers"
           : !cells_from(message, run)      ? "synapses"
           : !routes_from(message, run)     ? "crossbar nodes or host sources"
           : !background_from(message, run) ? "background sources"
                                            : nullptr;
}

}  // namespace spikeloom::chip
