#include "chip/plan_shards.hpp"

#include <algorithm>
#include <bit>

#include "chip/registers.hpp"

namespace spikeloom::chip {
namespace {

/// Sums of all delays of a shard should stay in the second-level cache.
constexpr std::uint32_t max_ring_sums = 1U << 18;

std::uint32_t max_delay_of(const Image& image, const CoreImage& core) {
    std::uint32_t longest = 0;
    for (const SynapseEntry& entry : core.entries) {
        if (entry.learning != 0 && !image.learning[entry.learning - 1U].rule.dd.empty()) {
            longest = static_cast<std::uint32_t>(image.chip.learning.arithmetic.delay_most);
        }
    }
    for (const Synapse& synapse : core.synapses) {
        longest = std::max<std::uint32_t>(longest, synapse.delay);
    }
    return longest;
}

unsigned shift_for(std::uint32_t compartments) {
    return static_cast<unsigned>(std::bit_width(std::min(std::max(compartments, 1U), core::max_slots) - 1));
}

/// A shard that is being filled with cores.
struct ShardDraft {
    std::uint32_t blocks = 0;
    unsigned block_shift = 0;
    std::uint32_t ring_depth = 1;

    [[nodiscard]] ShardDraft with(unsigned shift, std::uint32_t depth) const {
        return {blocks + 1, std::max(block_shift, shift), std::max(ring_depth, depth)};
    }
    [[nodiscard]] std::uint64_t slots() const { return std::uint64_t{blocks} << block_shift; }
};

void close_shard(const ShardDraft& draft, const core::NeuronArithmetic& arithmetic, bool values, Tables& tables) {
    tables.shards.emplace_back(core::ShardLayout{.blocks = draft.blocks,
                                                 .block_shift = draft.block_shift,
                                                 .ring_depth = draft.ring_depth,
                                                 .arithmetic = arithmetic,
                                                 .values = values});
}

}  // namespace

void plan_shards(const Image& image, const core::NeuronArithmetic& arithmetic, std::uint32_t least_shards,
                 Tables& tables) {
    std::uint64_t total = 0;
    for (const CoreImage& core : image.cores) {
        total += std::uint64_t{1} << shift_for(core.compartments);
    }
    const std::uint64_t share =
        std::clamp<std::uint64_t>((total + least_shards - 1) / least_shards, 1, core::max_slots);

    const bool values = has_values(image);
    ShardDraft draft;
    std::uint32_t source = 0;
    for (std::uint32_t c = 0; c < image.cores.size(); ++c) {
        const CoreImage& core = image.cores[c];
        tables.core_first_block.push_back(static_cast<std::uint32_t>(tables.blocks.size()));
        const std::uint32_t depth = std::bit_ceil(max_delay_of(image, core) + 1);
        for (std::uint32_t first = 0; first == 0 || first < core.compartments; first += core::max_slots) {
            const std::uint32_t count = std::min(core.compartments - first, core::max_slots);
            const ShardDraft wider = draft.with(shift_for(count), depth);
            if (draft.blocks > 0 && (wider.slots() > share || wider.slots() * wider.ring_depth > max_ring_sums)) {
                close_shard(draft, arithmetic, values, tables);
                draft = ShardDraft{}.with(shift_for(count), depth);
            } else {
                draft = wider;
            }
            tables.blocks.push_back({.core = c,
                                     .first_compartment = first,
                                     .compartments = count,
                                     .shard = static_cast<std::uint32_t>(tables.shards.size()),
                                     .index = draft.blocks - 1,
                                     .first_source = source});
            source += count;
        }
    }
    tables.core_first_block.push_back(static_cast<std::uint32_t>(tables.blocks.size()));
    if (draft.blocks > 0) {
        close_shard(draft, arithmetic, values, tables);
    }
    for (const Block& block : tables.blocks) {
        if (block.index == 0) {
            tables.shard_first_block.push_back(static_cast<std::uint32_t>(&block - tables.blocks.data()));
        }
    }
    tables.shard_first_block.push_back(static_cast<std::uint32_t>(tables.blocks.size()));
}

}  // namespace spikeloom::chip
