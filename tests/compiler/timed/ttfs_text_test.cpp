#include "compiler/timed/ttfs_text.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include "core/files/npy.hpp"
#include "support/reference_data.hpp"
#include "support/temporary_folder.hpp"

namespace spikeloom::compiler {
namespace {

using test::TemporaryFolder;

void save(const TemporaryFolder& folder, const std::string& name, std::vector<std::size_t> shape,
          const std::vector<double>& values) {
    REQUIRE(files::write_npy(files::make_array(std::move(shape), values), folder(name)));
}

const std::string head = "name: \"n\" time_unit_s: 6e-6 input { size: 2 }\n";

/// A folder with W0 (2 + 1 x 3) and W1 (3 x 2).
void save_weights(const TemporaryFolder& folder) {
    save(folder, "W0.npy", {3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
    save(folder, "W1.npy", {3, 2}, {1, -1, 2, -2, 3, -3});
}
const std::string layers =
    "layer { name: \"hidden\" size: 3 weights: \"W0.npy\" bias_times: 0.9 }\n"
    "layer { name: \"label\" size: 2 weights: \"W1.npy\" }\n";

TimedNetwork parsed(const std::string& text, const TemporaryFolder& folder) {
    Result<TimedNetwork> network = parse_ttfs_text(text, "t", folder.path().string());
    REQUIRE_MESSAGE(network.has_value(), to_text(network.error()));
    return *network;
}

bool refused(const std::string& text, const TemporaryFolder& folder, const std::string& where,
             const std::string& found) {
    const Result<TimedNetwork> network = parse_ttfs_text(text, "t", folder.path().string());
    REQUIRE_FALSE(network.has_value());
    const bool said = std::any_of(network.error().begin(), network.error().end(), [&](const Diagnostic& finding) {
        return finding.where == where && finding.found.find(found) != std::string::npos;
    });
    if (!said) {
        MESSAGE(to_text(network.error()));
    }
    return said;
}

}  // namespace

TEST_CASE("a TTFS text gives layers in seconds, biases as inputs of their own, and the coding") {
    const TemporaryFolder folder;
    save_weights(folder);
    const TimedNetwork network = parsed(
        head + "neuron { tau_mem: 2 g_leak: 0.5 }\n" + layers + "coding { inverted: true silent_below: 0 }", folder);
    REQUIRE(network.inputs.size() == 2);
    CHECK(network.inputs[0] == TimedInput{"in", {2}, {}});
    CHECK(network.inputs[1] == TimedInput{"hidden.bias", {1}, {0.9 * 6e-6}});
    REQUIRE(network.populations.size() == 2);
    const Lif expected{.tau_mem = 12e-6, .tau_syn = 6e-6, .resistance = 2, .refractory = never};
    CHECK(network.populations[1].neurons == std::vector<AdEx>{AdEx{.lif = expected}});
    REQUIRE(network.projections.size() == 3);
    CHECK(network.projections[0].weights == std::vector<double>{1, 2, 3, 4, 5, 6});
    CHECK(network.projections[0].row_begin == std::vector<std::uint64_t>{0, 3, 6});
    CHECK(network.projections[1].name == "hidden.bias_hidden");
    CHECK(network.projections[1].weights == std::vector<double>{7, 8, 9});
    CHECK(network.projections[2].source == Source{Source::Kind::population, 0});
    CHECK(network.projections[2].targets == std::vector<std::uint32_t>{0, 1, 0, 1, 0, 1});
    CHECK(network.outputs == std::vector<PopulationId>{PopulationId(1)});
    REQUIRE(network.coding);
    CHECK(*network.coding == chip::TtfsCoding{.time_unit_s = 6e-6,
                                              .earliest_s = 0.15 * 6e-6,
                                              .latest_s = 2.0 * 6e-6,
                                              .inverted = true,
                                              .silent_below = 0,
                                              .window_s = 30 * 6e-6});
}

TEST_CASE("delays come one a source or one a synapse, in time units, and those of biases may be left out") {
    const TemporaryFolder folder;
    save_weights(folder);
    save(folder, "axonal.npy", {2, 1}, {0.5, 1});
    save(folder, "synaptic.npy", {3, 3}, {0, 1, 2, 3, 4, 5, 6, 7, 8});
    const auto with = [&](const std::string& file) {
        return parsed(
            head + "layer { name: \"a\" size: 3 weights: \"W0.npy\" bias_times: 0.9 delays: \"" + file + "\" }",
            folder);
    };
    const TimedNetwork axonal = with("axonal.npy");
    CHECK(axonal.projections[0].delays == std::vector<double>{3e-6, 3e-6, 3e-6, 6e-6, 6e-6, 6e-6});
    CHECK(axonal.projections[1].delays == std::vector<double>{0, 0, 0});
    CHECK(axonal.has_delays());
    const TimedNetwork synaptic = with("synaptic.npy");
    CHECK(synaptic.projections[0].delays[5] == doctest::Approx(5 * 6e-6));
    CHECK(synaptic.projections[1].delays[2] == doctest::Approx(8 * 6e-6));
}

TEST_CASE("copies of the input have rows of their own, in either order; integers have a unit; biases share times") {
    const TemporaryFolder folder;
    // Rows: channel (tens) and copy (ones), interleaved; then two biases.
    save(folder, "W.npy", {6, 1}, {0, 1, 10, 11, 90, 91});
    const std::string layer =
        "layer { name: \"a\" size: 1 weights: \"W.npy\" weights_per_unit: 30 bias_times: [0.9, 0.9] }";
    const std::string start = "name: \"n\" time_unit_s: 1 input { size: 2 repeat: 2 ";
    const TimedNetwork interleaved = parsed(start + "interleaved: true }" + layer, folder);
    CHECK(interleaved.inputs[0].shape == Shape{2, 2});
    CHECK(interleaved.projections[0].weights == std::vector<double>{0, 10 / 30.0, 1 / 30.0, 11 / 30.0});
    CHECK(interleaved.inputs[1] == TimedInput{"a.bias", {2}, {0.9}});
    CHECK(interleaved.projections[1].weights == std::vector<double>{90 / 30.0, 91 / 30.0});
    const TimedNetwork tiled = parsed(start + "}" + layer, folder);
    CHECK(tiled.projections[0].weights == std::vector<double>{0, 1 / 30.0, 10 / 30.0, 11 / 30.0});
}

TEST_CASE("a layer's block changes what the file says of all neurons, and files what differs from neuron to neuron") {
    const TemporaryFolder folder;
    save_weights(folder);
    save(folder, "theta.npy", {3}, {1, 2, std::numeric_limits<double>::infinity()});
    const TimedNetwork network =
        parsed(head +
                   "neuron { threshold: 2 leak: 0.5 }\n"
                   "layer { name: \"a\" size: 3 weights: \"W0.npy\" bias_times: 1 neuron { refractory: 2 reset: 0 }\n"
                   "        per_neuron { parameter: threshold file: \"theta.npy\" } }\n"
                   "layer { name: \"b\" size: 2 weights: \"W1.npy\" neuron { adaptation { tau_w: 10 a: 0 b: 0.1 } } }",
               folder);
    const TimedPopulation& a = network.populations[0];
    REQUIRE(a.neurons.size() == 3);
    CHECK(a.neurons[1].lif.threshold == 2);
    CHECK(a.neurons[2].lif.threshold == never);
    CHECK(a.neurons[0].lif.refractory == 2 * 6e-6);
    CHECK(a.neurons[0].lif.reset == 0);
    CHECK_FALSE(a.adaptive);
    const TimedPopulation& b = network.populations[1];
    CHECK(b.adaptive);
    CHECK(b.neurons[0].adaptation);
    CHECK(b.neurons[0].tau_w == 10 * 6e-6);
    CHECK(b.neurons[0].lif.reset == 0.5);
    CHECK(b.neurons[0].lif.refractory == never);
}

TEST_CASE("what is wrong with a TTFS text is said where it stands") {
    const TemporaryFolder folder;
    save_weights(folder);
    save(folder, "nan.npy", {2, 3}, {1, 2, 3, 4, std::nan(""), 6});
    save(folder, "turned.npy", {3, 2}, {1, 2, 3, 4, 5, 6});
    save(folder, "negative.npy", {2}, {1, -1});
    const auto one = [](const std::string& more) {
        return fmt::format("{}layer {{ name: \"a\" size: 3 {} }}", head, more);
    };
    CHECK(refused(head, folder, "t:1:1", "without a layer"));
    CHECK(refused(one("weights: \"none.npy\""), folder, "t:2:36", "there is no file"));
    CHECK(refused(one("weights: \"nan.npy\""), folder, "t:2:36", "holds nan at element 4"));
    CHECK(refused(one("weights: \"turned.npy\""), folder, "t:2:36", "has the shape 3x2"));
    CHECK(refused(one("weights: \"W0.npy\""), folder, "t:2:36", "has the shape 3x3"));
    CHECK(refused(one("weights: \"W0.npy\" bias_times: -1"), folder, "t:2:57", "= -1"));
    CHECK(
        refused(one("weights: \"W0.npy\" bias_times: 1 delays: \"negative.npy\""), folder, "t:2:67", "a delay of -1"));
    CHECK(refused(one("weights: \"W0.npy\" bias_times: 1 neuron { tau_mem: 0 }"), folder, "t:2:77", "= 0"));
    CHECK(refused(one("weights: \"W0.npy\" bias_times: 1 neuron { one_spike: true refractory: 1 }"), folder, "t:2:96",
                  "spike once"));
    CHECK(
        refused(one("weights: \"W0.npy\" bias_times: 1 neuron { leak: 2 }"), folder, "t: population 'a'", "reset = 2"));
    CHECK(refused(head + layers + "coding { window: 1 }", folder, "t:4:18", "= 1"));
    CHECK(refused(head + layers + "layer { name: \"in\" size: 2 weights: \"W1.npy\" }", folder, "t:4:15", "is taken"));
    CHECK(
        refused(head + "layer { name: \"a\" size: 4000000000 weights: \"W0.npy\" }", folder, "t:2:25", "more neurons"));
    CHECK(refused("name: \"n\" time_unit_s: 1 " + layers, folder, "t:1:1", "input"));
    CHECK(refused(head + layers + "speed: 1", folder, "t:4:1", "speed"));
}

TEST_CASE("one spike through the mapped parameters is the authors' postsynaptic potential") {
    // kappa of BRAINSCALES2_TTFS facts 1.1 against the core's equations, integrated in small steps.
    for (const auto& [tau_mem, g_leak] : {std::pair{1.0, 1.0}, {2.0, 0.5}, {1.0, 4.0}}) {
        const TemporaryFolder folder;
        save_weights(folder);
        const TimedNetwork network =
            parsed(head + fmt::format("neuron {{ tau_mem: {} g_leak: {} }}\n", tau_mem, g_leak) + layers, folder);
        const Lif& lif = network.populations[0].neurons[0].lif;
        const double weight = 0.7;
        double v = 0;
        double i = weight;
        constexpr double unit = 6e-6;
        constexpr int steps = 100'000;
        const double dt = 1.5 * unit / steps;
        for (int step = 0; step < steps; ++step) {  // midpoint rule
            const double i_half = i * (1 - dt / 2 / lif.tau_syn);
            const double v_half = v + dt / 2 / lif.tau_mem * (lif.leak - v + lif.resistance * i);
            v += dt / lif.tau_mem * (lif.leak - v_half + lif.resistance * i_half);
            i -= dt / lif.tau_syn * i_half;
        }
        const double s = 1.5;
        const double kappa =
            tau_mem == 1 ? s * std::exp(-s) / g_leak : (std::exp(-s / tau_mem) - std::exp(-s)) / (tau_mem - 1) / g_leak;
        CHECK(v == doctest::Approx(weight * kappa).epsilon(1e-8));
    }
}

TEST_CASE("the reference networks can be described") {
    const auto yin_yang = test::reference_data("ttfs/yin_yang_v1");
    if (!yin_yang) {
        return;
    }
    const auto network = parse_ttfs_text(
        "name: \"yin_yang\" time_unit_s: 6e-6 input { size: 4 }"
        "layer { name: \"hidden\" size: 120 weights: \"W0.npy\" bias_times: [0.9] }"
        "layer { name: \"label\" size: 3 weights: \"W1.npy\" bias_times: [0.9] } coding { }",
        "t", *yin_yang);
    REQUIRE_MESSAGE(network.has_value(), to_text(network.error()));
    CHECK(network->projections.size() == 4);
}

}  // namespace spikeloom::compiler
