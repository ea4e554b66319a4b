#include <doctest/doctest.h>

#include <functional>
#include <limits>
#include <string>

#include "chip/image/image.hpp"

namespace spikeloom::chip {
namespace {

/// Two cores of Loihi 1; the first has four compartments, an axon and an input to it, and sends to the second.
Image small_image() {
    Image image;
    image.network_name = "small";
    CoreImage first;
    first.place = 3;
    first.compartments = 4;
    first.groups = {{.first = 0, .count = 3}, {.first = 3, .count = 1}};
    first.biases.resize(4);
    first.formats = {{.sign_mode = SignMode::mixed, .delay_bits = 3}, {.sign_mode = SignMode::excitatory}};
    first.axon_first_entry = {0, 2};
    first.entries = {{.format = 0, .first = 0, .count = 2}, {.format = 1, .first = 2, .count = 1}};
    first.synapses = {
        {.target = 0, .weight = -5, .delay = 7}, {.target = 3, .weight = 255}, {.target = 1, .weight = 9}};
    first.output_first = {0, 1, 1, 1, 1};
    first.outputs = {{.core = CoreId(1), .axon = AxonId(0)}};
    CoreImage second;
    second.compartments = 2;
    second.groups = {{.first = 0, .count = 2}};
    second.formats = {{}};
    second.axon_first_entry = {0, 0};
    second.output_first = {0, 0, 0};
    image.cores = {first, second};
    image.populations = {{.name = "a",
                          .shape = {2, 2},
                          .tiles = {{.core = CoreId(0), .first_compartment = 1, .first_neuron = 0, .count = 3},
                                    {.core = CoreId(1), .first_compartment = 1, .first_neuron = 3, .count = 1}}},
                         {.name = "b",
                          .shape = {1},
                          .tiles = {{.core = CoreId(0), .first_compartment = 0, .first_neuron = 0, .count = 1}}}};
    image.inputs = {
        {.name = "in", .shape = {2}, .output_first = {0, 1, 1}, .outputs = {{.core = CoreId(0), .axon = AxonId(0)}}}};
    return image;
}

using Change = std::function<void(Image&)>;

/// What check_image says first after the change.
std::string said(const Change& change) {
    Image image = small_image();
    change(image);
    const Diagnostics findings = check_image(image);
    return findings.empty() ? "" : to_text(findings.front());
}

bool says(const Change& change, const std::string& what) {
    return said(change).find(what) != std::string::npos;
}

TEST_CASE("the small image is whole") {
    CHECK(to_text(check_image(small_image())).empty());
}

TEST_CASE("cores: place, groups, registers") {
    CHECK(says([](Image& i) { i.cores[0].place = 128; }, "place"));
    CHECK(says([](Image& i) { i.cores[1].place = 3; }, "place"));
    CHECK(says([](Image& i) { i.cores.resize(129); }, "129 cores"));
    CHECK(says([](Image& i) { i.cores[0].compartments = 5; }, "groups end at compartment 4"));
    CHECK(says([](Image& i) { i.cores[0].compartments = 4000; }, "4000 compartments"));
    CHECK(says([](Image& i) { i.cores[0].groups[1].first = 2; }, "group 1"));
    CHECK(says([](Image& i) { i.cores[0].groups[1].count = 0xFFFFFFFFU; }, "groups end"));
    CHECK(says([](Image& i) { i.cores[0].groups[0].current_decay = 4096; }, "current_decay is 4096; allowed: 0..4095"));
    CHECK(says([](Image& i) { i.cores[0].groups[0].voltage_decay = -1; }, "voltage_decay"));
    CHECK(says([](Image& i) { i.cores[0].groups[0].threshold_mantissa = 131072; }, "threshold_mantissa"));
    CHECK(says([](Image& i) { i.cores[0].groups[0].refractory = 0; }, "refractory"));
    CHECK(says([](Image& i) { i.cores[0].biases.resize(3); }, "3 biases"));
    CHECK(says([](Image& i) { i.cores[0].initial_currents.resize(3); }, "3 initial currents"));
    CHECK(says([](Image& i) { i.cores[0].initial_currents = {0, 0, -8388608, 0}; }, "core 0, compartment 2"));
    CHECK(
        says([](Image& i) { i.cores[0].biases[2].exponent = 8; }, "core 0, compartment 2: error: the bias is 0 * 2^8"));
    CHECK(says([](Image& i) { i.cores[0].biases[2].mantissa = -4097; }, "-4097"));
    CHECK(says([](Image& i) { i.cores[0].voltage_floor_exponent = 24; }, "voltage_floor_exponent"));
    CHECK(says([](Image& i) { i.cores[0].voltage_ceiling_exponent = -1; }, "voltage_ceiling_exponent"));
    CHECK(says([](Image& i) { i.cores[0].noise.exponent = 40; }, "noise"));
    CHECK(says([](Image& i) { i.chip.neuron.threshold_exponent = 77; }, "threshold_exponent"));
    CHECK(says([](Image& i) { i.step_s = std::numeric_limits<double>::quiet_NaN(); }, "a step lasts"));
}

TEST_CASE("synapses: formats, entries, targets") {
    CHECK(says([](Image& i) { i.cores[0].formats[0].weight_bits = 7; }, "format 0"));
    CHECK(says([](Image& i) { i.cores[0].formats[0].weight_exponent = 8; }, "format 0"));
    CHECK(says([](Image& i) { i.cores[0].formats[1].delay_bits = 9; }, "format 1"));
    CHECK(says([](Image& i) { i.cores[0].formats[1].sign_mode = SignMode{0}; }, "format 1"));
    CHECK(says([](Image& i) { i.cores[0].synapses[2].target = 4; }, "synapse 2"));
    CHECK(says([](Image& i) { i.cores[0].synapses[2].weight = -1; }, "entry 1: error: a weight or a delay"));
    CHECK(says([](Image& i) { i.cores[0].synapses[2].delay = 1; }, "entry 1"));
    CHECK(says([](Image& i) { i.cores[0].synapses[0].delay = 8; }, "entry 0"));
    CHECK(says([](Image& i) { i.cores[0].entries[0].format = 2; }, "entry 0: error: format 2"));
    CHECK(says([](Image& i) { i.cores[0].entries[0].encoding = SynapseEncoding{3}; }, "encoding"));
    CHECK(says([](Image& i) { i.cores[0].entries[1].count = 2; }, "entry 1"));
    CHECK(says([](Image& i) { i.cores[0].entries[1].first = 0xFFFFFFFFU; }, "entry 1"));
    CHECK(says([](Image& i) { i.cores[0].axon_first_entry = {0, 3}; }, "axon_first_entry"));
    CHECK(says([](Image& i) { i.cores[0].axon_first_entry = {0, 2, 1, 2}; }, "axon_first_entry"));
    CHECK(says([](Image& i) { i.cores[0].axon_first_entry = {1, 2}; }, "axon_first_entry"));
}

TEST_CASE("outputs go to axons that are there") {
    CHECK(says([](Image& i) { i.cores[0].outputs[0].core = CoreId(2); }, "axon 0 of core 2"));
    CHECK(says([](Image& i) { i.cores[0].outputs[0].axon = AxonId(1); }, "axon 1 of core 1"));
    CHECK(says([](Image& i) { i.cores[0].output_first.clear(); }, "output_first"));
    CHECK(says([](Image& i) { i.cores[0].output_first.back() = 2; }, "output_first"));
    CHECK(says([](Image& i) { i.inputs[0].outputs[0].axon = AxonId(1); }, "axon 1 of core 0"));
    CHECK(says([](Image& i) { i.inputs[0].output_first.pop_back(); }, "input 'in'"));
    CHECK(says([](Image& i) { i.inputs[0].shape = {3}; }, "input 'in'"));
    CHECK(says([](Image& i) { i.inputs.push_back(i.inputs[0]); }, "name"));
}

TEST_CASE("populations: size, tiles, overlaps") {
    CHECK(says([](Image& i) { i.populations[0].shape = {2, 3}; }, "tiles end at neuron 4; allowed: 6"));
    CHECK(says([](Image& i) { i.populations[0].shape = {0}; }, "extent of 0"));
    CHECK(
        says([](Image& i) { i.populations[0].shape = {65536, 65536, 65536, 65536, 4}; }, "more neurons than 32 bits"));
    CHECK(says([](Image& i) { i.populations[0].tiles[1].first_neuron = 2; }, "tile 1"));
    CHECK(says([](Image& i) { i.populations[0].tiles[1].core = CoreId(2); }, "core 2"));
    CHECK(says([](Image& i) { i.populations[0].tiles[1].first_compartment = 0xFFFFFFFFU; }, "tile 1"));
    CHECK(says([](Image& i) { i.populations[1].tiles[0].first_compartment = 2; },
               "'a' and 'b' overlap at compartment 2"));
    CHECK(says([](Image& i) { i.populations[1].name = std::string("a"); }, "name"));
    CHECK(says([](Image& i) { i.populations[1].voltage_per_unit = std::numeric_limits<double>::infinity(); }, "scale"));
}

TEST_CASE("an image that is wrong everywhere gives a readable number of findings") {
    Image image = small_image();
    image.cores[0].synapses.assign(100000, {.target = 9});
    CHECK(check_image(image).size() == 50);
}

TEST_CASE("entries that all share a long list are checked in time") {
    Image image = small_image();
    image.cores[0].synapses.assign(1 << 20, {.target = 0, .weight = 1});
    image.cores[0].entries.assign(1 << 20, {.format = 0, .first = 0, .count = 1 << 20});
    image.cores[0].axon_first_entry = {0, 1 << 20};
    CHECK(check_image(image).empty());
}

}  // namespace
}  // namespace spikeloom::chip
