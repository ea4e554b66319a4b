// Calibration and conversion: rates are values.
#include "compiler/convert/lower.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "compiler/reference/float_interpreter.hpp"
#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

using test::dense_uniform;

/// Two layers of random weights with biases, the last one plain.
Ann two_layers() {
    Ann ann{.name = "net",
            .input_name = "in",
            .input = {6},
            .layers = {},
            .output = 1,
            .output_name = "out",
            .operations = {}};
    ann.layers.push_back(
        {.name = "hidden",
         .shape = {12},
         .rectified = true,
         .inputs = {{.name = "w0", .from = 0, .weights = dense_uniform(12, 6, -2, 2, 1), .bias = 0.1}}});
    ann.layers.push_back(
        {.name = "out",
         .shape = {3},
         .rectified = false,
         .inputs = {{.name = "w1", .from = 1, .weights = dense_uniform(3, 12, -1, 1, 2), .bias = -0.2}}});
    return ann;
}

std::vector<float> inputs_of(std::size_t samples) {
    test::Draws draws(9);
    std::vector<float> values(samples * 6);
    for (float& value : values) {
        value = static_cast<float>(draws.uniform(0, 1));
    }
    return values;
}

/// Spikes of the hidden layer over so many steps, its input a constant current.
std::vector<int> hidden_spikes(FloatInterpreter& interpreter, const std::vector<float>& input, int steps) {
    std::vector<int> counts(12, 0);
    interpreter.reset();
    for (int step = 0; step < steps; ++step) {
        interpreter.step({input});
        for (std::size_t neuron = 0; neuron < counts.size(); ++neuron) {
            counts[neuron] += interpreter.spikes(PopulationId(0))[neuron];
        }
    }
    return counts;
}

}  // namespace

TEST_CASE("a percentile is the nearest rank of all values, whatever their order") {
    std::vector<float> values(200);
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = static_cast<float>((i * 77) % 200) - 99;  // -99 .. 100
    }
    const auto percentile = [&](double p) {
        PercentileCollector collector(values.size(), p);
        collector.add(std::span(values).first(50));
        collector.add(std::span(values).subspan(50));
        return collector.range();
    };
    CHECK(percentile(100).scale == 100);
    CHECK(percentile(99).scale == 98);    // rank 198 of 200
    CHECK(percentile(99.2).scale == 99);  // rank 198.4 rounds up
    CHECK(percentile(10).scale == 0);     // negative: no range
    CHECK(percentile(50).largest == 100);
    CHECK(percentile(50).active == doctest::Approx(0.5));
}

TEST_CASE("the rate of a unit is its value over the layer's range, to less than a spike") {
    const Ann ann = two_layers();
    const std::vector<float> inputs = inputs_of(40);
    const Calibration calibration = calibrate_ann(ann, inputs, 40, 100);
    const int steps = 100;
    const Conversion conversion = convert_ann(ann, calibration, {.steps = steps});
    CHECK(conversion.remarks.empty());
    CHECK(check_network(conversion.network).empty());
    FloatInterpreter interpreter(conversion.network, {.single_precision = false});
    for (std::size_t sample = 0; sample < 10; ++sample) {
        const std::vector<float> input(inputs.begin() + static_cast<std::ptrdiff_t>(6 * sample),
                                       inputs.begin() + static_cast<std::ptrdiff_t>(6 * sample + 6));
        const auto values = run_ann(ann, input);
        const auto counts = hidden_spikes(interpreter, input, steps);
        for (std::size_t neuron = 0; neuron < counts.size(); ++neuron) {
            const double expected = steps * values[0][neuron] / calibration.layers[0].scale;
            // Half a spike: the bias shift makes rounding unbiased. (Plus the float's own rounding.)
            CHECK(std::abs(counts[neuron] - expected) < 0.5 + 1e-3);
        }
        for (std::size_t unit = 0; unit < 3; ++unit) {
            const double sum = interpreter.membrane(PopulationId(1))[unit] * calibration.layers[1].scale / steps;
            CHECK(std::abs(sum - values[1][unit]) < 0.04 * calibration.layers[1].scale);
        }
    }
}

TEST_CASE("without the bias shift, rates are rounded down; reset to zero loses more") {
    const Ann ann = two_layers();
    const std::vector<float> inputs = inputs_of(40);
    const Calibration calibration = calibrate_ann(ann, inputs, 40, 100);
    const auto error = [&](const ConversionOptions& options) {
        FloatInterpreter interpreter(convert_ann(ann, calibration, options).network, {.single_precision = false});
        double sum = 0;
        for (std::size_t sample = 0; sample < 40; ++sample) {
            const std::vector<float> input(inputs.begin() + static_cast<std::ptrdiff_t>(6 * sample),
                                           inputs.begin() + static_cast<std::ptrdiff_t>(6 * sample + 6));
            const auto counts = hidden_spikes(interpreter, input, 50);
            const auto values = run_ann(ann, input)[0];
            for (std::size_t neuron = 0; neuron < counts.size(); ++neuron) {
                sum += counts[neuron] - 50 * values[neuron] / calibration.layers[0].scale;
            }
        }
        return sum / (40 * 12);
    };
    const double shifted = error({.steps = 50});
    const double plain = error({.bias_shift = false, .steps = 50});
    const double zero = error({.reset = ResetRule::to_value, .bias_shift = false, .steps = 50});
    CHECK(std::abs(shifted) < 0.05);
    CHECK(plain < -0.15);  // half of the units are silent, and exact
    CHECK(zero < 2 * plain);
}

TEST_CASE("biases are spread over the steps without input too") {
    const Ann ann = two_layers();
    const Calibration calibration = calibrate_ann(ann, inputs_of(5), 5, 100);
    const Network plain = convert_ann(ann, calibration, {.bias_shift = false, .steps = 30}).network;
    const Network drained = convert_ann(ann, calibration, {.bias_shift = false, .steps = 30, .drain = 10}).network;
    CHECK(drained.projections[1].bias[0] * 40 == doctest::Approx(plain.projections[1].bias[0] * 30));
    CHECK(drained.projections[1].weights == plain.projections[1].weights);
}

TEST_CASE("a layer that is silent over the whole set is remarked on, an output that others take spikes") {
    Ann ann = two_layers();
    const std::vector<float> dark(6, 0.0F);
    ann.layers[0].inputs[0].bias = -1.0;
    const Conversion silent = convert_ann(ann, calibrate_ann(ann, dark, 1, 99.9), {});
    REQUIRE_FALSE(silent.remarks.empty());
    CHECK(silent.remarks[0].where == "layer 'hidden'");
    ann.output = 0;
    const Conversion early = convert_ann(ann, calibrate_ann(ann, dark, 1, 99.9), {});
    CHECK(early.network.populations[0].kind == NeuronKind::integrate_fire);
}

}  // namespace spikeloom::compiler
