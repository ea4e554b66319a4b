#include "compiler/passes/partition.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <set>

#include "compiler/passes/quantise.hpp"
#include "support/networks.hpp"
#include "support/sanitized.hpp"

namespace spikeloom::compiler {
namespace {

Result<Partition> partition_of(const Network& network, const chip::ChipSpec& chip) {
    Diagnostics remarks;
    auto mapped = quantise(network, chip, {}, remarks);
    REQUIRE(mapped);
    return partition(network, *mapped, chip);
}

/// One core, so that what does not fit it is refused.
chip::ChipSpec one_core() {
    chip::ChipSpec chip;
    chip.name = "tiny";
    chip.mesh = {.columns = 1, .rows = 1, .cores_per_tile = 1};
    return chip;
}

/// A limit, met exactly and missed by one.
struct Edge {
    std::string limit;
    Network network;
    std::function<void(chip::ChipSpec&, std::int64_t)> set;
    std::int64_t need;
    bool divisible = true;
};

/// 12 sources, 10 neurons, all to all; 10 outputs of its own by recurrence.
Network small_network() {
    test::NetworkBuilder builder("small");
    const Source in = builder.input("in", 12);
    const Source p = builder.population("p", {10});
    builder.connect(in, p, test::dense_uniform(10, 12, 0.5, 1, 1));
    builder.connect(p, p, test::dense_uniform(10, 10, 0.5, 1, 2)).recurrent = true;
    return std::move(builder.network());
}

std::int64_t words_needed(const Network& network) {
    const auto parts = partition_of(network, one_core());
    REQUIRE(parts);
    return parts->cores.at(0).use[Limit::synapse_words];
}

std::vector<Edge> edges() {
    Network distinct = small_network();
    std::vector<double> tau;
    std::vector<double> threshold;
    for (int i = 0; i < 10; ++i) {
        tau.push_back(0.01 + 0.001 * i);
        threshold.push_back(1.0 + 0.1 * i);
    }
    distinct.populations[0].tau_mem_s = Parameter(tau);
    distinct.populations[0].v_threshold = Parameter(threshold);
    const Network small = small_network();
    return {
        {"compartments", small, [](chip::ChipSpec& c, std::int64_t n) { c.limits.compartments = n; }, 10},
        {"input axons", small, [](chip::ChipSpec& c, std::int64_t n) { c.limits.input_axons = n; }, 22, false},
        {"output axons", small, [](chip::ChipSpec& c, std::int64_t n) { c.limits.output_axons = n; }, 10, false},
        {"words of synaptic memory", small, [](chip::ChipSpec& c, std::int64_t n) { c.synapses.words = n; },
         words_needed(small)},
        {"compartment profiles", distinct, [](chip::ChipSpec& c, std::int64_t n) { c.limits.compartment_profiles = n; },
         10},
        {"threshold profiles", distinct, [](chip::ChipSpec& c, std::int64_t n) { c.limits.threshold_profiles = n; },
         10},
    };
}

TEST_CASE("every limit of a core: fits at the limit, needs another core one below it") {
    for (const Edge& edge : edges()) {
        CAPTURE(edge.limit);
        chip::ChipSpec chip = one_core();
        edge.set(chip, edge.need);
        const auto fits = partition_of(edge.network, chip);
        CHECK(fits);
        edge.set(chip, edge.need - 1);
        const auto refused = partition_of(edge.network, chip);
        REQUIRE(!refused);
        const std::string text = to_text(refused.error());
        CAPTURE(text);
        CHECK(text.find(edge.limit) != std::string::npos);
        CHECK(text.find("'p'") != std::string::npos);
        CHECK(text.find("help:") != std::string::npos);
        CHECK(text.find("chip 'tiny'") != std::string::npos);
        // With a second core the same limit is no obstacle, unless a single neuron meets it.
        chip.mesh.cores_per_tile = 2;
        CHECK(partition_of(edge.network, chip).has_value() == edge.divisible);
    }
}

TEST_CASE("synapse formats: one weight format a projection and exponent") {
    test::NetworkBuilder builder("formats");
    const Source p = builder.population("p", {4});
    for (int i = 0; i < 6; ++i) {
        const Source in = builder.input("in" + std::to_string(i), 4);
        const double size = std::ldexp(1.0, -i);
        builder.connect(in, p, test::dense_uniform(4, 4, 0.9 * size, size, static_cast<std::uint64_t>(i)));
    }
    chip::ChipSpec chip = one_core();
    chip.synapses.synapse_formats = 6;
    CHECK(partition_of(builder.network(), chip));
    chip.synapses.synapse_formats = 5;
    const auto refused = partition_of(builder.network(), chip);
    REQUIRE(!refused);
    CHECK(to_text(refused.error()).find("synapse formats") != std::string::npos);
}

TEST_CASE("long delays leave fewer compartments") {
    test::NetworkBuilder builder("delays");
    const Source in = builder.input("in", 4);
    const Source p = builder.population("p", {512});
    builder.connect(in, p, test::dense_uniform(512, 4, 0.5, 1, 1)).delay_steps = 15;
    CHECK(partition_of(builder.network(), one_core()));
    builder.network().projections[0].delay_steps = 16;
    const auto refused = partition_of(builder.network(), one_core());
    REQUIRE(!refused);
    CHECK(to_text(refused.error()).find("compartments") != std::string::npos);
}

TEST_CASE("a neuron that fits no core is refused with need and room, all of them at once") {
    chip::ChipSpec chip;
    chip.name = "tiny";
    chip.limits.input_axons = 11;
    chip.synapses.words = 10;
    const auto refused = partition_of(small_network(), chip);
    REQUIRE(!refused);
    REQUIRE(refused.error().size() == 2);
    CHECK(refused.error()[0].where == "population 'p'");
    CHECK(refused.error()[0].found == "10 of 10 neurons fit no core: neuron 0 alone needs 22 input axons");
    CHECK(refused.error()[0].allowed == "11 input axons a core of chip 'tiny'");
    CHECK(!refused.error()[0].help.empty());
    CHECK(refused.error()[1].found.find("22 words of synaptic memory") != std::string::npos);
}

TEST_CASE("more cores than the chip has: need, room, and what binds") {
    chip::ChipSpec chip = one_core();
    chip.limits.compartments = 4;
    const auto refused = partition_of(small_network(), chip);
    REQUIRE(!refused);
    REQUIRE(refused.error().size() == 1);
    CHECK(refused.error()[0].where == "network 'small'");
    CHECK(refused.error()[0].found.find("needs 3 cores; what most of them run out of: compartments") == 0);
    CHECK(refused.error()[0].allowed == "1 cores (chip 'tiny')");
}

TEST_CASE("every neuron on one core, every synapse on one axon") {
    chip::ChipSpec chip;
    chip.limits.compartments = 37;
    chip.synapses.words_per_axon = 3;
    const Network network = test::dense_chain(30, {50, 40, 30});
    Diagnostics remarks;
    auto mapped = quantise(network, chip, {}, remarks);
    REQUIRE(mapped);
    const auto parts = partition(network, *mapped, chip);
    REQUIRE(parts);
    std::set<std::uint32_t> neurons(parts->order.neuron_at.begin(), parts->order.neuron_at.end());
    CHECK(neurons.size() == 120);
    std::uint64_t synapses = 0;
    std::uint32_t next = 0;
    for (const CorePlan& core : parts->cores) {
        CHECK(core.first == next);
        next += core.count;
        CHECK(core.count <= 37);
        synapses += core.synapses;
    }
    CHECK(next == 120);
    CHECK(synapses == mapped->table.synapses());
}

TEST_CASE("cores are balanced as long as no core more is needed") {
    chip::ChipSpec chip;
    chip.limits.compartments = 100;
    test::NetworkBuilder builder;
    const Source in = builder.input("in", 3);
    const Source p = builder.population("p", {110});
    builder.connect(in, p, test::dense_uniform(110, 3, 0, 1, 1));
    const auto parts = partition_of(builder.network(), chip);
    REQUIRE(parts);
    REQUIRE(parts->cores.size() == 2);
    CHECK(parts->cores[0].count < 70);
}

TEST_CASE("a partition balanced later is the one that is balanced at once") {
    test::NetworkBuilder builder;
    const Source in = builder.input("in", 30);
    const Source out = builder.population("out", {100});
    builder.connect(in, out, test::dense_uniform(100, 30, -1, 1, 5));
    builder.output("out", out);
    const Network& network = builder.network();
    chip::ChipSpec chip;
    chip.limits.compartments = 40;
    Diagnostics remarks;
    QuantiseMemory memory;
    const auto mapped = quantise(network, chip, {}, remarks, &memory);
    REQUIRE(mapped);
    PartitionChoices choices;
    const auto at_once = partition(network, *mapped, chip, choices);
    choices.balance = false;
    auto later = partition(network, *mapped, chip, choices);
    REQUIRE((at_once && later));
    CHECK(later->core_of != at_once->core_of);
    const Partition even = balanced(network, *mapped, chip, choices, std::move(*later));
    CHECK(even.core_of == at_once->core_of);
    CHECK(even.messages == at_once->messages);
    CHECK(even.attempts.size() == at_once->attempts.size());

    // What the first look at the synapses remembers serves other formats as a look of their own.
    QuantiseOptions split;
    split.split = SignSplit::always;
    const auto again = quantise(network, chip, split, remarks, &memory);
    const auto anew = quantise(network, chip, split, remarks);
    REQUIRE((again && anew));
    CHECK(again->table.formats == anew->table.formats);
    CHECK(again->losses == anew->losses);
    CHECK(again->losses != mapped->losses);
}

TEST_CASE("pictures are cut into tiles, which halves the messages" * doctest::skip(test::sanitized)) {
    test::NetworkBuilder builder("conv");
    const Source in = builder.input("in", 2 * 32 * 32);
    const Source p = builder.population("p", {8, 32, 32});
    builder.connect(in, p, test::convolution({.input = {2, 32, 32}, .channels = 8, .kernel = 3, .padding = 1}));
    const auto parts = partition_of(builder.network(), chip::ChipSpec{});
    REQUIRE(parts);
    CHECK(parts->order.name.find("tiles") != std::string::npos);
    std::uint64_t natural = 0;
    for (const Attempt& attempt : parts->attempts) {
        if (attempt.order.find("populations") != std::string::npos) {
            natural = attempt.messages;
        }
    }
    CHECK(parts->messages * 2 < natural);
}

}  // namespace
}  // namespace spikeloom::compiler
