#include <doctest/doctest.h>

#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "chip/image/analog_image.hpp"
#include "chip/image/small_analog_image.hpp"

namespace spikeloom::chip {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

using Change = std::function<void(AnalogImage&)>;

/// The findings of the image with one thing changed.
std::string broken(AnalogImage image, const Change& change) {
    REQUIRE(check_analog_image(image).empty());
    change(image);
    const Diagnostics findings = check_analog_image(image);
    CHECK(has_error(findings) == !findings.empty());
    return to_text(findings);
}

void check_says(const std::string& findings, const std::string& what) {
    CHECK_MESSAGE(findings.find(what) != std::string::npos, "'" << what << "' is not in: " << findings);
}

TEST_CASE("images by hand are sound") {
    CHECK(to_text(check_analog_image(test::small_ideal_image())).empty());
    CHECK(to_text(check_analog_image(test::small_brainscales2_image())).empty());
    CHECK(to_text(check_analog_image(AnalogImage{})).empty());
}

TEST_CASE("symbols cover neurons and channels one after the other") {
    const auto says = [](const Change& change, const std::string& what) {
        check_says(broken(test::small_ideal_image(), change), what);
        check_says(broken(test::small_brainscales2_image(), change), what);
    };
    says([](auto& i) { i.inputs[1].first_channel = 3; }, "input 'bias': error: starts at number 3; allowed: 2");
    says([](auto& i) { i.inputs[0].shape = {3}; }, "has 2 elements, and a shape of 3");
    says([](auto& i) { i.inputs[0].shape = {1U << 31U, 1U << 31U, 4}; }, "has 2 elements");
    says([](auto& i) { i.inputs[1].name = "out"; }, "the name 'out' stands a second time");
    says([](auto& i) { i.inputs[1].constant_times = {nan}; }, "a constant spike at nan s");
    says([](auto& i) { i.inputs[1].constant_times = {-1e-9}; }, "a constant spike at -1e-09 s");
    says([](auto& i) { i.populations[1].first_neuron = 0; }, "population 'out': error: starts at number 0");
    says([](auto& i) { i.populations[1].count = 2; }, "4 neurons, and parameters of 3");
    says([](auto& i) { i.neurons.pop_back(); }, "3 neurons, and parameters of 2");
    says([](auto& i) { i.outputs = {2}; }, "the population is 2; allowed: 0..1");
    says([](auto& i) { i.outputs = {1, 1}; }, "population 1 is named a second time");
    says(
        [](auto& i) {
            i.inputs[0].count = 1U << 31U;
            i.inputs[0].shape = {1U << 31U};
        },
        "at most 16777216");
}

TEST_CASE("times of the coding are finite and in order") {
    const auto says = [](const Change& change, const std::string& what) {
        check_says(broken(test::small_ideal_image(), change), what);
    };
    says([](auto& i) { i.coding->time_unit_s = 0; }, "a unit of 0 s");
    says([](auto& i) { i.coding->window_s = infinity; }, "a window of inf s");
    says([](auto& i) { i.coding->latest_s = 0; }, "0 <= earliest <= latest");
    says([](auto& i) { i.coding->earliest_s = nan; }, "0 <= earliest <= latest");
    says([](auto& i) { i.coding->silent_below = nan; }, "silent up to nan");
    CHECK(broken(test::small_ideal_image(), [](auto& i) { i.coding.reset(); }).empty());
}

TEST_CASE("neurons have parameters that make an equation") {
    const auto says = [](const Change& change, const std::string& what) {
        check_says(broken(test::small_ideal_image(), change), what);
    };
    says([](auto& i) { i.neurons[0].model.lif.tau_mem = 0; }, "neuron 0: error: tau_mem is 0");
    says([](auto& i) { i.neurons[0].model.lif.tau_syn = infinity; }, "tau_syn is inf");
    says([](auto& i) { i.neurons[2].model.lif.resistance = -1; }, "neuron 2: error: resistance is -1");
    says([](auto& i) { i.neurons[0].model.lif.leak = nan; }, "leak is nan");
    says([](auto& i) { i.neurons[0].model.lif.reset = -infinity; }, "reset is -inf");
    says([](auto& i) { i.neurons[0].model.lif.threshold = 0; }, "threshold is 0; allowed: above the reset");
    says([](auto& i) { i.neurons[0].model.lif.threshold = nan; }, "threshold is nan");
    says([](auto& i) { i.neurons[0].model.lif.refractory = -1; }, "refractory is -1");
    says([](auto& i) { i.neurons[0].weight_unit = 0; }, "weight_unit is 0");
    says([](auto& i) { i.neurons[1].model.slope = 0; }, "slope is 0");
    says([](auto& i) { i.neurons[1].model.tau_w = nan; }, "tau_w is nan");
    says([](auto& i) { i.neurons[1].model.tau_syn_inhibitory = -1; }, "tau_syn_inhibitory is -1");
    says([](auto& i) { i.neurons[1].model.b = infinity; }, "b is inf");
    says([](auto& i) { i.neurons[0].model.slope = nan; }, "slope is nan");
    CHECK(broken(test::small_ideal_image(), [](auto& i) { i.neurons[0].model.slope = 0; }).empty());
}

TEST_CASE("a chip sets only what lies in its ranges") {
    const auto says = [](const Change& change, const std::string& what) {
        check_says(broken(test::small_brainscales2_image(), change), what);
    };
    says([](auto& i) { i.neurons[0].model.lif.tau_mem = 1; }, "tau_mem is 1 s; allowed: 1e-07..0.002 s on this chip");
    says([](auto& i) { i.neurons[0].model.lif.tau_syn = 2e-4; }, "tau_syn is 0.0002 s");
    says([](auto& i) { i.neurons[1].model.tau_syn_inhibitory = 1; }, "tau_syn_inhibitory is 1 s");
    says([](auto& i) { i.neurons[1].model.lif.refractory = 0; }, "refractory is 0 s");
    CHECK(broken(test::small_brainscales2_image(), [](auto& i) {
              i.neurons[0].model.lif.tau_mem = 1e-7 * (1 - 1e-12);  // computed, not written
              i.neurons[2].model.lif.refractory = 0;                // of a readout, which never spikes
          }).empty());
}

TEST_CASE("the synapses of an ideal chip are rows of all sources") {
    const auto says = [](const Change& change, const std::string& what) {
        check_says(broken(test::small_ideal_image(), change), what);
    };
    says([](auto& i) { i.synapses.row_begin.pop_back(); }, "not those of 6 sources");
    says([](auto& i) { i.synapses.row_begin.clear(); }, "not those of 6 sources");
    says([](auto& i) { i.synapses.row_begin.back() = 9; }, "not those of 6 sources");
    says([](auto& i) { i.synapses.row_begin.front() = 1; }, "not those of 6 sources");
    says([](auto& i) { std::swap(i.synapses.row_begin[1], i.synapses.row_begin[2]); }, "not those of 6 sources");
    says([](auto& i) { i.synapses.weights.pop_back(); }, "8 targets, 7 weights, 8 delays");
    says([](auto& i) { i.synapses.delays.pop_back(); }, "8 targets, 8 weights, 7 delays");
    says([](auto& i) { i.synapses.targets[3] = 3; }, "synapse 3: error: weight 2 onto neuron 3");
    says([](auto& i) { i.synapses.weights[3] = nan; }, "weight nan");
    says([](auto& i) { i.synapses.delays[3] = -1e-6; }, "after -1e-06 s");
    says([](auto& i) { i.synapses.delays[3] = infinity; }, "after inf s");
    says([](auto& i) { i.runs.emplace_back(); }, "an ideal chip with 1 runs");
    CHECK(broken(test::small_ideal_image(), [](auto& i) { i.synapses.delays.clear(); }).empty());
}

TEST_CASE("every neuron is placed once, on circuits of its own, with a label of its own") {
    const auto says = [](const Change& change, const std::string& what) {
        check_says(broken(test::small_brainscales2_image(), change), what);
    };
    says([](auto& i) { i.runs[0].neurons.pop_back(); }, "neuron 1: error: is placed in no run");
    says([](auto& i) { i.runs[1].neurons.push_back(i.runs[0].neurons[0]); },
         "run 1, neuron 0: error: is placed a second");
    says([](auto& i) { i.runs[0].neurons[0].neuron = 3; }, "run 0, neuron 3: error: is none of the network's");
    says([](auto& i) { i.runs[0].neurons[0].circuits.clear(); }, "the number of circuits is 0; allowed: 1..256");
    says([](auto& i) { i.chip.array.joined_circuits = 1; }, "the number of circuits is 2; allowed: 1..1");
    says([](auto& i) { i.runs[0].neurons[0].circuits[1] = {0, 0}; }, "circuit 0 of hemisphere 0 is used a second time");
    says([](auto& i) { i.runs[0].neurons[1].circuits[1] = {0, 1}; }, "circuit 1 of hemisphere 0 is used a second time");
    says([](auto& i) { i.runs[0].neurons[0].circuits[0] = {2, 0}; }, "a circuit's hemisphere is 2; allowed: 0..1");
    says([](auto& i) { i.runs[0].neurons[0].circuits[0] = {0, 256}; }, "a circuit's column is 256; allowed: 0..255");
    says([](auto& i) { i.runs[0].neurons[1].address = 0; },
         "leave event output 0 with address 0, as those of neuron 0");
    says([](auto& i) { i.chip.array.neuron_address_bits = 7; }, "the address is 255; allowed: 0..127");
    // Another event output: the same address is no clash.
    CHECK(broken(test::small_brainscales2_image(), [](auto& i) {
              i.runs[0].neurons[1].address = 0;
              i.runs[0].neurons[1].circuits = {{1, 32}, {1, 33}};
          }).empty());
    // Another run neither.
    CHECK(broken(test::small_brainscales2_image(), [](auto& i) { i.runs[1].neurons[0].circuits = {{0, 0}}; }).empty());
}

TEST_CASE("joined circuits touch each other, in one half of the chip") {
    const auto with = [](std::vector<Circuit> circuits) {
        return broken(test::small_brainscales2_image(),
                      [&](auto& i) { i.runs[1].neurons[0].circuits = std::move(circuits); });
    };
    CHECK(with({{0, 126}, {0, 127}, {1, 127}, {1, 126}}).empty());
    CHECK(with({{1, 128}, {0, 128}}).empty());
    CHECK(with({{0, 9}, {0, 7}, {1, 8}, {1, 9}, {1, 7}}).empty());
    check_says(with({{0, 127}, {0, 128}}), "joins columns 127 and 128; allowed: columns of one block of 128");
    check_says(with({{0, 3}, {0, 5}}), "circuit 5 of hemisphere 0 has no way to the first one");
    check_says(with({{0, 3}, {1, 4}}), "circuit 4 of hemisphere 1 has no way to the first one");
}

TEST_CASE("drivers and synapses are those of the array, each set once") {
    const auto says = [](const Change& change, const std::string& what) {
        check_says(broken(test::small_brainscales2_image(), change), what);
    };
    says([](auto& i) { i.runs[0].drivers[1].hemisphere = 0; },
         "driver 13 of hemisphere 0: error: is set a second time");
    says([](auto& i) { i.runs[0].drivers[1].hemisphere = 2; }, "the hemisphere is 2");
    says([](auto& i) { i.runs[0].drivers[1].driver = 128; }, "the driver is 128; allowed: 0..127");
    says([](auto& i) { i.runs[0].drivers[1].address = 32; }, "the address is 32; allowed: 0..31");
    says([](auto& i) { i.runs[0].drivers[1].mask = 32; }, "the mask is 32; allowed: 0..31");
    says([](auto& i) { i.runs[0].drivers[1].rows[1] = static_cast<RowMode>(3); }, "a row's mode is 3");
    says([](auto& i) { i.runs[0].cells[2].hemisphere = 2; }, "the hemisphere is 2");
    says([](auto& i) { i.runs[0].cells[3].row = 256; }, "the row is 256; allowed: 0..255");
    says([](auto& i) { i.runs[0].cells[3].column = 256; }, "the column is 256; allowed: 0..255");
    says([](auto& i) { i.runs[0].cells[3].weight = 64; }, "the weight is 64; allowed: 0..63");
    says([](auto& i) { i.runs[0].cells[3].label = 64; }, "the label is 64; allowed: 0..63");
    says([](auto& i) { i.runs[0].cells[1] = i.runs[0].cells[0]; }, "stands a second time");
    says([](auto& i) { std::swap(i.runs[0].cells[0], i.runs[0].cells[1]); }, "after one that comes later");
    says([](auto& i) { i.synapses.targets = {0}; }, "synapses outside the array");
    says([](auto& i) { i.synapses.row_begin = {0}; }, "synapses outside the array");
}

TEST_CASE("where driver addresses are fixed, a driver has the number on its bus") {
    AnalogImage image = test::small_brainscales2_image();
    image.chip.array.fixed_driver_addresses = true;
    CHECK(check_analog_image(image).empty());
    check_says(broken(image, [](auto& i) { i.runs[0].drivers[1].address = 13; }), "the address is 13; allowed: 3");
}

TEST_CASE("the crossbar has only the nodes that exist") {
    const auto says = [](const Change& change, const std::string& what) {
        check_says(broken(test::small_brainscales2_image(), change), what);
    };
    says([](auto& i) { i.runs[0].crossbar[2].node = {0, 1}; }, "crossbar node 0 -> 1: error: does not exist");
    says([](auto& i) { i.runs[0].crossbar[2].node = {-1, 1}; }, "does not exist on this chip; allowed: one of its 76");
    says([](auto& i) { i.runs[0].crossbar[1].node = {8, 1}; }, "crossbar node 8 -> 1: error: is set a second time");
    says([](auto& i) { i.runs[0].crossbar[1].mask = 1U << 14U; }, "the mask is 16384; allowed: 0..16383");
    says([](auto& i) { i.runs[0].crossbar[1].target = 1U << 14U; }, "the target is 16384; allowed: 0..16383");
}

TEST_CASE("the host sends channels that there are, and neurons that an earlier run computed") {
    const auto says = [](const Change& change, const std::string& what) {
        check_says(broken(test::small_brainscales2_image(), change), what);
    };
    says([](auto& i) { i.runs[0].host_sources[0].lane = 4; }, "the lane is 4; allowed: 0..3");
    says([](auto& i) { i.runs[0].host_sources[0].label = 1U << 14U; }, "the label is 16384; allowed: 0..16383");
    says([](auto& i) { i.runs[0].host_sources[0].index = 3; }, "the channel is 3; allowed: 0..2");
    says([](auto& i) { i.runs[0].host_sources[1] = i.runs[0].host_sources[0]; }, "on lane 0 a second time");
    says([](auto& i) { i.runs[1].host_sources[0].index = 2; }, "no earlier run computes the neuron");
    says([](auto& i) { i.runs[1].host_sources[0].index = 3; }, "no earlier run computes the neuron");
    says([](auto& i) { std::swap(i.runs[0], i.runs[1]); }, "no earlier run computes the neuron");
}

TEST_CASE("background sources are those of the chip, in their registers") {
    const auto says = [](const Change& change, const std::string& what) {
        check_says(broken(test::small_brainscales2_image(), change), what);
    };
    says([](auto& i) { i.runs[0].background[0].source = 8; }, "the source is 8; allowed: 0..7");
    says([](auto& i) { i.runs[0].background.push_back(i.runs[0].background[0]); }, "stands after source 2");
    says([](auto& i) { i.runs[0].background[0].period = 0; }, "the period is 0; allowed: 1..65535");
    says([](auto& i) { i.runs[0].background[0].period = 65536; }, "the period is 65536");
    says([](auto& i) { i.runs[0].background[0].rate = 256; }, "the rate is 256; allowed: 0..255");
    says([](auto& i) { i.runs[0].background[0].label = 1U << 14U; }, "the label is 16384");
    says([](auto& i) { i.runs[0].background[0].seed = 0; }, "the seed is 0");
    says([](auto& i) { i.chip.crossbar.background.random_label_bits = 1; }, "the mask is 3; allowed: 0..1");
    CHECK(broken(test::small_brainscales2_image(), [](auto& i) {
              i.runs[0].background[0].random = false;
              i.runs[0].background[0].seed = 0;
          }).empty());
}

TEST_CASE("a chip that is unsound makes its images so, and findings end") {
    check_says(broken(test::small_brainscales2_image(), [](auto& i) { i.chip.array.rows = 3; }),
               "128 drivers for 3 rows");
    AnalogImage image = test::small_brainscales2_image();
    for (SynapseCell& cell : image.runs[0].cells) {
        cell.weight = 255;
    }
    image.runs[0].cells.resize(100'000, image.runs[0].cells.back());
    CHECK(check_analog_image(image).size() == 50);
}

}  // namespace
}  // namespace spikeloom::chip
