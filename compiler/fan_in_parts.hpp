// Into how many parts the sums of a dense layer are best made. On a core that holds few neurons of a layer with many
// sources, each source has a list of few synapses, rounded up to a word; with its sums in parts, a core hears fewer
// sources, holds more neurons and fills longer lists. Reckoned in closed form; explain() tries what comes of it.
#pragma once

#include <cstdint>
#include <optional>

#include "chip/spec/chip_spec.hpp"

namespace spikeloom::compiler {

struct DenseLayer {
    std::uint64_t neurons = 0;
    std::uint64_t sources = 0;  ///< of every neuron
    double synapse_bits = 0;    ///< of one in a list
};

struct FanInParts {
    std::uint32_t parts = 1;
    std::uint64_t cores = 0;  ///< that hold the layer, or its parts; the sums of the parts themselves aside
};

/// What the layer takes in so many parts; nothing where a core can't hold a neuron's part. `parts` >= 1.
[[nodiscard]] std::optional<std::uint64_t> cores_in_parts(const DenseLayer& layer, std::uint32_t parts,
                                                          const chip::ChipSpec& chip);

/// Of 2 to 64 parts the fewest that take at most a tenth more cores than the best; 1 part of no cores where none fits.
/// Few parts are few helpers, and space that one layer leaves another takes.
[[nodiscard]] FanInParts cheapest_fan_in_parts(const DenseLayer& layer, const chip::ChipSpec& chip);

}  // namespace spikeloom::compiler
