#include "runtime/workbench/float_synapse.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/runtime/workbench/rules.hpp"

using namespace spikeloom;
using runtime::FloatSynapse;
using runtime::SynapseEvents;

namespace {

/// The change of w after `steps` steps with source spikes at `source` and target spikes at `target`.
double change(const rules::Rule& rule, const std::vector<int>& source, const std::vector<int>& target, int steps,
              double start = 0) {
    FloatSynapse synapse(rule, {.w = start}, {});
    for (int step = 0; step < steps; ++step) {
        SynapseEvents events;
        events.source = std::find(source.begin(), source.end(), step) != source.end();
        events.target = std::find(target.begin(), target.end(), step) != target.end();
        synapse.step(events);
    }
    return synapse.values().w - start;
}

constexpr double exactly = 1e-12;

}  // namespace

TEST_CASE("pair STDP in float is A exp(-|dt| / tau)") {
    const rules::Rule rule = test::pair_stdp();
    for (int difference = 1; difference <= 60; ++difference) {
        const double expected = 16 * std::exp(-difference / 20.0);
        CHECK(change(rule, {0}, {difference}, 100) == doctest::Approx(expected).epsilon(exactly));
        CHECK(change(rule, {difference}, {0}, 100) == doctest::Approx(-expected).epsilon(exactly));
    }
    CHECK(change(rule, {5}, {5}, 100) == doctest::Approx(0).epsilon(exactly));
}

TEST_CASE("float traces add up over spikes and are not clipped unless asked") {
    const rules::Rule rule = test::rule_of("x1*y0");
    const double sum = 64 * (std::exp(-3 / 20.0) + std::exp(-2 / 20.0) + std::exp(-1 / 20.0));
    CHECK(sum > 127);
    CHECK(change(rule, {0, 1, 2}, {3}, 10) == doctest::Approx(sum).epsilon(exactly));
    runtime::FloatSynapseOptions options;
    options.trace_most = 127;
    FloatSynapse clipped(rule, {}, options);
    for (const bool source : {true, true, true, false}) {
        clipped.step({.source = source, .target = !source});
    }
    CHECK(clipped.values().w == doctest::Approx(127 * std::exp(-1 / 20.0)).epsilon(exactly));
}

TEST_CASE("within an epoch the last spike's time counts, an earlier spike is taken to the epoch's beginning") {
    rules::Rule rule = test::rule_of("x1*y0");
    rule.epoch = 8;
    CHECK(change(rule, {2}, {5}, 8) == doctest::Approx(64 * std::exp(-3 / 20.0)).epsilon(exactly));
    CHECK(change(rule, {5}, {2}, 8) == doctest::Approx(0));
    // Source spikes in steps 1 and 3 of the epoch (from 1): the first counts from its beginning, and decays to step 6.
    const double earlier = 64 * std::exp(-6 / 20.0);
    const double last = 64 * std::exp(-3 / 20.0);
    CHECK(change(rule, {0, 2}, {5}, 8) == doctest::Approx(earlier + last).epsilon(exactly));
    CHECK(change(rule, {2}, {3, 5}, 8) == doctest::Approx(64 * std::exp(-3 / 20.0)).epsilon(exactly));
}

TEST_CASE("u_k is due every 2^k epochs") {
    rules::Rule rule = test::rule_of("-2^-2*u1*w");
    rule.epoch = 2;
    CHECK(change(rule, {}, {}, 2, 64) == 0);
    CHECK(change(rule, {}, {}, 4, 64) == doctest::Approx(-16));
    CHECK(change(rule, {}, {}, 8, 64) == doctest::Approx(-28));
}

TEST_CASE("a reward lasts for its epoch, or decays with its time constant") {
    rules::Rule rule = test::rule_of("u0*r1");
    const auto after = [&](int steps) {
        FloatSynapse synapse(rule, {}, {});
        for (int step = 0; step < steps; ++step) {
            SynapseEvents events;
            if (step == 1) {
                events.reward = 10;
            }
            synapse.step(events);
        }
        return synapse.values().w;
    };
    CHECK(after(1) == 0);
    CHECK(after(5) == doctest::Approx(10));
    rule.reward_tau = 4;
    CHECK(after(4) == doctest::Approx(10 * (1 + std::exp(-0.25) + std::exp(-0.5))).epsilon(exactly));
}

TEST_CASE("every variable is computed from the values before the epoch") {
    rules::Rule rule = test::rule_of("u0*t");
    rule.dt = test::series("x1*y0", rules::Variable::tag);
    FloatSynapse synapse(rule, {}, {});
    synapse.step({.source = true, .target = true});
    CHECK(synapse.values().t == doctest::Approx(64));
    CHECK(synapse.values().w == 0);
    synapse.step({});
    CHECK(synapse.values().w == doctest::Approx(64));
}

TEST_CASE("graded source spikes change what the epoch begins with") {
    rules::Rule rule = test::rule_of("x1*y0");
    rule.x[0].impulse = 0;
    const auto x1 = [&](rules::GradedMode mode, const std::vector<int>& payloads) {
        rule.graded = mode;
        FloatSynapse synapse(rule, {}, {});
        for (const int payload : payloads) {
            synapse.step({.source = payload != 0, .payload = payload});
        }
        return synapse.trace(rules::Operand::x1);
    };
    const double decay = std::exp(-1 / 20.0);
    using rules::GradedMode;
    CHECK(x1(GradedMode::overwrite, {100, 40}) == doctest::Approx(20 * decay).epsilon(exactly));
    CHECK(x1(GradedMode::overwrite, {100, 0}) == doctest::Approx(50 * decay * decay).epsilon(exactly));
    const double added = (50 * decay + 20) * decay;
    CHECK(x1(GradedMode::add_with_saturation, {100, 40}) == doctest::Approx(added).epsilon(exactly));
    CHECK(x1(GradedMode::add_with_saturation, {200, 200}) == doctest::Approx(127 * decay).epsilon(exactly));
    CHECK(x1(GradedMode::add_without_saturation, {100, 40}) == doctest::Approx(added).epsilon(exactly));
    const double over = (100 * decay + 100 - 127) * decay;
    CHECK(x1(GradedMode::add_without_saturation, {200, 200}) == doctest::Approx(over).epsilon(exactly));
    rule.x[0].impulse = 16;
    CHECK(x1(GradedMode::overwrite, {100, 40}) == doctest::Approx(20 * decay + 16).epsilon(exactly));
}
