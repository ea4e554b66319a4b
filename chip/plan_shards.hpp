// Which cores share a shard: consecutive ones, as many as its slots and the cache hold, but at least so many shards
// that every thread has work.
#pragma once

#include <cstdint>

#include "chip/image/image.hpp"
#include "chip/tables.hpp"
#include "core/neuron.hpp"

namespace spikeloom::chip {

/// Makes the tables' blocks and empty shards.
void plan_shards(const Image& image, const core::NeuronArithmetic& arithmetic, std::uint32_t least_shards,
                 Tables& tables);

}  // namespace spikeloom::chip
