#include "runtime/accuracy_curve.hpp"

#include <doctest/doctest.h>

using namespace spikeloom;
using namespace spikeloom::runtime;

namespace {

/// Two samples of three steps of label 1: right from step 1 on, and from step 2 on.
AccuracyCurve collected() {
    CurveCollector collector("chip", 2, Decision::spike_count);
    for (const int first : {1, 2}) {
        for (int step = 0; step < 3; ++step) {
            if (step == first) {
                collector.tally().add_spike(step, 1);
            }
            collector.end_step(10 * first);
        }
        collector.end_sample(1);
    }
    return collector.curve();
}

}  // namespace

TEST_CASE("a curve is the answer after every step, over what was spent until then") {
    const AccuracyCurve curve = collected();
    CHECK(curve.samples == 2);
    CHECK(curve.accuracy == std::vector<double>{0, 0.5, 1});
    CHECK(curve.operations == std::vector<double>{15, 30, 45});
    CHECK(settling_step(curve, 0.1) == 3);
    CHECK(settling_step(curve, 0.5) == 2);
    CHECK(settling_step({}, 0.1) == 0);
}

TEST_CASE("curves survive JSON, and other JSON is no curve") {
    AccuracyCurves curves{.curves = {collected()}, .ann = AnnReference{0.875, 1234567, 89}};
    CHECK(parse_accuracy_curves(to_json(curves)) == curves);
    curves.ann.reset();
    CHECK(parse_accuracy_curves(to_json(curves)) == curves);
    for (const char* text : {"", "[]", "{}", R"({"curves": [1]})", R"({"curves": [{"name": "a", "accuracy": [1]}]})",
                             R"({"curves": [{"name": "a", "accuracy": [1, 2], "synaptic_operations": [1]}]})",
                             R"({"curves": [{"name": "a", "accuracy": ["x"], "synaptic_operations": [1]}]})"}) {
        CHECK_FALSE(parse_accuracy_curves(text).has_value());
    }
}
