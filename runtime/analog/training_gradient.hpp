// How a first spike moves when a weight or an input spike does. The membrane of a neuron that hasn't spiked is a sum of
// kernels, V(t) = leak + sum w_i k(t - t_i) over the inputs before t, and V(T) = threshold holds at the spike; so
//     dT/dw_i = -k(T - t_i) / V'(T)          dT/dt_i = w_i k'(T - t_i) / V'(T)
// for every ratio of time constants. For tau_mem = tau_syn and tau_mem = 2 tau_syn these are the closed forms of Goeltz
// et al. 2021 (BRAINSCALES2_TTFS facts 1.3) written with the known T instead of Lambert's W or the discriminant, and
// the threshold does not enter: with a T that a chip measured, they still say what its inputs did to it.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace spikeloom::runtime {

/// Of the neurons of a layer; times in any one unit.
struct MembraneKernel {
    double tau_mem = 1;
    double tau_syn = 1;
    double resistance = 1;

    /// k(s) and k'(s) for s > 0: the membrane's answer to a spike of weight 1, s after it.
    [[nodiscard]] double value(double s) const;
    [[nodiscard]] double slope(double s) const;

    friend bool operator==(const MembraneKernel&, const MembraneKernel&) = default;
};

/// Derivatives of spike times, one neuron after the other on the same inputs. Inputs at or after the spike get zero.
class SpikeTimeDerivative {
public:
    explicit SpikeTimeDerivative(const MembraneKernel& kernel) : kernel_(kernel) {}

    /// The times of a sample's inputs (`never`: no spike); kept by reference until the next call.
    void set_inputs(std::span<const double> times);
    /// Of a neuron with these weights that spiked at `spike`. False where V'(T) <= 0 by these weights: the spike of a
    /// chip that differs from them, without a derivative.
    bool compute(std::span<const double> weights, double spike);

    [[nodiscard]] std::span<const double> by_weight() const { return by_weight_; }
    [[nodiscard]] std::span<const double> by_time() const { return by_time_; }

private:
    MembraneKernel kernel_;
    std::span<const double> times_;
    // exp((t_i - origin) / tau) of each input, so that a neuron costs two exponentials and not two an input.
    double origin_ = 0;
    std::vector<double> grown_mem_, grown_syn_;
    std::vector<double> by_weight_, by_time_;
};

/// Largest span of input and spike times, in units of the shorter time constant, that SpikeTimeDerivative computes with
/// (exponentials beyond would overflow).
inline constexpr double most_time_constants = 500;

}  // namespace spikeloom::runtime
