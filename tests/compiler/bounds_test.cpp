#include "compiler/bounds.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <set>

#include "compiler/passes/partition.hpp"
#include "compiler/passes/quantise.hpp"
#include "compiler/trial_changes.hpp"
#include "support/networks.hpp"
#include "support/sanitized.hpp"

namespace spikeloom::compiler {
namespace {

MappedNetwork quantised(const Network& network, const chip::ChipSpec& chip) {
    Diagnostics remarks;
    auto mapped = quantise(network, chip, {}, remarks);
    REQUIRE(mapped);
    return std::move(*mapped);
}

/// The least of everything over all ways to deal the neurons to cores, counted from the synapses alone.
struct Best {
    std::size_t cores = std::numeric_limits<std::size_t>::max();
    std::size_t messages = std::numeric_limits<std::size_t>::max();
    std::size_t copies = std::numeric_limits<std::size_t>::max();
};

Best brute_force(const MappedNetwork& mapped, const chip::ChipSpec& chip) {
    const std::uint32_t neurons = mapped.neurons();
    std::vector<std::uint32_t> core_of(neurons, 0);
    Best best;
    const std::function<void(std::uint32_t, std::uint32_t)> deal = [&](std::uint32_t neuron, std::uint32_t cores) {
        if (neuron < neurons) {
            for (std::uint32_t core = 0; core <= cores && core < neurons; ++core) {
                core_of[neuron] = core;
                deal(neuron + 1, std::max(cores, core + 1));
            }
            return;
        }
        std::vector<std::set<std::uint32_t>> sources(cores);
        std::vector<std::int64_t> held(cores, 0);
        std::vector<std::int64_t> sent(cores, 0);
        std::size_t messages = 0;
        std::size_t copies = 0;
        for (std::uint32_t n = 0; n < neurons; ++n) {
            ++held[core_of[n]];
        }
        for (std::uint32_t n = 0; n < neurons; ++n) {
            mapped.table.for_each_source(n, [&](std::uint32_t node) {
                const std::uint32_t core = core_of[n];
                if (sources[core].insert(node).second) {
                    ++messages;
                    copies += node < neurons && core_of[node] != core ? 1 : 0;
                    sent[node < neurons ? core_of[node] : 0] += node < neurons ? 1 : 0;
                }
            });
        }
        for (std::uint32_t core = 0; core < cores; ++core) {
            if (held[core] > chip.limits.compartments ||
                static_cast<std::int64_t>(sources[core].size()) > chip.limits.input_axons ||
                sent[core] > chip.limits.output_axons) {
                return;
            }
        }
        best.cores = std::min<std::size_t>(best.cores, cores);
        best.messages = std::min(best.messages, messages);
        best.copies = std::min(best.copies, copies);
    };
    deal(0, 0);
    return best;
}

TEST_CASE("no way to deal a tiny network to cores is below its bounds, and some meet them") {
    int met_cores = 0;
    int met_messages = 0;
    int feasible = 0;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        CAPTURE(seed);
        test::Draws draws(seed);
        test::NetworkBuilder builder;
        const Source in = builder.input("in", static_cast<std::uint32_t>(draws.integer(1, 4)));
        const Source p = builder.population("p", {static_cast<std::uint32_t>(draws.integer(3, 8))});
        const auto inputs = static_cast<std::uint32_t>(builder.network().source_size(in));
        const auto size = static_cast<std::uint32_t>(builder.network().source_size(p));
        const double density = draws.uniform(0.1, 1);
        builder.connect(in, p, test::sparse_random(size, inputs, {.probability = density, .seed = seed}));
        builder.connect(p, p, test::sparse_random(size, size, {.probability = draws.uniform(0, 1), .seed = seed + 99}))
            .recurrent = true;
        chip::ChipSpec chip;
        chip.limits.compartments = draws.integer(2, 5);
        chip.limits.input_axons = draws.integer(size, 12);
        chip.limits.output_axons = draws.integer(8, 20);
        const MappedNetwork mapped = quantised(builder.network(), chip);
        const Best best = brute_force(mapped, chip);
        const MappingBounds bounds = mapping_bounds({.mapped = mapped, .rates = {}}, chip);
        if (best.cores == std::numeric_limits<std::size_t>::max()) {
            continue;
        }
        ++feasible;
        CHECK(bounds.decisive().cores <= static_cast<std::int64_t>(best.cores));
        CHECK(bounds.messages.least <= static_cast<double>(best.messages));
        CHECK(bounds.copies.least <= static_cast<double>(best.copies));
        met_cores += bounds.decisive().cores == static_cast<std::int64_t>(best.cores) ? 1 : 0;
        met_messages += bounds.messages.least == static_cast<double>(best.messages) ? 1 : 0;
    }
    MESSAGE(feasible << " networks: cores met by " << met_cores << ", messages by " << met_messages);
    CHECK(feasible > 40);
    CHECK(met_cores > feasible / 2);
    CHECK(met_messages > feasible / 10);
}

TEST_CASE("no partition that the compiler makes is below a bound of any limit, whichever binds") {
    std::set<Limit> binding;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        CAPTURE(seed);
        test::Draws draws(seed + 500);
        test::NetworkBuilder builder;
        const Source in = builder.input("in", 40);
        const Source a = builder.population("a", {60});
        const Source b = builder.population("b", {30});
        builder.connect(in, a, test::dense_uniform(60, 40, -1, 1, seed));
        builder.connect(
            a, b,
            test::sparse_random(30, 60, {.probability = 0.4, .longest_delay = seed % 3 == 0 ? 20 : 0, .seed = seed}));
        chip::ChipSpec chip;
        chip.limits.compartments = draws.integer(10, 80);
        chip.limits.input_axons = draws.integer(60, 200);
        chip.limits.output_axons = draws.integer(40, 400);
        chip.synapses.words = draws.integer(60, 900);
        const MappedNetwork mapped = quantised(builder.network(), chip);
        const auto parts = partition(builder.network(), mapped, chip);
        if (!parts) {
            continue;
        }
        const BoundedNetwork network{.mapped = mapped, .rates = {}};
        const MappingBounds bounds = mapping_bounds(network, chip);
        for (const CoreBound& bound : bounds.cores) {
            CAPTURE(limit_info(bound.limit).name);
            CHECK(bound.cores <= static_cast<std::int64_t>(parts->cores.size()));
        }
        const Traffic traffic = measure_traffic(network, parts->order, parts->cores, parts->core_of);
        CHECK(traffic.messages == static_cast<double>(parts->messages));
        CHECK(bounds.messages.least <= traffic.messages);
        CHECK(bounds.copies.least <= traffic.copies);
        binding.insert(bounds.decisive().limit);
    }
    CHECK(binding.contains(Limit::compartments));
    CHECK(binding.contains(Limit::synapse_words));
}

enum class Memory : std::uint8_t { lists, shared_lists, crossbar };

/// Cramped, and with what makes a neuron take several compartments.
chip::ChipSpec random_chip(test::Draws& draws, Memory memory) {
    chip::ChipSpec chip;
    chip.limits.compartments = draws.integer(12, 60);
    chip.limits.input_axons = draws.integer(100, 300);
    chip.limits.output_axons = draws.integer(100, 400);
    chip.limits.destinations_per_compartment = draws.chance(0.5) ? draws.integer(1, 3) : 0;
    chip.neuron.soft_reset_compartments = 2;
    chip.synapses.words = draws.integer(150, 900);
    chip.synapses.words_per_axon = draws.integer(6, 40);
    chip.synapses.synapses_per_entry = static_cast<int>(draws.integer(2, 60));
    if (draws.chance(0.3)) {
        chip.synapses.encodings = {chip::SynapseEncoding::sparse};
    } else if (draws.chance(0.3)) {
        chip.synapses.encodings = {chip::SynapseEncoding::sparse, chip::SynapseEncoding::runlength};
    }
    if (memory == Memory::shared_lists) {
        chip = with_shared_lists(std::move(chip), true);
    }
    if (memory == Memory::crossbar) {
        chip.synapses.crossbar_types = 6;
        chip.synapses.weight_bits = {1, 2, 3, 4};
        chip.synapses.encodings = {chip::SynapseEncoding::sparse};
        chip.synapses.words = chip.limits.input_axons;
        chip.synapses.words_per_axon = chip.limits.input_axons;
    }
    return chip;
}

/// A picture convolved into another, and a random projection into the same and into more neurons.
Network random_net(test::Draws& draws, std::uint64_t seed) {
    test::NetworkBuilder builder;
    const Source in = builder.input("in", 2 * 6 * 6);
    builder.network().inputs[0].shape = {2, 6, 6};
    const auto channels = static_cast<std::uint32_t>(draws.integer(2, 5));
    const Source a = builder.population("a", {channels, 6, 6});
    const Source b = builder.population("b", {40});
    builder.connect(
        in, a, test::convolution({.input = {2, 6, 6}, .channels = channels, .kernel = 3, .padding = 1, .seed = seed}));
    builder.connect(
        a, b,
        test::sparse_random(
            40, channels * 36,
            {.probability = draws.uniform(0.05, 0.4), .longest_delay = draws.chance(0.3) ? 3 : 0, .seed = seed}));
    builder.connect(b, a, test::sparse_random(channels * 36, 40, {.probability = 0.05, .seed = seed + 7})).recurrent =
        true;
    if (draws.chance(0.3)) {
        builder[b].reset = ResetRule::subtract_threshold;
    }
    return builder.network();
}

TEST_CASE("whatever a core's memory is: no mapping takes less of any limit than the bounds say") {
    constexpr std::uint64_t networks = test::sanitized ? 4 : 16;
    for (const Memory memory : {Memory::lists, Memory::shared_lists, Memory::crossbar}) {
        CAPTURE(static_cast<int>(memory));
        int mapped_nets = 0;
        double nearest = 0;  // bound over achieved, of memory
        for (std::uint64_t seed = 0; seed < networks; ++seed) {
            CAPTURE(seed);
            test::Draws draws(seed + 1000 * static_cast<std::uint64_t>(memory));
            const chip::ChipSpec chip = random_chip(draws, memory);
            const Network network = random_net(draws, seed);
            Diagnostics remarks;
            const auto mapped = quantise(network, chip, {}, remarks);
            const auto parts = mapped ? partition(network, *mapped, with_large_board(chip)) : fail(Diagnostics{});
            if (!parts) {
                continue;
            }
            ++mapped_nets;
            const MappingBounds bounds = mapping_bounds({.mapped = *mapped, .rates = {}}, chip);
            for (const CoreBound& bound : bounds.cores) {
                CAPTURE(limit_info(bound.limit).name);
                CHECK(bound.cores <= static_cast<std::int64_t>(parts->cores.size()));
                std::int64_t achieved = 0;
                for (const CorePlan& core : parts->cores) {
                    achieved += core.use[bound.limit];
                }
                CHECK(bound.need <= achieved);  // of formats, profiles and rules each core takes some
                if (bound.limit == Limit::synapse_words) {
                    nearest = std::max(nearest, static_cast<double>(bound.need) / static_cast<double>(achieved));
                }
            }
            CHECK(bounds.messages.least <= static_cast<double>(parts->messages));
        }
        MESSAGE(mapped_nets << " networks, memory's bound at best " << nearest << " of what was taken");
        CHECK(mapped_nets > static_cast<int>(networks / 2));
        if (!test::sanitized) {  // a figure, of more networks than are looked at there
            CHECK(nearest > (memory == Memory::shared_lists ? 0.02 : 0.5));
        }
    }
}

TEST_CASE("own lists: entries, ends and filled words are counted where they can't be avoided") {
    chip::ChipSpec chip;
    const MappedNetwork mapped = quantised(test::dense_chain(50, {40}), chip);
    const auto parts = partition(test::dense_chain(50, {40}), mapped, chip);
    REQUIRE(parts);
    REQUIRE(parts->cores.size() == 1);
    const MappingBounds bounds = mapping_bounds({.mapped = mapped, .rates = {}}, chip);
    const auto words = std::ranges::find(bounds.cores, Limit::synapse_words, &CoreBound::limit);
    CHECK(words->need == parts->cores[0].use[Limit::synapse_words]);
}

TEST_CASE("shared lists: one row of the kinds that some source has most of") {
    chip::ChipSpec chip = with_shared_lists({}, true);
    test::NetworkBuilder builder;
    const Source in = builder.input("in", 2);
    const Source p = builder.population("p", {64});
    DenseWeights equal;
    equal.weights.assign(128, 0.5F);
    builder.connect(in, p, equal);
    const MappedNetwork mapped = quantised(builder.network(), chip);
    const MappingBounds bounds = mapping_bounds({.mapped = mapped, .rates = {}}, chip);
    const auto words = std::ranges::find(bounds.cores, Limit::synapse_words, &CoreBound::limit);
    const int bits = mapped.table.formats[mapped.table.list(0)[0].format].weight_bits;
    CHECK(words->need == (64 * bits + 63) / 64);  // two lists' synapses, kept once
}

TEST_CASE("a crossbar: rows by digit, and copies of neurons that reach more rows than they may") {
    chip::ChipSpec chip;
    chip.limits.compartments = 16;
    chip.limits.destinations_per_compartment = 1;
    chip.synapses.crossbar_types = 4;
    chip.synapses.encodings = {chip::SynapseEncoding::sparse};
    chip.synapses.weight_bits = {2};
    test::NetworkBuilder builder;
    const Source in = builder.input("in", 1);
    const Source p = builder.population("p", {20});
    const Source q = builder.population("q", {20});
    builder.connect(in, p, DenseWeights{std::vector<float>(20, 1.F)});
    DenseWeights some;  // of two digits: 1 and 3 units
    for (int i = 0; i < 400; ++i) {
        some.weights.push_back(i % 2 == 0 ? 1.F : 3.F);
    }
    builder.connect(p, q, some);
    const MappedNetwork mapped = quantised(builder.network(), chip);
    const MappingBounds bounds = mapping_bounds({.mapped = mapped, .rates = {}}, chip);
    const auto find = [&](Limit limit) { return *std::ranges::find(bounds.cores, limit, &CoreBound::limit); };
    // Half of p's neurons send one digit, half two, to two cores each: 2 and 4 rows, so as many compartments. That
    // makes p's 20 neurons 60 compartments, on 4 cores, which is what the input reaches.
    CHECK(find(Limit::compartments).need == 60 + 20);
    CHECK(find(Limit::input_axons).need == 60 + 4);
    CHECK(find(Limit::compartments).cores == 5);
}

TEST_CASE("dense layers: the bound is sharp where every core needs all sources") {
    chip::ChipSpec chip;
    chip.limits.compartments = 10;
    const MappedNetwork mapped = quantised(test::dense_chain(20, {40}), chip);
    const BoundedNetwork network{.mapped = mapped, .rates = {}};
    const MappingBounds bounds = mapping_bounds(network, chip);
    CHECK(bounds.messages.least == 80);  // 20 inputs onto 4 cores
    CHECK(bounds.copies.least == 0);
    CHECK(bounds.decisive().cores == 4);
    CHECK(random_traffic(network, 4).messages > 79);
    std::vector<float> rates(mapped.nodes(), 0.F);
    rates[mapped.input_first[0]] = 0.5F;
    CHECK(mapping_bounds({.mapped = mapped, .rates = rates}, chip).messages.least == 2);
}

}  // namespace
}  // namespace spikeloom::compiler
