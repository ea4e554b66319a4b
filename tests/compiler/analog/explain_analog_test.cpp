#include "compiler/analog/explain_analog.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "compiler/analog/flat_synapses.hpp"
#include "compiler/timed/scale_times.hpp"
#include "tests/compiler/analog/timed_networks.hpp"

namespace spikeloom::compiler {
namespace {

AnalogExplanation explained(const TimedNetwork& network, const AnalogCompileOptions& options = {}) {
    auto told = explain_analog(network, test::bundled_analog("brainscales2"), options);
    REQUIRE(told);
    return std::move(*told);
}

std::size_t runs_of(const TimedNetwork& network) {
    const auto compiled = compile_analog(network, test::bundled_analog("brainscales2"));
    REQUIRE(compiled);
    return compiled->image.runs.size();
}

const AnalogTrial& trial(const AnalogExplanation& told, const std::string& change) {
    const auto found = std::ranges::find(told.trials, change, &AnalogTrial::change);
    REQUIRE_MESSAGE(found != told.trials.end(), change);
    return *found;
}

TEST_CASE(
    "a network of several runs: circuits by population, and what fewer inputs bring, as compile_analog() has it") {
    const TimedNetwork network = test::layered({256, 300, 10});
    const AnalogExplanation told = explained(network);
    CHECK(told.as_is.runs == runs_of(network));
    CHECK(told.as_is.runs == 2);
    CHECK(told.least_runs == 2);
    CHECK(told.populations[0].circuits == 2);
    CHECK(told.populations[0].circuits_of_all == 2 * 300);
    REQUIRE(told.uses.front().what == "neuron circuits");
    CHECK(told.uses.front().most <= 512);
    CHECK(told.uses.front().most > 256);
    const AnalogTrial& fewer = trial(told, "the 128 strongest inputs of every neuron (1 circuit)");
    double lost = 0;
    CHECK(fewer.runs == runs_of(with_strongest_inputs(network, 128, lost)));  // still 2: they are other inputs for each
    CHECK(fewer.weights_lost == lost);
    CHECK(told.trials.front().runs == 1);
    const AnalogTrial& half = trial(told, "the smallest 50 % of the synapses gone");
    CHECK(half.runs == runs_of(without_weakest(network, 0.5, lost)));
    CHECK(half.weights_lost == doctest::Approx(std::sqrt(0.125)).epsilon(0.05));  // weights are uniform
}

TEST_CASE("more runs than are allowed are counted, and refused") {
    AnalogCompileOptions options;
    options.max_runs = 1;
    const AnalogExplanation told = explained(test::layered({256, 300, 10}), options);
    CHECK(told.as_is.maps);
    CHECK(!told.as_is.fits);
    CHECK(told.as_is.runs == 2);
    CHECK(!told.refusal.empty());
    REQUIRE(!told.trials.empty());
    CHECK(told.trials.front().fits);
}

TEST_CASE("times that are not the chip's, delays: what refuses is changed alone, then with the rest") {
    TimedNetwork slow = test::layered({10, 5});
    scale_times(slow, 1000);
    const AnalogExplanation told = explained(slow);
    CHECK(!told.as_is.maps);
    const AnalogTrial& faster = trial(told, "all times 0.001 times as long");
    CHECK(faster.fits);
    CHECK(faster.how == "--time-scale 0.001");

    TimedNetwork delayed = slow;
    delayed.projections[0].delays.assign(delayed.projections[0].weights.size(), 1e-3);
    const AnalogExplanation both = explained(delayed);
    CHECK(!trial(both, "all times 0.001 times as long").maps);
    CHECK(both.trials.front().change == "no synaptic delays, all times 0.001 times as long");
    CHECK(both.trials.front().how == "--time-scale 0.001");
    CHECK(both.trials.front().fits);
}

TEST_CASE("the strongest inputs stay, parallel synapses together") {
    test::TimedNetworkBuilder builder;
    const Source in = builder.input(3);
    const Source out = builder.population(1);
    builder.connect(in, out);
    builder.connect(in, out);
    TimedNetwork network = builder.build();
    network.projections[0].weights = {1.0, -3.0, 2.0};
    network.projections[1].weights = {2.5, 2.5, 0.1};  // sums 3.5, -0.5, 2.1
    double lost = 0;
    const TimedNetwork smaller = with_strongest_inputs(network, 2, lost);
    CHECK(smaller.projections[0].weights == std::vector{1.0, 2.0});
    CHECK(smaller.projections[1].weights == std::vector{2.5, 0.1});
    CHECK(smaller.projections[0].row_begin == std::vector<std::uint64_t>{0, 1, 1, 2});
    CHECK(lost == doctest::Approx(std::sqrt((9 + 6.25) / (1 + 9 + 4 + 6.25 + 6.25 + 0.01))));
    CHECK(check_timed_network(smaller).empty());
    CHECK(without_weakest(network, 0.34, lost).projections[0].weights == std::vector{-3.0, 2.0});
}

}  // namespace
}  // namespace spikeloom::compiler
