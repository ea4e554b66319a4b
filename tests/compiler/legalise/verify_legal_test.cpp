#include "compiler/legalise/verify_legal.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "compiler/legalise/legalise.hpp"
#include "compiler/passes/quantise.hpp"
#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

chip::ChipSpec narrow(std::int64_t input_axons, std::int64_t output_axons) {
    chip::ChipSpec chip;
    chip.name = "narrow";
    chip.neuron.models = {NeuronModel::leaky, NeuronModel::graded_vector};
    chip.neuron.payload_bits = 24;
    chip.limits.input_axons = input_axons;
    chip.limits.output_axons = output_axons;
    chip.limits.compartments = 8;
    return chip;
}

/// in (40) -> hub (4) -> out (40), and delays.
Network hubs() {
    test::NetworkBuilder builder;
    const Source in = builder.input("in", 40);
    const Source hub = builder.population("hub", {4});
    const Source out = builder.population("out", {40});
    builder.connect(in, hub, test::sparse_random(4, 40, {.probability = 0.9, .longest_delay = 3, .seed = 2}));
    builder.connect(hub, out, test::dense_uniform(40, 4, -1, 1, 3)).bias = Parameter(0.25);
    builder.output("out", out);
    return std::move(builder.network());
}

LegalMapping legal(const Network& network, const chip::ChipSpec& chip) {
    Diagnostics remarks;
    const auto mapped = quantise(network, chip, {}, remarks);
    REQUIRE_MESSAGE(mapped, to_text(mapped.error()));
    auto made = legalise(network, *mapped, chip, {});
    REQUIRE_MESSAGE(made, to_text(made.error()));
    REQUIRE(*made);
    return std::move(**made);
}

SparseWeights& sparse(Network& network, std::size_t projection) {
    return std::get<SparseWeights>(network.projections.at(projection).weights);
}

/// Each change of what is mapped is noticed.
void check_damages(const Network& network, const LegalNetwork& sound,
                   const std::vector<std::function<void(LegalNetwork&)>>& damages) {
    CHECK(verify_legal(network, sound).empty());
    for (std::size_t i = 0; i < damages.size(); ++i) {
        CAPTURE(i);
        LegalNetwork broken = sound;
        damages[i](broken);
        CHECK_FALSE(verify_legal(network, broken).empty());
    }
}

TEST_CASE("sums in parts are the network's, and any change of a way is noticed") {
    const Network network = hubs();
    const LegalMapping made = legal(network, narrow(16, 4096));
    const LegalNetwork& sound = made.legal;
    REQUIRE(sound.fan_in.size() == 1);
    CHECK(sound.fan_in[0].most_parts == 3);
    CHECK(sound.added_steps == std::vector<int>{1, 1});
    CHECK(sound.reference.projections[0].aligned_steps == 1);
    CHECK(sound.reference.projections[1].aligned_steps == 0);
    CHECK(made.mapped.table.neurons() == 44 + sound.network.populations[2].size());
    // Projections: in -> hub (empty), hub -> out, in -> helpers, helpers -> hub.
    REQUIRE(sound.network.projections.size() == 4);
    check_damages(network, sound,
                  {[](LegalNetwork& n) { sparse(n.network, 2).weights[5] += 200; },
                   [](LegalNetwork& n) { sparse(n.network, 2).delays[5] ^= 1; },
                   [](LegalNetwork& n) { sparse(n.network, 2).weights[7] = 0; },
                   [](LegalNetwork& n) { sparse(n.network, 3).targets[0] = 3; },
                   [](LegalNetwork& n) { n.network.projections[3].delay_steps = 1; },
                   [](LegalNetwork& n) { n.network.projections[1].bias = Parameter(0.5); },
                   [](LegalNetwork& n) { n.network.populations[0].v_threshold = 2; },
                   [](LegalNetwork& n) { n.network.populations[2].fixed->threshold = 1; },
                   [](LegalNetwork& n) { n.added_steps[1] = 0; }, [](LegalNetwork& n) { n.network.outputs.clear(); }});
}

TEST_CASE("neurons that fit keep their synapses, a step later, and any change of one is noticed") {
    test::NetworkBuilder builder;
    const Source in = builder.input("in", 40);
    const Source mixed = builder.population("mixed", {4});
    SparseWeights weights = test::sparse_random(4, 40, {.probability = 1, .least = 0.2, .longest_delay = 3, .seed = 2});
    for (std::size_t i = 0; i < weights.targets.size(); ++i) {  // neuron 0 alone hears more than 16
        weights.weights[i] = weights.targets[i] == 0 || i < 60 ? weights.weights[i] : 0.0F;
    }
    weights.weights[5] = 1e-6F;  // rounded to nothing
    builder.connect(in, mixed, std::move(weights));
    builder.output("out", mixed);
    const Network network = std::move(builder.network());
    const LegalMapping made = legal(network, narrow(16, 4096));
    const LegalNetwork& sound = made.legal;
    REQUIRE(sound.fan_in.size() == 1);
    CHECK(sound.fan_in[0].neurons == std::vector<std::uint32_t>{0});
    CHECK(sound.network.populations[1].size() == 3);
    CHECK(made.mapped.losses[0].synapses == 45);
    CHECK(made.mapped.losses[0].zeroed == 1);
    // Projections: in -> mixed, in -> helpers, helpers -> mixed.
    check_damages(network, sound,
                  {[](LegalNetwork& n) { sparse(n.network, 0).weights[3] *= 1.5F; },
                   [](LegalNetwork& n) { sparse(n.network, 0).weights[3] = 0; },
                   [](LegalNetwork& n) { sparse(n.network, 0).delays[3] ^= 1; },
                   [](LegalNetwork& n) { n.network.projections[0].delay_steps = 0; },
                   [](LegalNetwork& n) { sparse(n.network, 2).targets[1] = 1; },
                   [](LegalNetwork& n) { n.fan_in[0].neurons = {1}; }});
}

TEST_CASE("copies are the originals, and any difference is noticed") {
    const Network network = hubs();
    const LegalMapping made = legal(network, narrow(4096, 3));
    const LegalNetwork& sound = made.legal;
    REQUIRE(sound.fan_out.size() == 1);
    CHECK(sound.fan_out[0].population == 0);
    CHECK(sound.fan_out[0].stand_for.size() >= 4);
    CHECK(sound.added_steps == std::vector<int>{0, 0});
    CHECK(sound.reference == network);
    // Projections: in -> hub, hub -> out, in -> copies, copies -> out.
    REQUIRE(sound.network.projections.size() == 4);
    check_damages(network, sound,
                  {[](LegalNetwork& n) { sparse(n.network, 2).weights[5] *= 1.5F; },
                   [](LegalNetwork& n) { sparse(n.network, 2).delays[5] ^= 1; },
                   [](LegalNetwork& n) { sparse(n.network, 3).weights[5] *= 1.5F; },
                   [](LegalNetwork& n) { sparse(n.network, 3).weights[5] = 0; },
                   [](LegalNetwork& n) { n.network.populations[2].v_threshold = 2; },
                   [](LegalNetwork& n) { n.network.populations[2].refractory_steps = 2; },
                   [](LegalNetwork& n) { n.fan_out[0].stand_for[0] = 3; }});
}

TEST_CASE("a part whose sum could outgrow a payload is dealt over more helpers, or refused") {
    chip::ChipSpec chip = narrow(16, 4096);
    chip.neuron.payload_bits = 10;
    const Network network = hubs();
    const LegalMapping made = legal(network, chip);
    CHECK(made.legal.fan_in[0].most_parts > 3);
    for (const std::int64_t most : made.largest_payload) {
        CHECK(most < 512);
    }
    chip.neuron.payload_bits = 4;
    Diagnostics remarks;
    const auto mapped = quantise(network, chip, {}, remarks);
    REQUIRE(mapped);
    const auto refused = legalise(network, *mapped, chip, {});
    REQUIRE_FALSE(refused);
    CHECK(to_text(refused.error()).find("payloads of 4 bits") != std::string::npos);
    CHECK(refused.error().size() == 2);  // what fits no core, and why it can't be split: not one a neuron
}

TEST_CASE("parts are sums in units of what all weights are multiples of, where payloads are narrow") {
    test::NetworkBuilder builder;
    builder.network().step_s = 1;
    const Source in = builder.input("in", 40);
    const Source p = builder.population("p", {4}, NeuronKind::integrate_fire);
    builder[p].v_threshold = 10;
    DenseWeights weights = test::dense_uniform(4, 40, -3, 3, 3);
    for (float& weight : weights.weights) {
        weight = std::round(weight);
    }
    builder.connect(in, p, std::move(weights));
    builder.output("out", p);
    const Network network = std::move(builder.network());
    chip::ChipSpec chip = narrow(16, 4096);
    chip.neuron.payload_bits = 8;
    const LegalMapping made = legal(network, chip);
    REQUIRE(made.legal.fan_in.size() == 1);
    CHECK(made.legal.fan_in[0].shift > 0);
    CHECK(made.legal.fan_in[0].most_parts == 3);
    CHECK(verify_legal(network, made.legal).empty());
    for (std::uint32_t helper = 4; helper < made.mapped.neurons(); ++helper) {
        CHECK(made.largest_payload[helper] > 0);
        CHECK(made.largest_payload[helper] <= 127);
    }
}

TEST_CASE("a network whose neurons fit is left alone; without values in spikes, or against the user's will, refused") {
    const Network network = hubs();
    Diagnostics remarks;
    const chip::ChipSpec wide = narrow(4096, 4096);
    CHECK_FALSE(*legalise(network, *quantise(network, wide, {}, remarks), wide, {}));
    chip::ChipSpec binary = narrow(16, 4096);
    binary.neuron.payload_bits = 0;
    const auto refused = legalise(network, *quantise(network, binary, {}, remarks), binary, {});
    REQUIRE_FALSE(refused);
    CHECK(to_text(refused.error()).find("carry no values") != std::string::npos);
    CHECK(to_text(refused.error()).find("prune to about 16 sources") != std::string::npos);
    CHECK(to_text(refused.error()).find("of its weights (rms) if the weakest go") != std::string::npos);
    const chip::ChipSpec graded = narrow(16, 4096);
    CompileOptions options;
    options.split_fan_in = false;
    const auto unwanted = legalise(network, *quantise(network, graded, {}, remarks), graded, options);
    REQUIRE_FALSE(unwanted);
    CHECK(to_text(unwanted.error()).find("--split-fan-in exact") != std::string::npos);
}

}  // namespace
}  // namespace spikeloom::compiler
