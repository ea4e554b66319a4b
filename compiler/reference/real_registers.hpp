// Populations with registers (FixedNeuron) in real numbers: the chip's equations (core/base/neuron_model.hpp) where
// nothing truncates, wraps or clips. What is sent has the scale of the chip's messages, and its fractions too.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "compiler/network.hpp"

namespace spikeloom::compiler {

/// Whether RealRegisters runs the model.
[[nodiscard]] constexpr bool runs_in_reals(NeuronModel model) {
    return model == NeuronModel::leaky || model == NeuronModel::sigma_delta || model == NeuronModel::delta ||
           model == NeuronModel::graded_vector || model == NeuronModel::graded_relu;
}

/// One population's registers, and what its neurons remember beside current and membrane.
template <class Real>
class RealRegisters {
public:
    RealRegisters(const FixedNeuron& fixed, std::size_t size)
        : model_(fixed.model),
          own_(fixed.parameters),
          current_keep_(static_cast<Real>(1 - fixed.current_decay / 4096.0)),
          voltage_keep_(static_cast<Real>(1 - fixed.voltage_decay / 4096.0)),
          threshold_(static_cast<Real>(fixed.threshold) * (integrates(fixed.model) ? weight_unit : Real{1})),
          scale_(std::ldexp(Real{1}, fixed.parameters.state_exponent)),
          biases_(fixed.biases.begin(), fixed.biases.end()),
          sent_(sends_values(fixed.model) ? size : 0),
          before_(sent_.size()),
          residue_(sent_.size()),
          error_(sent_.size()) {}

    void reset() {
        for (std::vector<Real>* state : {&sent_, &before_, &residue_, &error_}) {
            state->assign(state->size(), Real{0});
        }
    }

    [[nodiscard]] bool has_values() const { return !sent_.empty(); }
    /// What each neuron sent in the last step; empty for models that send 1.
    [[nodiscard]] const std::vector<Real>& sent() const { return sent_; }
    /// Whether u and v begin the step from 0; steps count from 0.
    [[nodiscard]] bool resets_before(std::uint64_t step) const {
        return own_.reset_interval > 0 && (step + 1) % static_cast<std::uint64_t>(own_.reset_interval) ==
                                              static_cast<std::uint64_t>(own_.reset_offset);
    }

    /// One step of neuron i of a leaky model, its spike apart.
    void integrate(std::size_t i, Real input, Real& current, Real& membrane) const {
        current = current * current_keep_ + weight_unit * input;
        membrane = membrane * voltage_keep_ + current + bias(i);
    }
    [[nodiscard]] bool above(Real membrane) const { return membrane > threshold_; }

    /// One step of neuron i of a model that sends values: `membrane` becomes the sum, or what is encoded. A neuron that
    /// isn't `spiking` sends nothing.
    void send(std::size_t i, Real input, Real& membrane, bool spiking) {
        if (model_ == NeuronModel::graded_vector || model_ == NeuronModel::graded_relu) {
            const bool passes = input > threshold_ || (model_ == NeuronModel::graded_vector && -input > threshold_);
            membrane = input;
            sent_[i] = passes && spiking ? input : Real{0};
            return;
        }
        Real x = input * scale_;
        if (model_ == NeuronModel::sigma_delta) {
            membrane += input;
            x = own_.relu ? std::max(membrane + bias(i), Real{0}) : membrane + bias(i);
        } else {
            membrane = x;
        }
        const Real out = own_.corrected ? corrected(i, x) : encoded(i, x);
        sent_[i] = spiking ? out / scale_ : Real{0};
    }

private:
    static constexpr Real weight_unit = 64;  ///< of u

    [[nodiscard]] Real bias(std::size_t neuron) const {
        return biases_.empty() ? Real{0} : biases_[biases_.size() == 1 ? 0 : neuron];
    }

    Real encoded(std::size_t i, Real x) {
        const Real change = x - before_[i] + residue_[i];
        error_[i] += change;
        const bool lets = std::abs(own_.cumulative_error ? error_[i] : change) >= threshold_;
        const Real out = lets ? change : Real{0};
        error_[i] = out != 0 ? Real{0} : error_[i];
        residue_[i] = change - out;
        before_[i] = x;
        return out;
    }

    Real corrected(std::size_t i, Real x) {
        const Real change = x - before_[i];
        const Real out = std::abs(change) >= threshold_ ? change : Real{0};
        before_[i] += out;
        return out;
    }

    NeuronModel model_;
    ModelParameters own_;
    Real current_keep_, voltage_keep_, threshold_, scale_;
    std::vector<Real> biases_;
    std::vector<Real> sent_, before_, residue_, error_;
};

}  // namespace spikeloom::compiler
