#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "compiler/timed/timed_network.hpp"

namespace spikeloom::compiler {
namespace {

TimedNetwork two_layers() {
    TimedNetwork network;
    network.name = "n";
    network.inputs = {{"in", {2}, {}}};
    const AdEx neuron{.lif = {.tau_mem = 12e-6, .tau_syn = 6e-6, .resistance = 2, .refractory = never}};
    network.populations = {{"a", {3}, {neuron}}, {"b", {2}, {neuron}}};
    network.projections.resize(2);
    network.projections[0].name = "in_a";
    network.projections[0].source = {Source::Kind::input, 0};
    network.projections[0].target = PopulationId(0);
    set_dense(network.projections[0], 2, 3, {1, 2, 3, 4, 5, 6}, {1e-6, 2.1e-6});
    network.projections[1].name = "a_b";
    network.projections[1].source = {Source::Kind::population, 0};
    network.projections[1].target = PopulationId(1);
    set_dense(network.projections[1], 3, 2, {0.5, -1, 0, 1, 2, 3});
    network.outputs = {PopulationId(1)};
    return network;
}

}  // namespace

TEST_CASE("a network in steps keeps weights as jumps of the current, and rounds delays with a remark") {
    const auto stepped = to_stepped(two_layers(), 1e-6, 63);
    REQUIRE(stepped);
    const Network& network = stepped->network;
    CHECK(network.step_s == 1e-6);
    CHECK(network.populations[0].w_in[0] == doctest::Approx(6));
    CHECK(network.populations[0].refractory_steps == 63);
    const auto& sparse = std::get<SparseWeights>(network.projections[0].weights);
    CHECK(sparse.delays == std::vector<std::uint8_t>{1, 1, 1, 2, 2, 2});
    CHECK(sparse.weights == std::vector<float>{1, 2, 3, 4, 5, 6});
    CHECK(std::any_of(stepped->remarks.begin(), stepped->remarks.end(), [](const Diagnostic& remark) {
        return remark.where == "projection 'in_a'" && remark.found.find("rounded") != std::string::npos;
    }));
}

TEST_CASE("into steps and back is the same network, but for zero weights, delays and refractory times") {
    TimedNetwork network = two_layers();
    const auto stepped = to_stepped(network, 1e-6, 63);
    REQUIRE(stepped);
    const auto back = to_timed(stepped->network);
    REQUIRE(back);
    const Lif& lif = back->populations[0].neurons[0].lif;
    CHECK(lif.tau_mem == 12e-6);
    CHECK(lif.resistance == 2);
    CHECK(lif.refractory == doctest::Approx(63e-6));
    CHECK(back->projections[0].targets == network.projections[0].targets);
    for (std::size_t i = 0; i < 6; ++i) {
        CHECK(back->projections[0].weights[i] == doctest::Approx(network.projections[0].weights[i]).epsilon(1e-12));
    }
    CHECK(back->projections[1].weights.size() == 5);
    CHECK(back->projections[1].delays.empty());
}

TEST_CASE("what steps can't express is refused") {
    TimedNetwork network = two_layers();
    CHECK_FALSE(to_stepped(network, 0, 63));
    CHECK_FALSE(to_stepped(network, 7e-6, 63));  // longer than tau_syn
    CHECK_FALSE(to_stepped(network, 1e-9, 63));  // delays of 2100 steps
    network.populations[0].adaptive = true;
    CHECK_FALSE(to_stepped(network, 1e-6, 63));
}

TEST_CASE("what has no continuous meaning is refused") {
    auto stepped = to_stepped(two_layers(), 1e-6, 63);
    REQUIRE(stepped);
    Network network = stepped->network;
    network.populations[0].reset = ResetRule::subtract_threshold;
    CHECK_FALSE(to_timed(network));
    network = stepped->network;
    network.populations[0].kind = NeuronKind::leaky;
    CHECK_FALSE(to_timed(network));
    network = stepped->network;
    network.projections[0].bias = Parameter(0.5);
    CHECK_FALSE(to_timed(network));
}

TEST_CASE("unsound timed networks are found out") {
    const auto broken = [](auto change) {
        TimedNetwork network = two_layers();
        change(network);
        return has_error(check_timed_network(network));
    };
    CHECK_FALSE(broken([](TimedNetwork&) {}));
    CHECK(broken([](TimedNetwork& n) { n.populations[1].name = "in"; }));
    CHECK(broken([](TimedNetwork& n) { n.populations[0].neurons[0].lif.tau_mem = 0; }));
    CHECK(broken([](TimedNetwork& n) { n.populations[0].neurons[0].lif.reset = 1; }));
    CHECK(broken([](TimedNetwork& n) { n.populations[0].neurons.resize(2); }));
    CHECK(broken([](TimedNetwork& n) { n.projections[0].targets[0] = 3; }));
    CHECK(broken([](TimedNetwork& n) { n.projections[0].row_begin[1] = 7; }));
    CHECK(broken([](TimedNetwork& n) { n.projections[0].delays[0] = -1; }));
    CHECK(broken([](TimedNetwork& n) { n.projections[1].weights[0] = never; }));
    CHECK(broken([](TimedNetwork& n) { n.projections[1].source.index = 2; }));
    CHECK(broken([](TimedNetwork& n) { n.outputs[0] = PopulationId(2); }));
    CHECK(broken([](TimedNetwork& n) { n.coding = chip::TtfsCoding{}; }));
}

namespace {

/// One input channel onto one neuron, of weight 3, in steps of 1 ms.
Network one_synapse(const Population& population) {
    Network network;
    network.name = "one";
    network.step_s = 1e-3;
    network.inputs = {{.name = "in", .shape = {1}}};
    network.populations = {population};
    network.populations[0].name = "cell";
    network.populations[0].shape = {1};
    network.projections.push_back({.name = "in_cell",
                                   .source = {Source::Kind::input, 0},
                                   .target = PopulationId(0),
                                   .weights = DenseWeights{{3}}});
    network.outputs = {{"cell", PopulationId(0)}};
    return network;
}

/// The integral of V - leak that a spike leaves, and for a neuron that hardly leaks the height it jumps by.
double area(const TimedNetwork& network) {
    const Lif& lif = network.populations[0].neurons[0].lif;
    return lif.resistance * network.projections[0].weights[0] * lif.tau_syn;
}
double jump(const TimedNetwork& network) {
    return area(network) / network.populations[0].neurons[0].lif.tau_mem;
}

}  // namespace

TEST_CASE("registers' decays become time constants, and a spike's effect stays") {
    Population population;
    population.kind = NeuronKind::current_based;
    population.fixed = FixedNeuron{.current_decay = 410, .voltage_decay = 1024, .threshold = 40, .biases = {}};
    const auto timed = to_timed(one_synapse(population));
    REQUIRE_MESSAGE(timed.has_value(), to_text(timed.error()));
    const Lif& lif = timed->populations[0].neurons[0].lif;
    CHECK(std::exp(-1e-3 / lif.tau_syn) == doctest::Approx(1 - 410 / 4096.0));
    CHECK(std::exp(-1e-3 / lif.tau_mem) == doctest::Approx(0.75));
    CHECK(lif.threshold == 40);
    double u = 3;
    double v = 0;
    double sum = 0;
    for (int step = 0; step < 1000; ++step) {
        v = 0.75 * v + u;
        u *= 1 - 410 / 4096.0;
        sum += v * 1e-3;
    }
    CHECK(area(*timed) == doctest::Approx(sum));

    for (auto change :
         {+[](FixedNeuron& fixed) { fixed.model = NeuronModel::sigma_delta; },
          +[](FixedNeuron& fixed) { fixed.parameters.soft_reset = true; },
          +[](FixedNeuron& fixed) { fixed.parameters.reset_interval = 16; },
          +[](FixedNeuron& fixed) { fixed.biases = {0, 1}; }, +[](FixedNeuron& fixed) { fixed.current_decay = 4096; },
          +[](FixedNeuron& fixed) { fixed.voltage_decay = 0; },
          +[](FixedNeuron& fixed) { fixed.voltage_decay = 4096; }}) {
        Population other = population;
        change(*other.fixed);
        CHECK_FALSE(to_timed(one_synapse(other)));
    }
}

TEST_CASE("what has no counterpart is brought near where that is asked for") {
    const ContinuousTimeOptions near{.pulse_s = 1e-4, .leakless_tau_s = 10, .least_refractory_s = 1e-3};
    Population population;
    population.kind = NeuronKind::integrate_fire;
    population.resistance = Parameter(1000);
    population.v_threshold = Parameter(7);
    CHECK_FALSE(to_timed(one_synapse(population)));
    const auto integrates = to_timed(one_synapse(population), near);
    REQUIRE_MESSAGE(integrates.has_value(), to_text(integrates.error()));
    CHECK(jump(*integrates) == doctest::Approx(3));  // step * resistance * weight
    CHECK(integrates->populations[0].neurons[0].lif.refractory == 1e-3);

    population.kind = NeuronKind::leaky;
    population.resistance = Parameter(2);
    population.tau_mem_s = Parameter(5e-3);
    const auto leaks = to_timed(one_synapse(population), near);
    REQUIRE(leaks);
    CHECK(jump(*leaks) == doctest::Approx(1e-3 / 5e-3 * 2 * 3));

    population.fixed = FixedNeuron{.current_decay = 1024, .voltage_decay = 0, .threshold = 40, .biases = {}};
    const auto registers = to_timed(one_synapse(population), near);
    REQUIRE(registers);
    CHECK(jump(*registers) == doctest::Approx(3 / 0.25));  // the sum of u

    population.fixed.reset();
    population.reset = ResetRule::subtract_threshold;
    CHECK_FALSE(to_timed(one_synapse(population), near));
    ContinuousTimeOptions nearer = near;
    nearer.approximate_reset = true;
    CHECK(to_timed(one_synapse(population), nearer));
}

TEST_CASE("a bias is an input that spikes in every step from its first on") {
    Population population;
    population.kind = NeuronKind::current_based;
    population.bias = Parameter(0.5);
    Network network = one_synapse(population);
    network.inputs[0].name = "bias";
    network.projections[0].bias = Parameter(-2);
    network.projections[0].bias_from_step = 1;
    CHECK_FALSE(to_timed(network));
    const auto timed = to_timed(network, {.bias_steps = 3});
    REQUIRE_MESSAGE(timed.has_value(), to_text(timed.error()));
    REQUIRE(timed->inputs.size() == 3);
    CHECK(timed->inputs[1].name == "bias_");
    CHECK(timed->inputs[1].constant_times == std::vector<double>{0, 1e-3, 2e-3});
    CHECK(timed->inputs[2].constant_times == std::vector<double>{1e-3, 2e-3});
    REQUIRE(timed->projections.size() == 3);
    const double unit = timed->projections[0].weights[0] / 3;  // of a weight of 1
    CHECK(timed->projections[1].weights[0] == doctest::Approx(0.5 * unit));
    CHECK(timed->projections[2].weights[0] == doctest::Approx(-2 * unit));
}

}  // namespace spikeloom::compiler
