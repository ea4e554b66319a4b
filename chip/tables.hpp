// The chip as it runs: what Chip::load makes of an Image. Everything that a step looks up is here, computed once;
// of this, only the shards change while the chip runs.
//
// A source is whatever sends messages: every compartment (by core, then compartment), then every input channel (by
// port, then channel). What a source sends is one row of synapses a shard, and the sums of its counts.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "chip/image/image.hpp"
#include "core/base/diagnostics.hpp"
#include "core/shard.hpp"

namespace spikeloom::chip {

/// What every spike of a source adds to its core's counters.
struct SourceCounts {
    std::uint32_t messages_out = 0;
    std::uint32_t messages_local = 0;
    std::uint32_t hops_ew = 0;  ///< of a tree: up and down
    std::uint32_t hops_ns = 0;
    std::uint32_t hops_chip = 0;
    bool output = false;  ///< the spike goes to the host
};

/// All sources, each a record of words: the number of its rows (and whether it is an output), its counts, the names of
/// the rows in their shards, the shards (two a word). One record, because a spike of a large network finds nothing of
/// this in the cache; and short, so that hops between chips have a word only where there are several.
class SourceTable {
public:
    struct Row {
        std::uint32_t shard = 0;
        std::uint32_t begin = 0;  ///< the row's name in the shard
    };
    static constexpr std::size_t max_shards = 1U << 16;

    SourceTable() = default;
    explicit SourceTable(bool several_chips) : header_words_(several_chips ? 6 : 5) {}

    void add(const SourceCounts& counts, std::span<const Row> rows);
    void finish();

    [[nodiscard]] std::size_t size() const { return first_.size(); }
    [[nodiscard]] SourceCounts counts(std::size_t source) const {
        const std::uint32_t* const record = words_.data() + first_[source];
        return {.messages_out = record[1],
                .messages_local = record[2],
                .hops_ew = record[3],
                .hops_ns = record[4],
                .hops_chip = header_words_ > 5 ? record[5] : 0,
                .output = (record[0] & output_bit) != 0};
    }
    template <class Visitor>
    void for_each_row(std::size_t source, const Visitor& visit) const {
        const std::uint32_t* const record = words_.data() + first_[source];
        const std::uint32_t* const begins = record + header_words_;
        const std::uint32_t rows = record[0] & ~output_bit;
        for (std::uint32_t i = 0; i < rows; ++i) {
            visit(Row{begins[rows + i / 2] >> (16 * (i % 2)) & 0xFFFFU, begins[i]});
        }
    }
    /// Two stages, for sources that are needed soon and very soon.
    void prefetch_index(std::size_t source) const { __builtin_prefetch(first_.data() + source); }
    void prefetch_record(std::size_t source) const {
        const std::uint32_t* const record = words_.data() + first_[source];
        __builtin_prefetch(record);
        __builtin_prefetch(record + 12);
    }

    [[nodiscard]] std::size_t rows() const { return rows_; }
    [[nodiscard]] std::size_t resident_bytes() const { return core::bytes_of(first_) + core::bytes_of(words_); }

private:
    static constexpr std::uint32_t output_bit = 1U << 31;
    std::size_t header_words_ = 5;
    std::vector<std::uint32_t> first_;  ///< of each source, its record in words_
    core::AlignedVector<std::uint32_t> words_;
    std::size_t rows_ = 0;
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

/// A plastic row's name within its shard, as SourceTable::Row::begin.
[[nodiscard]] constexpr std::uint32_t plastic_row_name(std::uint32_t set, std::uint32_t row) {
    return set << 16 | row;
}
[[nodiscard]] constexpr core::PlasticMessage plastic_message(std::uint32_t name, std::int32_t payload) {
    return {static_cast<std::uint16_t>(name >> 16), static_cast<std::uint16_t>(name & 0xFFFFU), payload};
}

/// One plastic projection as it runs.
struct ProfileTable {
    struct Set {
        std::uint32_t shard = 0;
        std::uint32_t set = 0;
        WeightFormat format;  ///< of its synapses
    };
    rules::Rule rule;
    std::optional<RewardPort> reward;
    std::array<ThirdFactor, 3> third_factors{};
    std::vector<Set> sets;
};

struct Tables {
    std::vector<core::Shard> shards;
    std::vector<Block> blocks;                     ///< by core; so by shard, too
    std::vector<std::uint32_t> shard_first_block;  ///< shards + 1
    std::vector<std::uint32_t> core_first_block;   ///< cores + 1
    std::vector<std::uint32_t> port_first_source;  ///< ports + 1
    SourceTable sources;
    SourceTable plastic_sources;         ///< plastic rows (plastic_row_name) of every source; empty without learning
    std::vector<ProfileTable> profiles;  ///< as Image::learning
    std::vector<bool> graded_ports;      ///< whose payloads multiply the weights
    bool values = false;                 ///< spikes may send something else than 1
    int refractory_probe_shift = 7;
    bool tree = false;  ///< the network is one: SourceCounts::hops_ew are hops up and down

    [[nodiscard]] std::size_t cores() const { return core_first_block.size() - 1; }
    [[nodiscard]] std::size_t resident_bytes() const;
};

/// `least_shards`: at least so many shards, if there are as many cores. `seed` is that of learning's random numbers.
[[nodiscard]] Result<Tables> build_tables(const Image& image, std::uint32_t least_shards, std::uint64_t seed);

}  // namespace spikeloom::chip
