#include "compiler/passes/core_use.hpp"

#include <doctest/doctest.h>

#include <map>

#include "chip/image/synapse_size.hpp"
#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

const std::vector<chip::WeightFormat> formats{
    {.weight_bits = 8},
    {.weight_bits = 4, .sign_mode = chip::SignMode::excitatory, .delay_bits = 3},
    {.weight_bits = 1, .sign_mode = chip::SignMode::inhibitory}};

std::vector<CoreSynapse> random_list(test::Draws& draws, std::uint32_t compartments) {
    std::vector<CoreSynapse> list;
    const double density = draws.uniform(0.01, 1.0);
    for (std::uint32_t target = 0; target < compartments; ++target) {
        for (std::size_t format = 0; format < formats.size(); ++format) {
            while (draws.chance(density / 2)) {
                list.push_back({.target = target, .weight = 16, .format = static_cast<std::uint16_t>(format)});
            }
        }
    }
    return list;
}

/// Bits as the layout itself has them.
std::int64_t laid_out(const std::vector<CoreSynapse>& list, const chip::SynapseMemory& memory) {
    std::map<std::uint16_t, std::vector<chip::Synapse>> groups;
    for (const CoreSynapse& synapse : list) {
        groups[synapse.format].push_back({.target = static_cast<std::uint16_t>(synapse.target),
                                          .weight = static_cast<std::int16_t>(synapse.weight)});
    }
    chip::SynapseList laid;
    for (const auto& [format, synapses] : groups) {
        REQUIRE(chip::append_smallest(laid, {synapses, formats[format], 0}, memory));
    }
    return laid.bits;
}

TEST_CASE("the meter reads what the layout takes") {
    test::Draws draws(11);
    for (int round = 0; round < 200; ++round) {
        const auto compartments = static_cast<std::uint32_t>(draws.integer(1, 300));
        const auto list = random_list(draws, compartments);
        const int skip_bits = static_cast<int>(draws.integer(2, 5));
        const auto weight_formats = static_cast<std::size_t>(draws.integer(1, 15));
        for (const chip::SynapseMemory& memory :
             core_memories(chip::SynapseMemory{}, compartments, weight_formats, skip_bits)) {
            ListMeter meter(memory, formats);
            CHECK(meter.bits(list) == laid_out(list, memory));
        }
    }
}

TEST_CASE("a core keeps to so many encodings that its synapse formats suffice") {
    for (std::size_t weight_formats = 1; weight_formats <= 15; ++weight_formats) {
        const auto ways = core_memories(chip::SynapseMemory{}, 1024, weight_formats, 3);
        REQUIRE(!ways.empty());
        for (const chip::SynapseMemory& memory : ways) {
            CHECK(memory.index_bits == std::vector<int>{10});
            CHECK(!memory.encodings.empty());
            CHECK(weight_formats * memory.encodings.size() <= 15);
        }
    }
    CHECK(core_memories(chip::SynapseMemory{}, 1024, 5, 3).front().encodings.size() == 3);
    CHECK(core_memories(chip::SynapseMemory{}, 64, 1, 3).front().index_bits == std::vector<int>{6});
    CHECK(core_memories(chip::SynapseMemory{}, 65, 1, 3).front().index_bits == std::vector<int>{7});
}

TEST_CASE("long lists are cut so that every axon keeps to its words") {
    chip::SynapseMemory memory = core_memories(chip::SynapseMemory{}, 1024, 1, 2).front();
    memory.words_per_axon = 10;
    std::vector<CoreSynapse> list;
    for (std::uint32_t target = 0; target < 200; ++target) {
        list.push_back({.target = target, .weight = 2});
    }
    ListMeter meter(memory, formats);
    std::vector<std::span<const CoreSynapse>> pieces;
    std::int64_t longest = 0;
    const std::int64_t words = cut_list(list, meter, memory, pieces, longest);
    CHECK(longest <= 10);
    CHECK(pieces.size() == 4);
    std::int64_t sum = 0;
    std::uint64_t next = 0;
    for (const std::span<const CoreSynapse> piece : pieces) {
        CHECK(piece.data() == list.data() + next);
        next += piece.size();
        sum += chip::list_words(meter.bits(piece), memory);
    }
    CHECK(next == 200);
    CHECK(sum == words);
}

TEST_CASE("compartments halve with every doubling of delay slots") {
    const chip::ChipSpec chip;
    CHECK(usable_compartments(chip, 0) == 1024);
    CHECK(usable_compartments(chip, 7) == 1024);
    CHECK(usable_compartments(chip, 8) == 512);
    CHECK(usable_compartments(chip, 15) == 512);
    CHECK(usable_compartments(chip, 16) == 256);
    CHECK(usable_compartments(chip, 62) == 128);
}

}  // namespace
}  // namespace spikeloom::compiler
