#include "core/analog/stepped.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <doctest/doctest.h>

#include "core/analog/adaptive_neuron.hpp"
#include "core/analog/engine.hpp"

namespace spikeloom::core::analog {
namespace {

/// Fully connected layers, weights[l][i * outputs + o].
struct Dense {
    std::vector<std::uint32_t> sizes;
    std::vector<std::vector<double>> weights;
    Lif lif;
};

Dense dense(const std::vector<std::uint32_t>& sizes, double mean, double deviation, const Lif& lif, unsigned seed) {
    std::mt19937 random(seed);
    Dense made{.sizes = sizes, .weights = {}, .lif = lif};
    for (std::size_t l = 0; l + 1 < sizes.size(); ++l) {
        std::normal_distribution<double> weight(mean / sizes[l], deviation / sizes[l]);
        std::vector<double>& all = made.weights.emplace_back(std::size_t{sizes[l]} * sizes[l + 1]);
        std::generate(all.begin(), all.end(), [&] { return weight(random); });
    }
    return made;
}

Net net_of(const Dense& from) {
    Net net;
    net.inputs = from.sizes.front();
    net.row_begin = {0};
    std::uint32_t first = 0;
    for (std::size_t l = 0; l < from.weights.size(); ++l) {
        for (std::uint32_t i = 0; i < from.sizes[l]; ++i) {
            for (std::uint32_t o = 0; o < from.sizes[l + 1]; ++o) {
                net.targets.push_back(first + o);
                net.weights.push_back(from.weights[l][std::size_t{i} * from.sizes[l + 1] + o]);
            }
            net.row_begin.push_back(net.targets.size());
        }
        first += from.sizes[l + 1];
    }
    net.neurons.assign(first, from.lif);
    net.row_begin.resize(net.sources() + 1, net.targets.size());
    return net;
}

std::vector<InputSpike> grid_inputs(std::uint32_t count, unsigned seed) {
    std::mt19937 random(seed);
    std::vector<InputSpike> inputs;
    for (std::uint32_t i = 0; i < count; ++i) {
        inputs.push_back({.time = static_cast<double>(random() % 200) * 0.01, .input = i});
    }
    return inputs;
}

/// The forward integrator of fastAndDeep, written from its definition: times of a layer to times of the next.
std::vector<double> fast_and_deep_layer(const std::vector<double>& times, const std::vector<double>& weights,
                                        std::size_t outputs, double dt, int steps) {
    const double decay = std::exp(-dt / 1.0);
    std::vector<double> charge(static_cast<std::size_t>(steps) * outputs, 0.0);
    for (std::size_t i = 0; i < times.size(); ++i) {
        if (times[i] * (1.0 / dt) < steps) {
            const auto step = static_cast<std::size_t>(times[i] * (1.0 / dt));
            for (std::size_t o = 0; o < outputs; ++o) {
                charge[step * outputs + o] += weights[i * outputs + o];
            }
        }
    }
    std::vector<double> found(outputs, never);
    for (std::size_t o = 0; o < outputs; ++o) {
        double syn = 0;
        double mem = 0;
        for (int step = 0; step < steps; ++step) {
            mem = decay * (mem - 0.0) + 1. / 1. * syn * dt + 0.0;
            syn = decay * syn + charge[static_cast<std::size_t>(step) * outputs + o];
            if (mem > 1 && found[o] == never) {
                found[o] = step * dt;
            }
        }
    }
    return found;
}

std::vector<double> first_times(const SteppedResult& result, std::size_t neurons) {
    std::vector<double> times(neurons, never);
    for (const SteppedSpike& spike : result.spikes) {
        times[spike.neuron] = std::min(times[spike.neuron], spike.time);
    }
    return times;
}

}  // namespace

TEST_CASE("the preset of fastAndDeep gives its integrator's times to the bit") {
    std::size_t spikes = 0;
    for (unsigned seed = 0; seed < 20; ++seed) {
        const Dense layers = dense({40, 30, 5}, 6, 8, {.tau_mem = 1, .tau_syn = 1}, seed);
        const SteppedRunner runner(net_of(layers), fast_and_deep(0.01, 350));
        const std::vector<InputSpike> inputs = grid_inputs(40, seed);
        std::vector<double> times(40);
        for (const InputSpike& input : inputs) {
            times[input.input] = input.time;
        }
        const std::vector<double> hidden = fast_and_deep_layer(times, layers.weights[0], 30, 0.01, 350);
        std::vector<double> expected = hidden;
        for (const double label : fast_and_deep_layer(hidden, layers.weights[1], 5, 0.01, 350)) {
            expected.push_back(label);
        }
        const SteppedResult result = runner.run(inputs);
        CHECK(first_times(result, 35) == expected);
        CHECK(result.input_spikes == 40);
        spikes += result.spikes.size();
    }
    CHECK(spikes > 200);
}

TEST_CASE("a net in seconds gives the steps of the same net in tau") {
    const double tau = 6e-6;
    const Dense layers = dense({40, 30, 5}, 6, 8, {.tau_mem = 1, .tau_syn = 1}, 9);
    Dense slow = layers;
    slow.lif.tau_mem = slow.lif.tau_syn = tau;
    std::vector<InputSpike> inputs = grid_inputs(40, 9);
    for (InputSpike& input : inputs) {
        input.time += 0.003;
    }
    SteppedOptions options = fast_and_deep(0.01, 350);
    const std::vector<SteppedSpike> expected = run_stepped(net_of(layers), inputs, options).spikes;
    for (InputSpike& input : inputs) {
        input.time *= tau;
    }
    options.unit = tau;
    const std::vector<SteppedSpike> found = run_stepped(net_of(slow), inputs, options).spikes;
    REQUIRE(found.size() == expected.size());
    CHECK(!found.empty());
    for (std::size_t n = 0; n < found.size(); ++n) {
        CHECK(found[n].step == expected[n].step);
        CHECK(found[n].neuron == expected[n].neuron);
        CHECK(found[n].time == expected[n].time * tau);
    }
}

TEST_CASE("times fall onto steps as the option says") {
    // 59 * 0.01 * (1 / 0.01) is 59, 59 * 0.01 / 0.01 less; 29 * 0.01 falls below 29 in both.
    Net net;
    net.inputs = 1;
    net.neurons = {{.tau_mem = 1, .tau_syn = 1, .threshold = never}};
    net.row_begin = {0, 1, 1};
    net.targets = {0};
    net.weights = {1};
    const auto first_step = [&](double time, StepRounding rounding) {
        SteppedOptions options = fast_and_deep(0.01, 100);
        options.rounding = rounding;
        const std::vector<InputSpike> inputs = {{.time = time, .input = 0}};
        const std::vector<double> trace = SteppedRunner(net, options).membrane(inputs, 0);
        REQUIRE(trace.size() == 100);
        return std::find_if(trace.begin(), trace.end(), [](double v) { return v > 0; }) - trace.begin() - 1;
    };
    const double t59 = 59 * 0.01;
    const int by_reciprocal = static_cast<int>(t59 * (1.0 / 0.01));
    const int by_quotient = static_cast<int>(t59 / 0.01);
    REQUIRE(by_reciprocal != by_quotient);
    CHECK(first_step(t59, StepRounding::reciprocal) == by_reciprocal);
    CHECK(first_step(t59, StepRounding::quotient) == by_quotient);
    CHECK(first_step(29 * 0.01, StepRounding::reciprocal) == 28);
    CHECK(first_step(29 * 0.01, StepRounding::nearest) == 29);
    CHECK(first_step(0.296, StepRounding::nearest) == 30);
    CHECK(first_step(0.296, StepRounding::quotient) == 29);
}

TEST_CASE("the preset of hxtorch's mock follows its formulas in float") {
    const double dt = 1e-6;
    const Lif lif{
        .tau_mem = 10e-6, .tau_syn = 5e-6, .leak = 0.1, .threshold = 0.6, .reset = -0.2, .refractory = 2.5e-6};
    const Dense layers = dense({1, 1}, 3, 0, lif, 1);
    const std::vector<InputSpike> inputs = {{2.4e-6, 0}, {6e-6, 0}, {7.6e-6, 0}, {30e-6, 0}, {99e-6, 0}, {101e-6, 0}};
    const SteppedRunner runner(net_of(layers), hxtorch_mock(dt, 100));
    std::vector<std::uint32_t> expected;
    std::vector<double> trace;
    const auto a = static_cast<float>(std::exp(-dt / lif.tau_mem));
    const auto b = static_cast<float>(std::exp(-dt / lif.tau_syn));
    const auto leak = static_cast<float>(lif.leak);
    float v = leak;
    float i = 0;
    int refractory = 0;
    for (std::uint32_t step = 0; step < 100; ++step) {
        const bool arrives = step == 2 || step == 6 || step == 8 || step == 30 || step == 99;
        v = a * (v - leak) + leak + (1 - a) * i;
        i = b * i + (arrives ? 3.0F : 0.0F);
        bool z = v - static_cast<float>(lif.threshold) > 0;
        if (refractory > 0) {
            --refractory;
            z = false;
            v = static_cast<float>(lif.reset);
        }
        if (z) {
            v = static_cast<float>(lif.reset);
            expected.push_back(step);
            refractory = 3;
        }
        trace.push_back(static_cast<double>(v));
    }
    const SteppedResult result = runner.run(inputs);
    std::vector<std::uint32_t> found;
    for (const SteppedSpike& spike : result.spikes) {
        found.push_back(spike.step);
        CHECK(spike.time == spike.step * dt);
    }
    CHECK(found.size() >= 2);
    CHECK(found == expected);
    CHECK(runner.membrane(inputs, 0) == trace);
    CHECK(result.input_spikes == 5);
    CHECK(result.late_inputs == 1);
}

TEST_CASE(
    "a layer's spikes arrive in the same step, or as many later as asked; a spike's time is its step's begin or end") {
    // A strong input, two neurons in a row.
    const Dense chain = dense({1, 1, 1}, 1000, 0, {.tau_mem = 10, .tau_syn = 10}, 1);
    const std::vector<InputSpike> inputs = {{.time = 3, .input = 0}};
    const auto steps_of = [&](SteppedOptions options) {
        options.dt = 1;
        options.steps = 20;
        options.first_spike_only = true;
        std::vector<std::pair<std::uint32_t, double>> found;
        for (const SteppedSpike& spike : run_stepped(net_of(chain), inputs, options).spikes) {
            found.emplace_back(spike.step, spike.time);
        }
        return found;
    };
    using Steps = std::vector<std::pair<std::uint32_t, double>>;
    CHECK(steps_of({}) == Steps{{4, 4}, {5, 5}});
    CHECK(steps_of({.order = StepOrder::current_first}) == Steps{{3, 3}, {3, 3}});
    CHECK(steps_of({.hop_steps = 1}) == Steps{{4, 4}, {6, 6}});
    CHECK(steps_of({.time = StepTime::end}) == Steps{{4, 5}, {5, 6}});
    CHECK(steps_of({.time = StepTime::end, .arrival = StepArrival::by_time}) == Steps{{4, 5}, {6, 7}});
}

TEST_CASE("thresholds shift for one run") {
    Dense layers = dense({20, 10, 3}, 12, 8, {.tau_mem = 1, .tau_syn = 1}, 5);
    const std::vector<InputSpike> inputs = grid_inputs(20, 5);
    const SteppedRunner runner(net_of(layers), fast_and_deep(0.01, 300));
    const std::vector<double> shifts(13, 0.5);
    const SteppedResult shifted = runner.run(inputs, shifts);
    layers.lif.threshold += 0.5;
    CHECK(shifted.spikes == run_stepped(net_of(layers), inputs, fast_and_deep(0.01, 300)).spikes);
    CHECK(shifted.spikes != runner.run(inputs).spikes);
    CHECK(!shifted.spikes.empty());
}

TEST_CASE("delays move arrivals by their steps, synapse by synapse") {
    Net net;
    net.inputs = 1;
    net.neurons.assign(4, {.tau_mem = 10, .tau_syn = 10});
    net.row_begin = {0, 3, 4, 4, 4, 4};
    net.targets = {2, 0, 1, 3};
    net.weights = {1000, 1000, 1000, 1000};
    net.delays = {2.5, 0, 1, 4};
    const std::vector<InputSpike> inputs = {{.time = 1, .input = 0}};
    const SteppedOptions options{.dt = 0.5, .steps = 40, .first_spike_only = true};
    const SteppedResult result = run_stepped(net, inputs, options);
    REQUIRE(result.spikes.size() == 4);
    CHECK(first_times(result, 4) == std::vector<double>{1.5, 2.5, 4, 6});
    CHECK(result.synaptic_events == 4);
}

TEST_CASE("neurons in loops run together") {
    // A ring of three, kicked once; and a neuron outside that listens.
    Net net;
    net.inputs = 1;
    net.neurons.assign(4, {.tau_mem = 10, .tau_syn = 1});
    net.row_begin = {0, 1, 2, 4, 5, 5};
    net.targets = {0, 1, 2, 3, 0};
    net.weights.assign(5, 1000);
    const std::vector<InputSpike> inputs = {{.time = 0, .input = 0}};
    for (const StepOrder order : {StepOrder::membrane_first, StepOrder::current_first}) {
        SteppedOptions options{.dt = 0.1, .steps = 10, .order = order};
        const SteppedResult result = run_stepped(net, inputs, options);
        REQUIRE(!result.spikes.empty());
        const std::uint32_t start = order == StepOrder::membrane_first ? 1 : 0;
        CHECK(result.spikes[0].neuron == 0);
        CHECK(result.spikes[0].step == start);
        const std::vector<double> times = first_times(result, 4);
        CHECK(times[1] == (start + 1) * 0.1);
        CHECK(times[2] == (start + 2) * 0.1);
        CHECK(times[3] >= times[1]);
        CHECK(times[3] <= times[1] + 0.1 + 1e-12);
        CHECK(std::is_sorted(result.spikes.begin(), result.spikes.end(),
                             [](const auto& a, const auto& b) { return a.step < b.step; }));
    }
}

TEST_CASE("times converge to the event-driven engine's with the first order of the step, in every scheme") {
    const Dense layers = dense({30, 20, 5}, 6, 6, {.tau_mem = 1, .tau_syn = 0.5, .refractory = never}, 3);
    const Net net = net_of(layers);
    const std::vector<InputSpike> inputs = grid_inputs(30, 3);
    Engine engine(net);
    engine.reset();
    engine.add(inputs);
    engine.advance(6);
    std::vector<double> exact(25, never);
    for (const Spike& spike : engine.spikes()) {
        exact[spike.neuron] = spike.time;
    }
    const auto error = [&](SteppedOptions options, double dt) {
        options.dt = dt;
        options.steps = static_cast<std::uint32_t>(6 / dt);
        const std::vector<double> found = first_times(run_stepped(net, inputs, options), 25);
        double sum = 0;
        std::size_t both = 0;
        for (std::size_t n = 0; n < found.size(); ++n) {
            if (found[n] != never && exact[n] != never) {
                sum += std::abs(found[n] - exact[n]);
                ++both;
            }
        }
        CHECK(both > 10);
        return sum / static_cast<double>(both);
    };
    for (const SteppedOptions& options :
         {fast_and_deep(), hxtorch_euler(),
          SteppedOptions{.order = StepOrder::current_first, .test = ThresholdTest::at_or_above},
          SteppedOptions{.scheme = StepScheme::forward_euler, .rounding = StepRounding::quotient}}) {
        const double coarse = error(options, 0.008);
        const double middle = error(options, 0.002);
        const double fine = error(options, 0.0005);
        CHECK(coarse < 0.05);
        CHECK(middle < 0.5 * coarse);
        CHECK(fine < 0.5 * middle);
    }
}

TEST_CASE("nets with loops and delays converge too") {
    std::mt19937 random(8);
    std::uniform_real_distribution<double> unit(0, 1);
    Net net;
    net.inputs = 10;
    net.neurons.assign(20, {.tau_mem = 1, .tau_syn = 0.5, .reset = -0.5, .refractory = 0.25});
    net.row_begin = {0};
    for (std::size_t source = 0; source < net.sources(); ++source) {
        for (std::uint32_t target = 0; target < 20; ++target) {
            if (unit(random) < 0.3) {
                net.targets.push_back(target);
                net.weights.push_back(source < 10 ? 5 * unit(random) : 4 * unit(random) - 0.8);
                net.delays.push_back(unit(random) < 0.5 ? 0 : unit(random));
            }
        }
        net.row_begin.push_back(net.targets.size());
    }
    const std::vector<InputSpike> inputs = grid_inputs(10, 8);
    Engine engine(net);
    engine.add(inputs);
    engine.advance(3);
    std::vector<double> exact(20, never);
    for (const Spike& spike : engine.spikes()) {
        exact[spike.neuron] = std::min(exact[spike.neuron], spike.time);
    }
    CHECK(engine.spikes().size() > 30);
    for (const StepOrder order : {StepOrder::membrane_first, StepOrder::current_first}) {
        const auto error = [&](double dt) {
            const SteppedOptions options{.dt = dt, .steps = static_cast<std::uint32_t>(3 / dt), .order = order};
            const std::vector<double> found = first_times(run_stepped(net, inputs, options), 20);
            double worst = 0;
            for (std::size_t n = 0; n < 20; ++n) {
                REQUIRE((found[n] == never) == (exact[n] == never));
                worst = found[n] == never ? worst : std::max(worst, std::abs(found[n] - exact[n]));
            }
            return worst;
        };
        const double coarse = error(0.002);
        CHECK(coarse < 0.05);
        CHECK(error(0.0002) < 0.2 * coarse);
    }
}

TEST_CASE("AdEx and conductance neurons converge to the adaptive integration") {
    AdEx model;
    model.lif = {.tau_mem = 1, .tau_syn = 0.5, .threshold = 1.2, .reset = 0.1, .refractory = 0.25};
    model.tau_syn_inhibitory = 0.8;
    model.exponential = true;
    model.slope = 0.15;
    model.exp_threshold = 0.8;
    model.adaptation = true;
    model.tau_w = 3;
    model.a = 0.2;
    model.b = 0.1;
    for (const bool conductance : {false, true}) {
        model.conductance = conductance;
        Net net;
        net.inputs = 2;
        net.neurons.resize(2);
        net.adaptive = {{.neuron = 1, .model = model}};
        net.row_begin = {0, 2, 3, 3, 3};
        net.targets = {0, 1, 1};
        net.weights = {0.1, 1.5, -0.4};
        std::vector<InputSpike> inputs;
        AdaptiveNeuron neuron(model);
        std::vector<double> exact;
        for (int n = 0; n < 40; ++n) {
            inputs.push_back({.time = 0.125 * n, .input = n % 3 == 2 ? 1U : 0U});
            while (neuron.next() <= inputs.back().time) {
                const double at = neuron.next();
                if (neuron.advance()) {
                    exact.push_back(at);
                }
            }
            neuron.arrive(inputs.back().time, n % 3 == 2 ? -0.4 : 1.5);
        }
        const auto error = [&](double dt) {
            const SteppedResult result =
                run_stepped(net, inputs, {.dt = dt, .steps = static_cast<std::uint32_t>(4.75 / dt)});
            double worst = 0;
            std::size_t n = 0;
            for (const SteppedSpike& spike : result.spikes) {
                if (spike.neuron == 1 && n < exact.size()) {
                    worst = std::max(worst, std::abs(spike.time - exact[n++]));
                }
            }
            CHECK(n + 1 >= exact.size());
            return worst;
        };
        REQUIRE(exact.size() > 3);
        const double coarse = error(1.0 / 512);
        const double fine = error(1.0 / 8192);
        CHECK(coarse < 0.1);
        CHECK(fine < 0.25 * coarse);
    }
}

TEST_CASE("the steps are checked") {
    const Net net = net_of(dense({1, 1}, 1, 0, {.tau_mem = 1, .tau_syn = 0.5}, 1));
    CHECK(check_stepped(net, {.dt = 0.1, .steps = 10}).empty());
    CHECK(has_error(check_stepped(net, {.dt = 0, .steps = 10})));
    CHECK(has_error(check_stepped(net, {.dt = 0.1, .steps = 0})));
    CHECK(has_error(check_stepped(net, {.dt = 1, .steps = 10, .scheme = StepScheme::forward_euler})));
    const Diagnostics doubtful = check_stepped(net, {.dt = 0.75, .steps = 10});
    CHECK(doubtful.size() == 1);
    CHECK_FALSE(has_error(doubtful));
    CHECK(stepped_preset("hxtorch_mock", 1e-6, 7) == hxtorch_mock(1e-6, 7));
    CHECK_FALSE(stepped_preset("hxtorch", 1e-6, 7).has_value());
}

}  // namespace spikeloom::core::analog
