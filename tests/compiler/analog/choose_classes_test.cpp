#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <set>
#include <tuple>

#include "compiler/analog/spike_streams.hpp"
#include "tests/compiler/analog/timed_networks.hpp"

namespace spikeloom::compiler::analog {
namespace {

Fabric bss2() {
    return fabric_of(test::bundled_analog("brainscales2")).value();
}

std::vector<Block> single_columns(int count) {
    std::vector<Block> blocks;
    for (int column = 0; column < count; ++column) {
        blocks.push_back({.column = column, .speaker = {0, static_cast<std::uint16_t>(column)}});
    }
    return blocks;
}

/// Host streams, the i-th for column i / each.
std::vector<Stream> host_streams(std::uint32_t count, std::uint32_t each) {
    std::vector<Stream> streams;
    for (std::uint32_t i = 0; i < count; ++i) {
        streams.push_back({.source = i, .bus = 1, .uses = {{.target = i / each, .hemisphere = 0, .synapse = i}}});
    }
    return streams;
}

/// What route_spikes.hpp asks for.
void check_right(const std::vector<Stream>& streams, const BusClasses& classes, const Fabric& fabric) {
    std::set<std::pair<int, int>> labels;
    std::map<std::tuple<std::uint32_t, int, int>, std::size_t> heard;
    for (const Stream& stream : streams) {
        if (stream.silent() && classes.silent_bit) {
            continue;
        }
        CHECK((stream.select & ~classes.mask) == 0);
        CHECK(stream.label < fabric.labels);
        CHECK(labels.insert({stream.select, stream.label}).second);
        for (const Use& use : stream.uses) {
            ++heard[{use.target, use.hemisphere, stream.select}];
        }
    }
    for (const auto& [key, count] : heard) {
        CHECK(count <= drivers_of_class(classes.mask, std::get<2>(key), fabric).size());
    }
}

}  // namespace

TEST_CASE("drivers of a class are those whose compared bits are equal") {
    const Fabric fabric = bss2();
    CHECK(drivers_of_class(0, 0, fabric).size() == 32);
    CHECK(drivers_of_class(0b10001, 0b00001, fabric) == std::vector<int>{1, 3, 5, 7, 9, 11, 13, 15});
    CHECK(drivers_of_class(31, 19, fabric) == std::vector<int>{19});
    CHECK(drivers_of_class(1, 2, fabric).empty());
}

TEST_CASE("as few classes as the labels allow") {
    const Fabric fabric = bss2();
    for (const auto& [count, bits] : {std::pair(64U, 0), {65U, 1}, {128U, 1}, {129U, 2}, {2048U, 5}}) {
        const std::uint32_t each = count == 2048 ? 16 : 20;
        std::vector<Stream> streams = host_streams(count, each);
        const auto classes = choose_classes(streams, 1, single_columns(static_cast<int>(count / each) + 1), fabric);
        REQUIRE(classes);
        CHECK(std::popcount(static_cast<unsigned>(classes->mask)) == bits);
        check_right(streams, *classes, fabric);
    }
}

TEST_CASE("labels and drivers that run out are named") {
    const Fabric fabric = bss2();
    std::vector<Stream> many = host_streams(2049, 10);
    const auto labels = choose_classes(many, 1, single_columns(256), fabric);
    REQUIRE_FALSE(labels);
    CHECK(labels.error().limit == "labels on PADI bus 1");
    CHECK(labels.error().need == 2049);
    CHECK(labels.error().room == 2048);
    std::vector<Stream> crowd = host_streams(40, 40);
    const auto drivers = choose_classes(crowd, 1, single_columns(1), fabric);
    REQUIRE_FALSE(drivers);
    CHECK(drivers.error().need > drivers.error().room);
    CHECK(drivers.error().crowded == std::vector<std::uint32_t>{0});
}

TEST_CASE("streams of different hemispheres share labels, neurons are heard in both") {
    const Fabric fabric = bss2();
    std::vector<Stream> streams;
    const auto add = [&](bool local, int hemisphere) {
        const auto i = static_cast<std::uint32_t>(streams.size());
        streams.push_back({.source = i, .local = local, .output = 1, .bus = 1, .uses = {{i, hemisphere, i}}});
    };
    std::vector<Block> blocks = single_columns(128);
    for (int i = 0; i < 32; ++i) {
        add(true, 0);
        add(false, 0);
        add(false, 1);
    }
    for (std::uint32_t i = 0; i < streams.size(); ++i) {
        blocks[i].hemisphere = streams[i].uses[0].hemisphere;
    }
    const auto classes = choose_classes(streams, 1, blocks, fabric);
    REQUIRE(classes);
    CHECK(classes->mask == 0);
    std::set<int> neurons;
    std::array<std::set<int>, 2> hosts;
    for (const Stream& stream : streams) {
        CHECK((stream.local ? neurons : hosts[static_cast<std::size_t>(stream.uses[0].hemisphere)])
                  .insert(stream.label)
                  .second);
    }
    for (const std::set<int>& labels : hosts) {
        CHECK(std::ranges::none_of(labels, [&](int label) { return neurons.contains(label); }));
    }
}

TEST_CASE("silent neurons need labels only where their bit tells classes apart") {
    const Fabric fabric = bss2();
    for (const std::uint32_t hosts : {10U, 180U}) {
        std::vector<Stream> streams = host_streams(hosts, 5);
        const auto target = static_cast<std::uint32_t>(hosts / 5);
        streams.push_back({.source = 5000, .local = true, .output = 5, .bus = 1, .uses = {{target, 0, 5000}}});
        streams.push_back({.source = 5001, .local = true, .output = 5, .bus = 1, .uses = {}});
        const auto classes = choose_classes(streams, 1, single_columns(static_cast<int>(target) + 1), fabric);
        REQUIRE(classes);
        CHECK(classes->silent_bit == (hosts == 10));
        check_right(streams, *classes, fabric);
    }
}

}  // namespace spikeloom::compiler::analog
