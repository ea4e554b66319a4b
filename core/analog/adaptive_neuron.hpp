// One neuron without a closed form, integrated by adaptive steps with located events. It looks ahead by one step:
// next() is the earliest time at which something can happen to it, a spike or the end of the step that was tried. Until
// then an arrival may come and cut the step short, so that neurons need not know of each other.
#pragma once

#include "core/analog/net.hpp"

namespace spikeloom::core::analog {

struct IntegrationTolerance {
    double relative = 1e-10;
    double absolute = 1e-12;  ///< in units of V, and of the currents
};

class AdaptiveNeuron {
public:
    explicit AdaptiveNeuron(const AdEx& model, const IntegrationTolerance& tolerance = {});

    /// At rest at `time`, with `threshold_shift` added to the threshold.
    void reset(double time, double threshold_shift = 0);
    /// When it wants advance(): a spike, or a checkpoint. `never`: nothing will happen without an arrival.
    [[nodiscard]] double next() const;
    /// Goes on to next(). True: it spiked there.
    bool advance();
    /// A spike of weight `weight` arrives at `time`, not after next() and not before the last arrival.
    void arrive(double time, double weight);

    /// State at `time`, between the last event and next().
    [[nodiscard]] double voltage(double time) const;
    /// Excitatory plus inhibitory synaptic current (conductances: g_exc - g_inh).
    [[nodiscard]] double current(double time) const;
    [[nodiscard]] double adaptation(double time) const;

private:
    // (to be filled in)
};

}  // namespace spikeloom::core::analog
