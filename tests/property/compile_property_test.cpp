// Random networks: what compiles also verifies (compile() itself would fail), and the chip computes what the network
// says: to the bit for integer networks, closely for others.
#include <doctest/doctest.h>

#include <cmath>

#include "chip/chip.hpp"
#include "compiler/compile.hpp"
#include "compiler/reference/float_interpreter.hpp"
#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

chip::ChipSpec roomy_loihi() {
    chip::ChipSpec chip;
    chip.name = "loihi-like";
    return chip;
}

/// Input spikes of a step, for the chip and for the interpreter.
struct Stimulus {
    std::vector<chip::InputSpike> spikes;
    std::vector<std::vector<float>> values;
};

Stimulus draw_stimulus(const Network& network, test::Draws& draws, double probability) {
    Stimulus stimulus;
    for (std::uint32_t port = 0; port < network.inputs.size(); ++port) {
        auto& values = stimulus.values.emplace_back(network.inputs[port].size(), 0.0F);
        for (std::uint32_t channel = 0; channel < values.size(); ++channel) {
            if (draws.chance(probability)) {
                values[channel] = 1;
                stimulus.spikes.push_back({.port = port, .channel = channel});
            }
        }
    }
    return stimulus;
}

/// Runs image and network side by side; calls `compare(population, neuron, chip voltage, membrane)` after each step.
struct SideBySide {
    const Network& network;
    const chip::Image& image;

    struct Totals {
        std::uint64_t spikes = 0, differing = 0;
    };
    template <class Compare>
    Totals run(int steps, double probability, std::uint64_t seed, Compare compare) const {
        auto chip = chip::Chip::load(image, {});
        REQUIRE(chip);
        FloatInterpreter reference(network, {.timing = Timing::next_step, .single_precision = false});
        test::Draws draws(seed);
        Totals totals;
        for (int step = 0; step < steps; ++step) {
            const Stimulus stimulus = draw_stimulus(network, draws, probability);
            chip->step(stimulus.spikes);
            reference.step(stimulus.values);
            std::vector<std::vector<std::uint8_t>> fired;
            for (const chip::CoreImage& core : image.cores) {
                fired.emplace_back(core.compartments, std::uint8_t{0});
            }
            for (const chip::CoreSpike& spike : chip->spikes()) {
                fired[spike.core.value()][spike.compartment.value()] = 1;
            }
            for (std::uint32_t p = 0; p < image.populations.size(); ++p) {
                const auto wanted = reference.spikes(PopulationId(p));
                for (const chip::PopulationTile& tile : image.populations[p].tiles) {
                    for (std::uint32_t i = 0; i < tile.count; ++i) {
                        const bool spiked = fired[tile.core.value()][tile.first_compartment + i] != 0;
                        const bool should = wanted[tile.first_neuron + i] != 0;
                        totals.spikes += should ? 1U : 0U;
                        totals.differing += spiked != should ? 1U : 0U;
                        compare(p, tile.first_neuron + i,
                                chip->voltage(tile.core, CompartmentId(tile.first_compartment + i)),
                                reference.membrane(PopulationId(p))[tile.first_neuron + i]);
                    }
                }
            }
        }
        return totals;
    }
};

/// Integrate-and-fire with integer weights, thresholds and biases: every value is exact on the chip.
Network integer_network(std::uint64_t seed) {
    test::Draws draws(seed);
    test::NetworkBuilder builder("integer");
    builder.network().step_s = 1;
    const auto inputs = static_cast<std::uint32_t>(draws.integer(1, 40));
    const auto neurons = static_cast<std::uint32_t>(draws.integer(1, 200));
    const Source in = builder.input("in", inputs);
    const Source p = builder.population("p", {neurons}, NeuronKind::integrate_fire);
    const Source q = builder.population("q", {neurons / 2 + 1}, NeuronKind::integrate_fire);
    const auto integers = [&](SparseWeights weights) {
        for (float& weight : weights.weights) {
            weight = std::round(weight);
        }
        return weights;
    };
    const auto sparse = [&](std::uint32_t to, std::uint32_t from) {
        return integers(test::sparse_random(
            to, from, {.probability = 0.2, .least = -4, .most = 6, .longest_delay = 5, .seed = seed * 7 + to}));
    };
    builder.connect(in, p, sparse(neurons, inputs));
    builder.connect(p, p, sparse(neurons, neurons)).recurrent = true;
    builder.connect(p, q, sparse(neurons / 2 + 1, neurons)).delay_steps = static_cast<int>(draws.integer(0, 3));
    for (const Source source : {p, q}) {
        builder[source].v_threshold = static_cast<double>(draws.integer(5, 60));
        builder[source].bias = static_cast<double>(draws.integer(0, 3));
        builder[source].refractory_steps = static_cast<int>(draws.integer(1, 4));
    }
    return std::move(builder.network());
}

TEST_CASE(
    "integer networks whose reset subtracts the threshold run on the chip to the bit, two compartments a neuron") {
    std::uint64_t spikes = 0;
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
        CAPTURE(seed);
        Network network = integer_network(seed);
        for (Population& population : network.populations) {
            population.reset = ResetRule::subtract_threshold;
            population.v_threshold = 150;  // more than arrives in a step: else v rises until it is clipped
        }
        chip::ChipSpec chip = roomy_loihi();
        chip.neuron.soft_reset_compartments = 2;
        chip.limits.compartments = 100;
        const auto compiled = compile(network, chip, {});
        REQUIRE(compiled);
        for (const chip::CoreImage& core : compiled->image.cores) {
            CHECK(core.compartments <= 50);
        }
        std::uint64_t off = 0;
        const auto totals = SideBySide{network, compiled->image}.run(
            60, 0.3, seed, [&](std::uint32_t p, std::uint32_t, std::int32_t voltage, double membrane) {
                off += voltage != membrane * compiled->image.populations[p].voltage_per_unit ? 1U : 0U;
            });
        CHECK(totals.differing == 0);
        CHECK(off == 0);
        spikes += totals.spikes;
    }
    CHECK(spikes > 400);
}

TEST_CASE("integer networks run on the chip to the bit") {
    std::uint64_t spikes = 0;
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
        CAPTURE(seed);
        const Network network = integer_network(seed);
        const auto compiled = compile(network, roomy_loihi(), {});
        REQUIRE(compiled);
        std::uint64_t off = 0;
        const auto totals = SideBySide{network, compiled->image}.run(
            60, 0.3, seed, [&](std::uint32_t p, std::uint32_t, std::int32_t voltage, double membrane) {
                off += voltage != membrane * compiled->image.populations[p].voltage_per_unit ? 1U : 0U;
            });
        CHECK(totals.differing == 0);
        CHECK(off == 0);
        spikes += totals.spikes;
    }
    CHECK(spikes > 1000);
}

/// Leaky, current-based and readout populations with per-neuron time constants.
Network leaky_network(std::uint64_t seed) {
    test::Draws draws(seed);
    test::NetworkBuilder builder("leaky");
    const Source in = builder.input("in", 50);
    const Source hidden = builder.population("hidden", {120}, NeuronKind::current_based);
    const Source out = builder.population("out", {20}, NeuronKind::leaky);
    const Source read = builder.population("read", {5}, NeuronKind::current_based_integrator);
    for (const Source source : {hidden, out, read}) {
        builder[source].tau_mem_s = draws.uniform(4e-3, 40e-3);
        builder[source].tau_syn_s = draws.uniform(2e-3, 20e-3);
        builder[source].resistance = draws.uniform(1, 20);
        builder[source].v_leak = draws.uniform(-0.3, 0.3);
        builder[source].bias = has_synaptic_current(builder[source].kind) ? 0.0 : draws.uniform(-0.01, 0.01);
    }
    builder.connect(in, hidden, test::dense_uniform(120, 50, -0.5, 1, seed + 1));
    builder.connect(hidden, out, test::dense_uniform(20, 120, -0.3, 0.5, seed + 2));
    builder.connect(hidden, read, test::dense_uniform(5, 120, -0.3, 0.5, seed + 3));
    builder.output("read", read);
    return std::move(builder.network());
}

TEST_CASE("leaky networks follow the float network closely") {
    std::uint64_t all = 0;
    std::uint64_t differing = 0;
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        CAPTURE(seed);
        const Network network = leaky_network(seed);
        const auto compiled = compile(network, roomy_loihi(), {});
        REQUIRE(compiled);
        const auto totals = SideBySide{network, compiled->image}.run(
            100, 0.1, seed, [](std::uint32_t, std::uint32_t, std::int32_t, double) {});
        all += totals.spikes;
        differing += totals.differing;
        CHECK(totals.spikes > 50);
    }
    MESSAGE(all << " spikes, " << differing << " displaced (a shifted spike counts twice)");
    CHECK(differing * 30 < all);
}

TEST_CASE(
    "a constant input of a current-based neuron rises on the chip as it does in float, from the first step or late") {
    for (const int from_step : {0, 1}) {
        for (std::uint64_t seed = 0; seed < 6; ++seed) {
            CAPTURE(seed);
            test::Draws draws(seed);
            test::NetworkBuilder builder("constant");
            const Source in = builder.input("in", 1);
            const Source p = builder.population("p", {20}, NeuronKind::current_based);
            builder[p].tau_syn_s = draws.uniform(2e-3, 20e-3);
            builder[p].tau_mem_s = draws.uniform(10e-3, 40e-3);
            Projection& projection = builder.connect(in, p, test::dense_uniform(20, 1, 0.1, 0.5, seed));
            projection.bias = draws.uniform(0.2, 0.9);  // below the threshold of 1: v alone tells
            projection.bias_from_step = from_step;
            const auto compiled = compile(builder.network(), roomy_loihi(), {});
            REQUIRE(compiled);
            CHECK(!compiled->image.cores[0].initial_currents.empty());
            double worst = 0;
            const auto totals = SideBySide{builder.network(), compiled->image}.run(
                60, 0.0, seed, [&](std::uint32_t population, std::uint32_t, std::int32_t voltage, double membrane) {
                    const double unit = compiled->image.populations[population].voltage_per_unit;
                    worst = std::max(worst, std::abs(voltage / unit - membrane));
                });
            CHECK(totals.spikes == 0);
            CHECK(worst <
                  0.012);  // of the threshold: 12-bit decays and truncation; at once it would be off by 0.2 and more
        }
    }
}

CompileOptions with_seed(std::uint64_t seed) {
    CompileOptions options;
    options.seed = seed;
    return options;
}

TEST_CASE("the same seed gives the same image, on every kind of network") {
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
        const Network network = integer_network(seed);
        const auto first = compile(network, roomy_loihi(), with_seed(seed));
        const auto second = compile(network, roomy_loihi(), with_seed(seed));
        REQUIRE(first);
        REQUIRE(second);
        CHECK(first->image == second->image);
    }
}

TEST_CASE("random networks on cramped chips compile and verify, or are refused with reasons") {
    int compiled = 0;
    int refused = 0;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        CAPTURE(seed);
        test::Draws draws(seed + 1000);
        chip::ChipSpec chip = roomy_loihi();
        chip.limits.compartments = draws.integer(8, 64);
        chip.limits.input_axons = draws.integer(100, 300);
        chip.limits.output_axons = draws.integer(50, 400);
        chip.synapses.words = draws.integer(60, 800);
        chip.synapses.words_per_axon = draws.integer(2, 20);
        chip.limits.compartment_profiles = draws.integer(1, 8);
        chip.synapses.synapse_formats = static_cast<int>(draws.integer(2, 9));
        const Network network = draws.chance(0.5) ? integer_network(seed) : leaky_network(seed);
        const auto result = compile(network, chip, {});
        if (result) {
            ++compiled;
            CHECK(verify(result->image, network).empty());
        } else {
            ++refused;
            for (const Diagnostic& diagnostic : result.error()) {
                CAPTURE(to_text(diagnostic));
                CHECK(!diagnostic.where.empty());
                CHECK(!diagnostic.allowed.empty());
                CHECK(!diagnostic.help.empty());
                CHECK(diagnostic.found.find("internal") == std::string::npos);
            }
        }
    }
    MESSAGE(compiled << " compiled, " << refused << " refused");
    CHECK(compiled > 5);
    CHECK(refused > 2);
}

}  // namespace
}  // namespace spikeloom::compiler
