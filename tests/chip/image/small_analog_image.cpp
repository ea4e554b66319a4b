#include "chip/image/small_analog_image.hpp"

#include <stdexcept>
#include <string>

namespace spikeloom::chip::test {
namespace {

AnalogSpec bundled(const std::string& name) {
    return read_analog_spec(std::string(SPIKELOOM_SOURCE_DIR) + "/models/chips/" + name + ".textproto").value();
}

AnalogImage network_on(AnalogSpec chip) {
    AnalogImage image;
    image.chip = std::move(chip);
    image.network_name = "small";
    image.inputs = {{.name = "in", .shape = {2}, .first_channel = 0, .count = 2, .constant_times = {}},
                    {.name = "bias", .shape = {1}, .first_channel = 2, .count = 1, .constant_times = {5.4e-6}}};
    image.populations = {{.name = "hidden", .shape = {1, 2}, .first_neuron = 0, .count = 2},
                         {.name = "out", .shape = {1}, .first_neuron = 2, .count = 1}};
    image.outputs = {1};
    image.coding = TtfsCoding{.time_unit_s = 6e-6,
                              .earliest_s = 0.9e-6,
                              .latest_s = 12e-6,
                              .inverted = true,
                              .silent_below = 0,
                              .window_s = 48e-6};
    NeuronTarget once;
    once.model.lif = {.tau_mem = 6e-6, .tau_syn = 6e-6, .refractory = never};
    NeuronTarget adapting = once;
    adapting.adaptive = true;
    adapting.model.adaptation = true;
    adapting.model.lif.refractory = 2e-6;
    NeuronTarget readout = once;
    readout.model.lif.threshold = never;
    image.neurons = {once, adapting, readout};
    image.mapping_report = "by hand\n";
    image.provenance = {
        .program = "test", .network_file = "none", .network_sha256 = "", .options = {"a=b"}, .rules = {}};
    return image;
}

}  // namespace

AnalogImage small_ideal_image() {
    AnalogImage image = network_on(bundled("ideal_analog"));
    image.synapses = {.row_begin = {0, 2, 4, 6, 7, 8, 8},
                      .targets = {0, 1, 0, 1, 0, 1, 2, 2},
                      .weights = {1.5, -0.25, 0.125, 2, 0.5, 0.5, 1, -1},
                      .delays = {0, 1e-6, 0, 0, 0, 2e-6, 0, 0}};
    return image;
}

AnalogImage small_brainscales2_image() {
    AnalogImage image = network_on(bundled("brainscales2"));
    for (NeuronTarget& neuron : image.neurons) {
        neuron.weight_unit = 1.0 / 30;
    }
    const AnalogCrossbar& crossbar = image.chip.crossbar;
    const std::uint16_t row_select = 3U << 6U;
    AnalogRun first;
    first.neurons = {{.neuron = 0, .circuits = {{0, 0}, {0, 1}}, .address = 0},
                     {.neuron = 1, .circuits = {{1, 7}, {1, 8}}, .address = 1}};
    first.drivers = {
        {.hemisphere = 0, .driver = 13, .address = 3, .mask = 31, .rows = {RowMode::excitatory, RowMode::inhibitory}},
        {.hemisphere = 1, .driver = 13, .address = 3, .mask = 31, .rows = {RowMode::excitatory, RowMode::inhibitory}}};
    first.cells = {{.hemisphere = 0, .row = 26, .column = 0, .weight = 45, .label = 9},
                   {.hemisphere = 0, .row = 26, .column = 1, .weight = 15, .label = 10},
                   {.hemisphere = 1, .row = 26, .column = 7, .weight = 60, .label = 10},
                   {.hemisphere = 1, .row = 27, .column = 8, .weight = 8, .label = 9}};
    first.crossbar = {{.node = {crossbar.l2_input(0), 1}, .mask = 0, .target = 0},
                      {.node = {crossbar.l2_input(0), 5}, .mask = 0, .target = 0},
                      {.node = {0, 8}, .mask = 0, .target = 0}};
    first.host_sources = {
        {.is_neuron = false, .index = 0, .lane = 0, .label = static_cast<std::uint16_t>(row_select | 9U)},
        {.is_neuron = false, .index = 2, .lane = 0, .label = static_cast<std::uint16_t>(row_select | 10U)}};
    first.background = {
        {.source = 2, .random = true, .period = 125, .rate = 100, .seed = 7, .label = row_select, .mask = 3}};
    AnalogRun second;
    second.neurons = {{.neuron = 2, .circuits = {{0, 255}}, .address = 255}};
    second.drivers = {
        {.hemisphere = 0, .driver = 0, .address = 0, .mask = 0, .rows = {RowMode::excitatory, RowMode::inhibitory}}};
    second.cells = {{.hemisphere = 0, .row = 0, .column = 255, .weight = 30, .label = 1},
                    {.hemisphere = 0, .row = 1, .column = 255, .weight = 30, .label = 2}};
    second.crossbar = {{.node = {crossbar.l2_input(1), 0}, .mask = 0, .target = 0}};
    second.host_sources = {{.is_neuron = true, .index = 0, .lane = 1, .label = 1},
                           {.is_neuron = true, .index = 1, .lane = 1, .label = 2}};
    image.runs = {first, second};
    return image;
}

}  // namespace spikeloom::chip::test
