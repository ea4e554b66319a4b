#include "compiler/passes/list_sharing.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "compiler/passes/core_lists.hpp"
#include "compiler/passes/core_use.hpp"

namespace spikeloom::compiler {
namespace {

using List = std::vector<CoreSynapse>;

chip::SynapseMemory moving(std::int64_t most, std::int64_t multiple = 1) {
    chip::SynapseMemory memory;
    memory.shared_lists = true;
    memory.shared_in_part = true;
    memory.shared_base_most = most;
    memory.shared_base_multiple = multiple;
    return memory;
}

FanInTable one_format() {
    FanInTable table;
    table.formats = {{.weight_bits = 8, .sign_mode = chip::SignMode::mixed}};
    return table;
}

/// One row of `width` pixels, `channels` neurons each; a source at pixel s has weights of tap t to pixel s + t - 1.
List row_of_kernel(std::int64_t s, std::int64_t width, std::int64_t channels) {
    List list;
    for (std::int64_t tap = 0; tap < 3; ++tap) {
        const std::int64_t pixel = s + tap - 1;
        for (std::int64_t c = 0; c < channels && pixel >= 0 && pixel < width; ++c) {
            list.push_back({.target = static_cast<std::uint64_t>(pixel * channels + c), .weight = 2 * (10 * tap + c)});
        }
    }
    return list;
}

struct Kernel {
    std::vector<List> lists;
    std::vector<std::uint32_t> pixels;
};

Kernel kernel(std::int64_t width, std::int64_t channels) {
    Kernel made;
    for (std::int64_t s = -1; s <= width; ++s) {
        made.lists.push_back(row_of_kernel(s, width, channels));
    }
    for (std::int64_t i = 0; i < width * channels; ++i) {
        made.pixels.push_back(static_cast<std::uint32_t>(i / channels));
    }
    return made;
}

/// What an axon delivers, from the runs of its list and its base.
List delivered(const ListSharing& sharing, const ListSharing::Reading& reading) {
    List list;
    for (const std::uint32_t number : sharing.runs_read(reading)) {
        const ListSharing::Run& run = sharing.run(number);
        for (CoreSynapse synapse : run.synapses) {
            const std::int64_t place =
                static_cast<std::int64_t>(synapse.target) - static_cast<std::int64_t>(run.synapses.front().target);
            synapse.target = static_cast<std::uint64_t>(run.at + place + reading.base);
            list.push_back(synapse);
        }
    }
    return list;
}

bool same(const List& a, const List& b) {
    return std::ranges::equal(a, b, [](const CoreSynapse& x, const CoreSynapse& y) {
        return x.target == y.target && x.weight == y.weight && x.format == y.format && x.delay == y.delay;
    });
}

TEST_CASE("sources at both ends of a row read parts of the kernel that its middle reads") {
    const FanInTable table = one_format();
    for (const std::int64_t multiple : {1, 4}) {
        for (const std::int64_t width : {1, 2, 3, 8}) {
            CAPTURE(multiple);
            CAPTURE(width);
            const Kernel row = kernel(width, 4);
            const chip::SynapseMemory memory = moving(width * 4 + 15, multiple);
            ListSharing sharing(table, memory, row.pixels);
            for (const List& list : row.lists) {
                sharing.add(list);
            }
            sharing.finish();
            std::size_t runs = 0;
            for (const ListSharing::List& list : sharing.lists()) {
                runs += list.runs.size();
            }
            CHECK(runs == 3);
            for (std::size_t i = 0; i < row.lists.size(); ++i) {
                CHECK(same(delivered(sharing, sharing.readings()[i]), row.lists[i]));
                CHECK(sharing.readings()[i].base % multiple == 0);
                CHECK(std::abs(sharing.readings()[i].base) <= memory.shared_base_most);
            }
        }
    }
}

TEST_CASE("where axons read whole lists, those cut short are lists of their own") {
    const FanInTable table = one_format();
    const Kernel row = kernel(8, 4);
    const chip::SynapseMemory memory = moving(31);
    ListSharing sharing(table, memory, {});
    for (const List& list : row.lists) {
        sharing.add(list);
    }
    sharing.finish();
    CHECK(sharing.lists().size() == 5);
    CHECK(std::ranges::none_of(sharing.lists(), &ListSharing::List::in_part));
}

TEST_CASE("lists that have little in common stay apart") {
    const FanInTable table = one_format();
    const std::vector<std::uint32_t> pixels{0, 1, 2, 3, 4, 5, 6, 7};
    const List a{{.target = 0, .weight = 2}, {.target = 1, .weight = 4}, {.target = 2, .weight = 6}};
    const List b{{.target = 4, .weight = 2}, {.target = 5, .weight = 8}, {.target = 6, .weight = 10}};
    const chip::SynapseMemory memory = moving(7);
    ListSharing sharing(table, memory, pixels);
    sharing.add(a);
    sharing.add(b);
    sharing.finish();
    CHECK(sharing.lists().size() == 2);
}

TEST_CASE("plastic lists are never shared") {
    FanInTable table = one_format();
    table.learning = {{.profile = 1}};
    const Kernel row = kernel(4, 2);
    const chip::SynapseMemory memory = moving(7);
    ListSharing sharing(table, memory, row.pixels);
    for (const List& list : row.lists) {
        sharing.add(list);
    }
    sharing.finish();
    CHECK(sharing.lists().size() == row.lists.size());
    CHECK(std::ranges::all_of(sharing.readings(), [](const auto& reading) { return reading.base == 0; }));
}

TEST_CASE("words count each list and each choice of entries once") {
    const FanInTable table = one_format();
    const Kernel row = kernel(8, 4);
    std::vector<SourceRow> rows;
    for (std::uint32_t i = 0; i < row.lists.size(); ++i) {
        rows.push_back({.source = i, .synapses = row.lists[i]});
    }
    const chip::SynapseMemory memory = core_memories(moving(31), 32, 1, 2).front();
    const CoreLists lists = SharedRows(rows, table, memory, row.pixels, true).lay_out(memory);
    CHECK(lists.axons.size() == 10);
    CHECK(lists.lists() == 1);
    CHECK(lists.part_first.size() == 5);  // the last tap, the last two, the first two, the first
    ListMeter meter(memory, table.formats);
    std::int64_t bits = memory.list_end_bits;
    for (const CoreLists::Run& run : lists.list(0)) {
        bits += meter.bits(run.synapses);
    }
    CHECK(lists.words == (bits + memory.word_bits - 1) / memory.word_bits + 4);
}

}  // namespace
}  // namespace spikeloom::compiler
