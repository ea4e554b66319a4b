#include "chip/image/synapse_size.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>
#include <string>

#include "core/base/random.hpp"
#include "support/reference_data.hpp"

namespace spikeloom::chip {
namespace {

namespace json = boost::json;

const WeightFormat excitatory{.weight_bits = 8, .sign_mode = SignMode::excitatory};
const WeightFormat inhibitory{.weight_bits = 8, .sign_mode = SignMode::inhibitory};

struct Axon {
    std::vector<Synapse> excitatory;
    std::vector<Synapse> inhibitory;
};

Axon axon_of(const json::object& row) {
    Axon axon;
    const auto& ids = row.at("ids").as_array();
    const auto& weights = row.at("weights").as_array();
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const Synapse synapse{.target = ids[i].to_number<std::uint16_t>(),
                              .weight = weights[i].to_number<std::int16_t>()};
        (synapse.weight < 0 ? axon.inhibitory : axon.excitatory).push_back(synapse);
    }
    return axon;
}

struct Mode {
    SynapseEncoding encoding;
    DenseGaps gaps;
};

const std::map<std::string, Mode> modes{{"sparse", {SynapseEncoding::sparse, DenseGaps::split}},
                                        {"runlength", {SynapseEncoding::runlength, DenseGaps::split}},
                                        {"dense1", {SynapseEncoding::dense, DenseGaps::split}},
                                        {"dense2", {SynapseEncoding::dense, DenseGaps::fill}}};

const std::vector<WeightFormat> formats{excitatory, inhibitory};

SynapseList lay_out(const Axon& axon, Mode mode, const SynapseMemory& memory) {
    SynapseList list;
    REQUIRE(append_entries(list, {axon.excitatory, excitatory, 0}, mode.encoding, mode.gaps, memory));
    REQUIRE(append_entries(list, {axon.inhibitory, inhibitory, 1}, mode.encoding, mode.gaps, memory));
    return list;
}

void check_entry(const json::object& expected, const SynapseList& list, const SynapseEntry& entry,
                 const SynapseMemory& memory) {
    const auto& format = expected.at("fmt").as_object();
    const auto number = [](const json::value& value) { return value.to_number<std::int64_t>(); };
    CHECK(entry.count == number(expected.at("n")));
    CHECK(entry.index_bits == number(format.at("idx_bits")));
    CHECK(entry.skip_bits == number(format.at("skip_bits")));
    CHECK(entry.format == number(format.at("sign_mode")) - 2);
    CHECK(prefix_bits(entry, memory) == number(expected.at("prefix_bits")));
    CHECK(entry.count * synapse_bits(entry, formats[entry.format]) == number(expected.at("syn_bits")));
    CHECK(entry_bits(entry, formats[entry.format], memory) == number(expected.at("bits")));
    if (entry.encoding != SynapseEncoding::sparse) {
        CHECK(list.synapses[entry.first].target == number(expected.at("prefix_offset")));
    }
}

TEST_CASE("every NxTF layout is met: entries, fields, bits and words") {
    const auto path = test::reference_data("loihi_vectors/nxtf_synapses/encodings.json");
    if (!path) {
        return;
    }
    std::ifstream file(*path);
    std::stringstream text;
    text << file.rdbuf();
    const SynapseMemory memory;
    std::map<std::string, std::int64_t> smallest;
    std::map<std::string, Axon> axons;
    int cases = 0;
    const json::value rows = json::parse(text.str());
    for (const auto& value : rows.as_array()) {
        const auto& row = value.as_object();
        if (row.contains("error")) {  // NxTF's own automatic choice failed there
            continue;
        }
        const std::string name(row.at("name").as_string());
        const std::string mode(row.at("mode").as_string());
        CAPTURE(name);
        CAPTURE(mode);
        axons.emplace(name, axon_of(row));
        const SynapseList list = lay_out(axons.at(name), modes.at(mode), memory);
        const auto& expected = row.at("entries").as_array();
        REQUIRE(list.entries.size() == expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            check_entry(expected[i].as_object(), list, list.entries[i], memory);
        }
        const auto bits = row.at("total_bits").to_number<std::int64_t>();
        CHECK(list.bits == bits);
        CHECK(list_words(list.bits, memory) == row.at("mem_words64").to_number<std::int64_t>());
        smallest.try_emplace(name, std::numeric_limits<std::int64_t>::max());
        smallest[name] = std::min(smallest[name], bits);
        ++cases;
    }
    CHECK(cases == 108);
    for (const auto& [name, axon] : axons) {
        CAPTURE(name);
        SynapseList list;
        REQUIRE(append_smallest(list, {axon.excitatory, excitatory, 0}, memory));
        REQUIRE(append_smallest(list, {axon.inhibitory, inhibitory, 1}, memory));
        CHECK(list.bits <= smallest.at(name));
    }
}

/// The sum of weights by (target, delay) that the list would deliver, fillers aside.
std::map<std::pair<int, int>, int> delivered(std::span<const Synapse> synapses) {
    std::map<std::pair<int, int>, int> sums;
    for (const Synapse& synapse : synapses) {
        if (synapse.weight != 0) {
            sums[{synapse.target, synapse.delay}] += synapse.weight;
        }
    }
    return sums;
}

TEST_CASE("any encoding of any group delivers the same synapses, within the limits of an entry") {
    const SynapseMemory memory;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        const auto draw = [&](std::uint32_t place, std::uint32_t i, std::uint64_t bound) {
            return random_below({.seed = seed, .core = place, .neuron = i}, bound);
        };
        std::vector<Synapse> synapses(draw(0, 0, 400));
        for (std::uint32_t i = 0; i < synapses.size(); ++i) {
            synapses[i] = {.target = static_cast<std::uint16_t>(draw(1, i, 1 + draw(2, 0, 1023))),
                           .weight = static_cast<std::int16_t>(1 + draw(3, i, 255)),
                           .delay = static_cast<std::uint8_t>(draw(4, i, 2))};
        }
        std::ranges::sort(synapses, {}, [](const Synapse& s) { return std::pair(s.target, s.weight); });
        const WeightFormat format{.weight_bits = 8, .sign_mode = SignMode::excitatory, .delay_bits = 1};
        std::int64_t smallest = std::numeric_limits<std::int64_t>::max();
        for (const auto& [name, mode] : modes) {
            CAPTURE(seed);
            CAPTURE(name);
            SynapseList list;
            REQUIRE(append_entries(list, {synapses, format, 0}, mode.encoding, mode.gaps, memory));
            CHECK(delivered(list.synapses) == delivered(synapses));
            std::int64_t bits = 0;
            std::uint32_t next = 0;
            for (const SynapseEntry& entry : list.entries) {
                CHECK(entry.first == next);
                CHECK(entry.count <= 60);
                next += entry.count;
                bits += entry_bits(entry, format, memory);
            }
            CHECK(next == list.synapses.size());
            CHECK(bits == list.bits);
            smallest = std::min(smallest, bits);
        }
        SynapseList best;
        REQUIRE(append_smallest(best, {synapses, format, 0}, memory));
        CHECK(best.bits == smallest);
    }
}

TEST_CASE("a target beyond the widest index leaves the list as it was") {
    SynapseMemory memory;
    memory.index_bits = {6};
    const std::vector<Synapse> fits{{.target = 3, .weight = 1}};
    const std::vector<Synapse> far{{.target = 5, .weight = 1}, {.target = 64, .weight = 1}};
    SynapseList list;
    REQUIRE(append_smallest(list, {fits, excitatory, 0}, memory));
    const std::int64_t bits = list.bits;
    CHECK_FALSE(append_entries(list, {far, excitatory, 0}, SynapseEncoding::dense, DenseGaps::split, memory));
    CHECK(list.entries.size() == 1);
    CHECK(list.synapses.size() == 1);
    CHECK(list.bits == bits);
}

TEST_CASE("a list ends with a terminator that may need one more word") {
    const SynapseMemory memory;
    CHECK(list_words(58, memory) == 1);
    CHECK(list_words(59, memory) == 2);
    CHECK(list_words(64, memory) == 2);
    CHECK(list_words(122, memory) == 2);
    CHECK(list_words(128, memory) == 3);
}

TEST_CASE("plastic synapses take their tags with them, and are never filled up") {
    const ChipSpec chip;
    const SynapseMemory& memory = chip.synapses;
    std::vector<Synapse> gappy;
    for (const std::uint16_t target : {0, 1, 2, 4, 5}) {
        gappy.push_back({.target = target, .weight = 1});
    }
    SynapseList fixed;
    REQUIRE(append_smallest(fixed, {.synapses = gappy, .format = excitatory}, memory));
    CHECK(fixed.synapses.size() == 6);  // dense with a filler
    CHECK(fixed.bits == 16 + 6 * 8);
    SynapseList plastic;
    REQUIRE(append_smallest(plastic, {.synapses = gappy, .format = excitatory, .learning = 2}, memory));
    CHECK(plastic.synapses.size() == 5);
    CHECK(plastic.entries.front().learning == 2);
    CHECK_FALSE(append_entries(plastic, {.synapses = gappy, .format = excitatory, .learning = 2},
                               SynapseEncoding::dense, DenseGaps::fill, memory));
    SynapseList tagged;
    REQUIRE(append_smallest(tagged, {.synapses = gappy, .format = excitatory, .learning = 2, .tag_bits = 9}, memory));
    CHECK(tagged.bits == plastic.bits + 5 * 9);
    CHECK(entry_bits(tagged.entries.front(), excitatory, memory, 9) == tagged.bits);
}

TEST_CASE("a tag takes memory where the rule uses it") {
    Image image;
    image.learning.resize(2);
    image.learning[1].rule.dw.products = {{.factors = {{.operand = rules::Operand::t}}}};
    CHECK(tag_bits_of(SynapseEntry{}, image) == 0);
    CHECK(tag_bits_of(SynapseEntry{.learning = 1}, image) == 0);
    CHECK(tag_bits_of(SynapseEntry{.learning = 2}, image) == 9);
}

}  // namespace
}  // namespace spikeloom::chip
