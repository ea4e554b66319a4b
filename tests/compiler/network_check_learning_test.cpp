#include "compiler/network_check_learning.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <limits>
#include <string>
#include <utility>

#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

/// in (3) -> p (2), plastic; a reward of 2 channels and a teacher of 2.
Network sound() {
    test::NetworkBuilder builder("n");
    const Source in = builder.input("in", 3);
    const Source p = builder.population("p", {2});
    builder.input("reward", 2);
    builder.input("teacher", 2);
    Learning learning = test::learning(test::pair_stdp(), 0.5);
    learning.rule.post_traces = rules::PostTraces::neuron;
    learning.reward_input = "reward";
    learning.reward_values = {64, -64};
    learning.third_factors[0] = {.from = Learning::ThirdFactor::From::input, .input = "teacher"};
    builder.connect(in, p, test::dense_uniform(2, 3, 0, 0.4, 1)).learning = learning;
    return std::move(builder.network());
}

void refuses(const std::function<void(Learning&)>& change, const std::string& what) {
    Network network = sound();
    change(*network.projections[0].learning);
    const std::string said = to_text(check_network(network));
    CAPTURE(said);
    CAPTURE(what);
    CHECK(said.find("projection 'in->p'") != std::string::npos);
    CHECK(said.find(what) != std::string::npos);
}

TEST_CASE("a sound plastic network has no findings, with weights of every form but a convolution's") {
    CHECK(to_text(check_network(sound())).empty());
    Network sparse = sound();
    sparse.projections[0].weights = test::sparse_random(2, 3, {.probability = 1, .least = 0, .most = 1});
    CHECK(check_network(sparse).empty());
    Network shared = sound();
    shared.inputs[0].shape = {1, 1, 2};
    shared.populations[0].shape = {1, 1, 2};
    shared.projections[0].weights = test::convolution({.input = {1, 1, 2}, .kernel = 1, .least = 0.1});
    CHECK(to_text(check_network(shared)).find("those of a convolution, which many synapses share") !=
          std::string::npos);
}

TEST_CASE("ranges, signs, ports and rules that can't be are named by projection") {
    using From = Learning::ThirdFactor::From;
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    refuses([](Learning& l) { l.weight_max = 0; }, "weight_max is 0; allowed: a number above 0");
    refuses([](Learning& l) { l.weight_max = nan; }, "weight_max is nan");
    refuses([](Learning& l) { l.weight_bits = 9; }, "weight_bits is 9; allowed: 1..8");
    refuses([](Learning& l) { l.sign = Learning::Sign::inhibitory; }, "learns as inhibitory");
    refuses([](Learning& l) { l.reward_input = "in"; }, "2 reward values, and input 'in' has 3 channels");
    refuses([](Learning& l) { l.reward_input = "p"; }, "its reward comes from 'p'");
    refuses([](Learning& l) { l.reward_input.clear(); }, "rewards have values, but come from no input");
    refuses([](Learning& l) { l.reward_values[1] = -129; }, "a reward is -129; allowed: -128..127");
    refuses([](Learning& l) { l.third_factors[0].input = "in"; }, "third factor y1: error: input 'in' has 3 channels");
    refuses([](Learning& l) { l.third_factors[0].input = "nobody"; }, "it comes from 'nobody'");
    refuses([](Learning& l) { l.third_factors[0].from = From::voltage; }, "does not come from it");
    refuses([](Learning& l) { l.third_factors[2] = {.from = From::current, .input = {}, .shift = 32}; }, "shift is 32");
    refuses([](Learning& l) { l.rule.post_traces = rules::PostTraces::spikes; }, "the rule's y traces follow spikes");
    refuses([](Learning& l) { l.rule.epoch = 0; }, "the epoch has 0 steps");
    refuses([](Learning& l) { l.rule.x[0].tau = nan; }, "trace x1");
    refuses([](Learning& l) { l.rule.dw.decimation = 3; }, "it has a k, but no u_k");
    refuses([](Learning& l) { l.rule.dw.products[1].exponent = 99; }, "dw, product 2: error: the exponent is 99");
}

}  // namespace
}  // namespace spikeloom::compiler
