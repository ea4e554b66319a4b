#include "compiler/explain.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "compiler/explain_trials.hpp"
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
    REQUIRE(explained->excesses.size() == 2);
    CHECK(explained->excesses[0].limit == Limit::input_axons);
    CHECK(explained->excesses[0].need == 100);
    CHECK(explained->excesses[0].room == 50);
    CHECK(explained->excesses[0].neurons == 40);
    CHECK(!trial(*explained, "a chip with no limit of input axons").maps);
}

/// One picture convolved into another, small kernels on cores with little memory.
Network convolutional() {
    test::NetworkBuilder builder("conv");
    const Source in = builder.input("in", 2 * 12 * 12);
    builder.network().inputs[0].shape = {2, 12, 12};
    const Source a = builder.population("a", {8, 12, 12});
    const Source b = builder.population("b", {6, 6, 6});
    builder.connect(in, a, test::convolution({.input = {2, 12, 12}, .channels = 8, .kernel = 3, .padding = 1}));
    builder.connect(a, b, test::convolution({.input = {8, 12, 12}, .channels = 6, .kernel = 2, .stride = 2}));
    builder.output("b", b);
    return builder.network();
}

TEST_CASE("lists shared by axons, tilings, populations side by side: the figures are those of compile()") {
    const Network network = convolutional();
    const chip::ChipSpec chip = chip_of(512, 400);
    ExplainOptions options;
    options.compile.effort = 0;
    const auto explained = explain(network, chip, options);
    REQUIRE(explained);
    REQUIRE(explained->as_is.cores > 3);
    const MappingTrial& shared = trial(*explained, "a chip whose axons can share lists");
    CHECK(shared.hypothetical());
    CHECK(shared.cores < explained->as_is.cores);
    const auto with = compile(network, with_shared_lists(chip, true), options.compile);
    REQUIRE(with);
    CHECK(shared.cores == with->image.cores.size());
    const auto back = explain(network, with_shared_lists(chip, true), options);
    REQUIRE(back);
    CHECK(trial(*back, "a chip whose axons can't share lists (this one's can)").cores == explained->as_is.cores);

    std::uint32_t fewest = 0xffffffff;
    int tilings = 0;
    for (const MappingTrial& tried : explained->trials) {
        if (tried.kind == Kind::tiling) {
            CHECK(tried.maps);
            ++tilings;
            fewest = std::min(fewest, tried.cores);
        }
        if (tried.kind == Kind::together && tried.how.starts_with("--keep-together")) {
            CompileOptions compile_options = options.compile;
            compile_options.overrides.together = {{"a", "b"}};
            const auto together = compile(network, chip, compile_options);
            REQUIRE(together);
            CHECK(tried.cores == together->image.cores.size());
        }
    }
    CHECK(tilings == 8);
    CHECK(explained->as_is.cores >= fewest);
    CHECK(trial(*explained, "pictures filled channel by channel").messages > explained->as_is.messages);
}

TEST_CASE("a population alone on its cores costs what compile() then takes") {
    const Network network = test::dense_chain(100, {120, 60});
    const chip::ChipSpec chip = chip_of(1024, 500);
    const auto explained = explain(network, chip, {});
    REQUIRE(explained);
    const auto alone = std::ranges::find_if(explained->trials, [](const MappingTrial& tried) {
        return tried.kind == Kind::together && tried.how.starts_with("--pin");
    });
    REQUIRE(alone != explained->trials.end());
    const PopulationNeed& largest = *std::ranges::max_element(explained->populations, {}, &PopulationNeed::cores);
    CompileOptions options;
    options.overrides.pins.push_back({.population = largest.name, .cores = {}});
    for (std::uint32_t core = 0; core < largest.cores; ++core) {
        options.overrides.pins[0].cores.push_back(core);
    }
    CHECK(alone->how == "--pin " + largest.name + "=0-" + std::to_string(largest.cores - 1));
    const auto pinned = compile(network, chip, options);
    CHECK(alone->maps == pinned.has_value());
    if (pinned) {
        CHECK(alone->cores == pinned->image.cores.size());
    }
}

TEST_CASE("large networks are tried quickly and not with everything, unless asked") {
    ExplainOptions options{.depth = 1};
    CHECK(trial_effort(options, 50'000) == 1);
    CHECK(trial_effort(options, 500'000) == 0);
    CHECK(most_trials(options, 100'000'000) == 4);
    CHECK(most_trials(options, 1'000'000) > 100);
    options.compile.effort = 3;
    CHECK(trial_effort(options, 5'000) == 2);
    options.depth = 2;
    CHECK(trial_effort(options, 500'000) == 3);
    CHECK(most_trials(options, 100'000'000) > 1000);

    CHECK(synapses_written(convolutional()) == 2 * 8 * 9 * 144 + 8 * 6 * 4 * 36);
    const Network network = test::dense_chain(400, {300});
    CHECK(synapses_written(network) == 120'000);
    const auto explained = explain(network, chip_of(1024, 2000), {});
    REQUIRE(explained);
    CHECK(explained->effort == 0);
    CHECK(explained->baseline.change == "a quicker search (effort 0)");
    CompileOptions narrow;
    narrow.effort = 0;
    narrow.weight_bits = 4;
    const auto compiled = compile(network, chip_of(1024, 2000), narrow);
    REQUIRE(compiled);
    CHECK(trial(*explained, "weights of 4 bits").cores == compiled->image.cores.size());
}

TEST_CASE("boards of the same cores are not tried where the network fits") {
    ExplainOptions options;
    chip::ChipSpec board = chip_of(1024, 500);
    board.name = "board";
    board.mesh.chip_columns = 4;
    options.others = {board};
    const auto tried = [&](const chip::ChipSpec& chip) {
        const auto explained = explain(test::dense_chain(100, {120}), chip, options);
        REQUIRE(explained);
        return std::ranges::count(explained->trials, Kind::other_chip, &MappingTrial::kind);
    };
    CHECK(tried(chip_of(1024, 500)) == 0);
    chip::ChipSpec small = chip_of(1024, 500);
    small.mesh = {.columns = 1, .rows = 1, .cores_per_tile = 1};
    CHECK(tried(small) == 1);
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
