#include "compiler/passes/neuron_model.hpp"

#include <doctest/doctest.h>

#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

struct Derived {
    DerivedNeuron neuron;
    Diagnostics findings;
};

Derived derive(const Population& population, NeuronModelOptions options = {}, double step_s = 1e-3,
               const chip::ChipSpec& chip = {}) {
    Network network;
    network.step_s = step_s;
    network.populations.push_back(population);
    Derived derived;
    derived.neuron = derive_neuron_model(network, 0, chip, options, derived.findings).neurons.at(0);
    return derived;
}

Population one(NeuronKind kind) {
    Population population;
    population.name = "p";
    population.shape = {1};
    population.kind = kind;
    return population;
}

TEST_CASE("current-based: decays with the registers' offsets, gains from the decays as held") {
    Population p = one(NeuronKind::current_based);
    p.tau_syn_s = 4e-3;
    p.tau_mem_s = 16e-3;
    p.resistance = 2.0;
    p.w_in = 3.0;
    const Derived d = derive(p);
    CHECK(d.findings.empty());
    CHECK(d.neuron.registers.current_decay == 1023);  // effective 1024
    CHECK(d.neuron.registers.voltage_decay == 256);
    CHECK(d.neuron.gain == doctest::Approx(1.0 / 16 * 2 * 1.0 / 4 * 3));
    CHECK(d.neuron.current_gain == doctest::Approx(1.0 / 16 * 2));
    CHECK(d.neuron.bias == 0);
    CHECK(d.neuron.threshold == 1);
}

TEST_CASE("kinds without synaptic current forget it within the step; integrators keep the voltage") {
    CHECK(derive(one(NeuronKind::leaky)).neuron.registers.current_decay == 4095);
    const Derived integrator = derive(one(NeuronKind::integrate_fire), {}, 0.5);
    CHECK(integrator.neuron.registers.voltage_decay == 0);
    CHECK(integrator.neuron.gain == 0.5);
    const Derived threshold = derive(one(NeuronKind::threshold));
    CHECK(threshold.neuron.registers.voltage_decay == 4095);
    CHECK(threshold.neuron.gain == 1);
    REQUIRE(threshold.findings.size() == 1);
    CHECK(threshold.findings[0].severity == Severity::note);
    CHECK(threshold.findings[0].found.find("1/4096") != std::string::npos);
}

TEST_CASE("readouts never spike") {
    CHECK(!derive(one(NeuronKind::leaky_integrator)).neuron.registers.spikes);
    CHECK(!derive(one(NeuronKind::integrator)).neuron.registers.spikes);
    CHECK(derive(one(NeuronKind::leaky)).neuron.registers.spikes);
}

TEST_CASE("a reset value other than the leak is the origin of the register; the leak becomes a bias") {
    Population p = one(NeuronKind::leaky);
    p.tau_mem_s = 8e-3;
    p.v_leak = 1.2;
    p.v_reset = 0.2;
    p.v_threshold = 1.0;
    const Derived d = derive(p);
    REQUIRE(d.findings.size() == 1);
    CHECK(d.findings[0].severity == Severity::note);
    CHECK(d.neuron.threshold == doctest::Approx(0.8));
    CHECK(d.neuron.bias == doctest::Approx(1.0 / 8));
}

TEST_CASE("biases act through the gain; an initial current lets them come in as through the synaptic filter") {
    test::NetworkBuilder builder;
    const Source in = builder.input("in", 1);
    const Source p = builder.population("p", {1}, NeuronKind::current_based);
    builder[p].tau_syn_s = 4e-3;
    builder[p].tau_mem_s = 16e-3;
    builder[p].bias = 0.25;
    builder.connect(in, p, DenseWeights{{1.0F}}).bias = 0.5;
    builder.connect(in, p, DenseWeights{{1.0F}}).bias_from_step = 1;
    builder.network().projections[1].bias = 0.25;
    Diagnostics findings;
    const DerivedNeuron neuron = derive_neuron_model(builder.network(), 0, chip::ChipSpec{}, {}, findings).neurons[0];
    CHECK(neuron.bias == doctest::Approx(1.0 / 16));
    // 0.75 from step 0, 0.25 from step 1; the filter keeps 3/4 of the current a step.
    CHECK(neuron.initial_current == doctest::Approx(-0.75 / 16 - 0.25 / 16 / 0.75));
    CHECK(findings.empty());
}

TEST_CASE("a late bias of a neuron whose filter keeps next to nothing comes early, aloud") {
    test::NetworkBuilder builder;
    const Source in = builder.input("in", 1);
    const Source p = builder.population("p", {1}, NeuronKind::leaky);
    builder.connect(in, p, DenseWeights{{1.0F}}).bias = 0.5;
    builder.network().projections[0].bias_from_step = 1;
    Diagnostics findings;
    const DerivedNeuron neuron = derive_neuron_model(builder.network(), 0, chip::ChipSpec{}, {}, findings).neurons[0];
    CHECK(neuron.initial_current == 0);
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].found.find("first step") != std::string::npos);
}

TEST_CASE("time constants beyond the registers are clamped, aloud") {
    Population fast = one(NeuronKind::leaky);
    fast.tau_mem_s = 0.5e-3;
    Derived d = derive(fast);
    CHECK(d.neuron.registers.voltage_decay == 4095);
    REQUIRE(!d.findings.empty());
    CHECK(d.findings[0].severity == Severity::warning);
    CHECK(d.findings[0].where == "population 'p'");

    Population slow = one(NeuronKind::leaky);
    slow.tau_mem_s = 8.1;  // 8100 steps: rounds to 1
    CHECK(derive(slow).findings.empty());
    slow.tau_mem_s = 8.3;  // 8300 steps: rounds to 0
    d = derive(slow);
    CHECK(d.neuron.registers.voltage_decay == 0);
    CHECK(d.neuron.gain == doctest::Approx(1.0 / 8300));
    CHECK(d.findings.at(0).severity == Severity::warning);
}

TEST_CASE("what a compartment can't do is refused by name") {
    Population p = one(NeuronKind::leaky);
    p.reset = ResetRule::subtract_threshold;
    Derived d = derive(p);
    REQUIRE(has_error(d.findings));
    CHECK(d.findings[0].help.find("approximate") != std::string::npos);
    d = derive(p, {.approximate_reset = true});
    CHECK(!has_error(d.findings));
    CHECK(d.findings.at(0).severity == Severity::warning);

    chip::ChipSpec able;
    able.neuron.soft_reset_compartments = 2;
    CHECK(derive(p, {}, 1e-3, able).findings.empty());
    CHECK(derive(p, {}, 1e-3, able).neuron.registers.parameters.soft_reset);
    CHECK(!derive(p, {.approximate_reset = true}, 1e-3, able).neuron.registers.parameters.soft_reset);
    able.neuron.soft_reset_compartments = 1;  // exact for nothing: nothing to approximate
    const Derived exact = derive(p, {.approximate_reset = true}, 1e-3, able);
    CHECK(exact.neuron.registers.parameters.soft_reset);
    CHECK(exact.findings.empty());

    p = one(NeuronKind::leaky);
    p.refractory_steps = 63;
    CHECK(derive(p).findings.empty());
    CHECK(derive(p).neuron.registers.refractory == 63);
    p.refractory_steps = 64;
    CHECK(has_error(derive(p).findings));

    p = one(NeuronKind::leaky);
    p.v_threshold = -0.1;
    CHECK(has_error(derive(p).findings));
    p.v_reset = -0.2;
    CHECK(!has_error(derive(p).findings));
}

}  // namespace
}  // namespace spikeloom::compiler
