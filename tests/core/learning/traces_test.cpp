#include "core/learning/traces.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

namespace spikeloom::core {
namespace {

constexpr std::uint32_t neurons = 4000;

TraceBank bank_of(const rules::TraceParameters& trace, const rules::LearningArithmetic& arithmetic, int epoch,
                  std::uint64_t seed = 1) {
    const std::vector<rules::TraceParameters> traces{trace, {}};
    TraceBank bank({.traces = traces, .arithmetic = arithmetic, .epoch = epoch, .size = neurons});
    for (std::uint32_t i = 0; i < neurons; ++i) {
        bank.set_key(i, stream_key({.seed = seed, .neuron = i}));
    }
    return bank;
}

double mean(const TraceBank& bank) {
    double sum = 0;
    for (std::uint32_t i = 0; i < neurons; ++i) {
        sum += bank.value(0, i);
    }
    return sum / neurons;
}

/// All neurons spike in the first step; then the mean of each epoch's end.
std::vector<double> decay(TraceBank bank, std::uint64_t epochs) {
    std::vector<double> means;
    for (std::uint64_t epoch = 1; epoch <= epochs; ++epoch) {
        for (std::uint32_t i = 0; i < neurons && epoch == 1; ++i) {
            bank.note_spike(i, {.epoch = 1, .within = 1}, {});
        }
        bank.run_epoch(epoch, {});
        bank.finish_epoch();
        means.push_back(mean(bank));
    }
    return means;
}

TEST_CASE("the mean of a trace decays exponentially, in steps and in epochs") {
    rules::LearningArithmetic by_step;
    rules::LearningArithmetic by_epoch;
    by_epoch.trace_decay = rules::TraceDecay::exponential_each_epoch;
    for (const int epoch : {1, 4}) {
        const std::vector<double> found = decay(bank_of({.impulse = 100, .tau = 12}, by_step, epoch), 12);
        const double after_first = epoch - 1;
        for (std::size_t e = 0; e < found.size(); ++e) {
            const double exact = 100 * std::exp(-(after_first + static_cast<double>(e) * epoch) / 12);
            // Rounding adds at most a quarter of a unit squared a step; six standard deviations of the mean.
            CHECK(found[e] == doctest::Approx(exact).epsilon(0.15 / exact));
        }
    }
    const std::vector<double> found = decay(bank_of({.impulse = 100, .tau = 12}, by_epoch, 4), 6);
    for (std::size_t e = 1; e < found.size(); ++e) {
        const double exact = 100 * std::exp(-static_cast<double>(e) * 4 / 12);
        CHECK(found[e] == doctest::Approx(exact).epsilon(0.15 / exact));
    }
}

TEST_CASE("brian2_loihi's decay is of first order") {
    rules::LearningArithmetic arithmetic;
    arithmetic.trace_decay = rules::TraceDecay::first_order_each_step;
    const std::vector<double> found = decay(bank_of({.impulse = 100, .tau = 10}, arithmetic, 1), 8);
    for (std::size_t e = 0; e < found.size(); ++e) {
        CHECK(found[e] == doctest::Approx(100 * std::pow(0.9, e)).epsilon(0.004));
    }
}

TEST_CASE("a fraction of an impulse is added as often as it says, and traces saturate") {
    TraceBank bank = bank_of({.impulse = 40.25, .tau = 1e9}, {}, 1);
    for (std::uint32_t i = 0; i < neurons; ++i) {
        bank.note_spike(i, {.epoch = 1, .within = 1}, {});
    }
    bank.run_epoch(1, {});
    bank.finish_epoch();
    CHECK(mean(bank) == doctest::Approx(40.25).epsilon(0.042 / 40.25));  // six standard deviations of the mean
    for (std::uint64_t epoch = 2; epoch < 6; ++epoch) {
        for (std::uint32_t i = 0; i < neurons; ++i) {
            bank.note_spike(i, {.epoch = epoch, .within = 1}, {});
        }
        bank.run_epoch(epoch, {});
        bank.finish_epoch();
    }
    CHECK(mean(bank) == 127);
}

TEST_CASE("of several spikes in an epoch the last one has a time, the others add to the epoch's start") {
    TraceBank bank = bank_of({.impulse = 30, .tau = 0}, {}, 4);
    bank.note_spike(7, {.epoch = 1, .within = 1}, {});
    bank.note_spike(7, {.epoch = 1, .within = 3}, {});
    CHECK(bank.value(0, 7) == 30);
    CHECK(bank.spiked_at(7) == 3);
    CHECK(bank.spiked().size() == 1);
    bank.run_epoch(1, {});
    // Without a time constant nothing lasts: only the step of the last spike shows its impulse.
    const std::vector<std::uint16_t> expected{30, 0, 0, 30, 0};
    for (std::size_t t = 0; t < expected.size(); ++t) {
        CHECK(bank.history(0)[t * neurons + 7] == expected[t]);
    }
    bank.finish_epoch();
    CHECK(bank.spiked_at(7) == 0);
    CHECK(bank.value(0, 7) == 0);
}

TEST_CASE("seeds give other numbers, equal seeds the same") {
    const auto last = [](std::uint64_t seed) {
        TraceBank bank = bank_of({.impulse = 100, .tau = 5}, {}, 1, seed);
        std::vector<std::int32_t> values;
        for (std::uint64_t epoch = 1; epoch < 5; ++epoch) {
            for (std::uint32_t i = 0; i < neurons && epoch == 1; ++i) {
                bank.note_spike(i, {.epoch = 1, .within = 1}, {});
            }
            bank.run_epoch(epoch, {});
            bank.finish_epoch();
        }
        for (std::uint32_t i = 0; i < neurons; ++i) {
            values.push_back(bank.value(0, i));
        }
        return values;
    };
    CHECK(last(1) == last(1));
    CHECK(last(1) != last(2));
}

}  // namespace
}  // namespace spikeloom::core
