#include "compiler/passes/core_lists.hpp"

#include <algorithm>
#include <map>

#include "chip/image/synapse_size.hpp"
#include "compiler/passes/core_use.hpp"

namespace spikeloom::compiler {
namespace {

class Layout {
public:
    Layout(const chip::SynapseMemory& memory, const FanInTable& table)
        : memory_(memory), meter_(memory, table.formats, table.learning) {}

    /// Lists of the next synapses, cut where they are too long; returns how many.
    std::uint32_t add_whole(std::span<const CoreSynapse> synapses, std::int64_t move) {
        pieces_.clear();
        lists_.words += cut_list(synapses, meter_, memory_, pieces_, lists_.longest);
        for (const auto piece : pieces_) {
            lists_.runs.push_back({.synapses = piece, .move = move});
            lists_.first_run.push_back(static_cast<std::uint32_t>(lists_.runs.size()));
        }
        return static_cast<std::uint32_t>(pieces_.size());
    }

    /// One list of several runs, each in entries of its own. `first_entry` takes the number of each run's first entry,
    /// and that behind the last.
    void add_runs(std::span<const CoreLists::Run> runs, std::vector<std::uint32_t>& first_entry) {
        std::int64_t bits = 0;
        first_entry.assign(1, 0);
        for (const CoreLists::Run& run : runs) {
            bits += meter_.bits(run.synapses);
            meter_.keep();
            first_entry.push_back(first_entry.back() + static_cast<std::uint32_t>(meter_.entries()));
            lists_.runs.push_back(run);
        }
        lists_.first_run.push_back(static_cast<std::uint32_t>(lists_.runs.size()));
        const std::int64_t words = chip::list_words(bits, memory_);
        lists_.words += words;
        lists_.longest = std::max(lists_.longest, words);
    }

    /// The number of a part, which names these entries (ascending).
    std::uint32_t part(const std::vector<std::uint32_t>& entries) {
        const auto [known, added] = parts_.try_emplace(entries, static_cast<std::uint32_t>(parts_.size() + 1));
        if (added) {
            if (lists_.part_first.empty()) {
                lists_.part_first.push_back(0);
            }
            lists_.part_entries.insert(lists_.part_entries.end(), entries.begin(), entries.end());
            lists_.part_first.push_back(static_cast<std::uint32_t>(lists_.part_entries.size()));
            lists_.words += chip::part_words(entries, memory_);
        }
        return known->second;
    }

    void add_axon(const CoreLists::Axon& axon, bool shared) {
        lists_.axons.push_back(axon);
        lists_.shared = lists_.shared || shared || axon.base != 0;
    }

    [[nodiscard]] std::uint32_t lists() const { return static_cast<std::uint32_t>(lists_.lists()); }
    [[nodiscard]] CoreLists take() {
        lists_.formats = meter_.formats_in_use();
        return std::move(lists_);
    }

private:
    const chip::SynapseMemory& memory_;
    ListMeter meter_;
    CoreLists lists_;
    std::vector<std::span<const CoreSynapse>> pieces_;
    std::map<std::vector<std::uint32_t>, std::uint32_t> parts_;
};

/// Lays lists out when the first axon reads them.
class SharedLists {
public:
    SharedLists(const ListSharing& sharing, Layout& layout)
        : sharing_(sharing), layout_(layout), placed_(sharing.lists().size()) {}

    /// The axon, or the axons where the list is cut, of a source.
    void read(std::uint32_t source, const ListSharing::Reading& reading) {
        const ListSharing::List& list = sharing_.lists()[reading.list];
        Placed& here = placed_[reading.list];
        const bool again = here.count > 0;
        if (!again) {
            place(list, here);
        }
        const bool whole = reading.count == list.runs.size();
        CoreLists::Axon axon{.source = source,
                             .list = here.first,
                             .base = static_cast<std::int32_t>(reading.base),
                             .part = whole ? 0 : layout_.part(entries_of(reading, here))};
        for (; axon.list < here.first + here.count; ++axon.list) {
            layout_.add_axon(axon, again || !whole);
        }
    }

private:
    struct Placed {
        std::uint32_t first = 0;                   ///< list
        std::uint32_t count = 0;                   ///< lists, pieces of one; 0: not laid out yet
        std::vector<std::uint32_t> first_entry{};  ///< of each run, where the list is read in part
    };

    void place(const ListSharing::List& list, Placed& here) {
        here.first = layout_.lists();
        if (!list.in_part) {
            here.count = layout_.add_whole(list.synapses, move_of(sharing_.run(list.runs.front())));
            return;
        }
        runs_.clear();
        for (const std::uint32_t number : list.runs) {
            const ListSharing::Run& run = sharing_.run(number);
            runs_.push_back({.synapses = run.synapses, .move = move_of(run)});
        }
        layout_.add_runs(runs_, here.first_entry);
        here.count = 1;
    }

    [[nodiscard]] std::vector<std::uint32_t> entries_of(const ListSharing::Reading& reading, const Placed& here) const {
        std::vector<std::uint32_t> entries;
        for (const std::uint32_t number : sharing_.runs_read(reading)) {
            const std::uint32_t run = sharing_.run(number).place;
            for (std::uint32_t entry = here.first_entry[run]; entry < here.first_entry[run + 1]; ++entry) {
                entries.push_back(entry);
            }
        }
        std::ranges::sort(entries);
        return entries;
    }

    static std::int64_t move_of(const ListSharing::Run& run) {
        return static_cast<std::int64_t>(run.synapses.front().target) - run.at;
    }

    const ListSharing& sharing_;
    Layout& layout_;
    std::vector<Placed> placed_;
    std::vector<CoreLists::Run> runs_;
};

}  // namespace

std::vector<SourceRow> rows_of(const CoreSynapses& synapses, std::uint32_t compartments) {
    std::vector<SourceRow> rows;
    rows.reserve(synapses.sources().size());
    for (std::uint32_t i = 0; i < synapses.sources().size(); ++i) {
        const std::span<const CoreSynapse> all = synapses.row(i);
        const auto end = std::ranges::partition_point(
            all, [&](const CoreSynapse& synapse) { return synapse.target < compartments; });
        if (end != all.begin()) {
            rows.push_back({.source = synapses.sources()[i], .synapses = std::span(all.begin(), end)});
        }
    }
    return rows;
}

SharedRows::SharedRows(std::span<const SourceRow> rows, const FanInTable& table, const chip::SynapseMemory& memory,
                       std::span<const std::uint32_t> pixels, bool in_part)
    : rows_(rows),
      table_(table),
      sharing_(table, memory, in_part ? pixels : std::span<const std::uint32_t>()),
      shares_(memory.shared_lists) {
    if (!shares_) {
        return;
    }
    for (const SourceRow& row : rows) {
        sharing_.add(row.synapses);
    }
    sharing_.finish();
    any_in_part_ = std::ranges::any_of(sharing_.lists(), &ListSharing::List::in_part);
}

CoreLists SharedRows::lay_out(const chip::SynapseMemory& memory) const {
    Layout layout(memory, table_);
    if (!shares_) {
        for (const SourceRow& row : rows_) {
            std::uint32_t list = layout.lists();
            for (const std::uint32_t end = list + layout.add_whole(row.synapses, 0); list < end; ++list) {
                layout.add_axon({.source = row.source, .list = list}, false);
            }
        }
        return layout.take();
    }
    SharedLists lists(sharing_, layout);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        lists.read(rows_[i].source, sharing_.readings()[i]);
    }
    return layout.take();
}

}  // namespace spikeloom::compiler
