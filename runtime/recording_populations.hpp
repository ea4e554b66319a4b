// Which core holds what of which population, and how often it fired: a report divides a core's energy by it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chip/image/image.hpp"
#include "runtime/recording_parts.hpp"
#include "runtime/session.hpp"

namespace spikeloom::runtime {

class PopulationLog {
public:
    /// The image must outlive the log.
    explicit PopulationLog(const chip::Image& image);

    /// Of one step, ascending by population and neuron.
    void count(std::span<const NetworkSpike> spikes);

    /// /cores/populations, ascending by core, then by population.
    void write(UnitWriter& writer) const;

private:
    struct Use {
        std::uint32_t core = 0;
        std::uint32_t population = 0;
        std::uint64_t neurons = 0;
        std::uint64_t spikes = 0;
        std::uint64_t messages = 0;
    };

    const chip::Image& image_;
    std::vector<Use> uses_;
    std::vector<std::vector<std::uint32_t>> use_of_tile_;  ///< by population and tile
};

}  // namespace spikeloom::runtime
