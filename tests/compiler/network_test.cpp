#include "compiler/network.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>

#include "support/contains.hpp"

namespace spikeloom::compiler {
namespace {

/// An input of the given shape before one population of the given shape.
Network two_layers(const Shape& from, const Shape& to, Weights weights) {
    Network network;
    network.name = "two";
    network.inputs = {{.name = "in", .shape = from}};
    network.populations = {Population{.name = "out", .shape = to}};
    Projection projection;
    projection.name = "w";
    projection.source = {Source::Kind::input, 0};
    projection.target = PopulationId(0);
    projection.weights = std::move(weights);
    network.projections = {projection};
    return network;
}

/// [target][source], from append_connections; checks order and the absence of zeros on the way.
std::vector<double> matrix_of(const Network& network) {
    const Projection& projection = network.projections[0];
    const std::size_t sources = network.source_size(projection.source);
    const std::size_t targets = network.populations[0].size();
    std::vector<double> matrix(sources * targets, 0.0);
    std::uint64_t count = 0;
    for (std::uint32_t source = 0; source < sources; ++source) {
        std::vector<Connection> connections;
        append_connections(network, projection, source, connections);
        count += connections.size();
        for (std::size_t index = 0; index < connections.size(); ++index) {
            REQUIRE(connections[index].source == source);
            REQUIRE(connections[index].weight != 0);
            REQUIRE(connections[index].target < targets);
            if (index > 0) {
                REQUIRE(connections[index - 1].target <= connections[index].target);
            }
            matrix[connections[index].target * sources + source] += connections[index].weight;
        }
    }
    CHECK(connection_count(network, projection) == count);
    return matrix;
}

using Map = std::vector<double>;  ///< (channels, height, width), C order

/// Sum pooling by its definition: every window, every element in it.
Map pool(const Map& x, std::array<std::uint32_t, 3> from, std::array<std::uint32_t, 3> to, const Pooling& pooling) {
    Map y(std::size_t{to[0]} * to[1] * to[2], 0.0);
    for (int c = 0; c < static_cast<int>(to[0]); ++c) {
        for (int row = 0; row < static_cast<int>(to[1]); ++row) {
            for (int column = 0; column < static_cast<int>(to[2]); ++column) {
                for (int i = 0; i < static_cast<int>(pooling.kernel[0]); ++i) {
                    for (int j = 0; j < static_cast<int>(pooling.kernel[1]); ++j) {
                        const int r =
                            row * static_cast<int>(pooling.stride[0]) - static_cast<int>(pooling.padding[0]) + i;
                        const int s =
                            column * static_cast<int>(pooling.stride[1]) - static_cast<int>(pooling.padding[1]) + j;
                        if (r >= 0 && s >= 0 && r < static_cast<int>(from[1]) && s < static_cast<int>(from[2])) {
                            y[static_cast<std::size_t>((c * static_cast<int>(to[1]) + row) * static_cast<int>(to[2]) +
                                                       column)] +=
                                pooling.scale *
                                x[static_cast<std::size_t>(
                                    (c * static_cast<int>(from[1]) + r) * static_cast<int>(from[2]) + s)];
                        }
                    }
                }
            }
        }
    }
    return y;
}

/// torch.nn.Conv2d by its definition.
Map convolve(const Map& x, const ConvolutionWeights& w) {
    Map y(std::size_t{w.output[0]} * w.output[1] * w.output[2], 0.0);
    const std::uint32_t in_group = w.input[0] / w.groups;
    const std::uint32_t out_group = w.output[0] / w.groups;
    std::size_t at = 0;
    for (std::uint32_t o = 0; o < w.output[0]; ++o) {
        for (std::uint32_t row = 0; row < w.output[1]; ++row) {
            for (std::uint32_t column = 0; column < w.output[2]; ++column, ++at) {
                for (std::uint32_t i = 0; i < in_group; ++i) {
                    for (std::uint32_t ky = 0; ky < w.kernel_size[0]; ++ky) {
                        for (std::uint32_t kx = 0; kx < w.kernel_size[1]; ++kx) {
                            const std::int64_t r = std::int64_t{row} * w.stride[0] + ky * w.dilation[0] - w.padding[0];
                            const std::int64_t s =
                                std::int64_t{column} * w.stride[1] + kx * w.dilation[1] - w.padding[1];
                            if (r < 0 || s < 0 || r >= w.input[1] || s >= w.input[2]) {
                                continue;
                            }
                            const std::size_t channel = o / out_group * in_group + i;
                            const std::size_t tap =
                                ((o * in_group + i) * w.kernel_size[0] + ky) * w.kernel_size[1] + kx;
                            y[at] +=
                                w.kernel[tap] * x[(channel * w.input[1] + static_cast<std::size_t>(r)) * w.input[2] +
                                                  static_cast<std::size_t>(s)];
                        }
                    }
                }
            }
        }
    }
    return y;
}

std::uint32_t extent(std::uint32_t size, std::uint32_t kernel, std::uint32_t stride, std::uint32_t padding,
                     std::uint32_t dilation) {
    return (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1;
}

TEST_CASE("expanded convolutions equal the definition: groups, dilation, stride, padding, pooling") {
    std::mt19937 random(7);
    const auto draw = [&](std::uint32_t low, std::uint32_t high) {
        return std::uniform_int_distribution<std::uint32_t>(low, high)(random);
    };
    std::uniform_real_distribution<double> real(-1, 1);
    for (int trial = 0; trial < 300; ++trial) {
        ConvolutionWeights w;
        w.groups = draw(1, 3);
        w.source = {w.groups * draw(1, 2), draw(5, 9), draw(5, 9)};
        w.input = w.source;
        if (trial % 2 == 1) {
            Pooling pooling;
            pooling.kernel = {draw(1, 3), draw(1, 3)};
            pooling.stride = {draw(1, 3), draw(1, 3)};
            pooling.padding = {draw(0, pooling.kernel[0] / 2), draw(0, pooling.kernel[1] / 2)};
            pooling.scale = trial % 4 == 1 ? 1.0 : 0.25;
            for (std::size_t axis = 0; axis < 2; ++axis) {
                w.input[axis + 1] =
                    extent(w.source[axis + 1], pooling.kernel[axis], pooling.stride[axis], pooling.padding[axis], 1);
            }
            w.pooling = pooling;
        }
        w.output[0] = w.groups * draw(1, 3);
        for (std::size_t axis = 0; axis < 2; ++axis) {
            w.kernel_size[axis] = draw(1, 3);
            w.stride[axis] = draw(1, 3);
            w.padding[axis] = draw(0, 2);
            w.dilation[axis] = draw(1, 2);
            while (w.dilation[axis] * (w.kernel_size[axis] - 1) + 1 > w.input[axis + 1] + 2 * w.padding[axis]) {
                ++w.padding[axis];
            }
            w.output[axis + 1] =
                extent(w.input[axis + 1], w.kernel_size[axis], w.stride[axis], w.padding[axis], w.dilation[axis]);
        }
        w.kernel.resize(std::size_t{w.output[0]} * (w.input[0] / w.groups) * w.kernel_size[0] * w.kernel_size[1]);
        for (float& tap : w.kernel) {
            tap = draw(0, 3) == 0 ? 0.0F : static_cast<float>(real(random));
        }
        const Network network =
            two_layers({w.source[0], w.source[1], w.source[2]}, {w.output[0], w.output[1], w.output[2]}, w);
        REQUIRE(to_text(check_network(network)) == "");
        Map x(network.inputs[0].size());
        for (double& value : x) {
            value = real(random);
        }
        const Map expected = convolve(w.pooling ? pool(x, w.source, w.input, *w.pooling) : x, w);
        const std::vector<double> matrix = matrix_of(network);
        for (std::size_t target = 0; target < expected.size(); ++target) {
            double sum = 0;
            for (std::size_t source = 0; source < x.size(); ++source) {
                sum += matrix[target * x.size() + source] * x[source];
            }
            REQUIRE(sum == doctest::Approx(expected[target]).epsilon(1e-5));
        }
    }
}

TEST_CASE("dense, sparse and one-to-one projections expand as they stand") {
    const Network dense = two_layers({2}, {3}, DenseWeights{{1, 2, 0, 4, 5, 0}});
    CHECK(matrix_of(dense) == std::vector<double>{1, 2, 0, 4, 5, 0});

    Network sparse = two_layers(
        {2}, {3},
        SparseWeights{
            .row_begin = {0, 3, 4}, .targets = {2, 0, 2, 1}, .weights = {1, 2, 3, 0}, .delays = {0, 1, 2, 3}});
    sparse.projections[0].delay_steps = 10;
    CHECK(matrix_of(sparse) == std::vector<double>{2, 0, 0, 0, 4, 0});
    std::vector<Connection> connections;
    append_connections(sparse, sparse.projections[0], 0, connections);
    REQUIRE(connections.size() == 3);
    CHECK(connections[0].delay_steps == 11);
    CHECK(connections[1].delay_steps == 10);
    CHECK(connections[2].delay_steps == 12);

    CHECK(matrix_of(two_layers({2}, {2}, OneToOneWeights{{7}})) == std::vector<double>{7, 0, 0, 7});
    CHECK(matrix_of(two_layers({2}, {2}, OneToOneWeights{{0, 3}})) == std::vector<double>{0, 0, 0, 3});
}

std::string findings(const Network& network) {
    return to_text(check_network(network));
}

using test::contains;

TEST_CASE("a sound network has no findings; each fault has its own") {
    const Network sound = two_layers({2}, {3}, DenseWeights{{1, 2, 3, 4, 5, 6}});
    CHECK(findings(sound).empty());
    const auto with = [&](auto change) {
        Network network = sound;
        change(network);
        return findings(network);
    };
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK(contains(with([](Network& n) { n.step_s = 0; }), "the step is 0 s"));
    CHECK(contains(with([](Network& n) {
                       n.populations.clear();
                       n.projections.clear();
                   }),
                   "there are no neurons"));
    CHECK(contains(with([](Network& n) { n.populations[0].name = "in"; }),
                   "population 'in': error: the name is used twice"));
    CHECK(contains(with([](Network& n) { n.populations[0].name = "a/b"; }), "holds a '/'"));
    CHECK(contains(with([](Network& n) { n.populations[0].shape = {0}; }), "the shape is (0)"));
    CHECK(contains(with([](Network& n) { n.populations[0].shape = {65536, 65536, 65536, 65536}; }), "at most"));
    CHECK(contains(with([](Network& n) { n.populations[0].tau_mem_s = -1.0; }),
                   "tau_mem is -1; allowed: greater than 0"));
    CHECK(contains(with([](Network& n) { n.populations[0].v_threshold = nan; }),
                   "v_threshold holds a value that is not finite"));
    CHECK(contains(with([](Network& n) { n.populations[0].bias = Parameter(std::vector<double>{1, 2}); }),
                   "bias has 2 values; allowed: 1 or 3"));
    CHECK(contains(with([](Network& n) { n.populations[0].refractory_steps = 0; }), "refractory_steps is 0"));
    CHECK(contains(with([](Network& n) { n.projections[0].source.index = 1; }), "it leads from input 1"));
    CHECK(contains(with([](Network& n) { n.projections[0].delay_steps = -1; }), "delay_steps is -1"));
    CHECK(contains(with([](Network& n) { n.projections[0].weights = DenseWeights{{1}}; }),
                   "there are 1 weights; allowed: 6"));
    CHECK(
        contains(with([](Network& n) { n.projections[0].weights = OneToOneWeights{{1}}; }), "one-to-one from 2 to 3"));
    CHECK(contains(with([](Network& n) { n.projections[0].weights = SparseWeights{{0, 2, 1}, {0}, {1}, {}}; }),
                   "not in order"));
    CHECK(contains(with([](Network& n) { n.projections[0].weights = SparseWeights{{0, 1, 1}, {3}, {1}, {}}; }),
                   "leads to neuron 3"));
    CHECK(contains(with([](Network& n) { n.projections[0].weights = ConvolutionWeights{}; }), "from 2 to 3 neurons"));
    CHECK(contains(with([](Network& n) { n.outputs = {{"y", PopulationId(3)}}; }), "it reads population 3"));
    // Parameters that the kind does not use are not looked at.
    CHECK(with([](Network& n) {
              n.populations[0].kind = NeuronKind::threshold;
              n.populations[0].tau_mem_s = nan;
          }).empty());
}

TEST_CASE("a convolution's geometry is checked") {
    ConvolutionWeights w;
    w.source = w.input = {1, 4, 4};
    w.output = {1, 3, 3};
    w.kernel_size = {2, 2};
    w.kernel = {1, 1, 1, 1};
    const auto with = [&](auto change) {
        ConvolutionWeights changed = w;
        change(changed);
        return findings(two_layers({1, 4, 4}, {1, 3, 3}, changed));
    };
    CHECK(with([](ConvolutionWeights&) {}).empty());
    CHECK(contains(with([](ConvolutionWeights& c) { c.stride = {2, 0}; }), "is 0"));
    CHECK(contains(with([](ConvolutionWeights& c) { c.stride = {2, 1}; }), "3 output rows need more than the 4"));
    CHECK(contains(with([](ConvolutionWeights& c) { c.groups = 2; }), "2 groups over 1 input"));
    CHECK(contains(with([](ConvolutionWeights& c) { c.input = {1, 3, 3}; }), "source and input"));
    CHECK(contains(with([](ConvolutionWeights& c) { c.pooling = Pooling{.kernel = {2, 2}}; }),
                   "the pooling does not map 4 rows to 4"));
}

}  // namespace
}  // namespace spikeloom::compiler
