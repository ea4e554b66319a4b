// The `neuron` group of a netx layer as the registers that netx programs: LOIHI and CUBA (the leaky circuit with a
// current), SDNN (sigma-delta). Biases of the layer come with it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/network.hpp"
#include "compiler/netx/netx_file.hpp"
#include "compiler/netx/netx_notes.hpp"

namespace spikeloom::compiler {

/// Of neurons that never spike: the largest that a register of 17 bits holds.
inline constexpr std::int32_t netx_unreachable_threshold = 131071;

/// One layer's neurons; the name, shape and biases are not yet in it.
struct NetxNeuron {
    FixedNeuron fixed;
    bool spikes = true;
    int refractory_steps = 1;
    int bias_shift = 6;  ///< a bias of the file acts as bias * 2^bias_shift
};

/// Nothing after a finding. A layer without a neuron integrates: v is the sum of all that arrived.
/// `input`: of an input layer, whose SDNN neurons encode what they are given.
[[nodiscard]] std::optional<NetxNeuron> netx_neuron(const NetxLayer& layer, bool input, NetxNotes& notes);

}  // namespace spikeloom::compiler
