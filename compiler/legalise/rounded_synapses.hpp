// A projection's synapses, each with whether the chip's formats rounded it to nothing: what a projection is written
// anew from, where only some of its synapses stay, or where they get other ends. A mapped network only knows how many
// of a projection's synapses are gone, and which are left.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "chip/image/image.hpp"
#include "compiler/network.hpp"
#include "compiler/passes/mapped_network.hpp"

namespace spikeloom::compiler {

struct RoundedSynapse {
    std::uint32_t source = 0;  ///< neuron or channel
    std::uint32_t target = 0;  ///< neuron
    float weight = 0;
    std::uint8_t delay = 0;  ///< steps beyond Projection::delay_steps
    bool gone = false;
};

/// Calls use(synapse) for all of a projection of `network`, ascending by source. `mapped` is the same network,
/// quantised.
void for_each_rounded(const Network& network, const MappedNetwork& mapped, std::size_t projection,
                      const std::function<void(const RoundedSynapse&)>& use);

/// `projection` with these synapses, in any order, from so many sources; `loss` takes their counts.
[[nodiscard]] Projection with_synapses(Projection projection, std::vector<RoundedSynapse> synapses, std::size_t sources,
                                       chip::ProjectionLoss& loss);

}  // namespace spikeloom::compiler
