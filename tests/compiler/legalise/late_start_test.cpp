#include "compiler/legalise/late_start.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "compiler/compile.hpp"
#include "compiler/legalise/legalise.hpp"
#include "compiler/legalise/verify_starts.hpp"
#include "compiler/map_network.hpp"
#include "compiler/passes/allocate.hpp"
#include "compiler/passes/place.hpp"
#include "compiler/passes/quantise.hpp"
#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

chip::ChipSpec narrow() {
    chip::ChipSpec chip;
    chip.name = "narrow";
    chip.neuron.models = {NeuronModel::leaky, NeuronModel::sigma_delta, NeuronModel::graded_vector};
    chip.neuron.payload_bits = 24;
    chip.neuron.current_decay_offset = 0;
    chip.neuron.current_decay = chip.neuron.voltage_decay = {0, 4096};
    chip.limits.input_axons = 16;
    return chip;
}

/// in (20) -> p (4), a fan-in that no core takes.
test::NetworkBuilder biased(NeuronKind kind, double bias) {
    test::NetworkBuilder builder;
    builder.network().step_s = 1;
    const Source in = builder.input("in", 20);
    const Source p = builder.population("p", {4}, kind);
    builder[p].tau_mem_s = builder[p].resistance = 8;
    builder[p].tau_syn_s = builder[p].w_in = 4;
    builder[p].v_threshold = 10;
    builder[p].bias = bias;
    builder.connect(in, p, test::dense_uniform(4, 20, -1, 2, 3));
    builder.output("out", p);
    return builder;
}

struct Made {
    LegalMapping mapping;
    chip::Image image;
};

Made make(const Network& network) {
    Diagnostics remarks;
    const chip::ChipSpec chip = narrow();
    const auto overrides = plan_overrides(network, chip, {});
    REQUIRE(overrides);
    CompileOptions options;
    options.effort = 0;
    auto mapping = map_network(network, chip, options, *overrides);
    REQUIRE_MESSAGE(mapping, to_text(mapping.error()));
    REQUIRE(mapping->legal);
    const auto placed = place_cores(core_traffic(mapping->partition, {}), chip.mesh, chip.network.parameters, {});
    REQUIRE(placed);
    chip::Image image = allocate(mapping->legal->network, mapping->mapped, mapping->partition, *placed, chip);
    return {.mapping = {.legal = *mapping->legal,
                        .mapped = mapping->mapped,
                        .largest_payload = {},
                        .remarks = mapping->remarks},
            .image = std::move(image)};
}

bool warned(const Diagnostics& remarks, const std::string& text) {
    return to_text(remarks).find(text) != std::string::npos;
}

TEST_CASE(
    "neurons without a synaptic current are reset when their spikes' time comes; others start from more current") {
    const Made leaky = make(biased(NeuronKind::leaky, 0.5).network());
    REQUIRE(leaky.mapping.legal.late_starts.size() == 1);
    const LateStart& start = leaky.mapping.legal.late_starts[0];
    CHECK(start.steps == 1);
    CHECK(start.moving == 4);
    CHECK(start.inexact == 0);
    CHECK(start.reset);
    CHECK(leaky.mapping.mapped.populations[0].of(0).parameters.reset_offset == 2);
    CHECK(leaky.mapping.legal.reference.projections[0].bias_from_step == 1);

    const Made current = make(biased(NeuronKind::current_based, 0.5).network());
    REQUIRE(current.mapping.legal.late_starts.size() == 1);
    CHECK(current.mapping.legal.late_starts[0].off < 1e-4);  // but for the bias register's rounding; else 0.5 / 8 of 10
    CHECK_FALSE(current.mapping.legal.late_starts[0].reset);
    const std::vector<std::int32_t>& before = current.mapping.legal.late_starts[0].quantised_currents;
    REQUIRE(before.size() == 4);
    CHECK(current.mapping.mapped.populations[0].initial_currents[0] < before[0]);  // both negative, 4/3 of it
    CHECK(current.mapping.legal.reference.projections[0].bias_from_step == 1);
}

TEST_CASE("a bias that makes a neuron spike before its time is told with figures") {
    const Made made = make(biased(NeuronKind::leaky, 11).network());
    REQUIRE(made.mapping.legal.late_starts.size() == 1);
    CHECK(made.mapping.legal.late_starts[0].inexact == 4);
    CHECK(warned(made.mapping.remarks, "4 of 4 neurons move by a bias or leak from the start"));
    CHECK(warned(made.mapping.remarks, "4 of them spike before"));
    CHECK(made.mapping.legal.reference.projections[0].bias_from_step == 0);
}

TEST_CASE("what a start is said to be, the image must do, and is noticed where it does not") {
    for (const NeuronKind kind : {NeuronKind::leaky, NeuronKind::current_based}) {
        CAPTURE(static_cast<int>(kind));
        const Made sound = make(biased(kind, 0.5).network());
        chip::Image image = sound.image;
        CHECK(verify_legal_image(image, sound.mapping.legal).empty());
        CHECK(image == sound.image);
        const std::vector<std::function<void(Made&)>> damages = {
            [](Made& m) {
                for (chip::CompartmentGroup& group : m.image.cores[0].groups) {
                    group.parameters.reset_interval = group.parameters.reset_interval > 0 ? 0 : LateStart::once;
                }
            },
            [](Made& m) {
                for (chip::CompartmentGroup& group : m.image.cores[0].groups) {
                    ++group.parameters.reset_offset;
                }
            },
            [](Made& m) {
                for (chip::BiasRegister& bias : m.image.cores[0].biases) {
                    bias.mantissa = static_cast<std::int16_t>(bias.mantissa * 2);
                }
            },
            [](Made& m) {
                m.image.cores[0].initial_currents.resize(m.image.cores[0].compartments);
                for (std::int32_t& current : m.image.cores[0].initial_currents) {
                    current -= 300;
                }
            },
            [](Made& m) { ++m.mapping.legal.late_starts[0].steps; }};
        for (std::size_t i = 0; i < damages.size(); ++i) {
            CAPTURE(i);
            if (kind == NeuronKind::current_based && (i == 1 || i == 4)) {
                continue;  // an offset without an interval is nothing; a start that isn't exact has no time
            }
            Made broken = sound;
            damages[i](broken);
            CHECK_FALSE(verify_legal_image(broken.image, broken.mapping.legal).empty());
        }
    }
}

}  // namespace
}  // namespace spikeloom::compiler
