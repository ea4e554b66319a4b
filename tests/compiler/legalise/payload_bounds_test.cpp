#include "compiler/legalise/payload_bounds.hpp"

#include <doctest/doctest.h>

#include "compiler/legalise/legalise.hpp"
#include "compiler/passes/quantise.hpp"
#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

chip::ChipSpec narrow() {
    chip::ChipSpec chip;
    chip.name = "narrow";
    chip.neuron.models = {NeuronModel::leaky, NeuronModel::graded_vector, NeuronModel::delta, NeuronModel::sigma_delta};
    chip.neuron.payload_bits = 24;
    chip.limits.input_axons = 16;
    chip.conventions.sum_overflow = chip::Conventions::SumOverflow::unlimited;
    return chip;
}

/// in (8, of 3 and -5 alternately) -> values (20) -> p (4).
Network values(NeuronModel model, bool graded) {
    test::NetworkBuilder builder;
    const Source in = builder.input("in", 8);
    builder.network().inputs[0].graded = graded;
    const Source middle = builder.population("values", {20}, NeuronKind::integrate_fire);
    builder[middle].fixed = FixedNeuron{.model = model, .threshold = 2, .biases = {}};
    DenseWeights weights;
    for (std::size_t i = 0; i < 160; ++i) {
        weights.weights.push_back(i % 2 == 0 ? 3.0F : -5.0F);
    }
    builder.connect(in, middle, std::move(weights));
    const Source p = builder.population("p", {4});
    builder.connect(middle, p, test::dense_uniform(4, 20, -1, 1, 3));
    builder.output("out", p);
    return std::move(builder.network());
}

MappedNetwork mapped(const Network& network) {
    Diagnostics remarks;
    auto made = quantise(network, narrow(), {}, remarks);
    REQUIRE_MESSAGE(made, to_text(made.error()));
    return *std::move(made);
}

std::int64_t bound_of_values(NeuronModel model, bool graded) {
    const Network network = values(model, graded);
    return payload_bounds(network, mapped(network), narrow())[0];
}

TEST_CASE("values are bounded by what brings them, but for sums over time and values from outside") {
    CHECK(bound_of_values(NeuronModel::graded_vector, false) == 4 * 3 + 4 * 5);
    CHECK(bound_of_values(NeuronModel::delta, false) == 2 * (4 * 3 + 4 * 5) + 2 + 1);
    CHECK(bound_of_values(NeuronModel::sigma_delta, false) == 0);
    CHECK(bound_of_values(NeuronModel::graded_vector, true) == 0);
}

TEST_CASE("a loop has no bound, nor what hears it") {
    Network network = values(NeuronModel::graded_vector, false);
    Projection back = network.projections[0];
    back.name = "back";
    back.source = {Source::Kind::population, 0};
    back.weights = OneToOneWeights{{1.0F}};
    network.projections.push_back(back);
    CHECK(payload_bounds(network, mapped(network), narrow())[0] == 0);
}

TEST_CASE("parts of sums of bounded values are exact, and nothing warns") {
    for (const bool graded : {false, true}) {
        const Network network = values(NeuronModel::graded_vector, graded);
        const auto made = legalise(network, mapped(network), narrow(), {});
        REQUIRE_MESSAGE(made, to_text(made.error()));
        REQUIRE(*made);
        const bool warns = to_text((*made)->remarks).find("its sources send values") != std::string::npos;
        CHECK(warns == graded);
    }
}

}  // namespace
}  // namespace spikeloom::compiler
