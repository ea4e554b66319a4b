#include "compiler/passes/fan_in_table.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/passes/core_synapses.hpp"
#include "compiler/passes/quantise.hpp"
#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

using Synapse = std::tuple<std::uint32_t, std::int64_t, std::uint64_t, std::uint64_t>;

std::vector<FanInSynapse> random_list(test::Draws& draws) {
    std::vector<FanInSynapse> list;
    for (std::uint32_t source = static_cast<std::uint32_t>(draws.integer(0, 3)); source < 12; ++source) {
        while (draws.chance(0.3)) {
            list.push_back({.source = source,
                            .weight = draws.integer(-2, 2),
                            .format = static_cast<std::uint64_t>(draws.integer(0, 1)),
                            .delay = static_cast<std::uint64_t>(draws.integer(0, 1))});
        }
    }
    return list;
}

TEST_CASE("a table gives back what was added, shifted lists once") {
    test::Draws draws(5);
    FanInTable table;
    table.formats.resize(2);
    std::vector<std::vector<FanInSynapse>> added;
    std::size_t stored = 0;
    for (std::uint32_t i = 0; i < 300; ++i) {
        std::vector<FanInSynapse> list = random_list(draws);
        stored += list.size();
        added.push_back(list);
        for (FanInSynapse& synapse : list) {
            synapse.source += 100;
        }
        added.push_back(list);
    }
    for (const std::vector<FanInSynapse>& list : added) {
        table.add(list);
    }
    CHECK(table.synapses() == 2 * stored);
    CHECK(table.stored() <= stored);
    REQUIRE(table.neurons() == added.size());
    for (std::uint32_t neuron = 0; neuron < added.size(); ++neuron) {
        std::vector<Synapse> held;
        table.for_each(neuron, [&](std::uint32_t source, const FanInSynapse& s) {
            held.emplace_back(source, s.weight, s.format, s.delay);
        });
        std::vector<Synapse> wanted;
        for (const FanInSynapse& s : added[neuron]) {
            wanted.emplace_back(static_cast<std::uint32_t>(s.source), s.weight, s.format, s.delay);
        }
        REQUIRE(held == wanted);
    }
}

TEST_CASE("a convolution takes memory by kernel and border, whatever the picture's size") {
    for (const std::uint32_t extent : {20U, 40U, 80U}) {
        test::NetworkBuilder builder;
        const ConvolutionWeights c =
            test::convolution({.input = {3, extent, extent}, .channels = 4, .kernel = 5, .padding = 2, .seed = 2});
        builder.connect(builder.input("in", 3 * extent * extent),
                        builder.population("p", {c.output.begin(), c.output.end()}), c);
        Diagnostics remarks;
        const auto mapped = quantise(builder.network(), chip::ChipSpec{}, {}, remarks);
        REQUIRE(mapped);
        CHECK(mapped->table.synapses() > std::uint64_t{extent} * extent * 200);
        // Maps x channels x taps, over all ways to be cut off at the border: 3 + 4 + 5 + 4 + 3 along each axis. (Less,
        // as weights may round to zero.)
        CHECK(mapped->table.stored() <= 4 * 3 * 19 * 19);
        CHECK(mapped->table.stored() > 4 * 3 * 19 * 18);
    }
}

TEST_CASE("a core's synapses by source are the neurons' fan-ins, each neuron a compartment") {
    test::Draws draws(8);
    FanInTable table;
    table.formats.resize(2);
    for (int i = 0; i < 50; ++i) {
        table.add(random_list(draws));
    }
    CoreSynapses core(table, 12);
    for (const std::vector<std::uint32_t>& neurons :
         {std::vector<std::uint32_t>{7, 3, 49}, std::vector<std::uint32_t>{},
          std::vector<std::uint32_t>{0, 1, 2, 40}}) {
        core.gather(neurons);
        std::map<std::uint32_t, std::vector<Synapse>> wanted;
        for (std::uint32_t target = 0; target < neurons.size(); ++target) {
            table.for_each(neurons[target], [&](std::uint32_t source, const FanInSynapse& s) {
                wanted[source].emplace_back(target, s.weight, s.format, s.delay);
            });
        }
        REQUIRE(core.sources().size() == wanted.size());
        std::size_t i = 0;
        for (const auto& [source, synapses] : wanted) {
            CHECK(core.sources()[i] == source);
            std::vector<Synapse> held;
            for (const CoreSynapse& s : core.row(i)) {
                held.emplace_back(static_cast<std::uint32_t>(s.target), s.weight, s.format, s.delay);
            }
            CHECK(held == synapses);
            ++i;
        }
    }
}

}  // namespace
}  // namespace spikeloom::compiler
