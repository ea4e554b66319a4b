#include "core/analog/engine.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace spikeloom::core::analog {

namespace {

struct Synapse {
    std::uint32_t source;
    std::uint32_t target;
    double weight;
    double delay = 0;
};

Net net_of(std::uint32_t inputs, std::vector<Lif> neurons, std::vector<Synapse> synapses) {
    Net net;
    net.inputs = inputs;
    net.neurons = std::move(neurons);
    std::ranges::stable_sort(synapses, {}, &Synapse::source);
    for (std::uint32_t source = 0; source < net.sources(); ++source) {
        net.row_begin.push_back(net.targets.size());
        for (const Synapse& synapse : synapses) {
            if (synapse.source == source) {
                net.targets.push_back(synapse.target);
                net.weights.push_back(synapse.weight);
                net.delays.push_back(synapse.delay);
            }
        }
    }
    net.row_begin.push_back(net.targets.size());
    REQUIRE(faults_of(net).empty());
    return net;
}

std::vector<Spike> spikes_of(const Engine& engine) {
    return {engine.spikes().begin(), engine.spikes().end()};
}

constexpr Lif unit{.tau_mem = 1, .tau_syn = 1};

}  // namespace

TEST_CASE("a membrane follows the kernel of its input") {
    const Net net =
        net_of(1, {{.tau_mem = 2, .tau_syn = 1, .resistance = 3, .leak = -0.2, .reset = -0.5}}, {{0, 0, 0.25}});
    Engine engine(net);
    engine.add(std::vector<InputSpike>{{1, 0}});
    engine.advance(0.5);
    CHECK(engine.voltage(0) == -0.2);
    for (const double t : {1.0, 1.5, 3.0, 9.0}) {
        engine.advance(t);
        const double s = t - 1;
        CHECK(engine.voltage(0) == doctest::Approx(-0.2 + 0.25 * 3 * (std::exp(-s / 2) - std::exp(-s))).epsilon(1e-12));
        CHECK(engine.current(0) == doctest::Approx(0.25 * std::exp(-s)).epsilon(1e-12));
    }
    CHECK(engine.spikes().empty());
    CHECK(engine.time() == 9);
    CHECK(engine.counts().synaptic_events == 1);
}

TEST_CASE("a strong input makes a spike, a reset and a dead time") {
    const Net net = net_of(1, {{.tau_mem = 1, .tau_syn = 1, .reset = -0.5, .refractory = 0.75}}, {{0, 0, 40}});
    Engine engine(net);
    engine.add(std::vector<InputSpike>{{0, 0}});
    engine.advance(20);
    const auto spikes = spikes_of(engine);
    REQUIRE(spikes.size() >= 2);
    const double first = spikes[0].time;
    CHECK(40 * first * std::exp(-first) == doctest::Approx(1).epsilon(1e-12));
    // After the dead time from the reset potential on, with what is left of the current.
    const double release = first + 0.75;
    const double s = spikes[1].time - release;
    CHECK((-0.5 + 40 * std::exp(-release) * s) * std::exp(-s) == doctest::Approx(1).epsilon(1e-11));
    for (std::size_t i = 1; i < spikes.size(); ++i) {
        CHECK(spikes[i].time - spikes[i - 1].time > 0.75);
    }
}

TEST_CASE("while it is held, a neuron keeps its potential and its current goes on") {
    const Net net = net_of(1, {{.tau_mem = 1, .tau_syn = 1, .reset = -0.5, .refractory = 2}}, {{0, 0, 10}});
    Engine engine(net);
    engine.add(std::vector<InputSpike>{{0, 0}, {0.5, 0}});
    engine.advance(1.5);
    REQUIRE(engine.spikes().size() == 1);
    CHECK(engine.voltage(0) == -0.5);
    CHECK(engine.current(0) == doctest::Approx(10 * (std::exp(-1.5) + std::exp(-1.0))).epsilon(1e-12));
}

TEST_CASE("a neuron of one spike stays silent until the reset of its state") {
    const Net net = net_of(1, {{.tau_mem = 1, .tau_syn = 1, .refractory = never}}, {{0, 0, 30}});
    Engine engine(net);
    for (int trial = 0; trial < 2; ++trial) {
        engine.reset();
        engine.add(std::vector<InputSpike>{{0, 0}, {1, 0}, {2, 0}});
        engine.advance(never);
        CHECK(engine.spikes().size() == 1);
        CHECK(engine.counts().input_spikes == 3);
    }
}

TEST_CASE("a leak above the threshold fires with the period of the equation") {
    const Net net =
        net_of(0, {{.tau_mem = 2, .tau_syn = 1, .leak = 3, .threshold = 1, .reset = 0, .refractory = 0.1}}, {});
    Engine engine(net);
    engine.advance(30);
    const auto spikes = spikes_of(engine);
    REQUIRE(spikes.size() > 5);
    CHECK(spikes[0].time == 0);
    const double period = 0.1 + 2 * std::log(3.0 / 2.0);
    for (std::size_t i = 1; i < spikes.size(); ++i) {
        CHECK(spikes[i].time - spikes[i - 1].time == doctest::Approx(period).epsilon(1e-12));
    }
}

TEST_CASE("delays hold spikes back, each synapse its own") {
    const Net net = net_of(1, {unit, unit, unit}, {{0, 0, 0.5, 0.25}, {0, 1, 0.5}, {0, 2, 0.5, 2}});
    Engine engine(net);
    engine.add(std::vector<InputSpike>{{1, 0}});
    engine.advance(3.5);
    const auto kernel = [](double s) { return 0.5 * s * std::exp(-s); };
    CHECK(engine.voltage(0) == doctest::Approx(kernel(2.25)).epsilon(1e-12));
    CHECK(engine.voltage(1) == doctest::Approx(kernel(2.5)).epsilon(1e-12));
    CHECK(engine.voltage(2) == doctest::Approx(kernel(0.5)).epsilon(1e-12));
    CHECK(engine.counts().synaptic_events == 3);
}

TEST_CASE("spikes of one moment come in the order of neurons") {
    std::vector<Lif> neurons(40, unit);
    std::vector<Synapse> synapses;
    for (std::uint32_t n = 0; n < 40; ++n) {
        synapses.push_back({0, n, 20});
    }
    const Net net = net_of(1, neurons, synapses);
    Engine engine(net);
    engine.add(std::vector<InputSpike>{{0, 0}});
    engine.advance(0.2);
    const auto spikes = spikes_of(engine);
    REQUIRE(spikes.size() >= 40);
    for (std::uint32_t n = 0; n < 40; ++n) {
        CHECK(spikes[n].neuron == n);
        CHECK(spikes[n].time == spikes[0].time);
    }
}

TEST_CASE("a trial can end with the first spike of some neurons") {
    const Net net = net_of(1, {unit, {.tau_mem = 1, .tau_syn = 1, .threshold = 1.5}}, {{0, 0, 10}, {0, 1, 10}});
    Engine engine(net);
    engine.add(std::vector<InputSpike>{{0, 0}});
    REQUIRE(engine.advance_to_first(10, 1, 1));
    CHECK(engine.spikes().back().neuron == 1);
    CHECK(engine.time() == engine.spikes().back().time);
    engine.reset();
    CHECK_FALSE(engine.advance_to_first(10, 1, 1));
    CHECK(engine.time() == 10);
}

TEST_CASE("thresholds shift from the next reset on, and weights at once") {
    const Net net = net_of(1, {unit}, {{0, 0, 4}});
    Engine engine(net);
    const auto first_time = [&engine] {
        engine.reset();
        engine.add(std::vector<InputSpike>{{0, 0}});
        engine.advance(5);
        return engine.spikes().empty() ? never : engine.spikes()[0].time;
    };
    const double plain = first_time();
    engine.set_threshold_shifts(std::vector<double>{0.25});
    const double shifted = first_time();
    CHECK(4 * shifted * std::exp(-shifted) == doctest::Approx(1.25).epsilon(1e-12));
    engine.set_threshold_shifts({});
    CHECK(first_time() == plain);
    engine.set_weight(0, 1);
    CHECK(first_time() == never);
}

TEST_CASE("a net that runs away is stopped and says so") {
    const Net net = net_of(1, {unit, unit}, {{0, 0, 1e6}, {1, 1, 1e6}, {2, 0, 1e6}});
    Engine engine(net);
    engine.set_spike_limit(1000);
    engine.add(std::vector<InputSpike>{{0, 0}});
    engine.advance(100);
    CHECK(engine.ran_away());
    CHECK(engine.spikes().size() == 1000);
}

TEST_CASE("neurons without a closed form take part") {
    AdEx plain{.lif = {.tau_mem = 1, .tau_syn = 1, .refractory = 0.5}};
    Net net = net_of(1, {plain.lif, plain.lif, unit}, {{0, 0, 8}, {0, 1, 8}, {1, 2, 3}, {2, 2, 3, 0.125}});
    net.adaptive.push_back({1, plain});
    REQUIRE(faults_of(net).empty());
    Engine engine(net);
    engine.add(std::vector<InputSpike>{{0, 0}, {0.75, 0}});
    engine.advance(10);
    std::vector<double> closed;
    std::vector<double> integrated;
    for (const Spike& spike : engine.spikes()) {
        (spike.neuron == 0 ? closed : integrated).push_back(spike.neuron <= 1 ? spike.time : 0);
    }
    std::erase(integrated, 0.0);
    REQUIRE(closed.size() >= 2);
    REQUIRE(integrated.size() == closed.size());
    for (std::size_t i = 0; i < closed.size(); ++i) {
        CHECK(integrated[i] == doctest::Approx(closed[i]).epsilon(1e-8));
    }
}

TEST_CASE("inputs may be added on the way") {
    const Net net = net_of(2, {unit, unit}, {{0, 0, 4}, {1, 1, 4}});
    Engine together(net);
    together.add(std::vector<InputSpike>{{3, 1}, {1, 0}});
    together.advance(10);
    Engine apart(net);
    apart.add(std::vector<InputSpike>{{1, 0}});
    apart.advance(2);
    apart.add(std::vector<InputSpike>{{3, 1}});
    apart.advance(10);
    CHECK(spikes_of(together) == spikes_of(apart));
    CHECK(together.counts() == apart.counts());
}

TEST_CASE("a net's faults are named") {
    Net net = net_of(1, {unit}, {{0, 0, 1}});
    net.targets[0] = 1;
    CHECK(faults_of(net).size() == 1);
    net.targets[0] = 0;
    net.neurons[0].reset = 2;
    CHECK(faults_of(net).size() == 1);
    net.neurons[0] = unit;
    net.row_begin.back() = 7;
    CHECK(faults_of(net).size() == 1);
    Net empty;
    empty.row_begin = {0};
    CHECK(faults_of(empty).empty());
    Engine(empty).advance(1);
}

}  // namespace spikeloom::core::analog
