#include "tools/comparison.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "core/rules/parse.hpp"
#include "tools/model_files.hpp"

using namespace spikeloom;
using tools::ComparedRun;
using tools::Comparison;

namespace {

chip::ChipSpec loihi() {
    auto spec = tools::open_chip("loihi1");
    REQUIRE(spec.has_value());
    return *spec;
}

rules::Rule pair_stdp(double impulse) {
    rules::Rule rule;
    auto parsed = rules::parse_series("2^-2*x1*y0 - 2^-2*y1*x0", rules::Variable::weight, "test");
    REQUIRE(parsed.has_value());
    rule.dw = *parsed;
    rule.x[0] = {.impulse = impulse, .tau = 20};
    rule.y[0] = {.impulse = impulse, .tau = 20};
    return rule;
}

Comparison compared(const rules::Rule& rule, const tools::ComparisonOptions& options) {
    const auto stimulus = tools::rule_stimulus(options.steps, options.seed, false);
    auto comparison =
        tools::compare(tools::rule_network(rule, compiler::Learning::Sign::excitatory), loihi(), *stimulus, options);
    REQUIRE(comparison.has_value());
    return *comparison;
}

const ComparedRun& run_of(const Comparison& comparison, const std::string& name) {
    const auto found = std::ranges::find(comparison.runs, name, &ComparedRun::name);
    REQUIRE_MESSAGE(found != comparison.runs.end(), name);
    return *found;
}

bool says(const Comparison& comparison, const std::string& part) {
    const auto sentences = tools::findings(comparison);
    return std::ranges::any_of(sentences, [&](const std::string& s) { return s.find(part) != std::string::npos; });
}

}  // namespace

TEST_CASE("narrow weights lose more than wide ones, and the whole chip is among the runs") {
    tools::ComparisonOptions options;
    options.steps = 800;
    options.weight_widths = {4, 8, 15};
    options.trace_widths = {};
    const Comparison comparison = compared(pair_stdp(16), options);
    CHECK(comparison.chip_failure.empty());
    CHECK(comparison.runs.size() == 5);  // float, loihi1's widths (8 bits), 4, 15, loihi1
    const auto& real = run_of(comparison, "float").projections[0];
    const auto& own = run_of(comparison, "loihi1's widths").projections[0];
    const auto& narrow = run_of(comparison, "weights of 4 bits").projections[0];
    const auto& wide = run_of(comparison, "weights of 15 bits").projections[0];
    const auto& chip = run_of(comparison, "loihi1").projections[0];
    CHECK(real.rms == 0);
    CHECK(real.correlation == doctest::Approx(1));
    CHECK(own.rms_same_spikes > 0);
    CHECK(narrow.rms_same_spikes > 2 * own.rms_same_spikes);
    CHECK(wide.rms_same_spikes < own.rms_same_spikes);
    CHECK(narrow.correlation < own.correlation);
    CHECK(chip.correlation > 0.9);
    CHECK(chip.rms < 0.1);
    CHECK(std::isnan(chip.rms_same_spikes));
    CHECK(own.rms_over_time.size() == comparison.snapshot_steps.size());
    CHECK(own.rms_over_time.back() == doctest::Approx(own.rms));
    CHECK(comparison.snapshot_steps.back() == 800);
}

TEST_CASE("a rule that changes nothing leaves the whole chip with float's weights, up to their rounding") {
    rules::Rule rule = pair_stdp(64);
    for (rules::Product& product : rule.dw.products) {
        product.mantissa = 0;
    }
    tools::ComparisonOptions options;
    options.steps = 200;
    const Comparison comparison = compared(rule, options);
    for (const ComparedRun& run : comparison.runs) {
        if (!run.name.starts_with("weights of")) {
            CHECK(run.projections[0].rms < 0.5 / 255);
            CHECK(run.projections[0].between == 0);
        }
    }
}

TEST_CASE("traces that float lets rise beyond their registers are named") {
    tools::ComparisonOptions options;
    options.steps = 400;
    options.whole_chip = false;
    const Comparison high = compared(pair_stdp(100), options);
    CHECK(says(high, "traces rise beyond 127"));
    CHECK(run_of(high, "float, traces to 127").projections[0].rms_same_spikes > 0);
    CHECK(run_of(high, "float, traces to 127").projections[0].rms_same_spikes <
          run_of(high, "weights of 4 bits").projections[0].rms_same_spikes);
    CHECK(!says(compared(pair_stdp(2), options), "traces rise beyond 127"));
}

TEST_CASE("equal seeds give equal comparisons, in every form") {
    tools::ComparisonOptions options;
    options.steps = 300;
    options.whole_chip = false;
    const Comparison first = compared(pair_stdp(64), options);
    const Comparison second = compared(pair_stdp(64), options);
    CHECK(tools::comparison_json(first) == tools::comparison_json(second));
    CHECK(tools::comparison_svg(first) == tools::comparison_svg(second));
    const auto document = boost::json::parse(tools::comparison_json(first)).as_object();
    CHECK(document.at("runs").as_array().size() == first.runs.size());
    CHECK(document.at("chip_failure").is_null());
    CHECK(tools::comparison_svg(first).starts_with("<svg xmlns="));
}

TEST_CASE("a network that the chip can't hold is still compared, and why is said") {
    chip::ChipSpec small = loihi();
    small.limits.compartments = 2;
    small.mesh = {.columns = 1, .rows = 1, .cores_per_tile = 1};
    tools::ComparisonOptions options;
    options.steps = 100;
    const auto stimulus = tools::rule_stimulus(options.steps, 0, false);
    const auto comparison = tools::compare(tools::rule_network(pair_stdp(64), compiler::Learning::Sign::excitatory),
                                           small, *stimulus, options);
    REQUIRE(comparison.has_value());
    CHECK(!comparison->chip_failure.empty());
    CHECK(says(*comparison, "doesn't compile"));
}

TEST_CASE("a network without plastic projections is refused") {
    compiler::Network network = tools::rule_network(pair_stdp(64), compiler::Learning::Sign::excitatory);
    network.projections[0].learning.reset();
    tools::ComparisonOptions options;
    options.steps = 10;
    const auto stimulus = tools::rule_stimulus(options.steps, 0, false);
    const auto comparison = tools::compare(network, loihi(), *stimulus, options);
    REQUIRE(!comparison.has_value());
    CHECK(comparison.error()[0].found.find("none of its projections learns") != std::string::npos);
}
