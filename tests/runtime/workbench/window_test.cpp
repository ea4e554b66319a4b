#include "runtime/workbench/window.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tests/runtime/report/golden.hpp"
#include "tests/runtime/workbench/rules.hpp"

using namespace spikeloom;
using namespace spikeloom::runtime;

namespace {

const Change& weight_change(const WindowPoint& point) {
    REQUIRE(point.changes[0].has_value());
    return *point.changes[0];
}

/// Largest |chip mean - float| in standard errors of the mean, over points where the trials differ.
double worst_in_errors(const Window& window) {
    double worst = 0;
    for (const WindowSeries& series : window.series) {
        for (const WindowPoint& point : series.points) {
            const Change& change = weight_change(point);
            const double error = change.deviation / std::sqrt(static_cast<double>(window.options.trials));
            if (error > 0) {
                worst = std::max(worst, std::abs(change.mean - change.real) / error);
            }
        }
    }
    return worst;
}

bool says(const Window& window, const std::string& part) {
    const auto sentences = findings(window);
    return std::any_of(sentences.begin(), sentences.end(),
                       [&](const std::string& sentence) { return sentence.find(part) != std::string::npos; });
}

}  // namespace

TEST_CASE("the chip's mean is float's, within the error of the mean") {
    WindowOptions options;
    options.protocol = {.range = 20, .stride = 4};
    options.trials = 4000;
    options.seed = 7;
    struct Widths {
        int traces;
        int weights;
    };
    std::vector<double> spreads;
    for (const Widths widths : {Widths{5, 8}, Widths{7, 4}, Widths{7, 8}, Widths{12, 8}, Widths{12, 15}}) {
        options.arithmetic.trace_bits = widths.traces;
        options.arithmetic.weight_bits = widths.weights;
        const Window window = measure_window(test::pair_stdp(), "loihi1", options);
        CAPTURE(widths.traces);
        CAPTURE(widths.weights);
        CHECK(worst_in_errors(window) < 4.5);
        CHECK(says(window, "show no bias"));
        spreads.push_back(weight_change(window.series[0].points[1]).deviation);
    }
    CHECK(spreads[0] > spreads[2]);
    CHECK(spreads[1] > spreads[2]);
    CHECK(spreads[2] > spreads[3]);
    CHECK(spreads[3] > 4 * spreads[4]);
}

TEST_CASE("with epochs of several steps float and chip agree too") {
    rules::Rule rule = test::pair_stdp();
    rule.epoch = 4;
    WindowOptions options;
    options.protocol = {.range = 12, .stride = 3, .repeats = 2};
    options.trials = 4000;
    // The place within the epoch is part of the spread, and sampled evenly: the error is smaller than the spread says.
    CHECK(worst_in_errors(measure_window(rule, "loihi1", options)) < 4.5);
}

TEST_CASE("graded spikes move the chip's x1 as they move float's") {
    rules::Rule rule = test::rule_of("2^-2*x1*y0 - 2^-3*y1*x0");
    rule.x[0] = {.impulse = 16, .tau = 10};
    WindowOptions options;
    options.protocol = {.range = 8, .stride = 2, .repeats = 3, .spacing = 20};
    options.trials = 2000;
    options.payload = 90;
    for (const rules::GradedMode mode : {rules::GradedMode::overwrite, rules::GradedMode::add_with_saturation}) {
        rule.graded = mode;
        CHECK(worst_in_errors(measure_window(rule, "loihi2", options)) < 4.5);
    }
    // Near the overflow, whether a spike counts is a matter of rounding: well below it, none does.
    rule.graded = rules::GradedMode::add_without_saturation;
    options.payload = 20;
    CHECK(worst_in_errors(measure_window(rule, "loihi2", options)) < 4.5);
}

TEST_CASE("equal seeds give equal windows, others don't") {
    WindowOptions options;
    options.protocol = {.range = 3};
    options.trials = 50;
    const Window first = measure_window(test::pair_stdp(), "loihi1", options);
    CHECK(measure_window(test::pair_stdp(), "loihi1", options).series == first.series);
    options.seed = 1;
    CHECK(measure_window(test::pair_stdp(), "loihi1", options).series != first.series);
}

TEST_CASE("what the chip loses is said in sentences") {
    WindowOptions options;
    options.protocol = {.range = 60, .stride = 2};
    SUBCASE("a trace that is gone before float's matters no more") {
        rules::Rule rule = test::rule_of("2^3*x1*y0");
        rule.x[0] = {.impulse = 1, .tau = 6};
        CHECK(says(measure_window(rule, "loihi1", options), "the trace has been rounded to 0"));
    }
    SUBCASE("a weight that meets its bound") {
        options.weight = 250;
        CHECK(says(measure_window(test::pair_stdp(), "loihi1", options), "ends at a bound"));
    }
    SUBCASE("a trace beyond its register") {
        options.protocol = {.kind = ProtocolKind::frequency, .repeats = 5};
        CHECK(says(measure_window(test::pair_stdp(), "loihi1", options), "rises beyond 127"));
    }
    SUBCASE("a product of two traces counts an eighth, unless float is divided too") {
        rules::Rule rule = test::rule_of("2^-5*x1*y1*y0");
        const Window written = measure_window(rule, "loihi1", options);
        CHECK(says(written, "(by 8)"));
        CHECK(says(written, "the chip is biased"));
        options.scale = FloatScale::chip;
        const Window divided = measure_window(rule, "loihi1", options);
        CHECK(weight_change(divided.series[0].points[32]).real ==
              doctest::Approx(weight_change(written.series[0].points[32]).real / 8));
    }
}

TEST_CASE("a rule that the protocol doesn't move is said to change nothing") {
    WindowOptions options;
    options.protocol = {.range = 3};
    const Window window = measure_window(test::rule_of("2^-2*x2*y0"), "loihi1", options);
    CHECK(findings(window) == std::vector<std::string>{"Neither float nor the chip changes w in this protocol."});
}

TEST_CASE("dropped bits are rounded toward minus infinity, and that is seen") {
    rules::Rule rule = test::rule_of("2^2*x1*x1*y0 - 2^2*x1*x1*y0");
    WindowOptions options;
    options.protocol = {.range = 20, .stride = 5};
    options.scale = FloatScale::chip;
    CHECK(says(measure_window(rule, "loihi1", options), "toward minus infinity"));
}

TEST_CASE("tags and delays have windows of their own") {
    rules::Rule rule = test::rule_of("2^-4*u0*t");
    rule.dt = test::series("2^-1*x1*y0 - 2^-2*u0*t", rules::Variable::tag);
    rule.dd = test::series("2^-3*x0*y1", rules::Variable::delay);
    WindowOptions options;
    options.protocol = {.range = 5, .tail = 3};
    options.delay = 10;
    const Window window = measure_window(rule, "loihi1", options);
    for (const WindowPoint& point : window.series[0].points) {
        CHECK(point.changes[0].has_value());
        CHECK(point.changes[1].has_value());
        CHECK(point.changes[2].has_value());
    }
    CHECK(window.series[0].points[8].changes[2]->mean > 1);
    CHECK(window.series[0].points[2].changes[1]->mean > 1);
}

TEST_CASE("a reward by a third factor reaches the synapse") {
    rules::Rule rule = test::rule_of("2^0*u0*t*y2");
    rule.dt = test::series("2^0*x1*y0 - 2^-3*u0*t", rules::Variable::tag);
    rule.post_traces = rules::PostTraces::neuron;
    WindowOptions options;
    options.protocol = {
        .kind = ProtocolKind::reward, .range = 8, .difference = 2, .reward = 60, .reward_operand = rules::Operand::y2};
    options.scale = FloatScale::chip;
    REQUIRE(check_window(rule, options).empty());
    const Window window = measure_window(rule, "loihi2", options);
    const Change& change = weight_change(window.series[0].points[4]);
    CHECK(change.real > 5);
    CHECK(change.mean == doctest::Approx(change.real).epsilon(0.15));
}

TEST_CASE("options out of range are refused together") {
    WindowOptions options;
    options.trials = 1;
    options.weight = 300;
    options.delay = 64;
    CHECK(check_window(test::pair_stdp(), options).size() == 3);
    CHECK(check_window(rules::Rule{}, WindowOptions{})[0].found == "it changes nothing");
    WindowOptions wide;
    wide.arithmetic.trace_bits = 15;
    CHECK(check_window(test::rule_of("x1*y1*x2*y2*y0"), wide)[0].found.find("68 bits") != std::string::npos);
}

TEST_CASE("text, JSON and picture of a window are as they were looked at") {
    WindowOptions options;
    options.protocol = {.range = 12, .stride = 2};
    options.trials = 40;
    const Window pairs = measure_window(test::pair_stdp(), "loihi1", options);
    test::check_golden("workbench/pair.txt", window_text(pairs));
    test::check_golden("workbench/pair.json", window_json(pairs));
    test::check_golden("workbench/pair.svg", window_svg(pairs));
    options.protocol = {.kind = ProtocolKind::triplet, .range = 12, .stride = 4};
    const Window triplets = measure_window(test::pair_stdp(), "loihi1", options);
    test::check_golden("workbench/triplet.txt", window_text(triplets));
    test::check_golden("workbench/triplet.svg", window_svg(triplets));
}
