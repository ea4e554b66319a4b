// ANNs: the forward pass against expanded synapses, operations by hand, and how files are read.
#include "compiler/convert/ann.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "compiler/convert/ann_reader.hpp"
#include "compiler/nir/nir_builder.hpp"
#include "core/files/npy.hpp"
#include "support/networks.hpp"
#include "support/temporary_folder.hpp"

namespace spikeloom::compiler {
namespace {

using test::Draws;
using test::NirBuilder;

std::vector<float> drawn(std::size_t count, std::uint64_t seed) {
    Draws draws(seed);
    std::vector<float> values(count);
    for (float& value : values) {
        value = static_cast<float>(draws.uniform(-1, 1));
    }
    return values;
}

std::vector<double> drawn_reals(std::size_t count, std::uint64_t seed) {
    const std::vector<float> values = drawn(count, seed);
    return {values.begin(), values.end()};
}

/// One plain layer over those weights.
Ann one_layer(Weights weights, Shape input, Shape output) {
    Ann ann;
    ann.input = std::move(input);
    ann.layers.push_back({.name = "out",
                          .shape = std::move(output),
                          .rectified = false,
                          .inputs = {{.name = "w", .from = 0, .weights = std::move(weights)}}});
    return ann;
}

/// Through the synapses, one by one.
std::vector<double> through_synapses(const AnnConnection& connection, std::span<const float> input,
                                     std::size_t targets) {
    std::vector<double> sums(targets, 0.0);
    std::vector<Connection> row;
    for (std::uint32_t source = 0; source < input.size(); ++source) {
        row.clear();
        append_synapses(connection.weights, input.size(), targets, source, 0, row);
        for (const Connection& synapse : row) {
            sums[synapse.target] += double{synapse.weight} * double{input[source]};
        }
    }
    return sums;
}

ConvolutionWeights strided_convolution() {
    ConvolutionWeights weights;
    weights.source = {4, 9, 12};
    weights.pooling = Pooling{.kernel = {2, 3}, .stride = {2, 2}, .padding = {1, 1}, .scale = 1.0 / 6};
    weights.input = {4, 5, 6};
    weights.kernel_size = {2, 3};
    weights.stride = {2, 1};
    weights.padding = {1, 2};
    weights.dilation = {1, 2};
    weights.groups = 2;
    weights.output = {6, 3, 6};
    weights.kernel = drawn(std::size_t{6} * 2 * 6, 3);
    return weights;
}

AnnImport import_of(NirBuilder& builder, ReluAfter relu = ReluAfter::hidden) {
    auto import = read_ann(builder.path(), relu);
    if (!import) {
        MESSAGE(to_text(import.error()));
    }
    REQUIRE(import.has_value());
    return std::move(*import);
}

}  // namespace

TEST_CASE("the forward pass of a pooled, strided, dilated, grouped convolution is that of its synapses") {
    const Ann ann = one_layer(strided_convolution(), {4, 9, 12}, {6, 3, 6});
    const std::vector<float> input = drawn(ann.input_size(), 5);
    const auto got = run_ann(ann, input)[0];
    const auto expected = through_synapses(ann.layers[0].inputs[0], input, got.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
        CHECK(std::abs(double{got[i]} - expected[i]) < 1e-5);
    }
}

TEST_CASE("operations leave out what falls on the padding") {
    ConvolutionWeights weights;
    weights.input = weights.source = weights.output = {1, 3, 3};
    weights.kernel_size = {3, 3};
    weights.padding = {1, 1};
    weights.kernel.assign(9, 1.0F);
    // 4 corners of 4 taps, 4 edges of 6, a centre of 9.
    CHECK(operations_of(weights, 9).multiply_accumulates == 49);
    CHECK(operations_of(DenseWeights{drawn(12, 1)}, 3) == AnnOperations{12, 0});
    const AnnOperations pooled = operations_of(strided_convolution(), 108);
    CHECK(pooled.pooling_additions == 4 * 9 * 17);  // rows: 1 + 2 * 4; columns: 2 + 3 * 5
}

TEST_CASE("NIR without neurons: ReLU after every weight layer but the last, also across nested graphs") {
    NirBuilder builder;
    builder.input("input", {1, 4, 4});
    builder.conv2d("conv", drawn_reals(18, 1), {2, 1, 3, 3}).pool("pool", "AvgPool2d", 2);
    builder.node("flat", "Flatten").whole("start_dim", {0}, {}).whole("end_dim", {-1}, {});
    builder.output("output", {2});
    builder.in_graph("head").affine("fc1", drawn_reals(6, 3), drawn_reals(3, 4));
    builder.affine("fc2", drawn_reals(6, 5), drawn_reals(2, 6)).edges({{"fc1", "fc2"}});
    builder.in_graph("");
    builder.edges({{"input", "conv"}, {"conv", "pool"}, {"pool", "flat"}, {"flat", "head"}, {"head", "output"}});
    const AnnImport import = import_of(builder);
    REQUIRE(import.ann.layers.size() == 3);
    CHECK(import.ann.layers[0].rectified);
    CHECK(import.ann.layers[1].rectified);
    CHECK_FALSE(import.ann.layers[2].rectified);
    CHECK(import.ann.output == 2);
    // Pooling and fc1 are one connection here, and count as what they were: 2 values into 3.
    CHECK(import.ann.operations == AnnOperations{2 * 4 * 9 + 6 + 6, 8});
    CHECK(import.reading.find("but the last") != std::string::npos);
}

TEST_CASE("IF nodes are the rectified units: a residual sum rectifies once") {
    NirBuilder builder;
    builder.input("input", {2});
    builder.linear("a", {1, 0, 0, 1}, 2).linear("b", {-2, 0, 0, 1}, 2);
    builder.node("relu", "IF").real("r", 1).real("v_threshold", 1);
    builder.linear("c", {1, 1}, 1).output("output", {1});
    builder.edges({{"input", "a"}, {"a", "relu"}, {"input", "b"}, {"b", "relu"}, {"relu", "c"}, {"c", "output"}});
    const AnnImport import = import_of(builder);
    REQUIRE(import.ann.layers.size() == 2);
    // (1 - 2) x0 is negative and cut off, (1 + 1) x1 is not.
    CHECK(run_ann(import.ann, std::vector<float>{0.5F, 0.25F})[1] == std::vector<float>{0.5F});
}

TEST_CASE("neurons with a leak are no rectified units") {
    NirBuilder builder;
    builder.input("input", {1}).linear("a", {1}, 1).lif("lif").output("output", {1});
    builder.edges({{"input", "a"}, {"a", "lif"}, {"lif", "output"}});
    const auto import = read_ann(builder.path());
    REQUIRE_FALSE(import.has_value());
    CHECK(to_text(import.error()).find("rectified") != std::string::npos);
}

TEST_CASE("max pooling is refused with what to do") {
    NirBuilder builder;
    builder.input("input", {1, 2, 2}).node("max", "MaxPool2d").output("output", {1, 1, 1});
    builder.edges({{"input", "max"}, {"max", "output"}});
    const auto import = read_ann(builder.path());
    REQUIRE_FALSE(import.has_value());
    CHECK(to_text(import.error()).find("average pooling") != std::string::npos);
}

TEST_CASE("plain matrices from an archive") {
    const test::TemporaryFolder folder;
    const std::string path = folder.path() / "net.npz";
    files::NamedArrays arrays{{"W0", files::make_array({3, 2}, drawn(6, 1))},
                              {"b0", files::make_array({3}, drawn(3, 2))},
                              {"W1", files::make_array({2, 3}, drawn(6, 3))}};
    REQUIRE(files::write_npz(arrays, path));
    const auto import = read_ann(path);
    REQUIRE(import.has_value());
    CHECK(import->ann.layers.size() == 2);
    CHECK(import->ann.layers[0].rectified);
    CHECK_FALSE(import->ann.layers[1].rectified);
    arrays[2].second = files::make_array({3, 2}, drawn(6, 3));
    REQUIRE(files::write_npz(arrays, path));
    CHECK(to_text(read_ann(path).error()).find("outputs x 3") != std::string::npos);
    arrays[2].first = "W2";
    REQUIRE(files::write_npz(arrays, path));
    CHECK_FALSE(read_ann(path).has_value());
}

}  // namespace spikeloom::compiler
