#include "compiler/bounds.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <set>

#include "compiler/passes/partition.hpp"
#include "compiler/passes/quantise.hpp"
#include "support/networks.hpp"

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
