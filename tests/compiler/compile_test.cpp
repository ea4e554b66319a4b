#include "compiler/compile.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "compiler/nir/nir_reader.hpp"
#include "compiler/text/network_text.hpp"
#include "support/networks.hpp"
#include "support/reference_data.hpp"

namespace spikeloom::compiler {
namespace {

chip::ChipSpec loihi() {
    chip::ChipSpec chip;
    chip.name = "loihi-like";
    return chip;
}

/// Weight errors by projection, relative to the rms weight.
double error_of(const CompileResult& result, std::size_t projection) {
    return result.image.losses.at(projection).rms_error;
}

TEST_CASE("a dense chain compiles, and its report says what went where") {
    const auto result = compile(test::dense_chain(100, {120, 60, 10}), loihi(), {});
    REQUIRE(result);
    const chip::Image& image = result->image;
    CHECK(image.populations.size() == 3);
    CHECK(image.populations[2].output);
    CHECK(!image.populations[0].output);
    CHECK(image.inputs.at(0).size() == 100);
    CHECK(image.losses.size() == 3);
    CHECK(image.losses[0].weights == 12000);
    for (const char* expected : {"cores 1 of 128", "synapse words", "layer2: 60 neurons on 1 core", "weight error",
                                 "messages", "in->layer1", "binds"}) {
        CAPTURE(expected);
        CAPTURE(image.mapping_report);
        CHECK(image.mapping_report.find(expected) != std::string::npos);
    }
    CHECK(verify(image, test::dense_chain(100, {120, 60, 10})).empty());
}

TEST_CASE("the embedded network is the source, and can be left out") {
    const Network network = test::dense_chain(5, {4});
    CompileOptions options;
    const auto with = compile(network, loihi(), options);
    REQUIRE(with);
    CHECK(deserialise_network(with->image.source_network, "image").value() == network);
    options.embed_network = false;
    CHECK(compile(network, loihi(), options)->image.source_network.empty());
}

TEST_CASE("signs are kept apart where memory allows, together where that would cost a core") {
    const Network network = test::dense_chain(100, {80});
    chip::ChipSpec chip = loihi();
    const auto split = compile(network, chip, {});
    REQUIRE(split);
    for (const chip::WeightFormat& format : split->image.cores.at(0).formats) {
        CHECK(format.sign_mode != chip::SignMode::mixed);
    }
    CHECK(error_of(*split, 0) < 0.003);
    chip.synapses.words = 1200;
    const auto together = compile(network, chip, {});
    REQUIRE(together);
    CHECK(together->image.cores.at(0).formats.size() == 1);
    CHECK(together->image.cores.size() == 1);
    CHECK(error_of(*together, 0) > 0.003);
    CHECK(error_of(*together, 0) < 0.006);
}

TEST_CASE("a few large weights do not coarsen the small ones where formats are free") {
    test::NetworkBuilder builder;
    const Source in = builder.input("in", 100);
    const Source p = builder.population("p", {80});
    DenseWeights dense = test::dense_uniform(80, 100, -0.05, 0.05, 3);
    dense.weights[17] = 1;
    dense.weights[4711] = -1;
    builder.connect(in, p, dense);
    chip::ChipSpec chip = loihi();
    const auto fine = compile(builder.network(), chip, {});
    REQUIRE(fine);
    chip.synapses.synapse_formats = 2;
    const auto coarse = compile(builder.network(), chip, {});
    REQUIRE(coarse);
    CHECK(error_of(*fine, 0) * 4 < error_of(*coarse, 0));
}

TEST_CASE("fewer weight bits take less memory and lose more") {
    const Network network = test::dense_chain(100, {80});
    CompileOptions options;
    double error = 0;
    for (const int bits : {8, 6, 5, 4, 3, 2}) {
        options.weight_bits = bits;
        const auto result = compile(network, loihi(), options);
        REQUIRE(result);
        CHECK(result->image.losses[0].weight_bits <= bits);
        CHECK(error_of(*result, 0) > error);
        error = error_of(*result, 0);
    }
    options.weight_bits = 0;
    const auto refused = compile(network, loihi(), options);
    REQUIRE(!refused);
    CHECK(refused.error()[0].where == "options");
}

TEST_CASE("binary weights take one bit") {
    test::NetworkBuilder builder;
    const Source in = builder.input("in", 20);
    const Source p = builder.population("p", {30});
    auto sparse = test::sparse_random(30, 20, {.probability = 0.5});
    std::ranges::fill(sparse.weights, 0.37F);
    builder.connect(in, p, sparse);
    const auto result = compile(builder.network(), loihi(), {});
    REQUIRE(result);
    CHECK(result->image.losses[0].weight_bits == 1);
    CHECK(result->image.losses[0].rms_error < 1e-4);
}

TEST_CASE("delays: within the chip's field, and refused beyond by the projection's name") {
    test::NetworkBuilder builder;
    const Source in = builder.input("in", 3);
    const Source p = builder.population("p", {3});
    Projection& projection = builder.connect(in, p, test::dense_uniform(3, 3, 0.5, 1, 1));
    projection.delay_steps = 62;
    const auto result = compile(builder.network(), loihi(), {});
    REQUIRE(result);
    CHECK(result->image.cores[0].formats[0].delay_bits == 6);
    CHECK(result->image.cores[0].synapses[0].delay == 62);
    builder.network().projections[0].delay_steps = 63;
    const auto refused = compile(builder.network(), loihi(), {});
    REQUIRE(!refused);
    CHECK(refused.error()[0].where == "projection 'in->p'");
    CHECK(refused.error()[0].allowed.find("62") != std::string::npos);
}

TEST_CASE("everything that can't be expressed is said at once") {
    test::NetworkBuilder builder;
    const Source in = builder.input("in", 3);
    const Source p = builder.population("p", {3});
    const Source q = builder.population("q", {3}, NeuronKind::leaky_integrator);
    builder[p].reset = ResetRule::subtract_threshold;
    builder[p].refractory_steps = 100;
    builder.connect(in, p, test::dense_uniform(3, 3, 0.5, 1, 1)).delay_steps = 70;
    builder.connect(p, q, test::dense_uniform(3, 3, 0.5, 1, 1));
    builder.connect(q, p, test::dense_uniform(3, 3, 0.5, 1, 1)).recurrent = true;
    const auto refused = compile(builder.network(), loihi(), {});
    REQUIRE(!refused);
    CHECK(refused.error().size() == 4);
    for (const Diagnostic& diagnostic : refused.error()) {
        CHECK(diagnostic.severity == Severity::error);
        CHECK(!diagnostic.allowed.empty());
        CHECK(!diagnostic.help.empty());
    }
}

TEST_CASE("far more neurons than compartments are refused without a look at their synapses") {
    test::NetworkBuilder builder;
    const Source in = builder.input("in", 1);
    const Source p = builder.population("p", {1U << 22U});
    builder.connect(in, p, SparseWeights{.row_begin = {0, 1}, .targets = {0}, .weights = {1}, .delays = {}});
    builder.output("p", p);
    chip::ChipSpec chip;
    chip.mesh = {.columns = 2, .rows = 1, .cores_per_tile = 1};
    chip.limits.compartments = 1024;
    const auto compiled = compile(builder.network(), chip, {});
    REQUIRE_FALSE(compiled);
    REQUIRE(compiled.error().size() == 1);
    CHECK(compiled.error()[0].found == "its 4194304 neurons need at least 4096 cores, of 1024 compartments each");
    CHECK(compiled.error()[0].allowed.starts_with("2 cores"));
}

TEST_CASE("networks without synapses, inputs or neurons") {
    CHECK(compile(Network{}, loihi(), {}).has_value() == !has_error(check_network(Network{})));
    test::NetworkBuilder lonely;
    const Source p = lonely.population("p", {7});
    lonely[p].v_leak = 2.0;  // drives itself
    const auto result = compile(lonely.network(), loihi(), {});
    REQUIRE(result);
    CHECK(result->image.cores.size() == 1);
    CHECK(result->image.cores[0].biases.size() == 7);
    CHECK(result->image.cores[0].axons() == 0);

    test::NetworkBuilder silent;
    const Source in = silent.input("in", 2);
    const Source q = silent.population("q", {2});
    silent.connect(in, q, DenseWeights{{0, 0, 0, 0}});
    CHECK(compile(silent.network(), loihi(), {}));
}

TEST_CASE("convolutions with pooling are expanded") {
    test::NetworkBuilder builder("conv");
    const Source in = builder.input("in", 2 * 12 * 12);
    const Source p = builder.population("p", {4, 5, 5});
    auto conv = test::convolution({.input = {2, 6, 6}, .channels = 4, .kernel = 2, .seed = 4});
    conv.source = {2, 12, 12};
    conv.pooling = Pooling{.kernel = {2, 2}, .stride = {2, 2}, .scale = 0.25};
    builder.connect(in, p, conv);
    const auto result = compile(builder.network(), loihi(), {});
    if (!result) {
        MESSAGE(to_text(result.error()));
    }
    REQUIRE(result);
    CHECK(result->image.losses[0].weights == 4 * 2 * 4 * 25);
}

TEST_CASE("the Braille net compiles onto Loihi") {
    const auto path = test::reference_data("nir/braille_zero/braille_noDelay_bias_zero.nir");
    if (!path) {
        return;
    }
    const auto imported = read_nir(*path);
    REQUIRE(imported);
    const auto chip = chip::read_chip_spec(std::string(SPIKELOOM_SOURCE_DIR) + "/models/chips/loihi1.textproto");
    REQUIRE(chip);
    const auto result = compile(imported->network, *chip, {});
    if (!result) {
        MESSAGE(to_text(result.error()));
    }
    REQUIRE(result);
    CHECK(result->image.cores.size() == 1);
    for (const chip::ProjectionLoss& loss : result->image.losses) {
        CHECK(loss.rms_error < 0.004);
    }
}

TEST_CASE("progress runs from 0 to 1") {
    std::vector<double> fractions;
    CompileOptions options;
    options.progress = [&](double fraction, const std::string& phase) {
        CHECK(!phase.empty());
        fractions.push_back(fraction);
    };
    REQUIRE(compile(test::dense_chain(5, {4}), loihi(), options));
    CHECK(std::ranges::is_sorted(fractions));
    CHECK(fractions.front() == 0);
    CHECK(fractions.back() == 1);
}

}  // namespace
}  // namespace spikeloom::compiler
