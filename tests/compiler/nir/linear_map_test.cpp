#include "compiler/nir/linear_map.hpp"

#include <doctest/doctest.h>

#include <random>

namespace spikeloom::compiler {
namespace {

std::vector<double> matrix_of(const LinearMap& map) {
    std::vector<double> matrix(map.sources * map.targets, 0.0);
    std::vector<Connection> row;
    for (std::uint32_t source = 0; source < map.sources; ++source) {
        row.clear();
        append_synapses(map.weights, map.sources, map.targets, source, 0, row);
        for (const Connection& connection : row) {
            matrix[connection.target * map.sources + source] += connection.weight;
        }
    }
    return matrix;
}

/// Small integers: their products and sums are exact, so that maps can be compared for equality.
std::vector<float> draw(std::mt19937& random, std::size_t count) {
    std::vector<float> values(count);
    for (float& value : values) {
        value = static_cast<float>(static_cast<int>(random() % 7) - 3);
    }
    return values;
}

LinearMap dense(std::mt19937& random, std::size_t sources, std::size_t targets) {
    return {.sources = sources,
            .targets = targets,
            .weights = DenseWeights{draw(random, sources * targets)},
            .delay_steps = 0};
}

LinearMap convolution(std::mt19937& random, const std::array<std::uint32_t, 3>& in, std::uint32_t channels,
                      std::uint32_t groups = 1) {
    ConvolutionWeights w;
    w.input = w.source = in;
    w.output = {channels, in[1] - 1, in[2] - 1};
    w.kernel_size = {2, 2};
    w.groups = groups;
    w.kernel = draw(random, std::size_t{channels} * (in[0] / groups) * 4);
    const std::size_t targets = std::size_t{channels} * w.output[1] * w.output[2];
    return {
        .sources = std::size_t{in[0]} * in[1] * in[2], .targets = targets, .weights = std::move(w), .delay_steps = 0};
}

LinearMap scale(std::mt19937& random, std::size_t size) {
    return scale_map(size, draw(random, size));
}

void check_product(const LinearMap& first, const LinearMap& second) {
    const auto product = chain(first, second);
    REQUIRE(product.has_value());
    const auto a = matrix_of(first);
    const auto b = matrix_of(second);
    std::vector<double> expected(first.sources * second.targets, 0.0);
    for (std::size_t target = 0; target < second.targets; ++target) {
        for (std::size_t middle = 0; middle < first.targets; ++middle) {
            for (std::size_t source = 0; source < first.sources; ++source) {
                expected[target * first.sources + source] +=
                    b[target * second.sources + middle] * a[middle * first.sources + source];
            }
        }
    }
    CHECK(matrix_of(*product) == expected);
}

TEST_CASE("chained maps equal the product of their matrices, whatever form they keep") {
    std::mt19937 random(3);
    for (int trial = 0; trial < 20; ++trial) {
        const std::array<std::uint32_t, 3> shape{2, 4, 6};
        const Pooling pooling{.kernel = {2, 2}, .stride = {2, 2}, .padding = {0, 0}, .scale = 0.25};
        const LinearMap pool = pooling_map(shape, {2, 2, 3}, pooling);
        const LinearMap overlapping =
            pooling_map(shape, {2, 4, 3}, {.kernel = {3, 2}, .stride = {1, 2}, .padding = {1, 0}, .scale = 1.0});
        check_product(dense(random, 5, 7), dense(random, 7, 3));
        check_product(scale(random, 5), dense(random, 5, 7));
        check_product(dense(random, 5, 7), scale(random, 7));
        check_product(identity_map(48), pool);
        check_product(scale(random, 48), convolution(random, shape, 4, 2));
        check_product(convolution(random, shape, 3), scale(random, 3 * 3 * 5));
        check_product(pool, convolution(random, {2, 2, 3}, 4));
        check_product(overlapping, convolution(random, {2, 4, 3}, 2));
        check_product(pool, dense(random, 12, 5));
        check_product(convolution(random, shape, 3), dense(random, 45, 5));
        check_product(convolution(random, shape, 2), convolution(random, {2, 3, 5}, 3));
        check_product(scale_map(48, {-2.0F}), pool);
        check_product(pool, scale_map(12, {3.0F}));
    }
}

TEST_CASE("compact forms stay compact") {
    std::mt19937 random(5);
    const std::array<std::uint32_t, 3> shape{2, 4, 6};
    const LinearMap pool = pooling_map(shape, {2, 2, 3}, {.kernel = {2, 2}, .stride = {2, 2}});
    const auto folded = chain(chain(pool, scale_map(12, {0.5F})).value(), convolution(random, {2, 2, 3}, 4)).value();
    const auto& convolved = std::get<ConvolutionWeights>(folded.weights);
    CHECK(convolved.source == shape);
    REQUIRE(convolved.pooling.has_value());
    CHECK(convolved.pooling->scale == 0.5);

    std::vector<float> by_channel(3 * 15);
    for (std::size_t index = 0; index < by_channel.size(); ++index) {
        const std::size_t channel = index / 15;
        by_channel[index] = static_cast<float>(channel + 1);
    }
    const auto scaled = chain(convolution(random, shape, 3), scale_map(45, by_channel)).value();
    CHECK(std::holds_alternative<ConvolutionWeights>(scaled.weights));
    CHECK(std::holds_alternative<DenseWeights>(chain(dense(random, 4, 4), dense(random, 4, 4)).value().weights));
    CHECK(std::holds_alternative<OneToOneWeights>(chain(scale(random, 9), scale(random, 9)).value().weights));
}

TEST_CASE("delays add up, common ones apart") {
    const auto two = delay_map(3, {2, 2, 2}).value();
    CHECK(two.delay_steps == 2);
    CHECK(std::holds_alternative<OneToOneWeights>(two.weights));
    const auto mixed = chain(delay_map(3, {1, 5, 3}).value(), two).value();
    CHECK(mixed.delay_steps == 3);
    CHECK(std::get<SparseWeights>(mixed.weights).delays == std::vector<std::uint8_t>{0, 4, 2});
    const auto twice = chain(mixed, delay_map(3, {0, 7, 1}).value()).value();
    CHECK(twice.delay_steps == 3);
    CHECK(std::get<SparseWeights>(twice.weights).delays == std::vector<std::uint8_t>{0, 11, 3});
    CHECK_FALSE(delay_map(2, {0, 256}).has_value());
    const LinearMap sum{.sources = 3, .targets = 1, .weights = DenseWeights{{1, 1, 1}}, .delay_steps = 0};
    const auto summed = chain(delay_map(3, {1, 5, 3}).value(), sum).value();
    CHECK(summed.delay_steps == 1);
    CHECK(std::get<SparseWeights>(summed.weights).delays == std::vector<std::uint8_t>{0, 4, 2});
    CHECK(apply_map(summed, std::vector<double>{1, 10, 100}) == std::vector<double>{111});
}

}  // namespace
}  // namespace spikeloom::compiler
