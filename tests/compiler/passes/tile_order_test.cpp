#include "compiler/passes/tile_order.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "compiler/passes/quantise.hpp"
#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

Network one_convolution(const test::ConvolutionRule& rule) {
    test::NetworkBuilder builder;
    const Source in = builder.input("in", rule.input[0] * rule.input[1] * rule.input[2]);
    const ConvolutionWeights weights = test::convolution(rule);
    const Source p = builder.population("p", {weights.output.begin(), weights.output.end()});
    builder.connect(in, p, weights);
    builder.output("out", p);
    return std::move(builder.network());
}

/// Sources that each tile hears, counted synapse by synapse.
std::uint64_t counted_axons(const Network& network, const NeuronOrder& order) {
    std::vector<std::uint32_t> tile_of(order.neuron_at.size());
    std::uint32_t tile = 0;
    for (std::uint32_t position = 0; position < order.neuron_at.size(); ++position) {
        tile += std::ranges::binary_search(order.cuts, position) ? 1 : 0;
        tile_of[order.neuron_at[position]] = tile;
    }
    std::uint64_t axons = 0;
    std::vector<Connection> connections;
    for (std::uint32_t source = 0; source < network.inputs[0].size(); ++source) {
        connections.clear();
        append_connections(network, network.projections[0], source, connections);
        std::set<std::uint32_t> heard;
        for (const Connection& connection : connections) {
            heard.insert(tile_of[connection.target]);
        }
        axons += heard.size();
    }
    return axons;
}

TileRoom only_neurons_and_axons(std::uint64_t neurons, std::uint64_t input_axons) {
    TileRoom room;
    room.neurons = neurons;
    room.input_axons = input_axons;
    room.output_axons = 1'000'000;
    return room;
}

TEST_CASE("tiles hold every neuron once, and hear what was reckoned") {
    for (const std::uint32_t stride : {1U, 2U}) {
        for (const std::uint32_t most : {30U, 64U, 150U}) {
            CAPTURE(stride);
            CAPTURE(most);
            const std::uint64_t most_axons = most == 150 ? 90 : 10'000;
            const Network network = one_convolution({.input = {3, 13, 17},
                                                     .channels = 6,
                                                     .kernel = 3,
                                                     .stride = stride,
                                                     .padding = 1,
                                                     .least = 1,
                                                     .most = 2});
            Diagnostics remarks;
            const auto mapped = quantise(network, chip::ChipSpec{}, {}, remarks);
            REQUIRE(mapped);
            const TileRoom room = only_neurons_and_axons(most, most_axons);
            const NeuronOrder order = tile_order(network, *mapped, room);
            std::vector<std::uint32_t> sorted = order.neuron_at;
            std::ranges::sort(sorted);
            for (std::uint32_t i = 0; i < sorted.size(); ++i) {
                REQUIRE(sorted[i] == i);
            }
            std::uint32_t begin = 0;
            for (const std::uint32_t cut : order.cuts) {
                CHECK(cut - begin <= most);
                begin = cut;
            }
            const Divider divider(network, room);
            const TileUse use = divider.use(0, divider.division(0));
            CHECK(order.cuts.size() + 1 == divider.division(0).tiles());
            CHECK(counted_axons(network, order) == use.input_axons);
            CHECK(use.most_input_axons <= most_axons);
        }
    }
}

TEST_CASE("of all divisions with so few tiles, none hears less") {
    const Network network =
        one_convolution({.input = {2, 12, 20}, .channels = 4, .kernel = 5, .padding = 2, .least = 1, .most = 2});
    const Divider divider(network, only_neurons_and_axons(100, 10'000));
    const Division best = divider.division(0);
    CHECK(best.tiles() == 10);
    for (std::uint32_t c = 1; c <= 4; ++c) {
        for (std::uint32_t r = 1; r <= 12; ++r) {
            for (std::uint32_t w = 1; w <= 20; ++w) {
                const Division other{.channels = c, .rows = r, .columns = w};
                const std::uint32_t largest = ((4 + c - 1) / c) * ((12 + r - 1) / r) * ((20 + w - 1) / w);
                if (largest <= 100) {
                    CHECK(other.tiles() >= best.tiles());
                    CHECK((other.tiles() > best.tiles() ||
                           divider.use(0, other).input_axons >= divider.use(0, best).input_axons));
                }
            }
        }
    }
}

/// A convolution into a picture, another out of it.
Network two_convolutions() {
    test::NetworkBuilder builder;
    const Source in = builder.input("in", 2 * 20 * 20);
    const ConvolutionWeights first =
        test::convolution({.input = {2, 20, 20}, .channels = 4, .kernel = 3, .padding = 1, .least = 1, .most = 2});
    const Source p = builder.population("p", {first.output.begin(), first.output.end()});
    const ConvolutionWeights second = test::convolution(
        {.input = first.output, .channels = 8, .kernel = 3, .stride = 2, .padding = 1, .least = 1, .most = 2});
    const Source q = builder.population("q", {second.output.begin(), second.output.end()});
    builder.connect(in, p, first);
    builder.connect(p, q, second);
    builder.output("out", q);
    return std::move(builder.network());
}

TEST_CASE("tiles leave room for the output axons that the tiles behind them ask for") {
    const Network network = two_convolutions();
    TileRoom room = only_neurons_and_axons(400, 500);
    room.output_axons = 300;
    const Divider divider(network, room);
    for (const std::uint32_t p : {0U, 1U}) {
        const TileUse use = divider.use(p, divider.division(p));
        CHECK(use.most_neurons <= 400);
        CHECK(use.most_input_axons <= 500);
        CHECK(use.most_output_axons <= 300);
    }
    // What the tiles of q hear, the neurons of p send.
    Diagnostics remarks;
    const auto mapped = quantise(network, chip::ChipSpec{}, {}, remarks);
    REQUIRE(mapped);
    const NeuronOrder order = tile_order(network, *mapped, room);
    std::vector<std::uint32_t> tile_of(order.neuron_at.size());
    std::uint32_t tile = 0;
    for (std::uint32_t position = 0; position < order.neuron_at.size(); ++position) {
        tile += std::ranges::binary_search(order.cuts, position) ? 1 : 0;
        tile_of[order.neuron_at[position]] = tile;
    }
    std::map<std::uint32_t, std::set<std::pair<std::uint32_t, std::uint32_t>>> sent;
    std::vector<Connection> connections;
    for (std::uint32_t source = 0; source < 1600; ++source) {
        connections.clear();
        append_connections(network, network.projections[1], source, connections);
        for (const Connection& connection : connections) {
            sent[tile_of[source]].insert({source, tile_of[1600 + connection.target]});
        }
    }
    std::size_t most = 0;
    for (const auto& [from, axons] : sent) {
        most = std::max(most, axons.size());
    }
    CHECK(most == divider.use(0, divider.division(0)).most_output_axons);
}

}  // namespace
}  // namespace spikeloom::compiler
