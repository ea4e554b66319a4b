// A core's axons, entries and synapses to and from its message. Entries come in few kinds (their fields and rule), so a
// message has a table of kinds, and a number into it for each entry; what most cores lack (gaps between entries,
// learning, shared lists, delays) takes no room.
#include <algorithm>
#include <map>
#include <utility>

#include "chip/image/image_proto.hpp"
#include "chip/image/message_fields.hpp"

namespace spikeloom::chip {
namespace {

/// Fields and learning.
using EntryKind = std::pair<std::uint32_t, std::uint8_t>;

EntryKind kind_of(const SynapseEntry& entry) {
    return {entry.format | static_cast<std::uint32_t>(entry.encoding) << 8 |
                static_cast<std::uint32_t>(entry.index_bits) << 16 | static_cast<std::uint32_t>(entry.skip_bits) << 24,
            entry.learning};
}

}  // namespace

void entries_to(const CoreImage& core, proto::CoreImageProto& message) {
    message.set_no_axon_list(core.axon_first_entry.empty());
    add_counts(core.axon_first_entry, *message.mutable_axon_entries());
    for (const SharedAxon& axon : core.shared_axons) {
        message.add_axon_list(axon.list);
        message.add_axon_base(axon.base);
        message.add_axon_part(axon.part);
    }
    if (core.part_first.empty()) {
        message.clear_axon_part();
    }
    add_counts(core.part_first, *message.mutable_part_count());
    message.mutable_part_entry()->Add(core.part_entries.begin(), core.part_entries.end());
    std::map<EntryKind, std::uint32_t> kinds;
    std::int64_t end = 0;
    bool gaps = false;
    bool learning = false;
    for (const SynapseEntry& entry : core.entries) {
        const auto [known, added] = kinds.try_emplace(kind_of(entry), static_cast<std::uint32_t>(kinds.size()));
        if (added) {
            message.add_entry_kinds(known->first.first);
            message.add_entry_kind_learning(known->first.second);
            learning = learning || entry.learning != 0;
        }
        message.add_entry_kind(known->second);
        message.add_entry_count(entry.count);
        message.add_entry_gap(entry.first - end);
        gaps = gaps || entry.first != end;
        end = std::int64_t{entry.first} + entry.count;
    }
    if (!gaps) {
        message.clear_entry_gap();
    }
    if (!learning) {
        message.clear_entry_kind_learning();
    }
}

std::string entries_from(const proto::CoreImageProto& message, CoreImage& core) {
    const bool gaps = message.entry_gap_size() > 0;
    const bool learning = message.entry_kind_learning_size() > 0;
    if (!same_size({message.entry_kind_size(), message.entry_count_size(),
                    gaps ? message.entry_gap_size() : message.entry_kind_size()}) ||
        (learning && message.entry_kind_learning_size() != message.entry_kinds_size())) {
        return "its synapse entries don't fit together";
    }
    if (message.no_axon_list() ? message.axon_entries_size() > 0
                               : !offsets_of(message.axon_entries(), core.axon_first_entry)) {
        return "its axons don't fit together";
    }
    const bool parts = message.part_count_size() > 0;
    if (!same_size({message.axon_list_size(), message.axon_base_size(),
                    parts ? message.axon_part_size() : message.axon_list_size()}) ||
        (parts && !offsets_of(message.part_count(), core.part_first))) {
        return "its shared axons don't fit together";
    }
    core.part_entries.assign(message.part_entry().begin(), message.part_entry().end());
    core.shared_axons.reserve(static_cast<std::size_t>(message.axon_list_size()));
    for (int i = 0; i < message.axon_list_size(); ++i) {
        core.shared_axons.push_back(
            {.list = message.axon_list(i), .base = message.axon_base(i), .part = parts ? message.axon_part(i) : 0});
    }
    core.entries.reserve(static_cast<std::size_t>(message.entry_kind_size()));
    std::int64_t end = 0;
    for (int i = 0; i < message.entry_kind_size(); ++i) {
        const std::uint32_t kind = message.entry_kind(i);
        if (std::cmp_greater_equal(kind, message.entry_kinds_size())) {
            return "a synapse entry is of an unknown kind";
        }
        const std::uint32_t fields = message.entry_kinds(static_cast<int>(kind));
        const std::uint32_t encoding = fields >> 8 & 0xFFU;
        if (encoding > static_cast<std::uint32_t>(SynapseEncoding::dense)) {
            return "a synapse entry has an unknown encoding";
        }
        SynapseEntry entry{.format = static_cast<std::uint8_t>(fields),
                           .encoding = static_cast<SynapseEncoding>(encoding),
                           .index_bits = static_cast<std::uint8_t>(fields >> 16),
                           .skip_bits = static_cast<std::uint8_t>(fields >> 24),
                           .first = 0,
                           .count = message.entry_count(i)};
        if (learning && !fit(message.entry_kind_learning(static_cast<int>(kind)), entry.learning)) {
            return "a synapse entry follows an unknown rule";
        }
        std::int64_t first = 0;
        if (__builtin_add_overflow(end, gaps ? message.entry_gap(i) : 0, &first) || !fit(first, entry.first)) {
            return "a synapse entry begins outside the synapses";
        }
        core.entries.push_back(entry);
        end = first + entry.count;
    }
    return {};
}

void synapses_to(const std::vector<Synapse>& synapses, proto::CoreImageProto& message) {
    const auto size = static_cast<int>(synapses.size());
    message.mutable_synapse_target()->Reserve(size);
    message.mutable_synapse_weight()->Reserve(size);
    const bool delays = std::ranges::any_of(synapses, [](const Synapse& synapse) { return synapse.delay != 0; });
    for (const Synapse& synapse : synapses) {
        message.add_synapse_target(synapse.target);
        message.add_synapse_weight(synapse.weight);
        if (delays) {
            message.add_synapse_delay(synapse.delay);
        }
    }
}

std::string synapses_from(const proto::CoreImageProto& message, std::vector<Synapse>& synapses) {
    const int size = message.synapse_target_size();
    const bool delays = message.synapse_delay_size() > 0;
    if (!same_size({size, message.synapse_weight_size(), delays ? message.synapse_delay_size() : size})) {
        return "its synapses don't fit together";
    }
    synapses.resize(static_cast<std::size_t>(size));
    for (int i = 0; i < size; ++i) {
        Synapse& synapse = synapses[static_cast<std::size_t>(i)];
        if (!fit(message.synapse_target(i), synapse.target) || !fit(message.synapse_weight(i), synapse.weight) ||
            !fit(delays ? message.synapse_delay(i) : 0U, synapse.delay)) {
            return "a synapse doesn't fit its fields";
        }
    }
    return {};
}

}  // namespace spikeloom::chip
