// The neurons of one population in real numbers: state, parameters and one step of the Network's equations, in the
// order in which the frameworks compute them, so that float32 runs are equal to theirs to the bit (NIR facts 1.5).
// Populations with registers step by real_registers.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "compiler/network.hpp"
#include "compiler/reference/float_interpreter.hpp"
#include "compiler/reference/real_registers.hpp"

namespace spikeloom::compiler::reference {

/// A Parameter in the engine's precision.
template <class Real>
struct Constant {
    std::vector<Real> values;
    explicit Constant(const Parameter& parameter) : values(parameter.values.begin(), parameter.values.end()) {}
    Real operator[](std::size_t neuron) const { return values[values.size() == 1 ? 0 : neuron]; }
};

template <class Real>
struct Neurons {
    Neurons(const Population& population, double step_s)
        : kind(population.kind),
          fixed(population.fixed
                    ? std::optional<RealRegisters<Real>>(std::in_place, *population.fixed, population.size())
                    : std::nullopt),
          rule(population.reset),
          refractory_steps(population.refractory_steps),
          step(static_cast<Real>(step_s)),
          tau_syn(population.tau_syn_s),
          tau_mem(population.tau_mem_s),
          resistance(population.resistance),
          v_leak(population.v_leak),
          v_threshold(population.v_threshold),
          v_reset(population.v_reset),
          w_in(population.w_in),
          bias(population.bias),
          step_resistance(scaled(population.resistance, step_s)),
          x(population.size()),
          s(population.size()),
          v(population.size()),
          z(population.size()),
          dead_steps(population.size()),
          shown_s(population.size()),
          shown_v(population.size()) {}

    static Parameter scaled(const Parameter& parameter, double factor) {
        Parameter result = parameter;
        for (double& value : result.values) {
            value *= factor;
        }
        return result;
    }

    void reset() {
        std::fill(s.begin(), s.end(), Real{0});
        std::fill(v.begin(), v.end(), Real{0});
        std::fill(z.begin(), z.end(), std::uint8_t{0});
        std::fill(dead_steps.begin(), dead_steps.end(), 0);
        if (fixed) {
            fixed->reset();
        }
        show();
    }

    void show() {
        std::copy(s.begin(), s.end(), shown_s.begin());
        std::copy(v.begin(), v.end(), shown_v.begin());
    }

    NeuronKind kind;
    std::optional<RealRegisters<Real>> fixed;
    ResetRule rule;
    int refractory_steps;
    Real step;
    Constant<Real> tau_syn, tau_mem, resistance, v_leak, v_threshold, v_reset, w_in, bias, step_resistance;
    std::vector<Real> x, s, v;
    std::vector<std::uint8_t> z;
    std::vector<int> dead_steps;
    std::vector<double> shown_s, shown_v;
};

/// One step of a low-pass from `state` towards `input`.
template <class Real>
Real filtered(Real state, Real k, Real input, LeakForm form) {
    return form == LeakForm::increment ? state + k * (input - state) : state * (1 - k) + k * input;
}

/// v after one step without spike, from s of this step.
template <class Real>
Real integrated(const Neurons<Real>& neurons, std::size_t i, LeakForm form) {
    const Real v = neurons.v[i];
    if (neurons.kind == NeuronKind::threshold) {
        return neurons.s[i];
    }
    if (!leaks(neurons.kind)) {
        return v + neurons.step_resistance[i] * neurons.s[i];
    }
    const Real k = neurons.step / neurons.tau_mem[i];
    const Real driven = neurons.resistance[i] * neurons.s[i];
    if (form == LeakForm::product) {
        return filtered(v, k, neurons.v_leak[i] + driven, form);
    }
    return v + k * (neurons.v_leak[i] - v + driven);  // in the frameworks' order, not as filtered()
}

/// Threshold and reset of one neuron whose v is integrated; `previous` is v before.
template <class Real>
void fire(Neurons<Real>& neurons, std::size_t i, Real previous, SubtractOrder order) {
    const Real threshold = neurons.v_threshold[i];
    Real& v = neurons.v[i];
    const bool late = neurons.rule == ResetRule::subtract_threshold && order == SubtractOrder::snntorch_delayed &&
                      neurons.kind != NeuronKind::threshold;
    const Real owed = late && previous > threshold ? Real{1} : Real{0};
    if (late) {
        v -= owed * threshold;
    }
    const bool spike = v > threshold;
    neurons.z[i] = spike ? 1 : 0;
    if (late) {
        v -= ((spike ? Real{1} : Real{0}) - owed) * threshold;
    } else if (spike && neurons.kind != NeuronKind::threshold) {
        v = neurons.rule == ResetRule::to_value ? neurons.v_reset[i] : v - threshold;
    }
    if (spike) {
        neurons.dead_steps[i] = neurons.refractory_steps - 1;
    }
}

/// A refractory neuron's v is 0, as on the chip. `now` counts steps from 0.
template <class Real>
void update_fixed(Neurons<Real>& neurons, RealRegisters<Real>& registers, std::uint64_t now) {
    const bool spiking = spikes(neurons.kind);
    const bool resets = registers.resets_before(now);
    for (std::size_t i = 0; i < neurons.v.size(); ++i) {
        Real& v = neurons.v[i];
        if (registers.has_values()) {
            registers.send(i, neurons.x[i], v, spiking);
            neurons.z[i] = registers.sent()[i] != 0 ? 1 : 0;
            continue;
        }
        if (resets) {
            neurons.s[i] = v = 0;
        }
        registers.integrate(i, neurons.x[i], neurons.s[i], v);
        neurons.z[i] = 0;
        if (neurons.dead_steps[i] > 0) {
            --neurons.dead_steps[i];
            v = 0;
        } else if (spiking && registers.above(v)) {
            neurons.z[i] = 1;
            neurons.dead_steps[i] = neurons.refractory_steps - 1;
            v = 0;
        }
    }
    neurons.show();
}

template <class Real>
void update(Neurons<Real>& neurons, const ReferenceOptions& options, std::uint64_t now) {
    if (neurons.fixed) {
        update_fixed(neurons, *neurons.fixed, now);
        return;
    }
    for (std::size_t i = 0; i < neurons.v.size(); ++i) {
        if (has_synaptic_current(neurons.kind)) {
            const Real k = neurons.step / neurons.tau_syn[i];
            neurons.s[i] = filtered(neurons.s[i], k, neurons.w_in[i] * neurons.x[i], options.leak);
        } else {
            neurons.s[i] = neurons.x[i];
        }
        neurons.z[i] = 0;
        if (neurons.dead_steps[i] > 0) {
            --neurons.dead_steps[i];
            continue;
        }
        const Real previous = neurons.v[i];
        neurons.v[i] = integrated(neurons, i, options.leak);
        if (spikes(neurons.kind)) {
            fire(neurons, i, previous, options.subtract);
        }
    }
    neurons.show();
}

}  // namespace spikeloom::compiler::reference
