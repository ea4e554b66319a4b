#include "compiler/passes/scale.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "compiler/passes/quantise.hpp"
#include "support/contains.hpp"
#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

struct Chosen {
    std::vector<PopulationModel> models;
    DriveSurvey survey;
    Scaling scaling;
};

Chosen choose(const Network& network, int weight_bits = 8) {
    const chip::ChipSpec chip;
    Chosen chosen;
    Diagnostics findings;
    for (std::size_t i = 0; i < network.populations.size(); ++i) {
        chosen.models.push_back(derive_neuron_model(network, i, chip, {}, findings));
    }
    chosen.survey = survey_drive(network, chosen.models);
    chosen.scaling = choose_scales(network, chosen.models, chosen.survey, chip, weight_bits, SignSplit::never);
    return chosen;
}

/// Largest relative error of any weight at the chosen scale.
double worst_weight(const Network& network, const Chosen& chosen, std::size_t projection) {
    const std::size_t target = network.projections[projection].target.value();
    double worst = 0;
    for (const float contribution : chosen.survey.projections[projection].contributions) {
        const double wanted = contribution * chosen.scaling.populations[target].voltage_per_unit / 64;
        const WeightLattice lattice(chosen.scaling.projections[projection].of(wanted));
        worst = std::max(worst, std::abs(lattice.nearest(wanted) - wanted) / std::abs(wanted));
    }
    return worst;
}

TEST_CASE("integer networks stay integer") {
    test::NetworkBuilder builder;
    const Source in = builder.input("in", 50);
    const Source p = builder.population("p", {40}, NeuronKind::integrate_fire);
    builder.network().step_s = 1;
    builder[p].v_threshold = 317;
    builder[p].bias = 7;
    test::Draws draws(1);
    DenseWeights dense;
    for (int i = 0; i < 2000; ++i) {
        dense.weights.push_back(static_cast<float>(draws.integer(-4, 4)));
    }
    builder.connect(in, p, dense);
    const Chosen chosen = choose(builder.network());
    const double scale = chosen.scaling.populations[0].voltage_per_unit;
    CHECK(worst_weight(builder.network(), chosen, 0) == 0);
    CHECK(std::ldexp(threshold_mantissa(317, scale, {}), 6) == 317 * scale);
    const chip::BiasRegister bias = bias_register(7 * scale, {});
    CHECK(std::ldexp(bias.mantissa, bias.exponent) == 7 * scale);
}

TEST_CASE("voltages without leak have room for inhibition where whole numbers lose nothing by it") {
    for (const bool whole : {true, false}) {
        CAPTURE(whole);
        test::NetworkBuilder builder;
        const Source in = builder.input("in", 50);
        const Source p = builder.population("p", {40}, NeuronKind::integrate_fire);
        builder.network().step_s = 1;
        builder[p].v_threshold = 5;
        test::Draws draws(2);
        DenseWeights dense;
        for (int i = 0; i < 2000; ++i) {
            const double weight = draws.integer(-4, 4);
            dense.weights.push_back(static_cast<float>(whole ? weight : weight * draws.uniform(0.5, 1)));
        }
        builder.connect(in, p, dense);
        const Chosen chosen = choose(builder.network());
        const double thresholds = std::ldexp(1.0, 23) / (5 * chosen.scaling.populations[0].voltage_per_unit);
        CHECK(thresholds >= (whole ? 256 : 4));
        CHECK((worst_weight(builder.network(), chosen, 0) == 0) == whole);
    }
}

TEST_CASE("no register overflows while the stated part of the sources spikes at once") {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        test::Draws draws(seed);
        test::NetworkBuilder builder;
        const auto sources = static_cast<std::uint32_t>(draws.integer(1, 400));
        const Source in = builder.input("in", sources);
        const Source p = builder.population("p", {20}, NeuronKind::current_based);
        builder[p].tau_syn_s = draws.uniform(1e-3, 30e-3);
        builder[p].tau_mem_s = draws.uniform(1e-3, 60e-3);
        const double middle = draws.uniform(-0.5, 0.5);
        builder.connect(in, p, test::dense_uniform(20, sources, middle - 0.5, middle + 0.5, seed));
        const Chosen chosen = choose(builder.network());
        const PopulationScale scale = chosen.scaling.populations[0];
        for (std::size_t i = 0; i < 20; ++i) {
            const Drive& drive = chosen.survey.drives[0][i];
            const double reached =
                scale.simultaneous * std::max(drive.positive, drive.negative) * scale.voltage_per_unit;
            CHECK(reached < 1 << 21);
            CHECK(reached / chosen.models[0].neurons[i].current_decay < 1 << 23);
        }
        CHECK(threshold_mantissa(1.0, scale.voltage_per_unit, {}) <= 131071);
        CHECK(threshold_mantissa(1.0, scale.voltage_per_unit, {}) >= 1);
    }
}

TEST_CASE("a readout's voltage does not clip at the drive it was scaled for") {
    test::NetworkBuilder builder;
    const Source in = builder.input("in", 30);
    const Source p = builder.population("p", {5}, NeuronKind::current_based_integrator);
    builder.connect(in, p, test::dense_uniform(5, 30, -1, 1, 9));
    const Chosen chosen = choose(builder.network());
    const PopulationScale scale = chosen.scaling.populations[0];
    for (std::size_t i = 0; i < 5; ++i) {
        const Drive& drive = chosen.survey.drives[0][i];
        const DerivedNeuron& neuron = chosen.models[0].neurons[i];
        const double steady = scale.simultaneous * std::max(drive.positive, drive.negative) * scale.voltage_per_unit /
                              neuron.current_decay / neuron.voltage_decay;
        CHECK(steady < 1 << 23);
    }
}

TEST_CASE("bias registers take the smallest exponent that holds them, and saturate beyond") {
    const chip::NeuronFormat format;
    CHECK(bias_register(4095, format) == chip::BiasRegister{4095, 0});
    CHECK(bias_register(4096, format) == chip::BiasRegister{2048, 1});
    CHECK(bias_register(-4096, format) == chip::BiasRegister{-4096, 0});
    CHECK(bias_register(0.4, format) == chip::BiasRegister{0, 0});
    CHECK(bias_register(4095.0 * 128, format) == chip::BiasRegister{4095, 7});
    CHECK(bias_register(1e9, format) == chip::BiasRegister{4095, 7});
    CHECK(threshold_mantissa(1.0, 64 * 131071.0, format) == 131071);
    CHECK(threshold_mantissa(1.0, 1e12, format) == 131071);
}

TEST_CASE("thresholds that large weights leave no register are warned of") {
    const auto warnings = [](float largest) {
        test::NetworkBuilder builder;
        const Source in = builder.input("in", 2);
        const Source p = builder.population("p", {3});
        builder.connect(in, p, DenseWeights{{1, 1, 1, largest, 1, 1}});
        Diagnostics remarks;
        REQUIRE(quantise(builder.network(), chip::ChipSpec{}, {}, remarks));
        return to_text(remarks);
    };
    CHECK(warnings(1).empty());
    const std::string text = warnings(1e20F);
    CHECK(test::contains(text, "population 'p': warning: thresholds are rounded by up to 100 %: neuron 0's, "));
    CHECK(test::contains(text, "is 0 in the register; help: large weights"));
}

TEST_CASE("eight bits keep weights within half a percent rms, four within eight") {
    const Network network = test::dense_chain(100, {50});
    const auto rms = [&](int bits) {
        const Chosen chosen = choose(network, bits);
        const double scale = chosen.scaling.populations[0].voltage_per_unit;
        return std::sqrt(fit_formats(chosen.survey.projections[0].contributions, scale / 64, bits, {}, SignSplit::never)
                             .relative_error);
    };
    CHECK(rms(8) < 0.006);
    CHECK(rms(4) < 0.09);
}

}  // namespace
}  // namespace spikeloom::compiler
