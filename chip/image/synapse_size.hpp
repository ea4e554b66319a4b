// How synapses lie in a core's synaptic memory, and what they take: an axon's list is a sequence of entries, an
// entry a prefix (format id, count, start index) and consecutive synapses of one format and one encoding. The
// rules are those of NxTF (LOIHI facts 3.1), with which the reference vectors were made: an entry holds at most
// SynapseMemory::synapses_per_entry synapses, index and skip fields are as narrow as the entry allows.
// The compiler's allocator lays lists out with it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "chip/image/image.hpp"
#include "chip/spec/chip_spec.hpp"
#include "chip/spec/weight_format.hpp"

namespace spikeloom::chip {

/// Bits before the first synapse: format id, count and, for run-length and dense, the start index.
[[nodiscard]] std::int64_t prefix_bits(const SynapseEntry& entry, const SynapseMemory& memory);
/// Bits of one synapse: weight, delay, tag and, by encoding, its index or its skip. `tag_bits`: 0, or what
/// tag_bits_of says of the entry's rule.
[[nodiscard]] std::int64_t synapse_bits(const SynapseEntry& entry, const WeightFormat& format, int tag_bits = 0);
/// Prefix and synapses.
[[nodiscard]] std::int64_t entry_bits(const SynapseEntry& entry, const WeightFormat& format,
                                      const SynapseMemory& memory, int tag_bits = 0);
/// Bits that the tag of a synapse takes which follows the rule.
[[nodiscard]] int tag_bits_of(const rules::Rule& rule, const LearningFormat& learning);
/// The same of an entry of an image: 0 where its weights stay.
[[nodiscard]] int tag_bits_of(const SynapseEntry& entry, const Image& image);
/// Memory words of a list whose entries take so many bits: ceil((bits + list_end_bits) / word_bits).
[[nodiscard]] std::int64_t list_words(std::int64_t bits, const SynapseMemory& memory);
/// Memory words of a choice of a list's entries (CoreImage::part): a bit for each up to the last.
[[nodiscard]] std::int64_t part_words(std::span<const std::uint32_t> entries, const SynapseMemory& memory);

/// Synapses that share a format, by ascending target. Equal targets (parallel synapses) are allowed.
struct SynapseGroup {
    std::span<const Synapse> synapses;
    WeightFormat format;
    std::uint8_t format_index = 0;  ///< into CoreImage::formats
    std::uint8_t learning = 0;      ///< as SynapseEntry::learning; plastic entries hold no fillers, which would learn
    int tag_bits = 0;               ///< of each synapse
};

/// What a dense entry does where a target is missing: end, or hold a synapse of weight zero there.
enum class DenseGaps : std::uint8_t { split, fill };

/// An axon's list as laid out. SynapseEntry::first counts from the beginning of `synapses`.
struct SynapseList {
    std::vector<SynapseEntry> entries;
    std::vector<Synapse> synapses;  ///< the group's, and the fillers of dense entries
    std::int64_t bits = 0;          ///< of the entries; list_words gives the memory that they take
};

/// Appends the group to the list in one encoding, splitting it into entries. Width 0 of index_bits is left out of
/// the choice (it can only name target 0, and NxTF does not use it). False, with the list as it was, when a target
/// needs more bits than the widest index field has, or a plastic group would be filled.
[[nodiscard]] bool append_entries(SynapseList& list, const SynapseGroup& group, SynapseEncoding encoding,
                                  DenseGaps gaps, const SynapseMemory& memory);
/// Appends the group in that one of the memory's encodings (dense with and without fillers) that takes the fewest
/// bits; of equals, the one with fewer synapses to read, then the first of sparse, run-length, dense.
[[nodiscard]] bool append_smallest(SynapseList& list, const SynapseGroup& group, const SynapseMemory& memory);

}  // namespace spikeloom::chip
