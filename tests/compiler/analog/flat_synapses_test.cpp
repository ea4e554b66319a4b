#include "compiler/analog/flat_synapses.hpp"

#include <doctest/doctest.h>

#include "tests/compiler/analog/timed_networks.hpp"

namespace spikeloom::compiler::analog {
namespace {

/// in0 (2), in1 (1) -> pop0 (2), pop1 (2); pop0 -> pop1. Two synapses from in0[0] to pop0[1].
TimedNetwork small() {
    test::TimedNetworkBuilder builder;
    const Source in = builder.input(2);
    const Source bias = builder.input(1);
    const Source first = builder.population(2);
    const Source second = builder.population(2);
    for (const auto& [from, to] : {std::pair(in, first), {bias, second}, {first, second}, {in, first}}) {
        builder.connect(from, to, 0);
    }
    TimedNetwork network = builder.build();
    const auto fill = [&](std::size_t p, std::vector<std::uint64_t> begin, std::vector<std::uint32_t> targets,
                          std::vector<double> weights) {
        network.projections[p].row_begin = std::move(begin);
        network.projections[p].targets = std::move(targets);
        network.projections[p].weights = std::move(weights);
    };
    fill(0, {0, 2, 3}, {0, 1, 1}, {1, 2, 3});
    fill(1, {0, 1}, {1}, {4});
    fill(2, {0, 0, 2}, {0, 1}, {5, 6});
    fill(3, {0, 1, 1}, {1}, {0.5});
    return network;
}

}  // namespace

TEST_CASE("channels come before neurons, inputs and populations in order") {
    const Numbering numbering(small());
    CHECK(numbering.channels() == 3);
    CHECK(numbering.neurons() == 4);
    CHECK(numbering.first_channel(1) == 2);
    CHECK(numbering.first_of({Source::Kind::population, 1}) == 5);
    CHECK(numbering.population_of(1) == 0);
    CHECK(numbering.population_of(2) == 1);
}

TEST_CASE("by source: rows in the order of the projections") {
    const chip::IdealSynapses flat = flat_synapses(small());
    CHECK(flat.row_begin == std::vector<std::uint64_t>{0, 3, 4, 5, 5, 7, 7, 7});
    CHECK(flat.targets == std::vector<std::uint32_t>{0, 1, 1, 1, 3, 2, 3});
    CHECK(flat.weights == std::vector<double>{1, 2, 0.5, 3, 4, 5, 6});
    CHECK(flat.delays.empty());
}

TEST_CASE("delays of one projection are zeros of the others") {
    TimedNetwork network = small();
    network.projections[1].delays = {1e-6};
    CHECK(flat_synapses(network).delays == std::vector<double>{0, 0, 0, 0, 1e-6, 0, 0});
}

TEST_CASE("by target: sources ascend, several synapses of a pair are their sum") {
    const FanIn fan = fan_in(small());
    CHECK(fan.channels == 3);
    CHECK(fan.begin == std::vector<std::uint64_t>{0, 1, 3, 4, 6});
    CHECK(fan.sources == std::vector<std::uint32_t>{0, 0, 1, 4, 2, 4});
    CHECK(fan.weights == std::vector<double>{1, 2.5, 3, 5, 4, 6});
}

}  // namespace spikeloom::compiler::analog
