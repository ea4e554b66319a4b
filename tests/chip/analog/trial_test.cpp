#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "builders.hpp"
#include "chip/analog/mismatch.hpp"
#include "chip/analog/refractory.hpp"
#include "chip/analog/tables.hpp"
#include "core/base/random.hpp"

using namespace spikeloom;
using namespace spikeloom::chip;
using namespace spikeloom::chip::analog;
using namespace spikeloom::test::emulated;
using core::analog::InputSpike;
using core::analog::Spike;

namespace {

constexpr double tau = 10e-6;

/// When a membrane of tau_mem = tau_syn = tau reaches `height` after one spike of weight w: w x e^-x = height, x < 1.
double crossing(double w, double height = 1) {
    double low = 0;
    double high = 1;
    for (int i = 0; i < 200; ++i) {
        const double x = (low + high) / 2;
        (w * x * std::exp(-x) < height ? low : high) = x;
    }
    return low * tau;
}

AnalogChip loaded(const AnalogImage& image, const InstanceOptions& options = {}) {
    auto chip = AnalogChip::load(image, options);
    REQUIRE_MESSAGE(chip.has_value(), to_text(chip.error()));
    return *chip;
}

std::vector<Spike> run(AnalogTrial& trial, const std::vector<InputSpike>& inputs, const TrialOptions& options) {
    trial.run(inputs, options);
    return {trial.spikes().begin(), trial.spikes().end()};
}

std::vector<Spike> run(const AnalogChip& chip, const std::vector<InputSpike>& inputs, const TrialOptions& options) {
    AnalogTrial trial(chip);
    return run(trial, inputs, options);
}

/// One neuron on the whole chip, reached from channel 0 over lane 0 with weight 63 * unit.
AnalogImage one_neuron(double unit) {
    AnalogImage image = empty_image(
        1, 1, 1, {.model = {.lif = {.tau_mem = tau, .tau_syn = tau, .refractory = never}}, .weight_unit = unit});
    AnalogRun& run = image.runs[0];
    run.neurons.push_back({.neuron = 0, .circuits = {{.hemisphere = 0, .column = 3}}, .address = 1});
    run.drivers.push_back({.driver = 0, .rows = {RowMode::excitatory, RowMode::inhibitory}});
    run.cells.push_back({.row = 0, .column = 3, .weight = 63, .label = 2});
    run.crossbar.push_back({.node = {.input = 0, .output = 8}});
    run.crossbar.push_back({.node = {.input = 8, .output = 0}});
    run.host_sources.push_back({.index = 0, .lane = 0, .label = 2});
    return image;
}

/// So that few inputs make many neurons spike.
void strengthen(AnalogImage& image) {
    for (NeuronTarget& neuron : image.neurons) {
        neuron.weight_unit = 0.05;
    }
}

std::vector<InputSpike> random_inputs(std::uint64_t seed, std::uint32_t channels) {
    std::vector<InputSpike> inputs;
    for (std::uint32_t i = 0; i < 3 * channels; ++i) {
        inputs.push_back({.time = 40e-6 * random_uniform({.seed = seed, .step = i}), .input = i % channels});
    }
    return inputs;
}

}  // namespace

TEST_CASE("spikes of a chain on an ideal chip come when the closed form says") {
    const AnalogImage image = ideal_image({.channels = 1, .layers = {1, 1}, .weights = {{3}, {5}}});
    const AnalogChip chip = loaded(image);
    AnalogTrial trial(chip);
    const std::vector<Spike> spikes = run(trial, {{.time = 2e-6, .input = 0}}, {.window_s = 100e-6});
    REQUIRE(spikes.size() == 2);
    CHECK(spikes[0].neuron == 0);
    CHECK(spikes[0].time == doctest::Approx(2e-6 + crossing(3)).epsilon(1e-12));
    CHECK(spikes[1].neuron == 1);
    CHECK(spikes[1].time == doctest::Approx(2e-6 + crossing(3) + crossing(5)).epsilon(1e-12));
    CHECK(trial.counts() == AnalogCounts{.input_spikes = 1, .spikes = 2, .synaptic_events = 2, .duration_s = 100e-6});
}

TEST_CASE("inputs with constant times spike in every sample, beside the data") {
    const AnalogImage bias = ideal_image({.channels = 1, .constant_times = {9e-6}, .layers = {1}, .weights = {{3}}});
    AnalogTrial trial(loaded(bias));
    for (int sample = 0; sample < 2; ++sample) {
        const std::vector<Spike> spikes = run(trial, {}, {.window_s = 50e-6});
        REQUIRE(spikes.size() == 1);
        CHECK(spikes[0].time == doctest::Approx(9e-6 + crossing(3)));
    }
    CHECK(run(trial, {}, {.window_s = 8e-6}).empty());
    CHECK(trial.counts().input_spikes == 0);
}

TEST_CASE("what lies outside the window, or never comes, is no input") {
    AnalogTrial trial(loaded(ideal_image({.layers = {1}, .weights = {{3}}})));
    const std::vector<Spike> spikes =
        run(trial, {{.time = never}, {.time = -1e-6}, {.time = std::nan("")}, {.time = 51e-6}}, {.window_s = 50e-6});
    CHECK(spikes.empty());
    CHECK(trial.counts().input_spikes == 0);
}

TEST_CASE("a trial can end with the first spike of a population") {
    const AnalogImage image = ideal_image({.channels = 2, .layers = {1, 2}, .weights = {{3, 0}, {5, 4}}});
    AnalogTrial trial(loaded(image));
    const std::vector<Spike> all = run(trial, {{.time = 1e-6, .input = 0}}, {.window_s = 100e-6});
    REQUIRE(all.size() == 3);
    const std::vector<Spike> some =
        run(trial, {{.time = 1e-6}, {.time = 90e-6, .input = 1}}, {.window_s = 100e-6, .stop_at_first = 1});
    REQUIRE(some.size() == 2);
    CHECK(std::equal(some.begin(), some.end(), all.begin()));
    CHECK(trial.counts().duration_s == all[1].time);
    CHECK(run(trial, {{.time = 1e-6}}, {.window_s = 3e-6, .stop_at_first = 1}).empty());
    CHECK(trial.counts().duration_s == 3e-6);
}

TEST_CASE("a chip's spikes are weight * unit, on the grid of its links") {
    const double unit = 3.0 / 63;
    const AnalogChip chip = loaded(one_neuron(unit));
    AnalogTrial trial(chip);
    const std::vector<Spike> spikes = run(trial, {{.time = 2.0031e-6}}, {.window_s = 50e-6});
    REQUIRE(spikes.size() == 1);
    const double start = 250 * 8e-9;  // 2.0031 us is nearest to 2.000
    CHECK(spikes[0].time == std::floor((start + crossing(3)) / 8e-9) * 8e-9);
    CHECK(trial.counts() ==
          AnalogCounts{.input_spikes = 1, .spikes = 1, .synaptic_events = 1, .output_spikes = 1, .duration_s = 50e-6});
    const std::vector<Spike> exact =
        run(loaded(one_neuron(unit), {.time_stamps = false}), {{.time = 2.0031e-6}}, {.window_s = 50e-6});
    CHECK(exact[0].time == doctest::Approx(2.0031e-6 + crossing(3)).epsilon(1e-12));
}

TEST_CASE("a lane carries one spike an interval; later ones wait") {
    AnalogImage image = one_neuron(0.001);
    image.inputs[0] = {.name = "input", .shape = {4}, .count = 4, .constant_times = {}};
    image.runs[0].host_sources = {{.index = 0, .lane = 0, .label = 2},
                                  {.index = 1, .lane = 0, .label = 2},
                                  {.index = 2, .lane = 1, .label = 2},
                                  {.index = 3, .lane = 0, .label = 2}};
    image.runs[0].crossbar.push_back({.node = {.input = 9, .output = 0}});
    AnalogTrial trial(loaded(image));
    // Lane 0: 10 us twice and 10.004 us (nearest slot 1251 or 1250) come one after the other; lane 1 is free.
    trial.run(std::vector<InputSpike>{{1e-5, 0}, {1e-5, 1}, {1e-5, 2}, {1.0003e-5, 3}}, {.window_s = 50e-6});
    CHECK(trial.counts().late_inputs == 2);
    CHECK(trial.counts().input_spikes == 4);
    trial.run(std::vector<InputSpike>{{1e-5, 0}, {1.0008e-5, 1}, {1e-5, 2}, {1.0016e-5, 3}}, {.window_s = 50e-6});
    CHECK(trial.counts().late_inputs == 0);
}

TEST_CASE("drops are counted by crossbar input, on counters of 16 bits") {
    AnalogImage image = one_neuron(0.001);
    image.inputs[0] = {.name = "input", .shape = {2}, .count = 2, .constant_times = {}};
    image.runs[0].host_sources.push_back({.index = 1, .lane = 2, .label = 2});
    AnalogTrial trial(loaded(image));
    trial.run(std::vector<InputSpike>{{1e-6, 0}, {1e-6, 1}, {2e-6, 1}}, {.window_s = 50e-6});
    CHECK(trial.counts().crossbar_drops == 2);
    REQUIRE(trial.drop_counters().size() == 20);
    CHECK(trial.drop_counters()[10] == 2);
    CHECK(std::ranges::count(trial.drop_counters(), 0) == 19);
    std::vector<InputSpike> many;
    for (int i = 0; i < 70000; ++i) {
        many.push_back({.time = i * 8e-9, .input = 1});
    }
    trial.run(many, {.window_s = 1e-3});
    CHECK(trial.counts().crossbar_drops == 70000);
    CHECK(trial.drop_counters()[10] == 65535);
}

TEST_CASE("a later run receives what an earlier one sent out, at the recorded time") {
    const double unit = 3.0 / 63;
    AnalogImage image = one_neuron(unit);
    image.neurons.push_back(image.neurons[0]);
    image.populations[0] = {.name = "all", .shape = {2}, .count = 2};
    image.runs.push_back(image.runs[0]);
    image.runs[1].neurons[0].neuron = 1;
    image.runs[1].host_sources[0] = {.is_neuron = true, .index = 0, .lane = 0, .label = 2};
    AnalogTrial trial(loaded(image));
    const std::vector<Spike> spikes = run(trial, {{.time = 8e-9 * 100}}, {.window_s = 50e-6});
    REQUIRE(spikes.size() == 2);
    CHECK(spikes[0].neuron == 0);
    CHECK(spikes[1].time == std::floor((spikes[0].time + crossing(3)) / 8e-9) * 8e-9);
    CHECK(trial.counts().input_spikes == 2);
    CHECK(trial.counts().duration_s == 100e-6);
    image.runs[0].crossbar.erase(image.runs[0].crossbar.begin());  // no way out of the first run
    CHECK(run(loaded(image), {{.time = 8e-9 * 100}}, {.window_s = 50e-6}).size() == 1);
}

TEST_CASE("new weights on a loaded chip are the same as loading anew") {
    AnalogImage image = random_image(4, 10, 50, 2);
    const InstanceOptions options{.seed = 3, .instance = 2, .mismatch = true};
    const AnalogChip chip = loaded(image, options);
    for (AnalogRun& run : image.runs) {
        for (SynapseCell& cell : run.cells) {
            cell.weight = static_cast<std::uint8_t>((cell.weight * 7 + 3) % 64);
        }
    }
    const auto changed = chip.with_weights(image);
    REQUIRE(changed.has_value());
    CHECK(std::ranges::equal(changed->nets(), loaded(image, options).nets()));
    image.runs[0].cells[0].weight = 64;
    CHECK_FALSE(chip.with_weights(image).has_value());
    image.runs[0].cells[0].weight = 1;
    image.runs[0].cells[0].label ^= 1;
    CHECK_FALSE(chip.with_weights(image).has_value());
}

TEST_CASE("new weights on an ideal chip keep its mismatch") {
    const IdealNet net{.channels = 2, .layers = {3}, .weights = {{1, 2, 3, 4, 5, 6}}};
    const InstanceOptions options{
        .overrides = {{.of = MismatchOf::weight, .sigma = 0.1}, {.of = MismatchOf::threshold, .sigma = 0.1}}};
    const AnalogChip chip = loaded(ideal_image(net), options);
    IdealNet doubled = net;
    for (double& weight : doubled.weights[0]) {
        weight *= 2;
    }
    const auto changed = chip.with_weights(ideal_image(doubled));
    REQUIRE(changed.has_value());
    CHECK(changed->nets()[0].neurons == chip.nets()[0].neurons);
    for (std::size_t i = 0; i < 6; ++i) {
        CHECK(changed->nets()[0].weights[i] == 2 * chip.nets()[0].weights[i]);
        CHECK(chip.nets()[0].weights[i] != net.weights[0][i]);
    }
    AnalogImage broken = ideal_image(doubled);
    broken.synapses.weights[2] = std::nan("");
    CHECK_FALSE(chip.with_weights(broken).has_value());
}

TEST_CASE("a neuron with more than Lif keeps it, with this instance's Lif, and its two sides apart") {
    AnalogImage image = one_neuron(0.01);
    image.neurons[0].adaptive = true;
    image.neurons[0].model.tau_syn_inhibitory = 20e-6;
    image.neurons[0].model.adaptation = true;
    image.runs[0].cells.push_back({.row = 1, .column = 3, .weight = 10, .label = 2});  // the inhibitory row
    const core::analog::Net plain = loaded(image).nets()[0];
    REQUIRE(plain.adaptive.size() == 1);
    CHECK(plain.adaptive[0].model == image.neurons[0].model);
    CHECK(plain.weights == std::vector<double>{0.01 * 63, 0.01 * -10});
    const core::analog::Net odd = loaded(image, {.seed = 1, .mismatch = true}).nets()[0];
    CHECK(odd.adaptive[0].model.lif == odd.neurons[0]);
    CHECK(odd.adaptive[0].model.tau_syn_inhibitory / 20e-6 == doctest::Approx(odd.neurons[0].tau_syn / tau));
    CHECK(odd.adaptive[0].model.tau_syn_inhibitory != 20e-6);
    image.neurons[0].adaptive = false;
    CHECK(loaded(image).nets()[0].weights.size() == 1);
}

TEST_CASE("a chip knows no time but its grid: inputs a slot later make spikes a slot later") {
    AnalogImage image = random_image(8, 10, 60);
    strengthen(image);
    const AnalogChip chip = loaded(image, {.seed = 1, .instance = 4, .mismatch = true});
    const double slot = 8e-9;
    std::vector<InputSpike> inputs = random_inputs(2, 10);
    AnalogTrial trial(chip);
    const std::vector<Spike> first = run(trial, inputs, {.window_s = 60e-6});
    REQUIRE(first.size() > 10);
    for (InputSpike& spike : inputs) {
        spike.time += 1000 * slot;
    }
    const std::vector<Spike> later = run(trial, inputs, {.window_s = 60e-6 + 1000 * slot});
    REQUIRE(later.size() == first.size());
    for (std::size_t i = 0; i < first.size(); ++i) {
        CHECK(later[i].neuron == first[i].neuron);
        // A spike on the edge of its slot may fall to either side.
        CHECK(std::abs(later[i].time - first[i].time - 1000 * slot) < 1.01 * slot);
    }
}

TEST_CASE("cells of weight zero change no spike, and are still counted where spikes arrive") {
    AnalogImage image = random_image(9, 10, 60);
    strengthen(image);
    const std::vector<InputSpike> inputs = random_inputs(3, 10);
    AnalogTrial with(loaded(image));
    for (SynapseCell& cell : image.runs[0].cells) {
        cell.weight = cell.label % 2 == 0 ? 0 : cell.weight;
    }
    AnalogTrial zeroed(loaded(image));
    std::erase_if(image.runs[0].cells, [](const SynapseCell& cell) { return cell.weight == 0; });
    AnalogTrial without(loaded(image));
    with.run(inputs, {.window_s = 60e-6});
    CHECK(run(zeroed, inputs, {.window_s = 60e-6}) == run(without, inputs, {.window_s = 60e-6}));
    CHECK_FALSE(std::ranges::equal(with.spikes(), zeroed.spikes()));
    CHECK(zeroed.counts().synaptic_events > without.counts().synaptic_events);
}

TEST_CASE("noise belongs to the trial, not to its order or thread") {
    const AnalogImage image = random_image(5, 10, 60);
    const AnalogChip chip = loaded(image, {.seed = 1, .instance = 4, .mismatch = true, .noise = true});
    const std::vector<InputSpike> inputs = random_inputs(1, 10);
    AnalogTrial trial(chip);
    std::vector<std::vector<Spike>> forward;
    for (std::uint64_t t = 0; t < 8; ++t) {
        forward.push_back(run(trial, inputs, {.window_s = 50e-6, .trial = t}));
    }
    CHECK(forward[0] != forward[1]);
    std::vector<std::vector<Spike>> threaded(8);
    {
        std::vector<std::thread> threads;
        for (std::uint64_t first = 0; first < 2; ++first) {
            threads.emplace_back([&, first] {
                AnalogTrial own(chip);
                for (std::uint64_t t = 8; t-- > 0;) {
                    if (t % 2 == first) {
                        threaded[t] = run(own, inputs, {.window_s = 50e-6, .trial = t});
                    }
                }
            });
        }
        std::ranges::for_each(threads, [](std::thread& thread) { thread.join(); });
    }
    CHECK(forward == threaded);
}

TEST_CASE("trial noise moves the threshold by its sigma, and a weight's as a threshold over the factor") {
    const AnalogImage image = ideal_image({.layers = {1}, .weights = {{10}}});
    for (const MismatchOf of : {MismatchOf::threshold, MismatchOf::leak, MismatchOf::weight}) {
        AnalogTrial trial(loaded(image, {.seed = 3, .overrides = {{.of = of, .trial_sigma = 0.05}}}));
        const int n = 2000;
        double sum = 0;
        double squares = 0;
        for (int t = 0; t < n; ++t) {
            const std::vector<Spike> spikes =
                run(trial, {{.time = 0}}, {.window_s = 50e-6, .trial = static_cast<std::uint64_t>(t)});
            REQUIRE(spikes.size() == 1);
            const double x = spikes[0].time / tau;
            const double height = 10 * x * std::exp(-x);  // the membrane that sufficed
            sum += height - 1;
            squares += (height - 1) * (height - 1);
        }
        CHECK(std::abs(sum / n) < 0.006);  // a factor's inverse has a mean of 1 + sigma^2
        CHECK(std::sqrt(squares / n) == doctest::Approx(0.05).epsilon(0.1));
    }
}

TEST_CASE("refractory times are what a counter behind a prescaler holds") {
    const AnalogRanges ranges;
    CHECK(refractory_registers(ranges, 2e-6) == RefractoryRegisters{.prescaler = 0, .counter = 250});
    CHECK(counted_refractory(ranges, 2e-6) == doctest::Approx(2e-6));
    CHECK(refractory_registers(ranges, 2.04e-6) == RefractoryRegisters{.prescaler = 0, .counter = 255});
    CHECK(refractory_registers(ranges, 2.05e-6) == RefractoryRegisters{.prescaler = 1, .counter = 128});
    CHECK(counted_refractory(ranges, 2.05e-6) == doctest::Approx(2.048e-6));
    CHECK(refractory_registers(ranges, 0).counter == 13);  // 0.1 us is the least
    CHECK(refractory_registers(ranges, 1).prescaler == 15);
    CHECK(counted_refractory(ranges, 1) == doctest::Approx(255 * 65536 / 250e6));
    CHECK(counted_refractory(ranges, never) == never);
    for (double time = 0.5e-6; time < 0.06; time *= 1.37) {
        CHECK(counted_refractory(ranges, time) == doctest::Approx(time).epsilon(time < 1e-6 ? 0.01 : 0.004));
    }
}

TEST_CASE("trials in steps give the times of the event-driven ones, to a step or two") {
    const double w = 63 * 0.1;
    const AnalogChip chip = loaded(one_neuron(0.1));
    AnalogTrial trial(chip);
    const core::analog::SteppedOptions steps{.dt = 0.01 * tau, .steps = 1000};
    REQUIRE(trial.step(steps));
    const std::vector<Spike> spikes = run(trial, {{.time = tau, .input = 0}}, {.window_s = 10 * tau});
    REQUIRE(spikes.size() == 1);
    CHECK(std::abs(spikes[0].time - tau - crossing(w)) < 0.03 * tau);
    CHECK(trial.counts().input_spikes == 1);
    CHECK(trial.counts().synaptic_events == 1);
    CHECK(trial.counts().duration_s == 10 * tau);
    run(trial, {{.time = tau, .input = 0}}, {.window_s = 10 * tau, .stop_at_first = 0});
    CHECK(std::abs(trial.counts().duration_s - spikes[0].time) < 0.01 * tau);
    CHECK(run(trial, {{.time = tau, .input = 0}}, {.window_s = tau}).empty());

    CHECK_FALSE(trial.record(std::vector<MembraneProbe>{{.neuron = 0}}));
    CHECK_FALSE(trial.step({.dt = 0}));
    AnalogTrial probed(chip);
    REQUIRE(probed.record(std::vector<MembraneProbe>{{.neuron = 0}}));
    CHECK_FALSE(probed.step(steps));
}
