// The float network with one part of it as the chip has it: weights, decays, or thresholds and biases, read back from
// an image's registers and turned into the network's units. Run by the float interpreter, such a variant shows what
// that part of the quantisation does on its own.
//
// The chip computes (V: voltage_per_unit, du, dv: effective decays a step, v counted from the reset value)
//   u' = u (1 - du) + q,   v' = v (1 - dv) + u' + b,   spike where v > threshold
// so a synapse's contribution q is weight * gain * V, with gain = current_gain * (du * w_in, or 1 without synaptic
// current) and current_gain = step_s / tau_mem * r (leaky), step_s * r (not leaky), 1 (threshold kind). Only registers,
// voltage_per_unit and the network's own parameters enter here, no code of the passes.
#pragma once

#include <cstdint>

#include "chip/image/image.hpp"
#include "compiler/network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

enum class QuantisedPart : std::uint8_t {
    weights,
    decays,      ///< what a step adds to v stays, as on the chip
    thresholds,  ///< and biases; input biases act on v at once, as on the chip
    all,         ///< the three together: what is left to the chip is integer arithmetic
};

/// The network with that part replaced. Meant for Timing::next_step (delays are the image's). Fails where the image
/// isn't one of this network: a population or input that it lacks or has in another size, a neuron without compartment.
[[nodiscard]] Result<Network> quantised_variant(const Network& network, const chip::Image& image, QuantisedPart part);

}  // namespace spikeloom::compiler
