// Compartment groups of the image on their way into the shards: as runs of slots that one kernel call updates.
#pragma once

#include "chip/image/image.hpp"
#include "chip/tables.hpp"

namespace spikeloom::chip {

/// Adds the compartments of all blocks to their shards, which plan_shards has made. The image has passed check_image.
void add_neurons(const Image& image, Tables& tables);

}  // namespace spikeloom::chip
