// A shard by itself: delays, biases, what is counted, what a reset leaves.
#include "core/shard.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace spikeloom::core {
namespace {

/// Two blocks of four integrators with threshold 1000, one source that sends 20 * 2^6 to slot 1 two steps later.
struct Fixture {
    Shard shard{{.blocks = 2, .block_shift = 2, .ring_depth = 4}};
    std::vector<std::uint32_t> rows;

    Fixture() {
        const std::vector<NeuronParameters> parameters(4, {.voltage_keep = 4096, .threshold = 1000, .refractory = 3});
        for (std::uint32_t block = 0; block < 2; ++block) {
            shard.add_run({.first = 4 * block, .count = 4, .voltage_floor = -1'000'000, .voltage_ceiling = 1'000'000},
                          parameters);
        }
        std::vector<RowSynapse> synapses{
            RowSynapse({.slot = 1, .weight = 20, .delay = 2, .kind = 0, .opens_message = true})};
        rows.push_back(shard.add_row(synapses, {}));
        shard.finish();
    }
};

}  // namespace

TEST_CASE("a delayed weight acts in its step, and only then") {
    Fixture f;
    f.shard.deliver(f.rows, 0);
    for (std::uint64_t now = 0; now < 6; ++now) {
        CAPTURE(now);
        f.shard.update(now, {});
        CHECK(f.shard.spikes().size() == (now == 2 ? 1U : 0U));
        CHECK(f.shard.refractory(1) == (now >= 2 && now < 5));
    }
    CHECK(f.shard.refractory_steps(1) == 3);
}

TEST_CASE("loads are counted at arrival, apart for inputs, and taken once") {
    Fixture f;
    f.shard.deliver(f.rows, 0);
    f.shard.deliver_inputs(f.rows, 0);
    const BlockLoad load = f.shard.take_load(0);
    CHECK(load.messages == 2);
    CHECK(load.input_messages == 1);
    CHECK(load.events[0] == 2);
    CHECK(f.shard.take_load(0).messages == 0);
    CHECK(f.shard.take_load(1).messages == 0);
}

TEST_CASE("a bias makes its neuron active, and a reset keeps the bias alone") {
    Fixture f;
    f.shard.set_bias(5, 600);
    f.shard.deliver(f.rows, 0);
    f.shard.update(0, {});
    CHECK(f.shard.active(0) == 0);
    CHECK(f.shard.active(1) == 1);
    CHECK(f.shard.voltage(5) == 600);
    f.shard.reset();
    CHECK(f.shard.voltage(5) == 0);
    for (std::uint64_t now = 0; now < 4; ++now) {
        f.shard.update(now, {});
        CHECK(f.shard.voltage(1) == 0);
    }
    CHECK(f.shard.refractory(5));
}

}  // namespace spikeloom::core
