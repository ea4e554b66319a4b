// The closed forms over causal sets: with the authors' epsilons they give the recorded times, without them the
// engine's.
#include "reference/exact_ttfs.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "conformance/ttfs_reference.hpp"
#include "core/analog/engine.hpp"
#include "core/base/random.hpp"

namespace spikeloom::test {
namespace {

using core::analog::Engine;
using core::analog::InputSpike;
using core::analog::Net;

struct Agreement {
    std::size_t missing = 0;  ///< spikes that one has and the other not
    double worst = 0;
    std::size_t spikes = 0;

    void add(double time, double reference) {
        if ((time == never) != (reference == never)) {
            ++missing;
        } else if (time != never) {
            worst = std::max(worst, std::abs(time - reference));
            ++spikes;
        }
    }
};

void check_recorded(const std::string& name, const Epsilons& epsilons, std::size_t samples) {
    const auto net = ttfs_case(name);
    if (!net) {
        return;
    }
    const ExactTtfs with(net->net, epsilons);
    const ExactTtfs without(net->net);
    Agreement recorded;
    Agreement exact;
    for (std::size_t sample = 0; sample < samples; ++sample) {
        const std::vector<double> moved = with.run(net->samples[sample]);
        const std::vector<double> times = without.run(net->samples[sample]);
        for (std::uint32_t label = 0; label < net->labels; ++label) {
            recorded.add(moved[net->hidden + label], net->recorded.at(sample, label));
            exact.add(times[net->hidden + label], net->exact.at(sample, label));
        }
    }
    MESSAGE(name << ": " << recorded.worst << " tau from the recorded times, " << exact.worst << " tau from the exact");
    CHECK(recorded.missing == 0);
    CHECK(recorded.worst < 1e-9);
    CHECK(exact.missing == 0);
    CHECK(exact.worst < 1e-9);
    CHECK(recorded.spikes > samples);
}

double draw(std::uint64_t& next, double low, double high) {
    return low + (high - low) * random_uniform({.seed = 4, .purpose = RandomPurpose::test, .step = next++});
}

/// Two layers, everything random; with delays or without.
Net random_net(std::uint64_t& next, double tau_mem, bool delays) {
    Net net;
    net.inputs = 12;
    net.neurons.assign(14, {.tau_mem = tau_mem, .tau_syn = 1, .resistance = 1.3, .refractory = never});
    net.row_begin = {0};
    for (std::uint32_t source = 0; source < net.sources(); ++source) {
        const bool input = source < net.inputs;
        const bool hidden = !input && source < net.inputs + 10;
        for (std::uint32_t target = input ? 0 : 10; target < (input ? 10 : hidden ? 14 : 10); ++target) {
            net.targets.push_back(target);
            net.weights.push_back(draw(next, -0.8, 1.6));
            if (delays) {
                net.delays.push_back(draw(next, 0, 1));
            }
        }
        net.row_begin.push_back(net.targets.size());
    }
    return net;
}

}  // namespace

TEST_CASE("with the authors' epsilons the closed forms give the recorded times") {
    check_recorded("yin_yang_v1", fast_and_deep_v1, 1000);
    check_recorded("yin_yang_H30_W", fast_and_deep_main, 1000);
    check_recorded("mnist16_v1", fast_and_deep_v1, 2000);
}

TEST_CASE("the engine gives the closed forms' times on random nets") {
    std::uint64_t next = 0;
    for (const double tau_mem : {1.0, 2.0, 0.5, 3.7}) {
        for (const bool delays : {false, true}) {
            CAPTURE(tau_mem);
            Agreement all;
            for (int trial = 0; trial < 60; ++trial) {
                const Net net = random_net(next, tau_mem, delays);
                std::vector<InputSpike> inputs;
                for (std::uint32_t input = 0; input < net.inputs; ++input) {
                    inputs.push_back({.time = draw(next, 0, 2), .input = input});
                }
                const std::vector<double> expected = ExactTtfs(net).run(inputs);
                Engine engine(net);
                engine.add(inputs);
                engine.advance(never);
                const auto spikes = engine.spikes();
                const std::vector<double> found = first_spikes(net, {spikes.begin(), spikes.end()});
                for (std::size_t n = 0; n < found.size(); ++n) {
                    all.add(found[n], expected[n]);
                }
            }
            CHECK(all.missing == 0);
            CHECK(all.worst < 1e-9);
            CHECK(all.spikes > 300);
        }
    }
}

}  // namespace spikeloom::test
