#include "chip/cost.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "support/sanitized.hpp"

namespace spikeloom::chip {
namespace {

ChipSpec loihi() {
    const auto spec = read_chip_spec(std::string(SPIKELOOM_SOURCE_DIR) + "/models/chips/loihi1.textproto");
    REQUIRE(spec.has_value());
    return *spec;
}

Quantity quantity(double value, double low, double high) {
    return {.value = value, .low = low, .high = high, .source = "test", .trust = Trust::guessed};
}

/// Item i costs i + 1 pJ (half to double) and 10 (i + 1) ns.
CostTable simple_costs() {
    CostTable table{.name = "simple",
                    .title = "simple",
                    .events = {},
                    .barrier = {{.tiles = 1, .time_ns = quantity(5, 5, 5)}, {.tiles = 4, .time_ns = quantity(9, 9, 9)}},
                    .static_power_core_mw = quantity(2, 1, 3),
                    .static_power_chip_mw = quantity(7, 0, 7),
                    .host_power_mw = quantity(65, 65, 65)};
    for (const CostItem item : cost_items) {
        const double cost = static_cast<int>(item) + 1;
        table.events.push_back({.item = item,
                                .energy_pj = quantity(cost, cost / 2, cost * 2),
                                .time_ns = quantity(10 * cost, 10 * cost, 10 * cost)});
    }
    return table;
}

TEST_CASE("energy is counts times costs, item by item, with its range") {
    Counters counters;
    counters[Counter::updates_active] = 3;
    counters[Counter::spikes] = 5;
    counters[Counter::hops_ns] = 7;
    counters[Counter::input_spikes] = 2;
    const auto items = dynamic_energy(counters, simple_costs());
    REQUIRE(items.size() == cost_items.size());
    for (const ItemEnergy& item : items) {
        CHECK(item.item == cost_items[static_cast<std::size_t>(&item - items.data())]);
    }
    CHECK(items[0].energy_pj == Estimate{.value = 3, .low = 1.5, .high = 6});
    CHECK(items[2].count == 5);
    CHECK(items[2].energy_pj.value == 15);
    CHECK(items[7].energy_pj.value == 56);
    CHECK(items[11].energy_pj.value == 24);
    CHECK(items[1].energy_pj == Estimate{});
    CHECK(total(items) == Estimate{.value = 98, .low = 49, .high = 196});
    counters[Counter::learning_updates] = 10;
    CHECK(dynamic_energy(counters, simple_costs())[12].energy_pj == Estimate{.value = 130, .low = 65, .high = 260});
}

TEST_CASE("a chip that can't learn needs no price for it") {
    CostTable costs = simple_costs();
    std::erase_if(costs.events, [](const EventCost& cost) { return cost.item == CostItem::learning_update; });
    Counters counters;
    counters[Counter::learning_updates] = 10;
    counters[Counter::spikes] = 1;
    CHECK(total(dynamic_energy(counters, costs)).value == 3);
    CHECK(core_step_time_ns(counters, costs) == 30);
}

TEST_CASE("a core takes the longer of generating and processing, then learns; hops and input cost it no time") {
    const CostTable costs = simple_costs();
    Counters counters;
    counters[Counter::updates_active] = 2;  // 10 ns each
    counters[Counter::updates_idle] = 1;    // 20
    counters[Counter::spikes] = 1;          // 30
    counters[Counter::messages_out] = 1;    // 40
    counters[Counter::hops_ew] = 1000;
    counters[Counter::messages_local] = 1000;
    counters[Counter::input_spikes] = 1000;
    CHECK(core_step_time_ns(counters, costs) == 110);
    counters[Counter::messages_in] = 1;             // 50
    counters[Counter::synaptic_events_sparse] = 1;  // 90
    CHECK(core_step_time_ns(counters, costs) == 140);
    counters[Counter::synaptic_events_runlength] = 1;  // 100
    counters[Counter::synaptic_events_dense] = 1;      // 110
    CHECK(core_step_time_ns(counters, costs) == 350);
    counters[Counter::learning_updates] = 2;  // 130 each, after the spikes
    CHECK(core_step_time_ns(counters, costs) == 610);
}

TEST_CASE("the barrier is a step function of the tiles in use") {
    const CostTable costs = simple_costs();
    CHECK(barrier_time_ns(costs, 0) == 5);
    CHECK(barrier_time_ns(costs, 1) == 5);
    CHECK(barrier_time_ns(costs, 3) == 5);
    CHECK(barrier_time_ns(costs, 4) == 9);
    CHECK(barrier_time_ns(costs, 400) == 9);
    const ChipSpec spec = loihi();
    const CostTable& silicon = *spec.find_costs("silicon");
    CHECK(barrier_time_ns(silicon, 28) == 1400);
    CHECK(barrier_time_ns(silicon, 29) == 1800);
}

TEST_CASE("a step ends with the slowest core and the barrier") {
    const CostTable costs = simple_costs();
    std::vector<Counters> cores(3);
    cores[0][Counter::spikes] = 1;
    cores[1][Counter::spikes] = 4;
    cores[2][Counter::messages_in] = 2;
    const StepTime step = step_time(cores, costs, 4);
    CHECK(step.slowest == 1);
    CHECK(step.time_ns == 129);
    CHECK(step_time({}, costs, 1).time_ns == 5);
}

TEST_CASE("static energy is power times time") {
    const StaticEnergy energy = static_energy(simple_costs(), 3, 100);
    CHECK(energy.cores_pj == Estimate{.value = 600, .low = 300, .high = 900});
    CHECK(energy.chip_pj == Estimate{.value = 700, .low = 0, .high = 700});
    CHECK(energy.host_pj == Estimate{.value = 6500, .low = 6500, .high = 6500});
}

TEST_CASE("several chips draw several times what a chip draws besides its cores") {
    const StaticEnergy energy = static_energy(simple_costs(), 3, 100, 2);
    CHECK(energy.cores_pj.value == 600);
    CHECK(energy.chip_pj.value == 1400);
    CHECK(energy.host_pj.value == 13000);
}

Counters some_counts() {
    Counters counters;
    for (const CounterInfo& info : counter_table) {
        counters[info.counter] = 7 * static_cast<std::uint64_t>(info.counter) + 3;
    }
    return counters;
}

TEST_CASE("pricing is linear in the counts and in the constants") {
    const CostTable costs = simple_costs();
    const Counters once = some_counts();
    Counters thrice = once;
    thrice += once;
    thrice += once;
    CHECK(total(dynamic_energy(thrice, costs)).value == 3 * total(dynamic_energy(once, costs)).value);
    CostTable doubled = costs;
    for (EventCost& event : doubled.events) {
        event.energy_pj.value *= 2;
    }
    CHECK(total(dynamic_energy(once, doubled)).value == 2 * total(dynamic_energy(once, costs)).value);
}

TEST_CASE("the constants' shares add up to the energy, and their spreads to its spread") {
    const CostTable costs = simple_costs();
    const Usage usage{.cores = 3, .chips = 2, .time_ns = 1000};
    Estimate whole = total(dynamic_energy(some_counts(), costs));
    whole += total(static_energy(costs, usage.cores, usage.time_ns, usage.chips));
    Estimate sum;
    double spread = 0;
    double last = INFINITY;
    const auto shares = energy_shares(some_counts(), costs, usage);
    for (const ConstantShare& share : shares) {
        sum += share.energy_pj;
        spread += share.energy_pj.spread();
        CHECK(share.energy_pj.spread() <= last);
        last = share.energy_pj.spread();
    }
    CHECK(shares.size() == cost_items.size() + 3);
    CHECK(sum == whole);
    CHECK(spread == whole.spread());
    CHECK(shares.front().constant == "static_power_chip_mw");  // 0 to 14,000 pJ
    CHECK(shares.back().constant == "host_power_mw");          // no range at all
}

TEST_CASE("a constant that nothing was charged for has no share") {
    const auto shares = energy_shares({}, simple_costs(), {.cores = 1, .chips = 1, .time_ns = 0});
    CHECK(shares.empty());
}

// The random integer networks that SANA-FE reproduced to the count, with its own figures for energy and time
// (PERFORMANCE facts, section 1), as a plain loop that shares nothing with the chip.

class IntegerNetwork {
public:
    IntegerNetwork(int cores, int per_core, int fanout, std::uint64_t low, std::uint64_t high)
        : cores_(cores), per_core_(per_core), fanout_(fanout) {
        const auto n = static_cast<std::size_t>(neurons());
        for (std::size_t i = 0; i < n; ++i) {
            threshold_.push_back(static_cast<int>(low + below(high - low + 1)));
            bias_.push_back(static_cast<int>(5 + below(11)));
        }
        std::vector<std::uint32_t> last_source(n, 0);
        for (std::uint32_t i = 0; i < n; ++i) {
            for (int k = 0; k < fanout_; ++k) {
                std::uint64_t target = below(n);
                while (last_source[target] == i + 1) {
                    target = below(n);
                }
                last_source[target] = i + 1;
                const int magnitude = static_cast<int>(1 + below(4));
                target_.push_back(static_cast<std::uint32_t>(target));
                weight_.push_back(static_cast<std::int8_t>(next() >> 63 != 0 ? -magnitude : magnitude));
            }
        }
        voltage_.assign(n, 0);
        input_.assign(n, 0);
    }

    [[nodiscard]] int neurons() const { return cores_ * per_core_; }

    /// One step; a message is counted by sender and receiver in the step of its spike.
    const std::vector<Counters>& step(const Mesh& mesh) {
        counts_.assign(static_cast<std::size_t>(cores_), {});
        std::vector<int> arriving(input_.size(), 0);
        for (std::uint32_t i = 0; i < input_.size(); ++i) {
            const int voltage = voltage_[i] + bias_[i] + input_[i];
            voltage_[i] = voltage > threshold_[i] ? 0 : voltage;
            counts_[core(i)][Counter::updates_active] += 1;
            if (voltage > threshold_[i]) {
                send(i, mesh, arriving);
            }
        }
        input_.swap(arriving);
        return counts_;
    }

private:
    std::uint64_t next() {
        std::uint64_t z = state_ += 0x9E3779B97F4A7C15U;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9U;
        z = (z ^ z >> 27) * 0x94D049BB133111EBU;
        return z ^ z >> 31;
    }
    std::uint64_t below(std::uint64_t n) {  // high word of a 128-bit product, in halves
        const std::uint64_t z = next();
        return ((z >> 32) * n + ((z & 0xFFFFFFFFU) * n >> 32)) >> 32;
    }
    [[nodiscard]] std::uint32_t core(std::uint32_t neuron) const {
        return neuron / static_cast<std::uint32_t>(per_core_);
    }

    void send(std::uint32_t neuron, const Mesh& mesh, std::vector<int>& arriving) {
        Counters& sender = counts_[core(neuron)];
        sender[Counter::spikes] += 1;
        std::vector<bool> reached(static_cast<std::size_t>(cores_), false);
        const auto first = static_cast<std::size_t>(neuron) * static_cast<std::size_t>(fanout_);
        for (std::size_t k = first; k < first + static_cast<std::size_t>(fanout_); ++k) {
            const std::uint32_t destination = core(target_[k]);
            arriving[target_[k]] += weight_[k];
            counts_[destination][Counter::synaptic_events_dense] += 1;
            if (!reached[destination]) {
                reached[destination] = true;
                const int from = static_cast<int>(core(neuron));
                const int to = static_cast<int>(destination);
                sender[Counter::messages_out] += 1;
                counts_[destination][Counter::messages_in] += 1;
                sender[Counter::messages_local] += mesh.tile(from) == mesh.tile(to) ? 1 : 0;
                sender[Counter::hops_ew] += static_cast<std::uint64_t>(std::abs(mesh.column(from) - mesh.column(to)));
                sender[Counter::hops_ns] += static_cast<std::uint64_t>(std::abs(mesh.row(from) - mesh.row(to)));
            }
        }
    }

    int cores_;
    int per_core_;
    int fanout_;
    std::uint64_t state_ = 1;
    std::vector<int> threshold_;
    std::vector<int> bias_;
    std::vector<std::uint32_t> target_;
    std::vector<std::int8_t> weight_;
    std::vector<int> voltage_;
    std::vector<int> input_;
    std::vector<Counters> counts_;
};

struct Priced {
    Counters counters;
    double energy_j = 0;
    double time_s = 0;
};

Priced price(IntegerNetwork& network, const ChipSpec& spec, int steps, int tiles) {
    const CostTable& silicon = *spec.find_costs("silicon");
    Priced priced;
    for (int t = 0; t < steps; ++t) {
        const auto& counts = network.step(spec.mesh);
        for (const Counters& core : counts) {
            priced.counters += core;
        }
        priced.time_s += step_time(counts, silicon, tiles).time_ns * 1e-9;
    }
    priced.energy_j = total(dynamic_energy(priced.counters, silicon)).value * 1e-12;
    return priced;
}

TEST_CASE("A32 costs what SANA-FE says, in energy and in time" * doctest::skip(test::sanitized)) {
    const ChipSpec spec = loihi();
    IntegerNetwork network(32, 256, 100, 250, 750);
    const Priced first = price(network, spec, 100, 8);
    CHECK(first.counters[Counter::spikes] == 13786);
    CHECK(first.counters[Counter::messages_out] == 422868);
    CHECK(first.time_s == doctest::Approx(5.912e-4).epsilon(0.0001));
    Priced all = price(network, spec, 900, 8);
    all.counters += first.counters;
    CHECK(all.counters[Counter::spikes] == 173580);
    CHECK(all.counters[Counter::synaptic_events_dense] == 17358000);
    CHECK(all.counters[Counter::messages_out] == 5324786);
    CHECK(all.counters[Counter::messages_in] == 5324786);
    CHECK(all.counters.updates() == 8192000);
    CHECK(first.energy_j + all.energy_j == doctest::Approx(1.851564e-3).epsilon(5e-7));
    CHECK(first.time_s + all.time_s == doctest::Approx(6.420e-3).epsilon(0.0001));
}

TEST_CASE("B128 takes the time that SANA-FE says" * doctest::skip(test::sanitized)) {
    const ChipSpec spec = loihi();
    IntegerNetwork network(128, 1024, 100, 250, 750);
    const Priced priced = price(network, spec, 100, 32);
    CHECK(priced.counters[Counter::spikes] == 220068);
    CHECK(priced.counters[Counter::synaptic_events_dense] == 22006800);
    CHECK(priced.counters[Counter::messages_out] == 15319314);
    CHECK(priced.counters.updates() == 13107200);
    CHECK(priced.time_s == doctest::Approx(3.060e-3).epsilon(0.0002));
}

}  // namespace
}  // namespace spikeloom::chip
