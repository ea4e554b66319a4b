// Whatever compiles onto a crossbar spikes as the float network does, and so as on a core without limits: the weights
// are integers of four bits, which a crossbar holds exactly. The compiler checks on the way that its count of axons and
// copies is the verifier's, which counts otherwise.
#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "chip/chip.hpp"
#include "compiler/compile.hpp"
#include "compiler/reference/float_interpreter.hpp"
#include "compiler/verify.hpp"
#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

/// Two populations that sum, with integer weights of both signs or of one; sparse, with delays.
Network integer_network(std::uint64_t seed) {
    test::Draws draws(seed);
    test::NetworkBuilder builder("integer");
    builder.network().step_s = 1;
    const auto inputs = static_cast<std::uint32_t>(draws.integer(1, 30));
    const auto neurons = static_cast<std::uint32_t>(draws.integer(2, 150));
    const Source in = builder.input("in", inputs);
    const Source p = builder.population("p", {neurons}, NeuronKind::integrate_fire);
    const Source q = builder.population("q", {neurons / 2 + 1}, NeuronKind::integrate_fire);
    const double least = draws.chance(0.5) ? -8 : 1;
    const double most = draws.chance(0.5) ? 7 : 1;
    const auto weights = [&](std::uint32_t to, std::uint32_t from) {
        SparseWeights sparse = test::sparse_random(to, from,
                                                   {.probability = std::min(1.0, 8.0 / from),
                                                    .least = least,
                                                    .most = most,
                                                    .longest_delay = static_cast<int>(draws.integer(0, 2)),
                                                    .seed = seed * 11 + to});
        for (float& weight : sparse.weights) {
            weight = weight < 0 ? std::floor(weight) : std::ceil(weight);
        }
        return sparse;
    };
    builder.connect(in, p, weights(neurons, inputs));
    if (draws.chance(0.5)) {
        builder.connect(p, p, weights(neurons, neurons)).recurrent = true;
    }
    builder.connect(p, q, weights(neurons / 2 + 1, neurons)).delay_steps = static_cast<int>(draws.integer(0, 3));
    for (const Source source : {p, q}) {
        builder[source].v_threshold = static_cast<double>(draws.integer(5, 30));
        builder[source].bias = static_cast<double>(draws.integer(0, 2));
    }
    return std::move(builder.network());
}

/// Spikes of both over some steps; how many differ.
std::pair<std::uint64_t, std::uint64_t> run(const Network& network, const chip::Image& image, std::uint64_t seed) {
    auto chip = chip::Chip::load(image, {});
    REQUIRE(chip.has_value());
    FloatInterpreter reference(network, {.timing = Timing::next_step, .single_precision = false});
    test::Draws draws(seed);
    std::uint64_t all = 0;
    std::uint64_t differing = 0;
    for (int step = 0; step < 50; ++step) {
        std::vector<chip::InputSpike> spikes;
        std::vector<std::vector<float>> values{std::vector<float>(network.inputs[0].size(), 0.0F)};
        for (std::uint32_t channel = 0; channel < values[0].size(); ++channel) {
            if (draws.chance(0.4)) {
                values[0][channel] = 1;
                spikes.push_back({.port = 0, .channel = channel});
            }
        }
        chip->step(spikes);
        reference.step(values);
        std::vector<std::vector<std::uint8_t>> fired;
        for (const chip::CoreImage& core : image.cores) {
            fired.emplace_back(core.compartments, std::uint8_t{0});
        }
        for (const chip::CoreSpike& spike : chip->spikes()) {
            fired[spike.core.value()][spike.compartment.value()] = 1;
        }
        for (std::uint32_t p = 0; p < image.populations.size(); ++p) {
            for (const chip::PopulationTile& tile : image.populations[p].tiles) {
                for (std::uint32_t i = 0; i < tile.count; ++i) {
                    const bool should = reference.spikes(PopulationId(p))[tile.first_neuron + i] != 0;
                    all += should ? 1U : 0U;
                    differing += (fired[tile.core.value()][tile.first_compartment + i] != 0) != should ? 1U : 0U;
                }
            }
        }
    }
    return {all, differing};
}

TEST_CASE("what compiles onto truenorth spikes as without limits") {
    const auto truenorth =
        chip::read_chip_spec(std::string(SPIKELOOM_SOURCE_DIR) + "/models/chips/truenorth.textproto");
    REQUIRE(truenorth.has_value());
    int compiled = 0;
    std::uint64_t spikes = 0;
    std::int64_t splitters = 0;
    std::size_t cores = 0;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        CAPTURE(seed);
        const Network network = integer_network(seed);
        const auto result = compile(network, *truenorth, {});
        if (!result) {
            CAPTURE(to_text(result.error()));
            CHECK(to_text(result.error()).find("internal") == std::string::npos);
            continue;
        }
        ++compiled;
        CHECK(verify(result->image, network).empty());
        for (const MeasuredCore& core : measure_cost(result->image).cores) {
            splitters += core.splitters;
        }
        cores += result->image.cores.size();
        const auto [all, differing] = run(network, result->image, seed);
        spikes += all;
        CHECK(differing == 0);
    }
    MESSAGE(compiled << " of 40 compiled, onto " << cores << " cores with " << splitters << " splitters; " << spikes
                     << " spikes");
    CHECK(compiled > 20);
    CHECK(spikes > 10'000);
    CHECK(splitters > 1000);
}

}  // namespace
}  // namespace spikeloom::compiler
