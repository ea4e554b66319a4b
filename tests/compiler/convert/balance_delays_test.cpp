// Residual sums in the chip's timing: with the delays, every population does what it does in the framework, later.
#include "compiler/convert/balance_delays.hpp"

#include <doctest/doctest.h>

#include "compiler/reference/float_interpreter.hpp"
#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

using test::dense_uniform;
using test::NetworkBuilder;

/// in -> a -> b -> c, with a -> c and in -> c beside, and a recurrence of b.
Network residual() {
    NetworkBuilder builder;
    builder.network().step_s = 1e-3;
    const auto in = builder.input("in", 8);
    const auto a = builder.population("a", {10});
    const auto b = builder.population("b", {10});
    const auto c = builder.population("c", {10});
    for (Population& population : builder.network().populations) {
        population.resistance = 10.0;
    }
    builder.connect(in, a, dense_uniform(10, 8, -0.4, 1, 1));
    builder.connect(a, b, dense_uniform(10, 10, -0.4, 1, 2));
    builder.connect(b, c, dense_uniform(10, 10, -0.4, 1, 3));
    builder.connect(a, c, dense_uniform(10, 10, -1, 0.3, 4));
    builder.connect(in, c, dense_uniform(10, 8, -1, 0.3, 5));
    builder.connect(b, b, dense_uniform(10, 10, -0.4, 0.2, 6)).recurrent = true;
    builder.output("out", c);
    return builder.network();
}

/// Spikes of c, [step][neuron].
std::vector<std::vector<std::uint8_t>> spikes_of(const Network& network, Timing timing, int steps) {
    FloatInterpreter interpreter(network, {.timing = timing, .single_precision = false});
    test::Draws draws(7);
    std::vector<std::vector<std::uint8_t>> spikes;
    for (int step = 0; step < steps; ++step) {
        std::vector<float> input(8, 0.0F);
        for (float& value : input) {
            value = step < 60 && draws.chance(0.4) ? 1.0F : 0.0F;
        }
        interpreter.step({input});
        const auto now = interpreter.spikes(PopulationId(2));
        spikes.emplace_back(now.begin(), now.end());
    }
    return spikes;
}

}  // namespace

TEST_CASE("a balanced network does on a chip what the network does in the framework, its latency later") {
    const Network network = residual();
    CHECK(latencies_of(network) == std::vector<int>{0, 1, 2});
    Diagnostics remarks;
    const Network balanced = balance_delays(network, remarks);
    CHECK(check_network(balanced).empty());
    REQUIRE(remarks.size() == 1);
    CHECK(remarks[0].found.find("'a->c' by 1, 'in->c' by 2") != std::string::npos);
    const auto framework = spikes_of(network, Timing::same_step, 60);
    auto chip = spikes_of(balanced, Timing::next_step, 62);
    chip.erase(chip.begin(), chip.begin() + 2);
    std::size_t spikes = 0;
    for (const auto& step : framework) {
        spikes += static_cast<std::size_t>(std::count(step.begin(), step.end(), 1));
    }
    CHECK(spikes > 20);
    CHECK(chip == framework);
    // The delays are the chip's alone; and without them the chip does something else.
    CHECK(spikes_of(balanced, Timing::same_step, 60) == framework);
    auto unbalanced = spikes_of(network, Timing::next_step, 62);
    unbalanced.erase(unbalanced.begin(), unbalanced.begin() + 2);
    CHECK(unbalanced != framework);
}

TEST_CASE("what is balanced stays as it is, and what can't be is told") {
    Diagnostics remarks;
    const Network balanced = balance_delays(residual(), remarks);
    CHECK(find_imbalance(balanced).empty());
    remarks.clear();
    CHECK(balance_delays(balanced, remarks) == balanced);
    CHECK(remarks.empty());
    const Diagnostics found = find_imbalance(residual());
    REQUIRE(found.size() == 1);
    CHECK(found[0].where == "projection 'in->c'");

    Network loop = residual();
    loop.projections[5].target = PopulationId(0);  // b -> a: two steps on a chip, one in the framework
    (void)balance_delays(loop, remarks);
    REQUIRE_FALSE(remarks.empty());
    CHECK(remarks[0].found.find("1 step more") != std::string::npos);
}

}  // namespace spikeloom::compiler
