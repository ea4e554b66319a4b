#include "runtime/analog/training_loss.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "core/base/analog_neuron.hpp"
#include "runtime/analog/training_optimiser.hpp"

namespace spikeloom::runtime {

TEST_CASE("the loss is the published formula, and its derivative the finite difference") {
    const TtfsLoss loss;
    const std::array times{1.1, 0.9, 1.6};
    std::array<double, 3> by_time{};
    const double value = loss.evaluate(times, 0, by_time);
    double sum = 0;
    for (const double time : times) {
        sum += std::exp(-time / 0.2);
    }
    CHECK(value == doctest::Approx(std::log(sum) + times[0] / 0.2 + 0.005 * std::exp(times[0])).epsilon(1e-12));
    for (std::size_t n = 0; n < times.size(); ++n) {
        std::array<double, 3> unused{};
        auto later = times, earlier = times;
        later[n] += 1e-6;
        earlier[n] -= 1e-6;
        const double difference = (loss.evaluate(later, 0, unused) - loss.evaluate(earlier, 0, unused)) / 2e-6;
        CHECK(by_time[n] == doctest::Approx(difference).epsilon(1e-7));
    }
}

TEST_CASE("silent labels: the true one's costs a constant, others are infinitely late") {
    const TtfsLoss loss;
    std::array<double, 3> by_time{1, 1, 1};
    CHECK(loss.evaluate(std::array{never, 0.5, never}, 0, by_time) == 100);
    CHECK(by_time == std::array<double, 3>{0, 0, 0});
    CHECK(loss.evaluate(std::array{never, 0.5, never}, 1, by_time) == doctest::Approx(0.005 * std::exp(0.5)));
    CHECK(by_time[0] == 0);
    CHECK(by_time[1] == doctest::Approx(0.005 * std::exp(0.5)));
    CHECK(loss.evaluate(std::array{900.0, 900.5, never}, 1, by_time) > 2);
    CHECK(by_time[0] < 0);
}

TEST_CASE("the earliest label answers, of equals the lower, and silence is no answer") {
    CHECK(first_label(std::array{0.5, 0.4, 0.4}) == 1);
    CHECK_FALSE(first_label(std::array{never, never}).has_value());
}

TEST_CASE("Adam's first step is the rate, whatever the gradient's size, and the rate falls in steps") {
    const AdamOptions options{.rate = 0.1, .decay = 0.5, .decay_epochs = 20};
    AdamState state;
    std::array weights{1.0, 1.0, 1.0};
    adam_step(options, options.rate_in(0), std::array{1e-3, -50.0, 0.0}, state, weights);
    CHECK(weights[0] == doctest::Approx(0.9).epsilon(1e-4));
    CHECK(weights[1] == doctest::Approx(1.1).epsilon(1e-4));
    CHECK(weights[2] == 1);
    // Second step by hand: mean = 0.1 (0.9 g1 + g2) / (1 - 0.81), variance = 0.001 (0.999 g1^2 + g2^2) / (1 -
    // 0.998001).
    adam_step(options, options.rate_in(0), std::array{3e-3, 0.0, 0.0}, state, weights);
    const double mean = 0.1 * (0.9 * 1e-3 + 3e-3) / 0.19;
    const double variance = 0.001 * (0.999 * 1e-6 + 9e-6) / 0.001999;
    CHECK(weights[0] == doctest::Approx(0.9 - 0.1 * mean / std::sqrt(variance)).epsilon(1e-4));
    CHECK(options.rate_in(19) == 0.1);
    CHECK(options.rate_in(20) == 0.05);
    CHECK(options.rate_in(40) == 0.025);
}

}  // namespace spikeloom::runtime
