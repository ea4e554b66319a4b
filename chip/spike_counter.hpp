// What one spike of a compartment sends through the network, as counts: messages and the links that they cross. The
// same for every spike of the compartment, so that it is worked out once, when the chip is loaded.
//
// Unicast: a message for each output axon. Multicast: one message for all of them; each link of its tree counts once,
// and each core of the sender's own tile that it is copied to is a local message.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chip/image/image.hpp"
#include "chip/tables.hpp"
#include "router/ways.hpp"

namespace spikeloom::chip {

class SpikeCounter {
public:
    /// Of an image that passed check_image, which outlives the counter.
    explicit SpikeCounter(const Image& image);
    /// `outputs`: those of the compartment.
    [[nodiscard]] SourceCounts count(std::uint32_t core, std::uint32_t compartment,
                                     std::span<const OutputAxon> outputs);

private:
    [[nodiscard]] SourceCounts unicast(std::uint32_t from, std::span<const OutputAxon> outputs) const;
    [[nodiscard]] SourceCounts multicast(std::uint32_t from, std::span<const OutputAxon> outputs);
    [[nodiscard]] std::uint32_t place_of(const OutputAxon& output) const {
        return image_.cores[output.core.value()].place;
    }
    [[nodiscard]] bool same_tile(std::uint32_t a, std::uint32_t b) const {
        const auto cores_per_tile = static_cast<std::uint32_t>(image_.chip.mesh.cores_per_tile);
        return a / cores_per_tile == b / cores_per_tile;
    }

    const Image& image_;
    router::Ways ways_;
    std::vector<std::vector<bool>> output_;    ///< of each core and compartment: whether the host reads its spikes
    std::vector<std::uint32_t> destinations_;  ///< places, ascending, of the spike at hand
};

}  // namespace spikeloom::chip
