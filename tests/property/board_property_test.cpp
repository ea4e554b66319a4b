// Boards of several chips, described by a user's file: where cores stand and how messages find their way changes counts
// and times, never a spike.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "chip/chip.hpp"
#include "compiler/compile.hpp"
#include "compiler/verify.hpp"
#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

/// The example that users copy, with cores so small that a small network needs both of its chips.
chip::ChipSpec torus_board() {
    const auto chip =
        chip::read_chip_spec(std::string(SPIKELOOM_SOURCE_DIR) + "/models/chips/examples/torus_board.textproto");
    REQUIRE_MESSAGE(chip.has_value(), to_text(chip.error()));
    chip::ChipSpec small = *chip;
    small.limits.compartments = 8;
    return small;
}

Network two_layers(std::uint64_t seed) {
    test::NetworkBuilder builder("two layers");
    builder.network().step_s = 1;
    const Source in = builder.input("in", 30);
    const Source p = builder.population("p", {160}, NeuronKind::integrate_fire);
    const Source q = builder.population("q", {140}, NeuronKind::integrate_fire);
    const auto integers = [](SparseWeights weights) {
        for (float& weight : weights.weights) {
            weight = std::round(weight);
        }
        return weights;
    };
    const auto sparse = [&](std::uint32_t to, std::uint32_t from) {
        return integers(test::sparse_random(
            to, from, {.probability = 0.1, .least = -4, .most = 6, .longest_delay = 3, .seed = seed + to}));
    };
    builder.connect(in, p, sparse(160, 30));
    builder.connect(p, q, sparse(140, 160));
    for (const Source source : {p, q}) {
        builder[source].v_threshold = 12;
    }
    builder.output("out", q);
    return std::move(builder.network());
}

using Spike = std::tuple<int, std::uint32_t, std::uint32_t>;  // step, population, neuron

struct Run {
    std::vector<Spike> spikes;
    Counters counts;
};

Run run(const chip::Image& image) {
    auto chip = chip::Chip::load(image, {});
    REQUIRE_MESSAGE(chip.has_value(), to_text(chip.error()));
    test::Draws draws(1);
    Run seen;
    for (int step = 0; step < 50; ++step) {
        std::vector<chip::InputSpike> inputs;
        for (std::uint32_t channel = 0; channel < 30; ++channel) {
            if (draws.chance(0.3)) {
                inputs.push_back({.port = 0, .channel = channel});
            }
        }
        chip->step(inputs);
        for (const chip::CoreSpike& spike : chip->spikes()) {
            const std::uint32_t compartment = spike.compartment.value();
            for (std::uint32_t p = 0; p < image.populations.size(); ++p) {
                for (const chip::PopulationTile& tile : image.populations[p].tiles) {
                    if (tile.core == spike.core && compartment - tile.first_compartment < tile.count) {
                        seen.spikes.emplace_back(step, p, tile.first_neuron + compartment - tile.first_compartment);
                    }
                }
            }
        }
        for (const Counters& core : chip->step_counts().cores) {
            seen.counts += core;
        }
    }
    std::ranges::sort(seen.spikes);
    return seen;
}

CompileResult compiled(const Network& network, const chip::ChipSpec& chip) {
    auto result = compile(network, chip, {});
    REQUIRE_MESSAGE(result.has_value(), to_text(result.error()));
    return *std::move(result);
}

TEST_CASE("a network over two chips of a torus spikes as on one chip") {
    for (const std::uint64_t seed : {1, 2, 3}) {
        CAPTURE(seed);
        const Network network = two_layers(seed);
        const chip::ChipSpec board = torus_board();
        const CompileResult on_board = compiled(network, board);
        std::set<int> chips;
        for (const chip::CoreImage& core : on_board.image.cores) {
            chips.insert(board.mesh.chip(static_cast<int>(core.place)));
        }
        CHECK(chips == std::set{0, 1});

        chip::ChipSpec one = board;
        one.mesh = {.columns = 8, .rows = 8, .cores_per_tile = 1};
        one.network = {};
        const CompileResult on_one = compiled(network, one);

        const Run found = run(on_board.image);
        const Run expected = run(on_one.image);
        CHECK(expected.spikes.size() > 500);
        CHECK(found.spikes == expected.spikes);
        CHECK(found.counts[Counter::messages_out] == expected.counts[Counter::messages_out]);
        CHECK(found.counts[Counter::hops_chip] > 0);
        CHECK(expected.counts[Counter::hops_chip] == 0);
        const auto of_q = std::ranges::count_if(expected.spikes, [](const Spike& s) { return std::get<1>(s) == 1; });
        CHECK(expected.counts[Counter::output_spikes] == static_cast<std::uint64_t>(of_q));
    }
}

TEST_CASE("so it does as a multicast tree, which sends one message a spike") {
    const Network network = two_layers(4);
    const chip::ChipSpec board = torus_board();
    chip::ChipSpec tree = board;
    tree.network.parameters.topology = router::Topology::tree;
    tree.network.parameters.cast = router::Cast::multicast;
    const CompileResult on_tree = compiled(network, tree);
    const Run found = run(on_tree.image);
    const Run expected = run(compiled(network, board).image);
    CHECK(found.spikes == expected.spikes);
    std::uint64_t heard = 0;  // spikes of neurons that reach another
    for (const auto& [step, population, neuron] : found.spikes) {
        heard += population == 0 ? 1 : 0;
    }
    CHECK(found.counts[Counter::messages_out] <= heard);
    CHECK(found.counts[Counter::messages_out] < expected.counts[Counter::messages_out]);
    CHECK(found.counts[Counter::messages_in] == expected.counts[Counter::messages_in]);
    CHECK(found.counts[Counter::hops_ew] == 0);
    CHECK(found.counts[Counter::hops_vertical] > 0);
}

TEST_CASE("chips fill one after the other") {
    const chip::ChipSpec board = torus_board();
    for (const std::uint32_t neurons : {200, 280, 400}) {  // 25, 35 and 50 cores of 8
        test::NetworkBuilder builder("rows");
        builder.network().step_s = 1;
        const Source in = builder.input("in", 4);
        const Source p = builder.population("p", {neurons}, NeuronKind::integrate_fire);
        builder.connect(in, p, test::sparse_random(neurons, 4, {.probability = 0.5, .least = 1, .most = 4, .seed = 3}));
        const CompileResult result = compiled(builder.network(), board);
        int on_first = 0;
        for (const chip::CoreImage& core : result.image.cores) {
            on_first += board.mesh.chip(static_cast<int>(core.place)) == 0 ? 1 : 0;
        }
        CHECK(on_first == std::min<int>(static_cast<int>(result.image.cores.size()), 32));
    }
}

TEST_CASE("an address that does not reach is refused, by the compiler and by whoever loads the image") {
    const Network network = two_layers(5);
    chip::ChipSpec board = torus_board();
    board.network.address_range = 4;  // half-way round: all reach all
    chip::Image image = compiled(network, board).image;
    CHECK(chip::check_image(image).empty());

    image.chip.network.address_range = 1;
    const Diagnostics findings = chip::check_image(image);
    REQUIRE_FALSE(findings.empty());
    CHECK(findings.front().where.find("place") != std::string::npos);
    CHECK(findings.front().found.find("columns and") != std::string::npos);
    CHECK(findings.front().allowed.find("at most 1 of each") != std::string::npos);
    CHECK_FALSE(findings.front().help.empty());
    CHECK_FALSE(chip::Chip::load(image, {}).has_value());
    CHECK(to_text(verify(image)).find("address_range") != std::string::npos);

    board.network.address_range = 1;
    const auto refused = compile(network, board, {});
    REQUIRE_FALSE(refused.has_value());
    CHECK(to_text(refused.error()).find("what a relative address holds") != std::string::npos);
    CHECK(to_text(refused.error()).find("internal") == std::string::npos);
}

}  // namespace
}  // namespace spikeloom::compiler
