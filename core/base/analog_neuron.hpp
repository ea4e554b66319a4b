// Parameters of analog neurons, the one vocabulary of networks, images and the engine. Time in seconds, potentials and
// currents in the network's own unit.
//
// A current-based LIF neuron with exponential synapses (Goeltz et al. 2021; BRAINSCALES2_TTFS facts 1.1):
//     tau_syn dI/dt = -I          and I += w when a spike of weight w arrives
//     tau_mem dV/dt = (leak - V) + resistance I
// V reaching the threshold from below is a spike: V = reset, held there for `refractory` seconds.
#pragma once

#include <limits>

namespace spikeloom {

inline constexpr double never = std::numeric_limits<double>::infinity();

/// Parameters of one LIF neuron. tau_mem == tau_syn is exact, not a limit.
struct Lif {
    double tau_mem = 10e-6;  ///< s, > 0
    double tau_syn = 10e-6;  ///< s, > 0
    double resistance = 1;   ///< > 0; 1 / g_leak of the literature
    double leak = 0;         ///< where V rests and starts
    double threshold = 1;    ///< `never`: integrates without ever spiking (a readout)
    double reset = 0;        ///< below the threshold
    double refractory = 0;   ///< s; `never`: spikes once, until the next reset of the state
    friend bool operator==(const Lif&, const Lif&) = default;
};

/// AdEx, or LIF with conductance-based synapses or with unequal time constants of excitation and inhibition: no closed
/// form, integrated numerically. Every bracketed term is a switch, as on the chip:
///     tau_mem dV/dt = (leak - V) + [slope exp((V - exp_threshold) / slope)] - [w] + resistance I_syn
///     tau_w dw/dt = a (V - leak) - w;   at a spike also w += b          (Brette & Gerstner 2005)
/// I_syn = I_exc + I_inh, or with `conductance` g_exc (e_excitatory - V) + g_inh (e_inhibitory - V), g >= 0.
/// Positive weights act on the excitatory side, negative ones on the inhibitory.
struct AdEx {
    Lif lif;                        ///< lif.tau_syn is the excitatory side's
    double tau_syn_inhibitory = 0;  ///< s; 0: as the excitatory
    bool exponential = false;
    double slope = 0.1;        ///< Delta_T, > 0
    double exp_threshold = 1;  ///< V_T
    bool adaptation = false;
    double tau_w = 100e-6;  ///< s, > 0
    double a = 0;
    double b = 0;
    bool conductance = false;
    double e_excitatory = 4;
    double e_inhibitory = -1;
    friend bool operator==(const AdEx&, const AdEx&) = default;
};

}  // namespace spikeloom
