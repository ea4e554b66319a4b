#include "chip/analog/correlation.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <optional>

#include "core/base/random.hpp"

namespace spikeloom::chip::analog {
namespace {

constexpr auto causal = CorrelationKind::causal;
constexpr auto acausal = CorrelationKind::acausal;

/// One cell for each of so many sources, all in column 0.
CorrelationSensors one_column(const CorrelationParameters& parameters, std::uint32_t sources) {
    const std::vector<std::uint32_t> columns(sources, 0);
    std::vector<std::uint64_t> begin;
    std::vector<std::uint32_t> cells;
    for (std::uint32_t s = 0; s <= sources; ++s) {
        begin.push_back(s);
    }
    for (std::uint32_t s = 0; s < sources; ++s) {
        cells.push_back(s);
    }
    return {parameters, columns, 1, begin, cells};
}

TEST_CASE("a pair adds its amplitude, weighed by its distance, on its own side") {
    CorrelationSensors sensors =
        one_column({.tau_causal_s = 10e-6, .tau_acausal_s = 5e-6, .amplitude_causal = 2, .amplitude_acausal = 0.5}, 1);
    sensors.pre(0, 100e-6);
    CHECK(sensors.value(causal, 0) == 0);
    sensors.post(0, 110e-6);
    CHECK(sensors.value(causal, 0) == doctest::Approx(2 * std::exp(-1.0)));
    CHECK(sensors.value(acausal, 0) == 0);
    sensors.pre(0, 115e-6);
    CHECK(sensors.value(acausal, 0) == doctest::Approx(0.5 * std::exp(-1.0)));
    CHECK(sensors.value(causal, 0) == doctest::Approx(2 * std::exp(-1.0)));
    sensors.reset(0);
    CHECK(sensors.value(causal, 0) == 0);
    sensors.post(0, 115e-6);
    CHECK(sensors.value(causal, 0) == 2);
}

TEST_CASE("codes count down from the baseline, saturate, and stay where nobody reads") {
    const CorrelationParameters parameters{.amplitude_causal = 2, .baseline = 200, .saturation = 50};
    CorrelationSensors sensors = one_column(parameters, 1);
    CHECK(sensors.code(causal, 0, 0) == 200);
    CHECK(sensors.code(causal, 0, 12.4) == 188);
    CHECK(sensors.code(causal, 0, 300) == 0);
    for (int i = 0; i < 100; ++i) {
        sensors.pre(0, i * 1e-6);
        sensors.post(0, i * 1e-6);
    }
    CHECK(sensors.value(causal, 0) == 50);
    CorrelationParameters deaf = parameters;
    deaf.acausal = false;
    CorrelationSensors half = one_column(deaf, 1);
    half.post(0, 0);
    half.pre(0, 1e-6);
    CHECK(half.value(acausal, 0) == 0);
}

TEST_CASE("baselines differ by column and kind, and are those of the instance") {
    const std::vector<std::uint32_t> columns{0, 1, 2};
    const CorrelationParameters parameters{.baseline_spread = 5, .seed = 9, .instance = 7};
    const CorrelationSensors sensors(parameters, columns, 3, {0, 3}, {0, 1, 2});
    const CorrelationSensors again(parameters, columns, 3, {0, 3}, {0, 1, 2});
    CorrelationParameters other = parameters;
    other.instance = 8;
    const CorrelationSensors elsewhere(other, columns, 3, {0, 3}, {0, 1, 2});
    CHECK(sensors.code(causal, 0, 0) != sensors.code(acausal, 0, 0));
    int differ = 0;
    for (std::uint32_t c = 0; c < 3; ++c) {
        CHECK(sensors.code(causal, c, 0) == again.code(causal, c, 0));
        differ += sensors.code(causal, c, 0) != elsewhere.code(causal, c, 0) ? 1 : 0;
    }
    CHECK(differ > 0);
}

/// All pairs that count, written down from the list of spikes.
double naive(const CorrelationParameters& parameters, const std::vector<double>& pre, const std::vector<double>& post,
             bool forward) {
    const std::vector<double>& first = forward ? pre : post;
    const std::vector<double>& second = forward ? post : pre;
    const double tau = forward ? parameters.tau_causal_s : parameters.tau_acausal_s;
    double sum = 0;
    for (std::size_t i = 0; i < second.size(); ++i) {
        std::optional<double> nearest;
        for (const double time : first) {
            if (time < second[i]) {
                nearest = time;
            }
        }
        const bool used = i > 0 && nearest && second[i - 1] > *nearest;
        if (nearest && !(parameters.pairing == CorrelationPairing::adjacent && used)) {
            sum += std::exp(-(second[i] - *nearest) / tau);
        }
    }
    return std::min(sum, parameters.saturation);
}

TEST_CASE("random trains give what the list of pairs gives, in both schemes") {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        CorrelationParameters parameters{.tau_causal_s = 7e-6, .tau_acausal_s = 13e-6, .saturation = 12};
        parameters.pairing = seed % 2 == 0 ? CorrelationPairing::nearest : CorrelationPairing::adjacent;
        CorrelationSensors sensors = one_column(parameters, 3);
        std::vector<std::vector<double>> pre(3);
        std::vector<double> post;
        double time = 0;
        for (std::uint32_t i = 0; i < 80; ++i) {
            const RandomKey key{.seed = seed, .purpose = RandomPurpose::test, .neuron = i};
            time += 20e-6 * random_uniform(key);
            const auto who = random_below({.seed = seed, .purpose = RandomPurpose::test, .core = 1, .neuron = i}, 5);
            if (who < 3) {
                pre[who].push_back(time);
                sensors.pre(static_cast<std::uint32_t>(who), time);
            } else {
                post.push_back(time);
                sensors.post(0, time);
            }
        }
        for (std::uint32_t s = 0; s < 3; ++s) {
            CHECK(sensors.value(causal, s) == doctest::Approx(naive(parameters, pre[s], post, true)).epsilon(1e-5));
            CHECK(sensors.value(acausal, s) == doctest::Approx(naive(parameters, pre[s], post, false)).epsilon(1e-5));
        }
    }
}

TEST_CASE("a cell that two sources reach pairs with whichever spiked last") {
    CorrelationSensors sensors({}, std::vector<std::uint32_t>{0}, 1, {0, 1, 2}, {0, 0});
    sensors.pre(0, 0);
    sensors.pre(1, 10e-6);
    sensors.post(0, 20e-6);
    CHECK(sensors.value(causal, 0) == doctest::Approx(std::exp(-1.0)));
    sensors.pre(0, 20e-6);
    sensors.post(0, 20e-6);
    CHECK(sensors.value(causal, 0) == doctest::Approx(1 + std::exp(-1.0)));
}

TEST_CASE("what the chip's sensors can't be set to is refused with its range") {
    const AnalogPlasticity chip;
    CHECK(check_correlation({}, chip).empty());
    CHECK(to_text(check_correlation({.tau_acausal_s = 1e-6}, chip)).find("2 to 30 us") != std::string::npos);
    CHECK(check_correlation({.amplitude_causal = 3, .baseline = 256, .saturation = 0}, chip).size() == 3);
}

}  // namespace
}  // namespace spikeloom::chip::analog
