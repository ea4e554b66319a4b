#include "compiler/verify_expansion.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <tuple>

#include "support/networks.hpp"
#include "support/random_convolution.hpp"

namespace spikeloom::compiler {
namespace {

using Row = std::vector<std::tuple<std::uint32_t, std::uint32_t, float>>;

Row naive_row(NaiveExpansion& expansion, std::uint32_t source) {
    std::vector<ExpandedSynapse> synapses;
    expansion.append(0, source, synapses);
    Row row;
    for (const ExpandedSynapse& synapse : synapses) {
        row.emplace_back(synapse.target, synapse.delay, synapse.weight);
    }
    std::ranges::sort(row);
    return row;
}

Row compiler_row(const Network& network, std::uint32_t source) {
    std::vector<Connection> connections;
    append_connections(network, network.projections[0], source, connections);
    Row row;
    for (const Connection& connection : connections) {
        row.emplace_back(connection.target, connection.delay_steps, connection.weight);
    }
    std::ranges::sort(row);
    return row;
}

TEST_CASE("the verifier's expansion and the compiler's agree, though neither knows the other") {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        CAPTURE(seed);
        test::Draws draws(seed);
        test::NetworkBuilder builder;
        Source in;
        Source p;
        if (seed % 3 == 0) {
            in = builder.input("in", 17);
            p = builder.population("p", {23});
            builder.connect(in, p, test::sparse_random(23, 17, {.probability = 0.4, .longest_delay = 5, .seed = seed}))
                .delay_steps = 2;
        } else {
            const ConvolutionWeights c = test::random_convolution(draws);
            in = builder.input("in", c.source[0] * c.source[1] * c.source[2]);
            p = builder.population("p", {c.output[0], c.output[1], c.output[2]});
            builder.connect(in, p, c);
        }
        NaiveExpansion expansion(builder.network());
        for (std::uint32_t source = 0; source < builder.network().source_size(in); ++source) {
            REQUIRE(naive_row(expansion, source) == compiler_row(builder.network(), source));
        }
    }
}

TEST_CASE("dense and one-to-one") {
    test::NetworkBuilder builder;
    const Source in = builder.input("in", 6);
    const Source p = builder.population("p", {6});
    builder.connect(in, p, test::dense_uniform(6, 6, -1, 1, 3));
    NaiveExpansion expansion(builder.network());
    CHECK(naive_row(expansion, 4) == compiler_row(builder.network(), 4));
    builder.network().projections[0].weights = OneToOneWeights{{0.5F}};
    CHECK(naive_row(expansion, 4) == Row{{4, 0, 0.5F}});
}

}  // namespace
}  // namespace spikeloom::compiler
