#include "chip/image/synapse_size.hpp"

#include <algorithm>
#include <array>

namespace spikeloom::chip {
namespace {

/// The narrowest field of the list that holds the value, zero-width fields aside.
std::optional<int> narrowest(const std::vector<int>& widths, std::int64_t value) {
    std::optional<int> best;
    for (int width : widths) {
        if (width > 0 && value < (std::int64_t{1} << width) && (!best || width < *best)) {
            best = width;
        }
    }
    return best;
}

int widest(const std::vector<int>& widths) {
    return widths.empty() ? 0 : std::ranges::max(widths);
}

/// Number of synapses, from the first on, that fit one entry.
std::size_t entry_extent(std::span<const Synapse> synapses, SynapseEncoding encoding, DenseGaps gaps,
                         const SynapseMemory& memory) {
    const auto most = static_cast<std::size_t>(std::max(memory.synapses_per_entry, 1));
    if (encoding == SynapseEncoding::sparse) {
        return std::min(synapses.size(), most);
    }
    const int skip_limit = 1 << widest(memory.skip_bits);
    std::size_t count = 1;
    while (count < synapses.size()) {
        const int distance = synapses[count].target - synapses[count - 1].target;
        const auto span = static_cast<std::size_t>(synapses[count].target - synapses[0].target);
        const bool dense = encoding == SynapseEncoding::dense;
        const int reach = !dense ? skip_limit - 1 : gaps == DenseGaps::split ? 1 : static_cast<int>(most);
        if (distance < 1 || distance > reach || (dense ? span : count) >= most) {
            break;
        }
        ++count;
    }
    return count;
}

/// The entry's fields for these synapses, `first` and `count` aside; nothing if an index doesn't fit.
std::optional<SynapseEntry> entry_fields(std::span<const Synapse> synapses, const SynapseGroup& group,
                                         SynapseEncoding encoding, const SynapseMemory& memory) {
    const std::uint16_t index = encoding == SynapseEncoding::sparse ? synapses.back().target : synapses.front().target;
    const auto index_bits = narrowest(memory.index_bits, index);
    if (!index_bits) {
        return std::nullopt;
    }
    SynapseEntry entry{.format = group.format_index,
                       .encoding = encoding,
                       .index_bits = static_cast<std::uint8_t>(*index_bits),
                       .learning = group.learning};
    if (encoding == SynapseEncoding::runlength) {
        int farthest = 0;
        for (std::size_t i = 1; i < synapses.size(); ++i) {
            farthest = std::max(farthest, synapses[i].target - synapses[i - 1].target);
        }
        const auto skip_bits = narrowest(memory.skip_bits, farthest);
        if (!skip_bits) {
            return std::nullopt;
        }
        entry.skip_bits = static_cast<std::uint8_t>(*skip_bits);
    }
    return entry;
}

/// Appends the synapses; between dense ones, fillers of weight zero.
void append_synapses(std::vector<Synapse>& out, std::span<const Synapse> synapses, SynapseEncoding encoding) {
    for (std::size_t i = 0; i < synapses.size(); ++i) {
        if (encoding == SynapseEncoding::dense && i > 0) {
            for (std::uint32_t target = synapses[i - 1].target + 1U; target < synapses[i].target; ++target) {
                out.push_back({.target = static_cast<std::uint16_t>(target)});
            }
        }
        out.push_back(synapses[i]);
    }
}

struct Choice {
    SynapseEncoding encoding;
    DenseGaps gaps;
};

constexpr std::array<Choice, 4> choices{{{SynapseEncoding::sparse, DenseGaps::split},
                                         {SynapseEncoding::runlength, DenseGaps::split},
                                         {SynapseEncoding::dense, DenseGaps::split},
                                         {SynapseEncoding::dense, DenseGaps::fill}}};

}  // namespace

std::int64_t prefix_bits(const SynapseEntry& entry, const SynapseMemory& memory) {
    const int start = entry.encoding == SynapseEncoding::sparse ? 0 : entry.index_bits;
    return memory.format_id_bits + memory.count_bits + start;
}

std::int64_t synapse_bits(const SynapseEntry& entry, const WeightFormat& format, int tag_bits) {
    const int value = format.weight_bits + format.delay_bits + tag_bits;
    switch (entry.encoding) {
    case SynapseEncoding::sparse:
        return value + entry.index_bits;
    case SynapseEncoding::runlength:
        return value + entry.skip_bits;
    case SynapseEncoding::dense:
        return value;
    }
    return 0;
}

std::int64_t entry_bits(const SynapseEntry& entry, const WeightFormat& format, const SynapseMemory& memory,
                        int tag_bits) {
    return prefix_bits(entry, memory) + std::int64_t{entry.count} * synapse_bits(entry, format, tag_bits);
}

int tag_bits_of(const rules::Rule& rule, const LearningFormat& learning) {
    return rule.uses_tag() ? learning.tag_bits : 0;
}

int tag_bits_of(const SynapseEntry& entry, const Image& image) {
    return entry.learning == 0 ? 0 : tag_bits_of(image.learning[entry.learning - 1U].rule, image.chip.learning);
}

std::int64_t list_words(std::int64_t bits, const SynapseMemory& memory) {
    return (bits + memory.list_end_bits + memory.word_bits - 1) / memory.word_bits;
}

std::int64_t part_words(std::span<const std::uint32_t> entries, const SynapseMemory& memory) {
    return entries.empty() ? 0 : entries.back() / memory.word_bits + 1;
}

bool append_entries(SynapseList& list, const SynapseGroup& group, SynapseEncoding encoding, DenseGaps gaps,
                    const SynapseMemory& memory) {
    if (group.learning > 0 && gaps == DenseGaps::fill) {
        return false;
    }
    const std::size_t entries_before = list.entries.size();
    const std::size_t synapses_before = list.synapses.size();
    const std::int64_t bits_before = list.bits;
    for (std::span<const Synapse> rest = group.synapses; !rest.empty();) {
        const std::size_t extent = entry_extent(rest, encoding, gaps, memory);
        auto entry = entry_fields(rest.first(extent), group, encoding, memory);
        if (!entry) {
            list.entries.resize(entries_before);
            list.synapses.resize(synapses_before);
            list.bits = bits_before;
            return false;
        }
        entry->first = static_cast<std::uint32_t>(list.synapses.size());
        append_synapses(list.synapses, rest.first(extent), encoding);
        entry->count = static_cast<std::uint32_t>(list.synapses.size()) - entry->first;
        list.bits += entry_bits(*entry, group.format, memory, group.tag_bits);
        list.entries.push_back(*entry);
        rest = rest.subspan(extent);
    }
    return true;
}

bool append_smallest(SynapseList& list, const SynapseGroup& group, const SynapseMemory& memory) {
    std::optional<SynapseList> best;
    for (const Choice choice : choices) {
        if (std::ranges::find(memory.encodings, choice.encoding) == memory.encodings.end()) {
            continue;
        }
        SynapseList candidate;
        if (!append_entries(candidate, group, choice.encoding, choice.gaps, memory)) {
            continue;
        }
        const bool better = !best || candidate.bits < best->bits ||
                            (candidate.bits == best->bits && candidate.synapses.size() < best->synapses.size());
        if (better) {
            best = std::move(candidate);
        }
    }
    if (!best) {
        return false;
    }
    const auto offset = static_cast<std::uint32_t>(list.synapses.size());
    for (SynapseEntry entry : best->entries) {
        entry.first += offset;
        list.entries.push_back(entry);
    }
    list.synapses.insert(list.synapses.end(), best->synapses.begin(), best->synapses.end());
    list.bits += best->bits;
    return true;
}

}  // namespace spikeloom::chip
