// The chip as it runs: what Chip::load makes of an Image. Everything that a step looks up is here, computed once;
// of this, only the shards change while the chip runs.
//
// A source is whatever sends messages: every compartment (by core, then compartment), then every input channel (by
// port, then channel). What a source sends is one row of synapses a shard, and the sums of its counts.
#pragma once

#include <cstdint>
#include <vector>

#include "chip/image/image.hpp"
#include "core/base/diagnostics.hpp"
#include "core/shard.hpp"

namespace spikeloom::chip {

struct Source {
    std::uint32_t first_row = 0;  ///< rows of this source: up to the next source's first_row
    std::uint32_t messages_out = 0;
    std::uint32_t messages_local = 0;
    std::uint32_t hops_ew = 0;
    std::uint32_t hops_ns = 0;
};

/// A core's compartments in a shard: all of them, or up to max_slots of a core that is larger.
struct Block {
    std::uint32_t core = 0;
    std::uint32_t first_compartment = 0;
    std::uint32_t compartments = 0;
    std::uint32_t shard = 0;
    std::uint32_t index = 0;         ///< in its shard
    std::uint32_t first_source = 0;  ///< of its first compartment
};

struct Tables {
    std::vector<core::Shard> shards;
    std::vector<Block> blocks;                     ///< by core; so by shard, too
    std::vector<std::uint32_t> shard_first_block;  ///< shards + 1
    std::vector<std::uint32_t> core_first_block;   ///< cores + 1
    std::vector<std::uint32_t> port_first_source;  ///< ports + 1
    std::vector<Source> sources;                   ///< sources + 1
    std::vector<std::uint16_t> row_shard;          ///< by row
    std::vector<std::uint32_t> row_begin;          ///< by row: its name in the shard
    int refractory_probe_shift = 7;

    [[nodiscard]] std::size_t cores() const { return core_first_block.size() - 1; }
    [[nodiscard]] std::size_t resident_bytes() const;
};

/// `least_shards`: at least so many shards, if there are as many cores.
[[nodiscard]] Result<Tables> build_tables(const Image& image, std::uint32_t least_shards);

/// What the bias register adds to the voltage.
[[nodiscard]] constexpr std::int32_t bias_value(BiasRegister bias) {
    return std::int32_t{bias.mantissa} * (std::int32_t{1} << bias.exponent);
}
/// Larger exponents overflow what the emulator stores; no known chip has them.
inline constexpr int max_bias_exponent = 15;

}  // namespace spikeloom::chip
