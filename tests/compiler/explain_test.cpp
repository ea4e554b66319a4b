#include "compiler/explain.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "compiler/trial_changes.hpp"
#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

using Kind = MappingTrial::Kind;

chip::ChipSpec chip_of(std::int64_t compartments, std::int64_t words) {
    chip::ChipSpec chip;
    chip.name = "cramped";
    chip.limits.compartments = compartments;
    chip.synapses.words = words;
    return chip;
}

const MappingTrial& trial(const Explanation& explained, const std::string& change) {
    const auto found = std::ranges::find(explained.trials, change, &MappingTrial::change);
    REQUIRE_MESSAGE(found != explained.trials.end(), change);
    return *found;
}

TEST_CASE("memory that decides is named, and fewer bits or weights bring what compile() then needs") {
    const Network network = test::dense_chain(100, {120});
    const chip::ChipSpec chip = chip_of(1024, 500);
    const auto explained = explain(network, chip, {});
    REQUIRE(explained);
    CHECK(explained->as_is.fits);
    CHECK(explained->as_is.cores > 2);
    CHECK(explained->decisive == Limit::synapse_words);
    CHECK(trial(*explained, "a chip with no limit of words of synaptic memory").cores == 1);
    CHECK(explained->refusal.empty());
    CompileOptions options;
    const auto as_is = compile(network, chip, options);
    REQUIRE(as_is);
    CHECK(explained->as_is.cores == as_is->image.cores.size());
    options.weight_bits = 4;
    const auto narrow = compile(network, chip, options);
    REQUIRE(narrow);
    const MappingTrial& four = trial(*explained, "weights of 4 bits");
    CHECK(four.cores == narrow->image.cores.size());
    CHECK(four.cores < explained->as_is.cores);
    CHECK(four.weight_error > 5 * explained->as_is.weight_error);
    CHECK(four.how == "--weight-bits 4");
    CHECK(std::abs(four.weight_error - narrow->image.losses[0].rms_error) < 1e-12);
    const MappingTrial& half = trial(*explained, "the smallest 50 % of the weights pruned");
    std::vector<double> lost;
    const auto smaller = compile(pruned(network, 0.5, lost), chip, {});
    REQUIRE(smaller);
    CHECK(half.cores == smaller->image.cores.size());
}

TEST_CASE("a network for which there are too few cores is explained with the cores that it needs") {
    const Network network = test::dense_chain(30, {100});
    chip::ChipSpec chip = chip_of(10, 16384);
    chip.mesh = {.columns = 1, .rows = 1, .cores_per_tile = 4};
    const auto explained = explain(network, chip, {});
    REQUIRE(explained);
    CHECK(explained->as_is.maps);
    CHECK(!explained->as_is.fits);
    CHECK(explained->as_is.cores == 10);
    CHECK(explained->as_is.cores_there == 4);
    CHECK(to_text(explained->refusal).find("10 cores") != std::string::npos);
    CHECK(explained->decisive == Limit::compartments);
    CHECK(explained->trials.front().fits);
}

TEST_CASE("where single neurons are too large, the limits that all must be lifted are named") {
    const Network network = test::dense_chain(100, {40});
    chip::ChipSpec chip = chip_of(1024, 20);
    chip.limits.input_axons = 50;
    const auto explained = explain(network, chip, {});
    REQUIRE(explained);
    CHECK(!explained->as_is.maps);
    CHECK(explained->needed == std::vector<Limit>{Limit::input_axons, Limit::synapse_words});
    CHECK(explained->populations.at(0).sources == 100);
    CHECK(explained->populations.at(0).most_sources == 100);
    CHECK(!explained->refusal.empty());
    CHECK(!trial(*explained, "a chip with no limit of input axons").maps);
}

TEST_CASE("pruning takes exactly the smallest share, and says what went of the sum of squares") {
    test::NetworkBuilder builder;
    const Source in = builder.input("in", 2);
    const Source p = builder.population("p", {3});
    builder.connect(in, p, DenseWeights{{0.5F, -0.1F, 0, 0.2F, -0.2F, 3.F}});
    std::vector<double> lost;
    const Network half = pruned(builder.network(), 0.4, lost);
    CHECK(std::get<DenseWeights>(half.projections[0].weights).weights ==
          std::vector<float>{0.5F, 0, 0, 0.2F, 0, 3.F});  // 2 of 5; of equals the last
    CHECK(lost.at(0) == doctest::Approx(std::sqrt((0.01 + 0.04) / (0.25 + 0.01 + 0.04 + 0.04 + 9))));
    CHECK(pruned(builder.network(), 0, lost) == builder.network());
}

TEST_CASE("longer steps shorten delays") {
    test::NetworkBuilder builder;
    const Source in = builder.input("in", 2);
    const Source p = builder.population("p", {2});
    SparseWeights sparse{.row_begin = {0, 1, 2}, .targets = {0, 1}, .weights = {1, 1}, .delays = {7, 8}};
    builder.connect(in, p, sparse).delay_steps = 3;
    const Network slower = with_longer_steps(builder.network(), 4);
    CHECK(slower.projections[0].delay_steps == 1);
    CHECK(std::get<SparseWeights>(slower.projections[0].weights).delays == std::vector<std::uint8_t>{2, 2});
    CHECK(slower.step_s == doctest::Approx(4 * builder.network().step_s));
}

TEST_CASE("asked to stop, it gives the trials that were made") {
    ExplainOptions options;
    int asked = 0;
    options.compile.stop = [&] { return ++asked > 40; };
    const auto explained = explain(test::dense_chain(100, {120}), chip_of(16, 16384), options);
    REQUIRE(explained);
    CHECK(explained->interrupted);
    CHECK(explained->as_is.maps);
}

}  // namespace
}  // namespace spikeloom::compiler
