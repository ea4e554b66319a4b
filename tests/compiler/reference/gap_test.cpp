#include "compiler/reference/gap.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <cmath>
#include <string>

namespace spikeloom::compiler {
namespace {

GapRun run(SpikeTrains trains, int predicted) {
    return {std::move(trains), predicted};
}

GapAccumulator accumulator() {
    return {{{"a", 3}, {"b", 2}}, {"weights", "decays", "all"}};
}

TEST_CASE("equal runs have no gap") {
    GapAccumulator gap = accumulator();
    const GapRun same = run({{{0, 1}, {4, 2}}, {{5, 0}}}, 1);
    gap.add_sample({1, same, same, 1, {same, same, same}});
    const GapReport report = gap.report();
    CHECK(report.samples == 1);
    CHECK(report.float_accuracy == 1);
    CHECK(report.chip_accuracy == 1);
    CHECK(report.agreement == 1);
    CHECK(report.populations[0] == PopulationGap{"a", 2, 2, 0, 0, 1.0, -1, -1, -1});
    CHECK(report.largest_step.empty());
}

TEST_CASE("spikes, first divergence, rates and the largest cause") {
    GapAccumulator gap = accumulator();
    const GapRun quiet = run({{}, {}}, -1);
    gap.add_sample({0, quiet, quiet, std::nullopt, {quiet, quiet, quiet}});
    const GapRun in_float = run({{{0, 0}, {1, 0}, {2, 1}}, {{3, 0}}}, 1);
    const GapRun on_chip = run({{{0, 0}, {2, 1}, {2, 2}}, {{3, 0}}}, 0);
    const GapRun one_off = run({{{0, 0}, {2, 1}}, {{3, 0}}}, 1);
    gap.add_sample({1, on_chip, in_float, std::nullopt, {in_float, one_off, one_off}});
    const GapReport report = gap.report();
    const PopulationGap& a = report.populations[0];
    CHECK(a.float_spikes == 3);
    CHECK(a.chip_spikes == 3);
    CHECK(a.mismatched_spikes == 2);
    CHECK(a.diverging_samples == 1);
    CHECK(a.first_sample == 1);
    CHECK(a.first_step == 1);
    CHECK(a.first_neuron == 0);
    CHECK(a.rate_cosine == doctest::Approx((2.0 * 1 + 1 * 1) / std::sqrt(5.0 * 3.0)));
    CHECK(report.populations[1].first_sample == -1);
    CHECK(report.float_accuracy == 0.5);
    CHECK(report.chip_accuracy == 0);
    CHECK(report.agreement == 0.5);
    REQUIRE(report.steps.size() == 4);
    CHECK(report.steps[0] == StepGap{"weights", 0.5, 0});
    CHECK(report.steps[1] == StepGap{"decays", 0.5, 0.25});
    CHECK(report.steps[2] == StepGap{"all", 0.5, 0.25});
    CHECK(report.steps[3] == StepGap{"arithmetic", -1, 0.25});
    CHECK(report.largest_step == "decays");
    SUBCASE("as JSON") {
        const auto json = boost::json::parse(to_json(report)).as_object();
        CHECK(json.at("samples").as_int64() == 2);
        CHECK(json.at("layers").at(0).at("first_divergence").as_int64() == 1);
        CHECK(json.at("steps").at(1).at("spike_change").as_double() == 0.25);
        CHECK_FALSE(json.at("steps").at(3).as_object().contains("accuracy"));
        CHECK(json.at("largest_step").as_string() == "decays");
    }
    SUBCASE("as text") {
        CHECK(to_text(report).find("sample 1, step 1, neuron 0") != std::string::npos);
        CHECK(to_text(report).find("largest cause: time constants") != std::string::npos);
    }
}

TEST_CASE("unlabelled samples have no accuracy") {
    GapAccumulator gap = accumulator();
    const GapRun same = run({{}, {}}, 1);
    gap.add_sample({-1, same, same, 1, {same, same, same}});
    CHECK(gap.report().chip_accuracy == -1);
    CHECK(to_json(gap.report()).find("accuracy") == std::string::npos);
}

}  // namespace
}  // namespace spikeloom::compiler
