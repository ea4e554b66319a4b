// What a core takes of a crossbar, and the copies of its neurons, counted in the image alone: for the verifier, and for
// recordings. Where it seems to repeat the compiler's pass (compiler/passes/crossbar.hpp), that is its purpose: it
// tries ways of writing weights one by one instead of deriving the shortest.
#pragma once

#include <cstdint>
#include <vector>

#include "chip/image/image.hpp"

namespace spikeloom::chip {

/// Of one core.
struct CrossbarUse {
    std::int64_t axons = 0;  ///< that its input axons take: one for each digit and delay of a source's weights
    std::int64_t most_of_an_axon = 0;  ///< that one input axon takes
    std::int64_t types = 0;            ///< digits of the neuron that needs most
    std::int64_t splitters = 0;  ///< compartments for copies of neurons that reach more axons than one can send to
};
/// One a core; all zero on chips that have neither a crossbar nor few destinations a compartment.
[[nodiscard]] std::vector<CrossbarUse> crossbar_uses(const Image& image);

}  // namespace spikeloom::chip
