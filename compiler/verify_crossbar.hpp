// The verifier's count of a crossbar's axons, from the synapses of an image alone. Where it seems to repeat the pass
// (passes/crossbar.hpp), that is its purpose: it tries ways of writing weights one by one instead of deriving the
// shortest.
#pragma once

#include <cstdint>
#include <vector>

#include "chip/image/image.hpp"

namespace spikeloom::compiler {

struct CrossbarRows {
    std::vector<std::int64_t> axon;  ///< axons of the crossbar that each input axon of the image takes
    std::int64_t types = 0;          ///< digits of the neuron that needs most
};
[[nodiscard]] CrossbarRows crossbar_rows(const chip::CoreImage& core, const chip::Conventions& conventions);

}  // namespace spikeloom::compiler
