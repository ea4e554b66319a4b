#include "compiler/reference/reference_learner.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "compiler/reference/float_interpreter.hpp"
#include "core/base/random.hpp"
#include "core/rules/parse.hpp"

using namespace spikeloom;
using namespace spikeloom::compiler;

namespace {

rules::ProductSeries series(const std::string& text, rules::Variable variable = rules::Variable::weight) {
    auto parsed = rules::parse_series(text, variable, "test");
    REQUIRE_MESSAGE(parsed.has_value(), text);
    return *parsed;
}

rules::Rule pair_stdp() {
    rules::Rule rule;
    rule.dw = series("2^-2*x1*y0 - 2^-2*y1*x0");
    rule.x[0] = {.impulse = 64, .tau = 20};
    rule.y[0] = {.impulse = 64, .tau = 20};
    return rule;
}

/// One input a neuron of a layer that repeats its input's spikes: weights far above the threshold.
Network relay(const rules::Rule& rule, Weights weights, std::uint32_t inputs, std::uint32_t neurons) {
    Network network;
    network.name = "relay";
    network.inputs.push_back({.name = "in", .shape = {inputs}});
    Population target{.name = "target", .shape = {neurons}, .kind = NeuronKind::threshold};
    network.populations.push_back(std::move(target));
    Projection projection{.name = "in_target",
                          .source = {Source::Kind::input, 0},
                          .target = PopulationId(0),
                          .weights = std::move(weights)};
    Learning& learning = projection.learning.emplace();
    learning.rule = rule;
    learning.weight_max = 255;  // weights are the registers' units
    network.projections.push_back(std::move(projection));
    REQUIRE(check_network(network).empty());
    return network;
}

constexpr ReferenceOptions learning_in_reals{.timing = Timing::next_step,
                                             .single_precision = false,
                                             .learning = {.on = true, .registers = {}, .written_for = {}, .seed = 0}};

/// Final weights after random spikes of sources and targets, fed to a learner directly.
std::vector<double> learned(const rules::Rule& rule, const ReferenceLearning& options) {
    constexpr std::uint32_t sources = 30;
    constexpr std::uint32_t targets = 20;
    DenseWeights dense{std::vector<float>(std::size_t{sources} * targets, 100.0F)};
    const Network network = relay(rule, dense, sources, targets);
    const auto learner = make_learner(network, 0, options);
    for (std::uint32_t step = 0; step < 400; ++step) {
        std::vector<std::uint8_t> x(sources);
        std::vector<std::uint8_t> y(targets);
        for (std::uint32_t i = 0; i < sources; ++i) {
            x[i] = random_uniform({.step = step, .core = 1, .neuron = i}) < 0.03 ? 1 : 0;
        }
        for (std::uint32_t i = 0; i < targets; ++i) {
            y[i] = random_uniform({.step = step, .core = 2, .neuron = i}) < 0.03 ? 1 : 0;
        }
        learner->step(x, y, {});
    }
    return learner->weights();
}

double rms(const std::vector<double>& a, const std::vector<double>& b) {
    double squares = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        squares += (a[i] - b[i]) * (a[i] - b[i]) / static_cast<double>(a.size());
    }
    return std::sqrt(squares);
}

}  // namespace

TEST_CASE("the float reference learns pair STDP as its closed form says") {
    // Input 0 makes the neuron spike, input 1 spikes `difference` steps before or after and does not.
    for (const int difference : {-7, -1, 1, 12}) {
        const Network network = relay(pair_stdp(), DenseWeights{{200.0F, -50.0F}}, 2, 1);
        FloatInterpreter interpreter(network, learning_in_reals);
        for (int step = 0; step < 60; ++step) {
            interpreter.step({{step == 30 ? 1.0F : 0.0F, step == 30 - difference ? 1.0F : 0.0F}});
        }
        const std::vector<double> weights = interpreter.plastic_weights(0);
        const double expected = (difference > 0 ? 16 : -16) * std::exp(-std::abs(difference) / 20.0);
        CHECK(weights[1] == doctest::Approx(-50 + expected).epsilon(1e-6));
        CHECK(weights[0] == doctest::Approx(200).epsilon(1e-6));  // both spikes in one step: +16 - 16
        interpreter.reset();
        CHECK(interpreter.plastic_weights(0)[1] == doctest::Approx(-50));
    }
}

TEST_CASE("what is learned acts from the next step on") {
    rules::Rule rule;
    rule.dw = series("2^3*x1*x0");
    rule.x[0] = {.impulse = 16, .tau = 5};
    // The threshold of 1 is not met by the first weight; learning takes it there.
    const Network network = relay(rule, DenseWeights{{0.0F}}, 1, 1);
    FloatInterpreter interpreter(network, learning_in_reals);
    interpreter.step({{1.0F}});
    CHECK(interpreter.spikes(PopulationId(0))[0] == 0);
    interpreter.step({{1.0F}});
    CHECK(interpreter.spikes(PopulationId(0))[0] == 1);
    FloatInterpreter fixed(network, {.timing = Timing::next_step, .single_precision = false});
    fixed.step({{1.0F}});
    fixed.step({{1.0F}});
    CHECK(fixed.spikes(PopulationId(0))[0] == 0);
}

TEST_CASE("weights stay within their sign's range") {
    for (const Learning::Sign sign : {Learning::Sign::excitatory, Learning::Sign::inhibitory}) {
        Network network = relay(pair_stdp(), DenseWeights{{0.0F, 0.0F}}, 2, 1);
        network.projections[0].learning->sign = sign;
        const auto learner = make_learner(network, 0, learning_in_reals.learning);
        for (int step = 0; step < 300; ++step) {
            // Input 0 before the target: up. Input 1 after it: down.
            learner->step(std::vector<std::uint8_t>{step % 3 == 0, step % 3 == 2},
                          std::vector<std::uint8_t>{step % 3 == 1}, {});
        }
        const bool up = sign == Learning::Sign::excitatory;
        CHECK(learner->weights()[0] == doctest::Approx(up ? 255 : 0));
        CHECK(learner->weights()[1] == doctest::Approx(up ? 0 : -255));
    }
}

TEST_CASE("learning on registers comes the closer to reals the wider they are") {
    for (const int epoch : {1, 4}) {
        rules::Rule rule = pair_stdp();
        rule.epoch = epoch;
        rule.x[0].impulse = rule.y[0].impulse = 16;  // so that no trace meets its register's end
        const rules::LearningArithmetic own;
        const std::vector<double> real = learned(rule, {.on = true, .registers = {}, .written_for = own, .seed = 0});
        const auto distance = [&](int weight_bits, int trace_bits) {
            rules::LearningArithmetic widths = own;
            widths.weight_bits = weight_bits;
            widths.trace_bits = trace_bits;
            return rms(learned(rule, {.on = true, .registers = widths, .written_for = own, .seed = 3}), real);
        };
        CAPTURE(epoch);
        const double usual = distance(8, 7);
        CHECK(distance(4, 7) > 2 * usual);
        CHECK(distance(8, 4) > 1.2 * usual);
        CHECK(distance(15, 7) < usual);
        CHECK(distance(8, 12) < usual);
        CHECK(distance(15, 12) < 0.2 * usual);
        CHECK(usual < 5);
    }
}

TEST_CASE("traces stop at their registers' end, and are not stopped in reals") {
    const Network network = relay(pair_stdp(), DenseWeights{{0.0F}}, 1, 1);
    for (const bool registers : {false, true}) {
        ReferenceLearning options{.on = true, .registers = {}, .written_for = {}, .seed = 0};
        if (registers) {
            options.registers = rules::LearningArithmetic{.trace_bits = 9};
        }
        const auto learner = make_learner(network, 0, options);
        for (int step = 0; step < 5; ++step) {
            learner->step(std::vector<std::uint8_t>{1}, std::vector<std::uint8_t>{0}, {});
        }
        if (registers) {
            CHECK(learner->highest_trace() == doctest::Approx(511 / 4.0));
        } else {
            CHECK(learner->highest_trace() == doctest::Approx(64 * (1 - std::exp(-0.25)) / (1 - std::exp(-0.05))));
        }
    }
}

TEST_CASE("seeds change the rounding, and nothing in reals") {
    const rules::LearningArithmetic own;
    const auto with = [&](bool registers, std::uint64_t seed) {
        ReferenceLearning options{.on = true, .registers = {}, .written_for = own, .seed = seed};
        if (registers) {
            options.registers = own;
        }
        return learned(pair_stdp(), options);
    };
    CHECK(with(true, 1) == with(true, 1));
    CHECK(with(true, 1) != with(true, 2));
    CHECK(with(false, 1) == with(false, 2));
}

TEST_CASE("places are ascending by source and target in every form") {
    Projection sparse{.name = "p",
                      .source = {Source::Kind::input, 0},
                      .target = PopulationId(0),
                      .weights = SparseWeights{{0, 2, 3}, {1, 0, 1}, {1, 2, 3}, {}}};
    const auto places = plastic_places(sparse, 2, 2);
    REQUIRE(places.size() == 3);
    CHECK(places[0].target == 0);
    CHECK(places[0].index == 1);
    CHECK(places[1].target == 1);
    CHECK(places[1].index == 0);
    CHECK(places[2].source == 1);
    Projection pairs{
        .name = "p", .source = {Source::Kind::input, 0}, .target = PopulationId(0), .weights = OneToOneWeights{{5.0F}}};
    give_own_weights(pairs, 4);
    CHECK(std::get<OneToOneWeights>(pairs.weights).weights == std::vector<float>(4, 5.0F));
    CHECK(plastic_places(pairs, 4, 4).back().index == 3);
}

TEST_CASE("one-to-one synapses that share a weight learn apart") {
    const Network network = relay(pair_stdp(), OneToOneWeights{{200.0F}}, 2, 2);
    FloatInterpreter interpreter(network, learning_in_reals);
    interpreter.step({{1.0F, 0.0F}});
    interpreter.step({{1.0F, 0.0F}});
    const std::vector<double> weights = interpreter.plastic_weights(0);
    REQUIRE(weights.size() == 2);
    CHECK(weights[1] == doctest::Approx(200));
}

TEST_CASE("third factors and graded payloads are not followed, and that is said") {
    rules::Rule rule = pair_stdp();
    rule.post_traces = rules::PostTraces::neuron;
    Network network = relay(rule, DenseWeights{{1.0F}}, 1, 1);
    CHECK(check_reference_learning(network).size() == 1);
    network.projections[0].learning->rule.graded = rules::GradedMode::overwrite;
    CHECK(check_reference_learning(network).size() == 2);
}
