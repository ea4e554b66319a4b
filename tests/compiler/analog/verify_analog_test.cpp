#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/analog/compile_analog.hpp"
#include "tests/compiler/analog/timed_networks.hpp"

namespace spikeloom::compiler {
namespace {

using chip::AnalogImage;
using chip::AnalogRun;

struct Fault {
    std::string name;
    std::function<void(AnalogImage&)> plant;
    std::string finding;
};

void swap_columns(AnalogRun& run, int a, int b) {
    for (chip::PlacedNeuron& placed : run.neurons) {
        for (chip::Circuit& circuit : placed.circuits) {
            if (circuit.hemisphere == 0 && (circuit.column == a || circuit.column == b)) {
                circuit.column = static_cast<std::uint16_t>(a + b - circuit.column);
            }
        }
    }
}

std::size_t first_weight(const AnalogRun& run) {
    const auto cell = std::ranges::find_if(run.cells, [](const chip::SynapseCell& c) { return c.weight > 1; });
    return static_cast<std::size_t>(cell - run.cells.begin());
}

std::vector<Fault> faults() {
    return {
        {"a weight one LSB off", [](AnalogImage& i) { --i.runs[0].cells[first_weight(i.runs[0])].weight; }, "LSB for"},
        {"a synapse that is missing",
         [](AnalogImage& i) {
             i.runs[0].cells.erase(i.runs[0].cells.begin() + static_cast<std::ptrdiff_t>(first_weight(i.runs[0])));
         },
         "LSB for"},
        {"a synapse with a foreign label", [](AnalogImage& i) { i.runs[0].cells[first_weight(i.runs[0])].label ^= 1U; },
         ""},
        {"a weight beyond the register", [](AnalogImage& i) { i.runs[0].cells[7].weight = 64; }, "weight 64"},
        {"rows of a driver exchanged",
         [](AnalogImage& i) { std::swap(i.runs[0].drivers[5].rows[0], i.runs[0].drivers[5].rows[1]); }, "LSB for"},
        {"a row that is off", [](AnalogImage& i) { i.runs[0].drivers[5].rows[0] = chip::RowMode::disabled; },
         "row that is off"},
        {"a driver that compares too much", [](AnalogImage& i) { i.runs[0].drivers[9].mask = 31; }, "hears 0 sources"},
        {"a driver with another address", [](AnalogImage& i) { i.runs[0].drivers[9].address ^= 1U; }, "has address"},
        {"a driver too few", [](AnalogImage& i) { i.runs[0].drivers.pop_back(); }, "row that is off"},
        {"a node closed", [](AnalogImage& i) { i.runs[0].crossbar.erase(i.runs[0].crossbar.begin()); },
         "hears 0 sources"},
        {"a node that lets another label in",
         [](AnalogImage& i) {
             const auto lane =
                 std::ranges::find_if(i.runs[0].crossbar, [](const auto& s) { return s.node.input >= 8; });
             lane->target ^= 1U << 11U;
         },
         ""},
        {"a node without a mask",
         [](AnalogImage& i) {
             for (chip::CrossbarSetting& setting : i.runs[0].crossbar) {
                 if (setting.node.input >= 8) {
                     setting.mask = setting.target = 0;
                 }
             }
         },
         ""},
        {"a node that does not exist",
         [](AnalogImage& i) { i.runs[0].crossbar.push_back({.node = {0, 1}, .mask = 0, .target = 0}); },
         "0 -> 1 does not exist"},
        {"two neurons of one address",
         [](AnalogImage& i) { i.runs[0].neurons[4].address = i.runs[0].neurons[0].address; }, "shares address"},
        {"a neuron with another address", [](AnalogImage& i) { i.runs[0].neurons[1].address ^= 0x20U; }, ""},
        {"columns exchanged", [](AnalogImage& i) { swap_columns(i.runs[0], 0, 1); }, "LSB for"},
        {"a neuron that moved to an empty column",
         [](AnalogImage& i) { i.runs[0].neurons[0].circuits[0].column = 255; }, "belongs to no neuron"},
        {"a neuron too few", [](AnalogImage& i) { i.runs[0].neurons.pop_back(); }, "is computed in no run"},
        {"two neurons in a column",
         [](AnalogImage& i) { i.runs[0].neurons[1].circuits = i.runs[0].neurons[0].circuits; },
         "belongs to two neurons"},
        {"inputs exchanged",
         [](AnalogImage& i) { std::swap(i.runs[0].host_sources[0].index, i.runs[0].host_sources[1].index); },
         "LSB for"},
        {"an input that is not sent", [](AnalogImage& i) { i.runs[0].host_sources.pop_back(); }, "hears 0 sources"},
        {"an input that the crossbar drops",
         [](AnalogImage& i) {
             chip::HostSource& source = i.runs[0].host_sources[0];
             source.lane = (source.lane + 1) % 4;
             source.label = 0x3FFF;
             std::erase_if(i.runs[0].crossbar,
                           [&](const chip::CrossbarSetting& s) { return s.node.input == 8 + source.lane; });
         },
         "the crossbar drops label"},
        {"an input sent twice",
         [](AnalogImage& i) {
             chip::HostSource source = i.runs[0].host_sources[0];
             source.label |= 1U << 10U;  // row selects of one class
             i.runs[0].host_sources.push_back(source);
         },
         "hears 2 sources"},
        {"a neuron that the host can't know", [](AnalogImage& i) { i.runs[0].host_sources[0].is_neuron = true; },
         "before they are known"},
        {"a spike that does not leave the chip",
         [](AnalogImage& i) { std::erase_if(i.runs[0].crossbar, [](const auto& s) { return s.node.output >= 8; }); },
         "leave the chip"},
        {"a background source that reaches synapses",
         [](AnalogImage& i) {
             i.runs[0].background.push_back({.source = 0, .label = 0, .mask = 0x3F});
             i.runs[0].crossbar.push_back({.node = {12, 0}, .mask = 0, .target = 0});
         },
         "hears background source 0"},
        {"a time constant out of range", [](AnalogImage& i) { i.neurons[3].model.lif.tau_syn = 1; },
         "what the chip can be set to"},
        {"another threshold", [](AnalogImage& i) { i.neurons[3].model.lif.threshold = 1.1; }, "other parameters"},
        {"another unit of weights", [](AnalogImage& i) { i.neurons[3].weight_unit *= 1.02; }, "LSB for"},
        {"an input by another name", [](AnalogImage& i) { i.inputs[0].name += "s"; }, "are not the network's"},
    };
}

}  // namespace

TEST_CASE("the verifier finds every planted fault") {
    const TimedNetwork network = test::layered({24, 60, 3});
    const auto compiled = compile_analog(network, test::bundled_analog("brainscales2"));
    REQUIRE(compiled);
    REQUIRE(verify_analog(compiled->image, network).empty());
    for (const Fault& fault : faults()) {
        AnalogImage image = compiled->image;
        fault.plant(image);
        const std::string found = to_text(verify_analog(image, network));
        CAPTURE(fault.name);
        CAPTURE(found);
        CHECK_FALSE(found.empty());
        CHECK(found.find(fault.finding) != std::string::npos);
    }
}

TEST_CASE("the verifier finds runs in the wrong order") {
    const TimedNetwork network = test::layered({300, 200, 10});
    auto compiled = compile_analog(network, test::bundled_analog("brainscales2"));
    REQUIRE(compiled);
    REQUIRE(compiled->image.runs.size() > 1);
    std::swap(compiled->image.runs.front(), compiled->image.runs.back());
    CHECK(to_text(verify_analog(compiled->image, network)).find("before they are known") != std::string::npos);
}

TEST_CASE("the verifier finds another network") {
    const TimedNetwork network = test::layered({20, 30, 3});
    const auto compiled = compile_analog(network, test::bundled_analog("brainscales2"));
    REQUIRE(compiled);
    TimedNetwork shifted = network;
    shifted.projections[0].weights[17] += 0.1;
    CHECK(to_text(verify_analog(compiled->image, shifted)).find("LSB for") != std::string::npos);
    TimedNetwork fewer = network;
    fewer.projections[1].targets.pop_back();
    fewer.projections[1].weights.pop_back();
    --fewer.projections[1].row_begin.back();
    CHECK(to_text(verify_analog(compiled->image, fewer)).find("invented") != std::string::npos);
    CHECK(to_text(verify_analog(compile_analog(fewer, compiled->image.chip)->image, network)).find("lost") !=
          std::string::npos);
}

TEST_CASE("ideal images: structure, delays and weights are the network's") {
    TimedNetwork network = test::layered({20, 30, 3});
    network.projections[0].delays.assign(network.projections[0].targets.size(), 1e-6);
    const chip::AnalogSpec ideal = test::bundled_analog("ideal_analog");
    for (const int bits : {0, 1, 4, 6}) {
        auto compiled = compile_analog(network, ideal, {.weight_bits = bits});
        REQUIRE(compiled);
        CHECK(verify_analog(compiled->image, network).empty());
        AnalogImage image = compiled->image;
        image.synapses.delays[5] = 2e-6;
        CHECK_FALSE(verify_analog(image, network).empty());
        image = compiled->image;
        image.synapses.weights[5] -= std::copysign(3, image.synapses.weights[5]);
        CHECK_FALSE(verify_analog(image, network).empty());
        image = compiled->image;
        image.synapses.targets[5] = 1000;
        CHECK_FALSE(verify_analog(image).empty());
    }
}

}  // namespace spikeloom::compiler
