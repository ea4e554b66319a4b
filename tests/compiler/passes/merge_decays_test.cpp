#include "compiler/passes/merge_decays.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "compiler/compile.hpp"
#include "compiler/passes/quantise.hpp"
#include "compiler/reference/dequantise.hpp"
#include "compiler/text/network_text.hpp"
#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

enum class Vary : std::uint8_t { membrane, synapse, both };

/// 40 inputs, `neurons` recurrent ones with time constants of their own (lognormal-like, of 5 to 60 steps), 6 outputs.
Network trained_like(std::uint32_t neurons, Vary vary, std::uint64_t seed = 1) {
    test::Draws draws(seed);
    test::NetworkBuilder builder("trained");
    const Source in = builder.input("in", 40);
    const Source hidden = builder.population("hidden", {neurons}, NeuronKind::current_based);
    const Source out = builder.population("out", {6}, NeuronKind::current_based_integrator);
    std::vector<double> membrane;
    std::vector<double> synapse;
    for (std::uint32_t i = 0; i < neurons; ++i) {
        membrane.push_back(1e-3 * std::exp(draws.uniform(std::log(8.0), std::log(60.0))));
        synapse.push_back(1e-3 * std::exp(draws.uniform(std::log(3.0), std::log(12.0))));
    }
    if (vary != Vary::synapse) {
        builder[hidden].tau_mem_s = Parameter(membrane);
    }
    if (vary != Vary::membrane) {
        builder[hidden].tau_syn_s = Parameter(synapse);
    }
    builder[hidden].v_leak = Parameter(0.1);
    builder[hidden].resistance = Parameter(12.0);
    builder.connect(in, hidden, test::dense_uniform(neurons, 40, -0.4, 1, seed + 1));
    builder.connect(hidden, hidden, test::dense_uniform(neurons, neurons, -0.1, 0.1, seed + 2)).recurrent = true;
    builder.connect(hidden, out, test::dense_uniform(6, neurons, -1, 1, seed + 3));
    return std::move(builder.network());
}

chip::ChipSpec small_chip(std::int64_t profiles) {
    chip::ChipSpec chip;
    chip.name = "few profiles";
    chip.mesh = {.columns = 8, .rows = 8, .cores_per_tile = 1};
    chip.limits.compartment_profiles = profiles;
    return chip;
}

struct Registers {
    std::vector<std::pair<int, int>> decays;
    [[nodiscard]] std::size_t pairs() const { return std::set(decays.begin(), decays.end()).size(); }
};

/// Of the hidden population, as quantise writes them.
Registers registers_of(const Network& network, const chip::ChipSpec& chip) {
    Diagnostics remarks;
    const auto mapped = quantise(network, chip, {}, remarks);
    REQUIRE(mapped);
    Registers registers;
    for (std::size_t i = 0; i < network.populations[0].size(); ++i) {
        const NeuronRegisters& own = mapped->populations[0].of(i);
        registers.decays.emplace_back(own.voltage_decay + chip.neuron.voltage_decay_offset,
                                      own.current_decay + chip.neuron.current_decay_offset);
    }
    return registers;
}

double steps_of(int decay) {
    return -1 / std::log(1 - decay / 4096.0);
}

TEST_CASE("nothing is merged unless asked, and where there is nothing to merge") {
    const Network network = trained_like(60, Vary::both);
    const chip::ChipSpec chip = small_chip(32);
    CHECK(merge_decays(network, chip, {}).network == network);
    const DecaysMerged generous = merge_decays(network, chip, {.most_pairs = 60});
    CHECK(generous.network == network);
    CHECK(generous.populations.empty());
    const auto plain = compile(network, chip, {});
    CompileOptions merging;
    merging.merge_decays.most_pairs = 60;
    const auto asked = compile(network, chip, merging);
    REQUIRE(plain);
    REQUIRE(asked);
    CHECK(plain->image.cores == asked->image.cores);
    CHECK(asked->merged_decays.empty());
}

TEST_CASE("pairs of decays are as few as asked, and the changes told of are those of the registers") {
    const chip::ChipSpec chip = small_chip(32);
    for (const Vary vary : {Vary::membrane, Vary::synapse, Vary::both}) {
        const Network network = trained_like(120, vary);
        const Registers before = registers_of(network, chip);
        for (const DecayMerging merging : {DecayMerging{.most_pairs = 1}, DecayMerging{.most_pairs = 7},
                                           DecayMerging{.tolerance = 0.03}, DecayMerging{.tolerance = 0.2}}) {
            const DecaysMerged merged = merge_decays(network, chip, merging);
            REQUIRE(merged.populations.size() == 1);
            const MergedDecays& told = merged.populations[0];
            const Registers after = registers_of(merged.network, chip);
            CHECK(told.pairs_before == before.pairs());
            CHECK(told.pairs == after.pairs());
            CHECK((merging.most_pairs == 0 || told.pairs <= merging.most_pairs));
            double membrane = 0;
            double synapse = 0;
            double membrane_sum = 0;
            std::size_t changed = 0;
            for (std::size_t i = 0; i < before.decays.size(); ++i) {
                const double m = std::abs(steps_of(after.decays[i].first) / steps_of(before.decays[i].first) - 1);
                const double s =
                    before.decays[i].second == after.decays[i].second
                        ? 0
                        : std::abs(steps_of(after.decays[i].second) / steps_of(before.decays[i].second) - 1);
                membrane = std::max(membrane, m);
                synapse = std::max(synapse, s);
                membrane_sum += m;
                changed += before.decays[i] != after.decays[i] ? 1U : 0U;
            }
            CHECK(told.membrane.largest == doctest::Approx(membrane));
            CHECK(told.synapse.largest == doctest::Approx(synapse));
            CHECK(told.membrane.mean == doctest::Approx(membrane_sum / 120));
            CHECK(told.changed == changed);
            CHECK((merging.tolerance == 0 || told.largest() <= merging.tolerance + 1e-9));
            CHECK(verify_merged(network, merged, chip).empty());
            CHECK(merge_decays(network, chip, merging).network == merged.network);
        }
    }
}

TEST_CASE("a neuron whose registers stay keeps its parameters to the last bit") {
    const chip::ChipSpec chip = small_chip(32);
    const Network network = trained_like(100, Vary::both);
    const DecaysMerged merged = merge_decays(network, chip, {.most_pairs = 80});
    REQUIRE(merged.populations.size() == 1);
    const Registers before = registers_of(network, chip);
    const Registers after = registers_of(merged.network, chip);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < 100; ++i) {
        const Population& old = network.populations[0];
        const Population& now = merged.network.populations[0];
        if (before.decays[i] == after.decays[i]) {
            ++kept;
            CHECK(now.tau_mem_s[i] == old.tau_mem_s[i]);
            CHECK(now.tau_syn_s[i] == old.tau_syn_s[i]);
            CHECK(now.resistance[i] == old.resistance[i]);
        }
    }
    CHECK(kept == 100 - merged.populations[0].changed);
    CHECK(kept > 0);
}

TEST_CASE("the verifier of merged decays sees what was not told") {
    const chip::ChipSpec chip = small_chip(32);
    const Network network = trained_like(80, Vary::both);
    const DecaysMerged honest = merge_decays(network, chip, {.most_pairs = 8});
    REQUIRE(verify_merged(network, honest, chip).empty());
    const auto damaged = [&](auto&& damage) {
        DecaysMerged merged = honest;
        damage(merged);
        return !verify_merged(network, merged, chip).empty();
    };
    CHECK(damaged([](DecaysMerged& m) { m.populations[0].membrane.largest *= 0.9; }));
    CHECK(damaged([](DecaysMerged& m) { m.populations[0].synapse.largest *= 0.9; }));
    CHECK(damaged([](DecaysMerged& m) { m.populations[0].pairs = 7; }));
    CHECK(damaged([](DecaysMerged& m) { m.populations.clear(); }));
    CHECK(damaged([](DecaysMerged& m) { m.network.populations[0].tau_mem_s.values[3] *= 1.5; }));
    CHECK(damaged([](DecaysMerged& m) { m.network.populations[0].v_threshold = Parameter(2.0); }));
    CHECK(damaged([](DecaysMerged& m) { m.network.projections[0].delay_steps = 1; }));
}

TEST_CASE("a chip of few decay registers takes fewer cores, and the gap keeps the true time constants") {
    const Network network = trained_like(96, Vary::both);
    const chip::ChipSpec chip = small_chip(8);
    const auto exact = compile(network, chip, {});
    CompileOptions merging;
    merging.merge_decays.most_pairs = 7;
    const auto merged = compile(network, chip, merging);
    REQUIRE(exact);
    REQUIRE(merged);
    MESSAGE(exact->image.cores.size() << " cores, merged " << merged->image.cores.size());
    CHECK(exact->image.cores.size() >= 96 / 8);
    CHECK(merged->image.cores.size() <= 2);
    CHECK(merged->image.mapping_report.find("hidden: 96 pairs of decay registers merged to 7") != std::string::npos);
    CHECK(exact->image.mapping_report.find("merged") == std::string::npos);

    const auto stored = deserialise_network(merged->image.source_network, "image");
    REQUIRE(stored);
    CHECK(stored->populations == network.populations);
    // What the chip's decays make of the float network are the merged ones.
    const auto variant = quantised_variant(*stored, merged->image, QuantisedPart::decays);
    REQUIRE(variant);
    const std::vector<double>& tau = variant->populations[0].tau_mem_s.values;
    CHECK(std::set(tau.begin(), tau.end()).size() <= 7);
    const Network as_mapped = merge_decays(network, chip, {.most_pairs = 7}).network;
    for (std::size_t i = 0; i < tau.size(); ++i) {
        CHECK(tau[i] == doctest::Approx(as_mapped.populations[0].tau_mem_s[i]));
    }
}

}  // namespace
}  // namespace spikeloom::compiler
