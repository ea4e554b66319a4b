#include "tools/decision.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace spikeloom::tools {
namespace {

OutputSpikes outputs(std::vector<std::uint32_t> counts, std::vector<std::int32_t> first) {
    OutputSpikes made(counts.size());
    made.counts = std::move(counts);
    made.first_steps = std::move(first);
    return made;
}

TEST_CASE("most spikes win by count, the earliest wins by first spike") {
    const OutputSpikes seen = outputs({2, 5, 1}, {9, 12, 7});
    CHECK(decide(Decision::count, seen) == 1);
    CHECK(decide(Decision::first, seen) == 2);
}

TEST_CASE("ties by count go to the earlier output, full ties to the lower class") {
    CHECK(decide(Decision::count, outputs({3, 3, 1}, {8, 6, 1})) == 1);
    CHECK(decide(Decision::count, outputs({3, 3}, {6, 6})) == 0);
    CHECK(decide(Decision::first, outputs({1, 2}, {6, 6})) == 1);
}

TEST_CASE("silent outputs decide nothing, and a silent one never wins") {
    CHECK(decide(Decision::count, outputs({0, 0}, {-1, -1})) == -1);
    CHECK(decide(Decision::first, outputs({0, 1}, {-1, 30})) == 1);
}

TEST_CASE("the watch counts one population, from the sample's first step") {
    OutputWatch watch(PopulationId(1), 2);
    watch.begin(Step(100));
    const std::vector<runtime::NetworkSpike> spikes{{PopulationId(0), NeuronId(0)}, {PopulationId(1), NeuronId(1)}};
    CHECK(watch.on_step({.step = Step(103), .spikes = spikes}));
    CHECK(watch.on_step({.step = Step(104), .spikes = spikes}));
    const OutputSpikes seen = watch.take();
    CHECK(seen.counts == std::vector<std::uint32_t>{0, 2});
    CHECK(seen.first_steps == std::vector<std::int32_t>{-1, 3});
    CHECK(watch.take().counts == std::vector<std::uint32_t>{0, 0});
}

}  // namespace
}  // namespace spikeloom::tools
