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

/// The small image with a rule that its first entry follows: from channel 0 of 'in' to 'a'.
Image plastic_image() {
    Image image = small_image();
    image.chip.learning.present = true;
    image.cores[0].synapses[0].target = 1;  // populations: compartment 0 is b's, 1 to 3 are a's
    image.cores[0].entries[0].learning = 1;
    rules::Rule rule;
    rule.name = "stdp";
    rule.dw.products = {
        {.dependency = rules::Dependency::y0, .factors = {{.operand = rules::Operand::x1}}},
        {.dependency = rules::Dependency::u, .mantissa = -1, .factors = {{.operand = rules::Operand::w}}}};
    rule.dw.decimation = 3;
    rule.epoch = 4;
    rule.x[0] = {.impulse = 16, .tau = 10};
    image.learning = {{.projection = "in_a",
                       .rule = rule,
                       .reward = RewardPort{.port = 0, .values = {64, -64}},
                       .third_factors = {},
                       .weight_per_unit = 0.01}};
    return image;
}

bool refuses(const Change& change, const std::string& what) {
    Image image = plastic_image();
    change(image);
    const std::string said = to_text(check_image(image));
    CAPTURE(said);
    return said.find(what) != std::string::npos;
}

TEST_CASE("learning: a whole plastic image, and a chip that can't learn") {
    CHECK(to_text(check_image(plastic_image())).empty());
    CHECK(refuses([](Image& i) { i.chip.learning.present = false; }, "no learning engine"));
    CHECK(refuses([](Image& i) { i.chip.learning.present = false, i.learning.clear(); }, "no learning engine"));
    CHECK(refuses([](Image& i) { i.learning.resize(256, i.learning[0]); }, "256 learning profiles"));
}

TEST_CASE("learning: rules hold what the engine's registers hold") {
    const auto product = [](auto change) { return [=](Image& i) { change(i.learning[0].rule.dw.products[0]); }; };
    const auto rule = [](auto change) { return [=](Image& i) { change(i.learning[0].rule); }; };
    CHECK(refuses(rule([](auto& r) { r.epoch = 64; }),
                  "projection 'in_a': error: the epoch has 64 steps; allowed: 1..63"));
    CHECK(refuses(rule([](auto& r) { r.epoch = 0; }), "the epoch has 0 steps"));
    CHECK(refuses(rule([](auto& r) { r.x[0].impulse = 128; }), "trace x1"));
    CHECK(refuses(rule([](auto& r) { r.y[2].impulse = -1; }), "trace y3"));
    CHECK(refuses(rule([](auto& r) { r.x[1].tau = std::numeric_limits<double>::quiet_NaN(); }), "trace x2"));
    CHECK(refuses(rule([](auto& r) { r.reward_tau = -1; }), "reward's time constant"));
    CHECK(refuses(rule([](auto& r) { r.graded = rules::GradedMode{4}; }), "unknown way"));
    CHECK(refuses(rule([](auto& r) { r.dw.decimation.reset(); }), "its u_k has no k"));
    CHECK(refuses(rule([](auto& r) { r.dt.decimation = 1; }), "dt: error: it has a k, but no u_k"));
    CHECK(refuses(rule([](auto& r) { r.dw.decimation = 10; }), "the k of u_k is 10; allowed: 0..9"));
    CHECK(refuses(rule([](auto& r) { r.dw.products.resize(17); }), "17 products"));
    CHECK(refuses(product([](auto& p) { p.mantissa = 8; }), "dw, product 1: error: the mantissa is 8; allowed: -8..7"));
    CHECK(refuses(product([](auto& p) { p.exponent = 9; }), "the exponent is 9"));
    CHECK(refuses(product([](auto& p) { p.factors[0].constant = 200; }), "a constant is 200"));
    CHECK(refuses(product([](auto& p) { p.factors[0].operand = rules::Operand{13}; }), "unknown operand"));
    CHECK(refuses(product([](auto& p) { p.dependency = rules::Dependency{3}; }), "its dependency is unknown"));
    CHECK(refuses(product([](auto& p) { p.factors.resize(6); }), "6 factors"));
}

TEST_CASE("learning: ports, third factors, scales") {
    const auto profile = [](auto change) { return [=](Image& i) { change(i.learning[0]); }; };
    CHECK(refuses(profile([](auto& p) { p.reward->port = 1; }), "from port 1"));
    CHECK(refuses(profile([](auto& p) { p.reward->values.pop_back(); }), "its reward has 1 values"));
    CHECK(refuses(profile([](auto& p) { p.reward->values[0] = 128; }), "a reward is 128"));
    CHECK(refuses(profile([](auto& p) { p.weight_per_unit = 0; }), "a unit of the weight"));
    CHECK(refuses(profile([](auto& p) { p.third_factors[0].from = ThirdFactor::From::voltage; }), "spikes move its"));
    CHECK(refuses(profile([](auto& p) { p.third_factors[0].from = ThirdFactor::From{4}; }), "unknown place"));
    const auto third = [&](auto change) {
        return profile([=](auto& p) {
            p.rule.post_traces = rules::PostTraces::neuron;
            p.third_factors[1] = {.from = ThirdFactor::From::input, .port = 0};
            change(p.third_factors[1]);
        });
    };
    CHECK(refuses(third([](auto& f) { f.port = 1; }), "a third factor comes from port 1"));
    CHECK(refuses(third([](auto& f) { f.shift = 32; }), "shift is 32"));
    // Target neuron 2 of 'a' has no channel among the port's two.
    CHECK(refuses(third([](auto&) {}), "the third factor of target neuron 2 would come from a port of 2 channels"));
    Image one_for_all = plastic_image();
    one_for_all.learning[0].rule.post_traces = rules::PostTraces::neuron;
    one_for_all.inputs.push_back({.name = "teacher", .shape = {1}, .output_first = {0, 0}, .outputs = {}});
    one_for_all.learning[0].third_factors[0] = {.from = ThirdFactor::From::input, .port = 1};
    CHECK(to_text(check_image(one_for_all)).empty());
}

TEST_CASE("learning: each plastic synapse has one entry, one source and one target") {
    const auto core = [](auto change) { return [=](Image& i) { change(i.cores[0]); }; };
    CHECK(refuses(core([](auto& c) { c.entries[0].learning = 2; }),
                  "entry 0: error: it follows rule 2; allowed: at most 1"));
    CHECK(refuses(core([](auto& c) { c.entries[1].first = 1, c.entries[1].format = 0; }), "another entry's too"));
    CHECK(refuses(core([](auto& c) { c.synapses[0].target = 0; }), "its rule has the targets 'b' and 'a'"));
    CHECK(refuses([](Image& i) { i.populations.pop_back(), i.cores[0].synapses[0].target = 0; },
                  "no neuron of a population"));
    CHECK(refuses(
        [](Image& i) { i.inputs[0].output_first = {0, 1, 2}, i.inputs[0].outputs.push_back({CoreId(0), AxonId(0)}); },
        "2 neurons send to it, and its synapses are plastic"));
    CHECK(refuses(core([](auto& c) { c.synapses[0].weight = 256; }), "does not fit the entry's format"));
    CHECK(refuses([](Image& i) { i.chip.learning.arithmetic.weight_bits = 4; }, "does not fit the entry's format"));
    CHECK(refuses([](Image& i) { i.learning[0].rule.dd.products.resize(1); },
                  "its rule changes delays that have 3 bits"));
}

TEST_CASE("learned delays may be longer than those that a compiler may write") {
    Image image = plastic_image();
    image.learning[0].rule.dd.products.resize(1);
    image.cores[0].formats[0].delay_bits = 6;
    image.cores[0].synapses[0].delay = 63;
    CHECK(to_text(check_image(image)).empty());
    image.cores[0].entries[0].learning = 0;
    CHECK_FALSE(check_image(image).empty());
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

TEST_CASE("neuron models: what the chip runs, with parameters in range, on as many compartments as they have inputs") {
    const auto able = [](Image& image) {
        image.chip.neuron.models = {NeuronModel::leaky, NeuronModel::sigma_delta, NeuronModel::resonate_fire};
        image.chip.neuron.payload_bits = 24;
    };
    const auto first = [](Image& image) -> CompartmentGroup& { return image.cores[0].groups[0]; };
    CHECK(says([&](Image& i) { first(i).model = NeuronModel::sigma_delta; }, "model sigma_delta"));
    CHECK(says([&](Image& i) { first(i).model = static_cast<NeuronModel>(77); }, "unknown"));
    CHECK(said([&](Image& i) {
              able(i);
              first(i).model = NeuronModel::sigma_delta;
          }).empty());
    CHECK(says(
        [&](Image& i) {
            able(i);
            i.chip.neuron.payload_bits = 0;
            first(i).model = NeuronModel::sigma_delta;
        },
        "send values"));
    CHECK(says([](Image& i) { i.inputs[0].graded = true; }, "carry values"));
    CHECK(says(
        [&](Image& i) {
            able(i);
            first(i).model = NeuronModel::sigma_delta;
            first(i).parameters.state_exponent = 25;
        },
        "state_exponent"));
    CHECK(says([&](Image& i) { first(i).parameters.reset_offset = 1; }, "reset_offset"));
    CHECK(says([&](Image& i) { first(i).parameters.soft_reset = true; }, "takes the threshold off"));
    CHECK(says(
        [&](Image& i) {
            i.chip.neuron.soft_reset_compartments = 2;
            i.chip.limits.compartments = 6;
            first(i).parameters.soft_reset = true;
        },
        "7 compartments"));
    CHECK(says(
        [&](Image& i) {
            able(i);
            first(i).model = NeuronModel::resonate_fire;
        },
        "multiples of 2"));
    CHECK(says([](Image& i) { i.populations[0].compartments_per_neuron = 3; }, "3 compartments"));
    CHECK(says(
        [&](Image& i) {
            able(i);
            i.cores[1].groups[0].model = NeuronModel::resonate_fire;
        },
        "as model resonate_fire has inputs"));
    CHECK(says(
        [&](Image& i) {
            able(i);
            first(i).model = NeuronModel::sigma_delta;
            i.cores[0].noise.target = NoiseRegister::Target::current;
        },
        "noise"));
}

}  // namespace
}  // namespace spikeloom::chip
