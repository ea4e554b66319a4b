// From a population's float parameters to what the chip's neuron computes (LOIHI facts 1.2):
//   u' = u (1 - du/4096) + q,   v' = v (1 - dv/4096) + u + bias,   spike where v > threshold, then v = 0.
// With v' = (v - v_reset) * V and u = a_m r s * V (V: voltage_per_unit) the Network's equations become the chip's:
//   du = 4096 a_s, dv = 4096 a_m, q = (a_m r a_s w_in) V x, bias = a_m (v_leak - v_reset) V.
// Where the network subtracts the threshold, and the chip can (NeuronFormat::soft_reset_compartments), v -= threshold.
// A constant x passes the synaptic filter, the chip's bias does not: the bias B = a_m r w_in x V comes with an initial
// u of -B, which decays as the filter rises, so that both together are B (1 - (1 - a_s)^(t + 1)), as in float. A bias
// that is absent in the first step takes -B / (1 - a_s) instead.
// The synaptic gain takes a_s as its register holds it, so that a spike brings its whole charge; the membrane gain
// takes the exact a_m, so that v rises from a reset as fast as in float. (Measured: half as many displaced spikes as
// with a_m from the register, whose gain is right only in the steady state that spikes seldom leave time for.)
#pragma once

#include <cstdint>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/network.hpp"
#include "compiler/passes/mapped_network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

/// One neuron in the chip's equations, before a scale is chosen: everything is per unit of voltage.
struct DerivedNeuron {
    double gain = 0;             ///< u register per unit of input current x, over voltage_per_unit
    double current_gain = 0;     ///< u register per unit of synaptic current s, over voltage_per_unit
    double bias = 0;             ///< added to v every step, in units of the network's membrane
    double initial_current = 0;  ///< u before the first step, over voltage_per_unit: what the filter keeps of the bias
    double threshold = 0;        ///< above the reset value, in units of the network's membrane
    double current_decay = 1;    ///< effective, 0..1 a step
    double voltage_decay = 0;    ///< effective, 0..1 a step
    NeuronRegisters registers;   ///< all but the threshold
};

struct PopulationModel {
    std::vector<DerivedNeuron> neurons;
};

struct NeuronModelOptions {
    bool approximate_reset = false;  ///< reset to zero where the network subtracts the threshold
};

/// The model of population `index`, its projections' biases included. What the chip can't express is appended to
/// `findings`: errors for what is refused, warnings and notes for what is approximated.
[[nodiscard]] PopulationModel derive_neuron_model(const Network& network, std::size_t index, const chip::ChipSpec& chip,
                                                  const NeuronModelOptions& options, Diagnostics& findings);

}  // namespace spikeloom::compiler
