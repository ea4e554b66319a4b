// The compiler and the emulated chip together, seen from the float network: with every part of the quantisation read
// back from the image, the float reference and the chip must do the same, but for the chip's truncation.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "chip/chip.hpp"
#include "compiler/compile.hpp"
#include "compiler/reference/gap.hpp"
#include "compiler/text/network_text.hpp"
#include "core/base/random.hpp"

namespace spikeloom::compiler {
namespace {

using Inputs = std::vector<std::vector<std::vector<float>>>;

/// Random spikes into one port.
Inputs random_inputs(std::uint64_t seed, std::size_t steps, std::size_t channels, double probability) {
    Inputs inputs(steps);
    for (std::uint32_t step = 0; step < steps; ++step) {
        std::vector<float> values(channels);
        for (std::uint32_t channel = 0; channel < channels; ++channel) {
            const double draw = random_uniform({.seed = seed, .step = step, .neuron = channel});
            values[channel] = draw < probability ? 1.0F : 0.0F;
        }
        inputs[step].push_back(std::move(values));
    }
    return inputs;
}

/// Which neuron of which population sits in a compartment.
struct Place {
    std::uint32_t population = 0;
    std::uint32_t neuron = 0;
};

SpikeTrains run_chip(chip::Chip& chip, const chip::Image& image, const Inputs& inputs) {
    std::vector<std::vector<Place>> places;
    for (const chip::CoreImage& core : image.cores) {
        places.emplace_back(core.compartments);
    }
    for (std::uint32_t p = 0; p < image.populations.size(); ++p) {
        for (const chip::PopulationTile& tile : image.populations[p].tiles) {
            for (std::uint32_t i = 0; i < tile.count; ++i) {
                places[tile.core.value()][tile.first_compartment + i] = {p, tile.first_neuron + i};
            }
        }
    }
    SpikeTrains trains(image.populations.size());
    chip.reset();
    for (std::uint32_t step = 0; step < inputs.size(); ++step) {
        std::vector<chip::InputSpike> spikes;
        for (std::uint32_t channel = 0; channel < inputs[step][0].size(); ++channel) {
            if (inputs[step][0][channel] != 0) {
                spikes.push_back({0, channel});
            }
        }
        chip.step(spikes);
        for (const chip::CoreSpike& spike : chip.spikes()) {
            const Place& place = places[spike.core.value()][spike.compartment.value()];
            trains[place.population].push_back({step, place.neuron});
        }
    }
    for (auto& train : trains) {
        std::sort(train.begin(), train.end());
    }
    return trains;
}

chip::ChipSpec bundled(const std::string& name) {
    auto spec = chip::read_chip_spec(std::string(SPIKELOOM_SOURCE_DIR) + "/models/chips/" + name + ".textproto");
    REQUIRE_MESSAGE(spec.has_value(), to_text(spec.error()));
    return *std::move(spec);
}

/// Against the network that the image keeps, which has the steps that a split adds.
GapReport gap_of(const std::string& text, std::size_t steps, double probability,
                 const chip::ChipSpec& spec = bundled("loihi1")) {
    const Result<Network> given = parse_network_text("name: \"n\" step_s: 1e-3\n" + text, "t", "");
    REQUIRE_MESSAGE(given.has_value(), to_text(given.error()));
    const auto compiled = compile(*given, spec, {});
    REQUIRE_MESSAGE(compiled.has_value(), to_text(compiled.error()));
    const Result<Network> network = deserialise_network(compiled->image.source_network, "image");
    REQUIRE_MESSAGE(network.has_value(), to_text(network.error()));
    auto chip = chip::Chip::load(compiled->image, {});
    REQUIRE_MESSAGE(chip.has_value(), to_text(chip.error()));
    auto gap = GapMeasurement::create(*network, compiled->image, PopulationId(0));
    REQUIRE_MESSAGE(gap.has_value(), to_text(gap.error()));
    for (std::uint64_t sample = 0; sample < 5; ++sample) {
        const Inputs inputs = random_inputs(sample, steps, network->inputs[0].size(), probability);
        SpikeTrains trains = run_chip(*chip, compiled->image, inputs);
        trains.resize(network->populations.size());  // behind them: helpers
        gap->add_sample(inputs, -1, {std::move(trains), 0}, [](const FloatRun&) { return 0; });
    }
    return gap->report();
}

const StepGap& step(const GapReport& report, const std::string& name) {
    for (const StepGap& candidate : report.steps) {
        if (candidate.name == name) {
            return candidate;
        }
    }
    FAIL("no step " << name);
    return report.steps.front();
}

TEST_CASE("a network whose numbers are the chip's own has no gap") {
    const GapReport report = gap_of(
        "input { name: \"in\" shape: 30 }\n"
        "population { name: \"a\" shape: 60 kind: integrate_fire resistance: 1000 v_threshold: 64 v_reset: 0 bias: 1 "
        "}\n"
        "population { name: \"b\" shape: 20 kind: integrate_fire resistance: 1000 v_threshold: 128 refractory_steps: 3 "
        "}\n"
        "projection { name: \"i\" source: \"in\" target: \"a\" pairwise_bernoulli { probability: 0.5 } weight { "
        "constant: 16 } }\n"
        "projection { name: \"r\" source: \"a\" target: \"a\" fixed_in_degree { count: 5 } weight { constant: -8 } "
        "delay { uniform { least: 0 most: 7 } } }\n"
        "projection { name: \"f\" source: \"a\" target: \"b\" dense {} weight { constant: 4 } delay { constant: 2 } }\n"
        "output { population: \"b\" }\n",
        100, 0.1);
    INFO(to_text(report));
    CHECK(report.populations[0].float_spikes > 500);
    CHECK(report.populations[1].float_spikes > 50);
    CHECK(report.populations[0].mismatched_spikes == 0);
    CHECK(report.populations[1].mismatched_spikes == 0);
    CHECK(report.largest_step.empty());
}

TEST_CASE("nor has it one where sums are made in parts, and biases begin as much later as spikes come") {
    chip::ChipSpec narrow = bundled("loihi2");
    narrow.limits.input_axons = 16;
    const GapReport report = gap_of(
        "input { name: \"in\" shape: 30 }\n"
        "population { name: \"a\" shape: 20 kind: integrate_fire resistance: 1000 v_threshold: 64 bias: 3 }\n"
        "population { name: \"b\" shape: 20 kind: leaky tau_mem_s: 8e-3 resistance: 8 v_threshold: 12 bias: 1 }\n"
        "projection { name: \"i\" source: \"in\" target: \"a\" dense {} weight { constant: 16 } }\n"
        "projection { name: \"f\" source: \"a\" target: \"b\" dense {} weight { constant: 4 } bias: 0.5 }\n"
        "output { population: \"b\" }\n",
        60, 0.05, narrow);
    INFO(to_text(report));
    CHECK(report.populations[0].float_spikes > 500);
    CHECK(report.populations[1].float_spikes > 50);
    CHECK(report.populations[0].mismatched_spikes == 0);
    CHECK(report.populations[1].mismatched_spikes < report.populations[1].float_spikes / 20);  // v truncates
    CHECK(step(report, "threshold").spike_change == 0);
    CHECK(step(report, "weights").spike_change == 0);
}

TEST_CASE("in a trained-like network the parts explain the gap, and little is left to arithmetic") {
    const GapReport report = gap_of(
        "input { name: \"in\" shape: 40 }\n"
        "population { name: \"a\" shape: 100 kind: current_based tau_syn_s: 4e-3 tau_mem_s: 15e-3 w_in: 4 v_threshold: "
        "1 }\n"
        "population { name: \"b\" shape: 10 kind: leaky tau_mem_s: 0.02 resistance: 20 v_threshold: 1 v_reset: -0.2 "
        "bias: 0.01 }\n"
        "projection { name: \"i\" source: \"in\" target: \"a\" dense {} weight { normal { mean: 0.3 deviation: 0.9 } } "
        "}\n"
        "projection { name: \"f\" source: \"a\" target: \"b\" dense {} weight { normal { mean: 0.02 deviation: 0.1 } } "
        "}\n"
        "output { population: \"b\" }\n",
        60, 0.1);
    INFO(to_text(report));
    CHECK(report.populations[0].float_spikes > 500);
    CHECK(report.populations[1].float_spikes > 100);
    CHECK(report.populations[0].rate_cosine > 0.98);
    CHECK(step(report, "all").spike_change < 0.2);
    CHECK(step(report, "arithmetic").spike_change < 0.05);
}

}  // namespace
}  // namespace spikeloom::compiler
