#include "compiler/verify_expansion.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <tuple>

#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

using Row = std::vector<std::tuple<std::uint32_t, std::uint32_t, float>>;

Row naive_row(const NaiveExpansion& expansion, std::uint32_t source) {
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

/// A random convolution: strides, padding, dilation, groups, pooling with overlap.
ConvolutionWeights random_convolution(test::Draws& draws) {
    ConvolutionWeights c;
    const auto some = [&](std::int64_t least, std::int64_t most) {
        return static_cast<std::uint32_t>(draws.integer(least, most));
    };
    c.groups = some(1, 2);
    c.source = {c.groups * some(1, 2), some(9, 14), some(9, 14)};
    c.input = c.source;
    if (draws.chance(0.6)) {
        c.pooling = Pooling{.kernel = {some(1, 3), some(1, 3)},
                            .stride = {some(1, 2), some(1, 2)},
                            .padding = {0, 0},
                            .scale = draws.uniform(0.1, 1)};
        for (std::size_t axis = 0; axis < 2; ++axis) {
            c.input[axis + 1] = (c.source[axis + 1] - c.pooling->kernel[axis]) / c.pooling->stride[axis] + 1;
        }
    }
    c.output[0] = c.groups * some(1, 3);
    c.kernel_size = {some(1, 3), some(1, 3)};
    c.stride = {some(1, 2), some(1, 3)};
    c.padding = {some(0, 1), some(0, 1)};
    c.dilation = {some(1, 2), 1};
    for (std::size_t axis = 0; axis < 2; ++axis) {
        const std::uint32_t extent = c.dilation[axis] * (c.kernel_size[axis] - 1) + 1;
        if (c.input[axis + 1] + 2 * c.padding[axis] < extent) {
            c.kernel_size[axis] = 1;
        }
        const std::uint32_t held = c.dilation[axis] * (c.kernel_size[axis] - 1) + 1;
        c.output[axis + 1] = (c.input[axis + 1] + 2 * c.padding[axis] - held) / c.stride[axis] + 1;
    }
    const std::size_t size = std::size_t{c.output[0]} * (c.input[0] / c.groups) * c.kernel_size[0] * c.kernel_size[1];
    for (std::size_t i = 0; i < size; ++i) {
        c.kernel.push_back(static_cast<float>(draws.uniform(-1, 1)));
    }
    return c;
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
            const ConvolutionWeights c = random_convolution(draws);
            in = builder.input("in", c.source[0] * c.source[1] * c.source[2]);
            p = builder.population("p", {c.output[0], c.output[1], c.output[2]});
            builder.connect(in, p, c);
        }
        const NaiveExpansion expansion(builder.network());
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
    CHECK(naive_row(NaiveExpansion(builder.network()), 4) == compiler_row(builder.network(), 4));
    builder.network().projections[0].weights = OneToOneWeights{{0.5F}};
    CHECK(naive_row(NaiveExpansion(builder.network()), 4) == Row{{4, 0, 0.5F}});
}

}  // namespace
}  // namespace spikeloom::compiler
