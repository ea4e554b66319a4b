#include "compiler/passes/hypergraph_order.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "compiler/passes/partition.hpp"
#include "compiler/passes/quantise.hpp"
#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

MappedNetwork mapped_of(const Network& network) {
    Diagnostics remarks;
    auto mapped = quantise(network, chip::ChipSpec{}, {}, remarks);
    REQUIRE(mapped);
    return std::move(*mapped);
}

/// Modules of 16 neurons, each fully connected within, whose members lie far apart in the population.
Network scattered_modules(std::uint32_t modules) {
    constexpr std::uint32_t size = 16;
    test::NetworkBuilder builder("modules");
    const Source in = builder.input("in", modules);
    const Source p = builder.population("p", {modules * size});
    SparseWeights feed;
    feed.row_begin.push_back(0);
    for (std::uint32_t m = 0; m < modules; ++m) {
        feed.targets.push_back(m);
        feed.weights.push_back(1.0F);
        feed.row_begin.push_back(feed.targets.size());
    }
    builder.connect(in, p, std::move(feed));
    SparseWeights within;
    within.row_begin.push_back(0);
    for (std::uint32_t source = 0; source < modules * size; ++source) {
        for (std::uint32_t i = 0; i < size; ++i) {
            const std::uint32_t target = i * modules + source % modules;  // member i of the source's module
            if (target != source) {
                within.targets.push_back(target);
                within.weights.push_back(1.0F);
            }
        }
        within.row_begin.push_back(within.targets.size());
    }
    builder.connect(p, p, std::move(within)).recurrent = true;
    return std::move(builder.network());
}

chip::ChipSpec chip_of(std::int64_t compartments) {
    chip::ChipSpec chip;
    chip.limits.compartments = compartments;
    return chip;
}

TEST_CASE("a net is a node with its targets, weighed by its rate") {
    const MappedNetwork mapped = mapped_of(scattered_modules(2));
    const Hypergraph graph = neuron_hypergraph(mapped, {});
    CHECK(graph.vertices == 32);
    REQUIRE(graph.nets() == 34);
    CHECK(graph.net(0).size() == 16);  // a neuron and the other 15 of its module
    CHECK(graph.net(0)[0] == 0);
    CHECK(graph.net(32).size() == 1);  // an input channel is no vertex
    CHECK(graph.net_weight.empty());

    std::vector<float> rates(34, 0.1F);
    rates[3] = 0.3F;
    rates[5] = 0;
    const Hypergraph rated = neuron_hypergraph(mapped, rates);
    CHECK(rated.net_weight[3] == doctest::Approx(3.0 * rated.net_weight[0]).epsilon(0.01));
    CHECK(rated.net_weight[5] == 1);
}

TEST_CASE("parts become an order with a cut behind each") {
    const std::vector<std::uint32_t> part_of{4, 1, 1, 4, 0, 1};
    const NeuronOrder order = order_of_parts("x", part_of);
    CHECK(order.neuron_at == std::vector<std::uint32_t>{0, 3, 1, 2, 5, 4});
    CHECK(order.cuts == std::vector<std::uint32_t>{2, 5, 6});
}

TEST_CASE("scattered modules come together, at effort 0 they don't") {
    const Network network = scattered_modules(8);
    const MappedNetwork mapped = mapped_of(network);
    const chip::ChipSpec chip = chip_of(32);
    const auto linear = partition(network, mapped, chip, {.effort = 0});
    REQUIRE(linear);
    CHECK(linear->attempts.size() == 1);
    CHECK(linear->messages > 4 * 128);
    const auto searched = partition(network, mapped, chip, {.effort = 1});
    REQUIRE(searched);
    CHECK(searched->cores.size() == 4);
    CHECK(searched->messages == 128 + 8);
    CHECK(searched->attempts.size() > 1);
    const auto again = partition(network, mapped, chip, {.effort = 1, .threads = 3});
    REQUIRE(again);
    CHECK(again->order.neuron_at == searched->order.neuron_at);
}

TEST_CASE("a stopped search keeps what it has") {
    const Network network = scattered_modules(8);
    const auto parts = partition(network, mapped_of(network), chip_of(32), {.effort = 3, .stop = [] { return true; }});
    REQUIRE(parts);
    CHECK(parts->attempts.size() == 1);
}

TEST_CASE("rates decide which messages are saved") {
    // Every source reaches one neuron of each pair; cores hold two neurons. The pairs of the busy sources win.
    test::NetworkBuilder builder("pairs");
    const Source in = builder.input("in", 4);
    const Source p = builder.population("p", {4});
    SparseWeights sparse;
    sparse.row_begin.push_back(0);
    for (const auto& [a, b] : {std::pair{0U, 1U}, std::pair{2U, 3U}, std::pair{0U, 2U}, std::pair{1U, 3U}}) {
        sparse.targets.insert(sparse.targets.end(), {a, b});
        sparse.weights.insert(sparse.weights.end(), {1.0F, 1.0F});
        sparse.row_begin.push_back(sparse.targets.size());
    }
    builder.connect(in, p, std::move(sparse));
    const Network network = builder.network();
    const MappedNetwork mapped = mapped_of(network);
    const std::vector<float> rates{0, 0, 0, 0, 0.1F, 0.1F, 0.9F, 0.9F};
    const auto parts = partition(network, mapped, chip_of(2), {.effort = 1, .rates = rates});
    REQUIRE(parts);
    CHECK(parts->messages == 6);
    CHECK(parts->rated_messages == doctest::Approx(2 * 0.9 + 4 * 0.1));
    const auto core = [&](std::uint32_t neuron) { return parts->core_of[parts->position_of[neuron]]; };
    CHECK(core(0) == core(2));
    CHECK(core(1) == core(3));
}

TEST_CASE("where synaptic memory runs out first, it is what parts are weighed by") {
    const Network network = scattered_modules(8);
    const MappedNetwork mapped = mapped_of(network);
    chip::ChipSpec chip;
    const auto loose = partition(network, mapped, chip);
    REQUIRE(loose);
    const std::int64_t words = loose->cores.at(0).use[Limit::synapse_words];
    CHECK(core_shares(mapped, chip, {.cores = loose->cores, .misfits = {}}).weight.empty());
    chip.synapses.words = words / 3;
    const CoreShare share = core_shares(mapped, chip, {.cores = loose->cores, .misfits = {}});
    REQUIRE(share.weight.size() == 128);
    const double total = std::accumulate(share.weight.begin(), share.weight.end(), 0.0);
    CHECK(total / static_cast<double>(share.capacity) == doctest::Approx(3).epsilon(0.05));
    const auto tight = partition(network, mapped, chip);
    REQUIRE(tight);
    for (const CorePlan& core : tight->cores) {
        CHECK(core.use[Limit::synapse_words] <= chip.synapses.words);
    }
}

}  // namespace
}  // namespace spikeloom::compiler
