#include "compiler/reference/float_interpreter.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "compiler/text/network_text.hpp"

namespace spikeloom::compiler {
namespace {

using Values = std::vector<double>;
using Inputs = std::vector<std::vector<float>>;

Network network_of(const std::string& text) {
    const Result<Network> network = parse_network_text("name: \"n\" step_s: 1\n" + text, "t", "");
    REQUIRE_MESSAGE(network.has_value(), to_text(network.error()));
    return *network;
}

/// Membranes of one population over the steps; one input value a step into port 0, channel 0.
Values membranes(const Network& network, const ReferenceOptions& options, const std::vector<float>& input,
                 std::uint32_t population = 0) {
    FloatInterpreter interpreter(network, options);
    Values result;
    for (const float value : input) {
        interpreter.step({{value}});
        result.push_back(interpreter.membrane(PopulationId(population))[0]);
    }
    return result;
}

const std::string one = "input { name: \"in\" shape: 1 }\n";
const std::string from_input =
    "projection { name: \"p\" source: \"in\" target: \"a\" one_to_one {} weight { constant: 1 } }\n";

TEST_CASE("each kind of neuron computes its equation") {
    const auto of = [](const std::string& parameters) {
        return network_of(one + "population { name: \"a\" shape: 1 " + parameters + " }\n" + from_input);
    };
    const ReferenceOptions exact{.single_precision = false};
    CHECK(membranes(of("kind: integrator resistance: 2"), exact, {1, 0, 1}) == Values{2, 2, 4});
    CHECK(membranes(of("kind: leaky_integrator tau_mem_s: 2 v_leak: 4"), exact, {0, 2, 0}) == Values{2, 4, 4});
    CHECK(membranes(of("kind: current_based_integrator tau_syn_s: 2 tau_mem_s: 2 w_in: 4"), exact, {1, 0, 0}) ==
          Values{1, 1, 0.75});
    CHECK(membranes(of("kind: threshold v_threshold: 1"), exact, {1, 2, 0}) == Values{1, 2, 0});
    SUBCASE("the same filters, written as Lava does") {
        const ReferenceOptions product{.single_precision = false, .leak = LeakForm::product};
        CHECK(membranes(of("kind: leaky_integrator tau_mem_s: 2 v_leak: 4"), product, {0, 2, 0}) == Values{2, 4, 4});
        CHECK(membranes(of("kind: current_based_integrator tau_syn_s: 2 tau_mem_s: 2 w_in: 4"), product, {1, 0, 0}) ==
              Values{1, 1, 0.75});
    }
    SUBCASE("reset to a value, strict threshold") {
        CHECK(membranes(of("kind: integrate_fire v_threshold: 2 v_reset: -1"), exact, {2, 1, 1}) == Values{2, -1, 0});
    }
    SUBCASE("reset by subtraction") {
        CHECK(membranes(of("kind: integrate_fire v_threshold: 2 reset: subtract_threshold"), exact, {5, 0, 0}) ==
              Values{3, 1, 1});
    }
    SUBCASE("subtraction as snnTorch orders it, where v twice above threshold stays") {
        const ReferenceOptions late{.single_precision = false, .subtract = SubtractOrder::snntorch_delayed};
        CHECK(membranes(of("kind: integrate_fire v_threshold: 2 reset: subtract_threshold"), late, {3, 5, 0}) ==
              Values{1, 4, 4});
    }
    SUBCASE("refractory: silent, v held, for refractory_steps - 1 steps") {
        CHECK(membranes(of("kind: integrate_fire v_threshold: 2 refractory_steps: 3"), exact, {3, 3, 3, 3}) ==
              Values{0, 0, 0, 0});
        CHECK(membranes(of("kind: integrate_fire v_threshold: 2 refractory_steps: 3"), exact, {3, 3, 3, 1}) ==
              Values{0, 0, 0, 1});
    }
}

/// Steps in which the population's neuron 0 spikes when channel 0 of the input does in step 0.
std::vector<int> spike_steps(const Network& network, Timing timing, std::uint32_t population, int steps = 8) {
    FloatInterpreter interpreter(network, {.timing = timing});
    std::vector<int> result;
    for (int step = 0; step < steps; ++step) {
        interpreter.step({std::vector<float>(network.inputs[0].size(), step == 0 ? 1.0F : 0.0F)});
        if (interpreter.spikes(PopulationId(population))[0] != 0) {
            result.push_back(step);
        }
    }
    return result;
}

TEST_CASE("timing: layers in one step, or one step a message; recurrence is always a step behind") {
    const std::string threshold = " kind: threshold v_threshold: 0.5 shape: 1 }\n";
    const std::string chain =
        one + "population { name: \"b\"" + threshold + "population { name: \"a\"" + threshold + from_input +
        "projection { name: \"ab\" source: \"a\" target: \"b\" one_to_one {} weight { constant: 1 } ";
    const Network plain = network_of(chain + "}");
    CHECK(spike_steps(plain, Timing::same_step, 1) == std::vector<int>{0});
    CHECK(spike_steps(plain, Timing::same_step, 0) == std::vector<int>{0});
    CHECK(spike_steps(plain, Timing::next_step, 1) == std::vector<int>{0});
    CHECK(spike_steps(plain, Timing::next_step, 0) == std::vector<int>{1});
    const Network delayed = network_of(chain + " delay { constant: 3 } }");
    CHECK(spike_steps(delayed, Timing::same_step, 0) == std::vector<int>{3});
    CHECK(spike_steps(delayed, Timing::next_step, 0) == std::vector<int>{4});
    const Network loop = network_of(
        chain + "} projection { name: \"ba\" source: \"b\" target: \"a\" one_to_one {} weight { constant: 1 } }");
    CHECK(spike_steps(loop, Timing::same_step, 0, 5) == std::vector<int>{1, 3});
    CHECK(spike_steps(loop, Timing::next_step, 0, 5) == std::vector<int>{1, 3});
    SUBCASE("delays a synapse") {
        const Network sparse = network_of(one + "population { name: \"a\"" + threshold +
                                          "projection { name: \"p\" source: \"in\" target: \"a\" synapses {\n"
                                          "  synapse { source: 0 target: 0 weight: 1 delay: 2 }\n"
                                          "  synapse { source: 0 target: 0 weight: 1 delay: 5 } } }");
        CHECK(spike_steps(sparse, Timing::next_step, 0) == std::vector<int>{2, 5});
    }
}

TEST_CASE("a projection's bias may be absent in the first steps") {
    Network network = network_of(
        one + "population { name: \"a\" shape: 1 kind: threshold v_threshold: 9 bias: 1 }\n" +
        "projection { name: \"p\" source: \"in\" target: \"a\" one_to_one {} weight { constant: 1 } bias: 4 }");
    network.projections[0].bias_from_step = 2;
    CHECK(membranes(network, {}, {0, 0, 2}) == Values{1, 1, 7});
}

TEST_CASE("its connectivity is what append_connections expands") {
    const std::string head = "input { name: \"in\" shape: [4, 7, 6] }\n";
    const auto convolution = [&](const std::string& target, const std::string& rule) {
        return network_of(head + "population { name: \"a\" kind: threshold v_threshold: 9 shape: " + target +
                          " }\nprojection { name: \"p\" source: \"in\" target: \"a\" convolution { " + rule +
                          " } weight { normal { mean: 0 deviation: 1 } } }");
    };
    const std::vector<Network> networks = {
        convolution("[2, 5, 4]", "kernel_size: 3"),
        convolution("[6, 4, 5]", "kernel_size: [3, 2] stride: [2, 1] padding: [1, 0] groups: 2"),
        convolution("[4, 5, 6]", "kernel_size: 3 dilation: [2, 1] padding: [1, 1] groups: 4"),
        convolution("[2, 2, 3]",
                    "kernel_size: 2 pooling { kernel_size: [3, 2] stride: 2 padding: [0, 1] average: true }"),
        network_of(head + "population { name: \"a\" kind: threshold v_threshold: 9 shape: 30 }\n"
                          "projection { name: \"p\" source: \"in\" target: \"a\" dense {} weight { normal { mean: 0 "
                          "deviation: 1 } } }"),
        network_of(head + "population { name: \"a\" kind: threshold v_threshold: 9 shape: 30 }\n"
                          "projection { name: \"p\" source: \"in\" target: \"a\" fixed_in_degree { count: 9 } weight { "
                          "normal { mean: 0 deviation: 1 } } }"),
    };
    for (const Network& network : networks) {
        FloatInterpreter interpreter(network, {.timing = Timing::next_step, .single_precision = false});
        for (std::uint32_t source = 0; source < network.inputs[0].size(); ++source) {
            std::vector<float> input(network.inputs[0].size(), 0.0F);
            input[source] = 1;
            interpreter.step({input});
            Values expected(network.populations[0].size(), 0.0);
            std::vector<Connection> connections;
            append_connections(network, network.projections[0], source, connections);
            for (const Connection& connection : connections) {
                expected[connection.target] += connection.weight;
            }
            const auto membrane = interpreter.membrane(PopulationId(0));
            for (std::size_t i = 0; i < expected.size(); ++i) {
                CHECK(membrane[i] == doctest::Approx(expected[i]).epsilon(1e-6));
            }
        }
    }
}

TEST_CASE("a reset run repeats itself, and the interpreter needs no network any more") {
    const auto run = [](FloatInterpreter& interpreter) {
        std::vector<std::uint8_t> spikes;
        for (int step = 0; step < 200; ++step) {
            interpreter.step({});
            const auto now = interpreter.spikes(PopulationId(0));
            spikes.insert(spikes.end(), now.begin(), now.end());
        }
        return spikes;
    };
    FloatInterpreter interpreter = [] {
        const Network network = network_of(
            "population { name: \"a\" shape: 50 kind: leaky tau_mem_s: 20 v_threshold: 1 bias: 1.2 }\n"
            "projection { name: \"p\" source: \"a\" target: \"a\" fixed_in_degree { count: 9 } weight { constant: -0.5 "
            "} delay { uniform { least: 0 most: 7 } } }");
        return FloatInterpreter(network, {.timing = Timing::next_step});
    }();
    const auto first = run(interpreter);
    interpreter.reset();
    CHECK(run(interpreter) == first);
    CHECK(std::count(first.begin(), first.end(), 1) > 50);
}

}  // namespace
}  // namespace spikeloom::compiler
