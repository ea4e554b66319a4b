// What holds for every analog net: the engine equals a naive definition; time has no origin and no unit; what has no
// weight has no effect; how a run is divided, and where a neuron lies, change nothing.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <thread>
#include <vector>

#include "core/analog/engine.hpp"
#include "core/base/random.hpp"
#include "reference/naive_analog.hpp"

namespace spikeloom::test {

namespace {

using core::analog::Engine;
using core::analog::InputSpike;
using core::analog::Net;
using core::analog::Spike;

class Draws {
public:
    explicit Draws(std::uint64_t seed) : seed_(seed) {}
    double uniform(double low, double high) {
        return low + (high - low) * random_uniform({.seed = seed_, .purpose = RandomPurpose::test, .step = next_++});
    }
    std::uint32_t below(std::uint32_t bound) {
        return static_cast<std::uint32_t>(
            random_below({.seed = seed_, .purpose = RandomPurpose::test, .step = next_++}, bound));
    }

private:
    std::uint64_t seed_;
    std::uint64_t next_ = 0;
};

struct NetOptions {
    bool equal_constants = false;  ///< one pair for all neurons
    bool one_spike = false;
    bool delays = true;
};

/// Recurrent and sparse, with every sort of time constant: equal, 2 to 1, any.
Net random_net(std::uint64_t seed, const NetOptions& options) {
    Draws draws(seed);
    Net net;
    net.inputs = 3 + draws.below(4);
    const std::uint32_t neurons = 5 + draws.below(35);
    const auto constants = [&draws] {
        const double tau_syn = draws.uniform(0.5, 2);
        const double ratios[] = {1.0, 2.0, draws.uniform(0.3, 3), 1 + 1e-9};
        return std::pair{tau_syn * ratios[draws.below(4)], tau_syn};
    };
    const auto shared = constants();
    for (std::uint32_t n = 0; n < neurons; ++n) {
        const auto [tau_mem, tau_syn] = options.equal_constants ? shared : constants();
        const double leak = draws.uniform(-0.5, 0.5);
        net.neurons.push_back({.tau_mem = tau_mem,
                               .tau_syn = tau_syn,
                               .resistance = draws.uniform(0.5, 2),
                               .leak = leak,
                               .threshold = leak + draws.uniform(0.5, 1.5),
                               .reset = leak - draws.uniform(0, 0.5),
                               .refractory = options.one_spike ? never : draws.uniform(0.05, 1)});
    }
    net.row_begin.push_back(0);
    for (std::size_t source = 0; source < net.sources(); ++source) {
        const std::uint32_t fan_out = source < net.inputs ? neurons / 2 + 1 : draws.below(6);
        for (std::uint32_t i = 0; i < fan_out; ++i) {
            net.targets.push_back(draws.below(neurons));
            net.weights.push_back(source < net.inputs ? draws.uniform(-0.5, 2.5) : draws.uniform(-1.5, 1.5));
            if (options.delays) {
                net.delays.push_back(draws.below(2) == 0 ? 0.0 : draws.uniform(0, 1));
            }
        }
        net.row_begin.push_back(net.targets.size());
    }
    return net;
}

std::vector<InputSpike> random_inputs(const Net& net, std::uint64_t seed) {
    Draws draws(seed + 1000);
    std::vector<InputSpike> inputs;
    for (std::uint32_t i = 0; i < 6 * net.inputs; ++i) {
        inputs.push_back({draws.uniform(0, 10), draws.below(net.inputs)});
    }
    return inputs;
}

std::vector<Spike> run(const Net& net, const std::vector<InputSpike>& inputs, double until = 20) {
    REQUIRE(core::analog::faults_of(net).empty());
    Engine engine(net);
    engine.add(inputs);
    engine.advance(until);
    REQUIRE_FALSE(engine.ran_away());
    return {engine.spikes().begin(), engine.spikes().end()};
}

/// Largest difference in time, after both lists are brought into the order of (neuron, time); never where they differ
/// in more than times.
double distance(std::vector<Spike> a, std::vector<Spike> b) {
    if (a.size() != b.size()) {
        return never;
    }
    const auto by_neuron = [](const Spike& x, const Spike& y) {
        return std::pair{x.neuron, x.time} < std::pair{y.neuron, y.time};
    };
    std::ranges::sort(a, by_neuron);
    std::ranges::sort(b, by_neuron);
    double worst = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        worst = a[i].neuron == b[i].neuron ? std::max(worst, std::abs(a[i].time - b[i].time)) : never;
    }
    return worst;
}

template <class Body>
void for_random_nets(std::uint64_t count, const Body& body) {
    for (std::uint64_t seed = 0; seed < count; ++seed) {
        CAPTURE(seed);
        const Net net =
            random_net(seed, {.equal_constants = seed % 3 == 0, .one_spike = seed % 4 == 1, .delays = seed % 2 == 0});
        body(net, random_inputs(net, seed));
    }
}

}  // namespace

TEST_CASE("the engine equals a naive definition") {
    std::size_t spikes = 0;
    for_random_nets(24, [&spikes](const Net& net, const std::vector<InputSpike>& inputs) {
        const auto found = run(net, inputs, 8);
        CHECK(distance(found, naive_analog_run(net, inputs, 8, 2e-3)) < 1e-9);
        spikes += found.size();
    });
    CHECK(spikes > 500);
}

TEST_CASE("shifting all inputs shifts all spikes") {
    for_random_nets(40, [](const Net& net, std::vector<InputSpike> inputs) {
        const auto before = run(net, inputs);
        for (InputSpike& input : inputs) {
            input.time += 7.3;
        }
        auto after = run(net, inputs, 27.3);
        for (Spike& spike : after) {
            spike.time -= 7.3;
        }
        CHECK(distance(before, after) < 1e-9);
    });
}

TEST_CASE("a slower clock scales all spikes") {
    for_random_nets(40, [](const Net& net, std::vector<InputSpike> inputs) {
        constexpr double scale = 6e-6;
        Net slow = net;
        for (Lif& neuron : slow.neurons) {
            neuron.tau_mem *= scale;
            neuron.tau_syn *= scale;
            neuron.refractory *= scale;
        }
        for (double& delay : slow.delays) {
            delay *= scale;
        }
        const auto before = run(net, inputs);
        for (InputSpike& input : inputs) {
            input.time *= scale;
        }
        auto after = run(slow, inputs, 20 * scale);
        for (Spike& spike : after) {
            spike.time /= scale;
        }
        CHECK(distance(before, after) < 1e-9);
    });
}

TEST_CASE("a zero weight changes nothing") {
    for_random_nets(40, [](const Net& net, const std::vector<InputSpike>& inputs) {
        Net more = net;
        more.targets.clear();
        more.weights.clear();
        more.delays.clear();
        for (std::size_t source = 0; source < net.sources(); ++source) {
            more.row_begin[source] = more.targets.size();
            for (std::uint64_t i = net.row_begin[source]; i < net.row_begin[source + 1]; ++i) {
                more.targets.push_back(net.targets[i]);
                more.weights.push_back(net.weights[i]);
                if (!net.delays.empty()) {
                    more.delays.push_back(net.delays[i]);
                }
            }
            for (std::uint32_t target = 0; target < net.neurons.size(); ++target) {
                more.targets.push_back(target);
                more.weights.push_back(0);
                if (!net.delays.empty()) {
                    more.delays.push_back(0.01 * target);
                }
            }
        }
        more.row_begin.back() = more.targets.size();
        CHECK(distance(run(net, inputs), run(more, inputs)) < 1e-9);
    });
}

TEST_CASE("where a neuron lies changes nothing") {
    for_random_nets(40, [](const Net& net, const std::vector<InputSpike>& inputs) {
        // Idle neurons with constants of their own come first, so that all others lie in mixed blocks.
        constexpr std::uint32_t idle = 11;
        Net moved = net;
        moved.neurons.insert(moved.neurons.begin(), idle, Lif{.tau_mem = 3.1, .tau_syn = 0.7});
        moved.row_begin.insert(moved.row_begin.begin() + net.inputs, idle, net.row_begin[net.inputs]);
        for (std::uint32_t& target : moved.targets) {
            target += idle;
        }
        auto spikes = run(moved, inputs);
        for (Spike& spike : spikes) {
            spike.neuron -= idle;
        }
        CHECK(distance(run(net, inputs), spikes) < 1e-9);
    });
}

TEST_CASE("neurons that are integrated spike when those in closed form do") {
    std::size_t spikes = 0;
    for_random_nets(12, [&spikes](const Net& net, const std::vector<InputSpike>& inputs) {
        Net integrated = net;
        for (std::uint32_t n = 0; n < net.neurons.size(); n += 2) {
            AdEx model;
            model.lif = net.neurons[n];
            integrated.adaptive.push_back({n, model});
        }
        const auto found = run(integrated, inputs, 8);
        CHECK(distance(found, run(net, inputs, 8)) < 1e-7);
        spikes += found.size();
    });
    CHECK(spikes > 200);
}

TEST_CASE("how a run is divided changes no bit") {
    for_random_nets(40, [](const Net& net, const std::vector<InputSpike>& inputs) {
        Engine engine(net);
        engine.add(inputs);
        for (int piece = 1; piece <= 100; ++piece) {
            engine.advance(20 * piece / 100.0);
        }
        const auto whole = run(net, inputs);
        CHECK(std::ranges::equal(engine.spikes(), whole));
        engine.reset();
        engine.add(inputs);
        engine.advance(20);
        CHECK(std::ranges::equal(engine.spikes(), whole));
    });
}

TEST_CASE("trials on several threads give the same bits") {
    const Net net = random_net(5, {});
    std::vector<std::vector<Spike>> alone(16);
    for (std::size_t trial = 0; trial < alone.size(); ++trial) {
        alone[trial] = run(net, random_inputs(net, trial));
    }
    std::vector<std::vector<Spike>> together(alone.size());
    std::vector<std::thread> threads;
    for (std::size_t thread = 0; thread < 3; ++thread) {
        threads.emplace_back([&, thread] {
            Engine engine(net);
            for (std::size_t trial = thread; trial < alone.size(); trial += 3) {
                engine.reset();
                engine.add(random_inputs(net, trial));
                engine.advance(20);
                together[trial].assign(engine.spikes().begin(), engine.spikes().end());
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    CHECK(alone == together);
}

}  // namespace spikeloom::test
