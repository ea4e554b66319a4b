#include "compiler/analog/place_circuits.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include "tests/compiler/analog/timed_networks.hpp"

namespace spikeloom::compiler::analog {
namespace {

Fabric bss2() {
    return fabric_of(test::bundled_analog("brainscales2")).value();
}

/// Neurons of these sizes, none of which speaks to another.
RunDemand apart(std::vector<int> circuits) {
    RunDemand demand;
    for (std::uint32_t n = 0; n < circuits.size(); ++n) {
        demand.neurons.push_back(n);
        demand.run_index.push_back(static_cast<std::int32_t>(n));
    }
    demand.target_begin.assign(circuits.size() + 1, 0);
    demand.circuits = std::move(circuits);
    return demand;
}

void check_apart(const std::vector<Block>& blocks, const Fabric& fabric) {
    std::set<std::pair<int, int>> taken;
    for (const Block& block : blocks) {
        bool speaks = false;
        for (int h = block.hemisphere; h < block.hemisphere + block.hemispheres; ++h) {
            for (int c = block.column; c < block.column + block.width; ++c) {
                CHECK(c < fabric.columns);
                CHECK(h < fabric.hemispheres);
                CHECK(taken.insert({h, c}).second);
                speaks = speaks || (block.speaker.hemisphere == h && block.speaker.column == c);
            }
        }
        CHECK(speaks);
    }
}

}  // namespace

TEST_CASE("the fabric of BrainScaleS-2") {
    const Fabric fabric = bss2();
    CHECK(fabric.drivers_per_bus == 32);
    CHECK(fabric.free_select_bits == 2);
    CHECK(fabric.output_bus == std::vector<int>{0, 1, 2, 3, 0, 1, 2, 3});
    CHECK(fabric.output_lane == std::vector<int>{0, 1, 2, 3, 0, 1, 2, 3});
    CHECK(fabric.lanes == std::vector<int>{0, 1, 2, 3});
    CHECK(fabric.output_select_bits(2) == 0b10000);  // outputs 2 and 6 differ in bit 2 of the output
}

TEST_CASE("chips of another build are refused, not mapped wrongly") {
    chip::AnalogSpec chip = test::bundled_analog("brainscales2");
    chip.array.rows = 128;
    CHECK(to_text(fabric_of(chip).error()).find("two rows a driver") != std::string::npos);
    chip = test::bundled_analog("brainscales2");
    std::erase(chip.crossbar.nodes, chip::CrossbarNode{3, 7});
    CHECK(to_text(fabric_of(chip).error()).find("event output 3") != std::string::npos);
    chip = test::bundled_analog("brainscales2");
    std::erase_if(chip.crossbar.nodes, [](const chip::CrossbarNode& node) { return node.output == 2; });
    CHECK(to_text(fabric_of(chip).error()).find("no L2 lane") != std::string::npos);
}

TEST_CASE("circuits for inputs: powers of two") {
    const Fabric fabric = bss2();
    for (const auto& [inputs, circuits] :
         {std::pair(0, 1), {128, 1}, {129, 2}, {256, 2}, {257, 4}, {784, 8}, {65536, 512}}) {
        CHECK(circuits_for(static_cast<std::size_t>(inputs), fabric) == circuits);
    }
    CHECK(columns_for(std::vector<int>{1, 1, 1}, fabric) == 2);
    CHECK(columns_for(std::vector<int>{8, 2, 1}, fabric) == 6);
}

TEST_CASE("blocks of all sizes fill the chip without a gap") {
    const Fabric fabric = bss2();
    for (const std::vector<int>& sizes :
         {std::vector<int>(512, 1), std::vector<int>(256, 2), std::vector<int>(64, 8), std::vector<int>{512},
          std::vector<int>{1, 1, 2, 4, 8, 16, 32, 64, 128, 256}, std::vector<int>{128, 64, 256, 32, 32}}) {
        CHECK(columns_for(sizes, fabric) == 256);
        check_apart(place_circuits(apart(sizes), fabric), fabric);
    }
}

TEST_CASE("the sources of a neuron are spread over the buses") {
    const Fabric fabric = bss2();
    for (const std::uint32_t sources : {128U, 120U, 61U, 4U}) {
        test::TimedNetworkBuilder builder;
        const Source in = builder.input(3);
        const Source first = builder.population(sources);
        const Source second = builder.population(7);
        builder.connect(in, first);
        builder.connect(first, second);
        const FanIn fan = fan_in(builder.build());
        std::vector<std::uint32_t> neurons(sources + 7);
        for (std::uint32_t n = 0; n < neurons.size(); ++n) {
            neurons[n] = n;
        }
        RunDemand demand = run_demand(fan, neurons);
        demand.circuits.assign(neurons.size(), 1);
        const std::vector<Block> blocks = place_circuits(demand, fabric);
        check_apart(blocks, fabric);
        std::array<int, 4> on_bus{};
        for (std::size_t n = 0; n < sources; ++n) {
            ++on_bus[static_cast<std::size_t>(fabric.bus_of(blocks[n].speaker.column))];
        }
        CHECK(std::ranges::max(on_bus) - std::ranges::min(on_bus) <= 1);
    }
}

}  // namespace spikeloom::compiler::analog
