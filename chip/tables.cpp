#include "chip/tables.hpp"

#include <fmt/format.h>

#include <limits>

namespace spikeloom::chip {

void SourceTable::add(const SourceCounts& counts, std::span<const Row> rows) {
    SPIKELOOM_ASSERT(words_.size() < std::numeric_limits<std::uint32_t>::max(), fmt::format("{} words", words_.size()));
    first_.push_back(static_cast<std::uint32_t>(words_.size()));
    const std::uint32_t flag = counts.output ? output_bit : 0;
    words_.insert(words_.end(), {static_cast<std::uint32_t>(rows.size()) | flag, counts.messages_out,
                                 counts.messages_local, counts.hops_ew, counts.hops_ns});
    if (header_words_ > 5) {
        words_.push_back(counts.hops_chip);
    }
    for (const Row& row : rows) {
        words_.push_back(row.begin);
    }
    for (std::size_t i = 0; i < rows.size(); i += 2) {
        words_.push_back(rows[i].shard | (i + 1 < rows.size() ? rows[i + 1].shard << 16 : 0));
    }
    rows_ += rows.size();
}

void SourceTable::finish() {
    first_.shrink_to_fit();
    words_.shrink_to_fit();
}

std::size_t Tables::resident_bytes() const {
    using core::bytes_of;
    std::size_t bytes = bytes_of(blocks) + bytes_of(shard_first_block) + bytes_of(core_first_block) +
                        bytes_of(port_first_source) + sources.resident_bytes() + plastic_sources.resident_bytes();
    for (const core::Shard& shard : shards) {
        bytes += sizeof(shard) + shard.resident_bytes();
    }
    return bytes;
}

}  // namespace spikeloom::chip
