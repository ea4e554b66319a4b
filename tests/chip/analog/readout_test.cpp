#include "chip/analog/readout.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "builders.hpp"
#include "chip/analog/analog_chip.hpp"

using namespace spikeloom;
using namespace spikeloom::chip;
using namespace spikeloom::chip::analog;
using namespace spikeloom::test::emulated;
using core::analog::InputSpike;

namespace {

constexpr double tau = 10e-6;

/// Neurons in columns 0, 1, 2, ... of hemisphere 0, all reached from channel 0 with weight 63 * unit.
AnalogImage side_by_side(std::uint32_t neurons, double unit) {
    AnalogImage image = empty_image(
        1, neurons, 1, {.model = {.lif = {.tau_mem = tau, .tau_syn = tau, .refractory = never}}, .weight_unit = unit});
    AnalogRun& run = image.runs[0];
    run.drivers.push_back({.driver = 0, .rows = {RowMode::excitatory, RowMode::disabled}});
    for (std::uint32_t n = 0; n < neurons; ++n) {
        const auto column = static_cast<std::uint16_t>(n);
        run.neurons.push_back({.neuron = n, .circuits = {{.column = column}}, .address = static_cast<std::uint8_t>(n)});
        run.cells.push_back({.row = 0, .column = column, .weight = 63, .label = 2});
    }
    run.crossbar.push_back({.node = {.input = 8, .output = 0}});
    run.host_sources.push_back({.index = 0, .lane = 0, .label = 2});
    return image;
}

AnalogTrial trial_of(const AnalogImage& image, const InstanceOptions& options = {}) {
    const auto chip = AnalogChip::load(image, options);
    REQUIRE_MESSAGE(chip.has_value(), to_text(chip.error()));
    return AnalogTrial(*chip);
}

}  // namespace

TEST_CASE("a trace is the membrane at every period, in the converter's codes") {
    AnalogTrial trial = trial_of(side_by_side(2, 2.0 / 63));  // peak 2/e: below the threshold
    const std::vector<MembraneProbe> probes{{.neuron = 1, .converter = ConverterKind::cadc},
                                            {.neuron = 0, .converter = ConverterKind::madc}};
    REQUIRE(trial.record(probes).has_value());
    trial.run(std::vector<InputSpike>{{.time = 8e-6}}, {.window_s = 50e-6});
    REQUIRE(trial.traces().size() == 2);
    const auto membrane = [](double time) {
        const double x = (time - 8e-6) / tau;
        return x < 0 ? 0 : 2 * x * std::exp(-x);
    };
    const MembraneTrace& slow = trial.traces()[0];
    REQUIRE(slow.codes.size() == 30);  // 0, 1.7 us, ... 49.3 us
    for (std::size_t i = 0; i < slow.codes.size(); ++i) {
        const double expected = membrane(static_cast<double>(i) * 1.7e-6);
        CHECK(slow.potentials[i] == doctest::Approx(expected).epsilon(1e-9));
        CHECK(slow.codes[i] == std::lround(80 + 45 * expected));
    }
    const MembraneTrace& fast = trial.traces()[1];
    REQUIRE(fast.codes.size() == 1471);
    CHECK(fast.codes[500] == std::lround(4 * (80 + 45 * membrane(500 * 34e-9))));
}

TEST_CASE("sampling changes no spike, and ends where the trial does") {
    const AnalogImage image = side_by_side(2, 3.0 / 63);
    AnalogTrial plain = trial_of(image);
    AnalogTrial sampled = trial_of(image);
    REQUIRE(sampled.record(std::vector<MembraneProbe>{{.neuron = 0}}).has_value());
    const std::vector<InputSpike> inputs{{.time = 1e-6}};
    for (const TrialOptions& options :
         {TrialOptions{.window_s = 50e-6}, TrialOptions{.window_s = 50e-6, .stop_at_first = 0}}) {
        plain.run(inputs, options);
        sampled.run(inputs, options);
        REQUIRE(plain.spikes().size() == sampled.spikes().size());
        for (std::size_t i = 0; i < plain.spikes().size(); ++i) {
            CHECK(plain.spikes()[i] == sampled.spikes()[i]);
        }
        CHECK(plain.counts() == sampled.counts());
        CHECK(sampled.traces()[0].codes.size() == static_cast<std::size_t>(sampled.counts().duration_s / 1.7e-6) + 1);
    }
}

TEST_CASE("the fast converter stops when its memory is full, codes clip at their ends") {
    AnalogImage image = side_by_side(1, 2.0 / 63);
    image.chip.madc.samples = 100;
    AnalogTrial trial = trial_of(image);
    REQUIRE(trial.record(std::vector<MembraneProbe>{{.neuron = 0, .converter = ConverterKind::madc}}).has_value());
    trial.run({}, {.window_s = 50e-6});
    CHECK(trial.traces()[0].codes.size() == 100);
    CHECK(code_of(image.chip, ConverterKind::cadc, -3) == 0);
    CHECK(code_of(image.chip, ConverterKind::cadc, 300) == 255);
    CHECK(code_of(image.chip, ConverterKind::cadc, std::nan("")) == 0);
    CHECK(code_of(image.chip, ConverterKind::madc, 255.9) == 1023);
}

TEST_CASE("noise of the converter is a trial's, about one LSB") {
    AnalogTrial trial = trial_of(side_by_side(1, 2.0 / 63), {.noise = true});
    REQUIRE(trial.record(std::vector<MembraneProbe>{{.neuron = 0}}).has_value());
    trial.run({}, {.window_s = 2e-3, .trial = 1});
    const std::vector<std::uint16_t> first = trial.traces()[0].codes;
    double squares = 0;
    for (const std::uint16_t code : first) {
        squares += (code - 80.0) * (code - 80.0);
    }
    // Rounding adds 1/12 to the variance.
    CHECK(squares / static_cast<double>(first.size()) == doctest::Approx(1 + 1.0 / 12).epsilon(0.15));
    trial.run({}, {.window_s = 2e-3, .trial = 2});
    CHECK(trial.traces()[0].codes != first);
    trial.run({}, {.window_s = 2e-3, .trial = 1});
    CHECK(trial.traces()[0].codes == first);
}

TEST_CASE("probes that the chip has no converter for are refused") {
    AnalogTrial trial = trial_of(side_by_side(4, 0.01));
    const auto fast = [](std::uint32_t neuron) {
        return MembraneProbe{.neuron = neuron, .converter = ConverterKind::madc};
    };
    CHECK(trial.record(std::vector<MembraneProbe>{fast(0), fast(3), {.neuron = 2}}).has_value());
    const auto refused = trial.record(std::vector<MembraneProbe>{fast(0), fast(2), {.neuron = 9}, fast(0)});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().size() == 3);
}
