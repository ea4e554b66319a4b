#include "compiler/fan_in.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "support/networks.hpp"
#include "support/random_convolution.hpp"

namespace spikeloom::compiler {
namespace {

using Synapse = std::tuple<std::uint32_t, std::uint32_t, std::uint16_t, float>;  // target, source, delay, weight

std::vector<Synapse> as_tuples(const std::vector<Connection>& connections) {
    std::vector<Synapse> synapses;
    for (const Connection& c : connections) {
        synapses.emplace_back(c.target, c.source, c.delay_steps, c.weight);
    }
    return synapses;
}

/// Source by source, then sorted as the targets' side is.
std::vector<Synapse> by_source(const Network& network) {
    std::vector<Connection> connections;
    const Projection& projection = network.projections[0];
    for (std::uint32_t source = 0; source < network.source_size(projection.source); ++source) {
        append_connections(network, projection, source, connections);
    }
    std::vector<Synapse> synapses = as_tuples(connections);
    std::ranges::sort(synapses);
    return synapses;
}

std::vector<Synapse> by_target(const Network& network) {
    std::vector<Connection> connections;
    const Projection& projection = network.projections[0];
    const FanIn fan_in(network, projection);
    for (std::uint32_t target = 0; target < network.populations[projection.target.value()].size(); ++target) {
        fan_in.append(target, connections);
    }
    return as_tuples(connections);
}

Network with(const Weights& weights, std::uint32_t sources, Shape targets) {
    test::NetworkBuilder builder;
    const Source in = builder.input("in", sources);
    builder.connect(in, builder.population("p", std::move(targets)), weights).delay_steps = 2;
    return std::move(builder.network());
}

TEST_CASE("a projection by target is the projection by source") {
    for (std::uint64_t seed = 0; seed < 80; ++seed) {
        CAPTURE(seed);
        test::Draws draws(seed);
        const ConvolutionWeights c = test::random_convolution(draws);
        const Network network =
            with(c, c.source[0] * c.source[1] * c.source[2], {c.output[0], c.output[1], c.output[2]});
        REQUIRE(by_target(network) == by_source(network));
    }
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        SparseWeights sparse = test::sparse_random(23, 17, {.probability = 0.4, .longest_delay = 5, .seed = seed});
        CHECK(by_target(with(sparse, 17, {23})) == by_source(with(sparse, 17, {23})));
        for (std::uint32_t& target : sparse.targets) {
            target /= 4;  // parallel synapses
        }
        CHECK(by_target(with(sparse, 17, {23})) == by_source(with(sparse, 17, {23})));
    }
    DenseWeights dense = test::dense_uniform(9, 8, -1, 1, 3);
    dense.weights[10] = 0;
    CHECK(by_target(with(dense, 8, {9})) == by_source(with(dense, 8, {9})));
    const OneToOneWeights one{{0.5F, 0.0F, 2.0F}};
    CHECK(by_target(with(one, 3, {3})) == by_source(with(one, 3, {3})));
}

TEST_CASE("zero weights stay where they learn") {
    Network network = with(DenseWeights{{0, 1, 0, 2}}, 2, {2});
    CHECK(by_target(network).size() == 2);
    network.projections[0].learning = test::learning(test::pair_stdp(), 2);
    CHECK(by_target(network).size() == 4);
}

}  // namespace
}  // namespace spikeloom::compiler
