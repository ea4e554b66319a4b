#include "runtime/analog/training.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "runtime/analog/yin_yang.hpp"
#include "support/sanitized.hpp"
#include "tests/runtime/analog/naive_ttfs.hpp"

namespace spikeloom::runtime {
namespace {

TtfsLayer layer(std::size_t inputs, std::size_t neurons, double mean, double deviation, std::uint32_t number) {
    TtfsLayer made;
    made.name = number == 0 ? "hidden" : "label";
    made.inputs = inputs;
    made.neurons = neurons;
    made.bias_times = {0.9};
    draw_weights(made, mean, deviation, 11, number);
    return made;
}

std::vector<TtfsLayer> small_net(std::size_t hidden) {
    std::vector<TtfsLayer> layers{layer(4, hidden, 1.5, 0.5, 0), layer(hidden, 3, 0.8, 0.8, 1)};
    layers[0].most_missing = 0.3;
    layers[1].most_missing = 0;
    return layers;
}

TimedSamples yin_yang_times(std::size_t count, std::uint64_t seed) {
    const TimedSet set = make_yin_yang(count, seed);
    TimedSamples samples{.channels = 4};
    for (const double value : set.values) {
        samples.times.push_back(0.15 + 1.85 * value);
    }
    samples.labels.assign(set.labels.begin(), set.labels.end());
    return samples;
}

Trainer trainer_of(std::vector<TtfsLayer> layers, const TrainingOptions& options) {
    return Trainer::create(std::move(layers), std::make_shared<test::NaiveForward>(), options).value();
}

/// A forward pass of one layer whose every neuron spikes when it is told.
class ToldForward : public TtfsForward {
public:
    explicit ToldForward(std::vector<double> spikes) : spikes_(std::move(spikes)) {}
    Result<void> load(std::span<const TtfsLayer>) override { return {}; }
    void run(std::size_t, std::uint64_t, std::span<const double>, std::span<double> spikes) override {
        std::copy(spikes_.begin(), spikes_.end(), spikes.begin());
    }

private:
    std::vector<double> spikes_;
};

}  // namespace

TEST_CASE("the gradient of the mean loss through two layers is its finite difference") {
    auto layers = small_net(5);
    const TimedSamples samples = yin_yang_times(9, 3);
    // A rate so small that Adam's moments, after one step of the whole batch, are the gradient.
    TrainingOptions options{.batch = 100, .cutoff = 0};
    options.adam.rate = 1e-300;
    layers[0].most_missing = layers[1].most_missing = 1;
    Trainer trainer = trainer_of(layers, options);
    REQUIRE(trainer.train_epoch(samples).value()->steps == 1);
    const TrainingState state = trainer.state();
    std::size_t moved = 0;
    for (std::size_t l = 0; l < 2; ++l) {
        for (std::size_t i = 0; i < layers[l].weights.size(); ++i) {
            const auto loss = [&](double change) {
                auto changed = layers;
                changed[l].weights[i] += change;
                return trainer_of(changed, options).evaluate(samples)->loss;
            };
            const double difference = (loss(1e-5) - loss(-1e-5)) / 2e-5;
            const double gradient = state.adam[l].mean[i] / (1 - options.adam.beta1);
            CHECK(gradient == doctest::Approx(difference).epsilon(1e-4).scale(0.01));
            moved += std::abs(gradient) > 1e-3 ? 1 : 0;
        }
    }
    CHECK(moved > 15);
}

TEST_CASE("a short training learns what an untrained net does not know" * doctest::skip(test::sanitized)) {
    TrainingOptions options{.batch = 20, .seed = 5};
    options.adam.rate = 0.02;
    Trainer trainer = trainer_of(small_net(30), options);
    const TimedSamples samples = yin_yang_times(400, 1);
    const TimedSamples others = yin_yang_times(400, 2);
    const double before = trainer.evaluate(others)->accuracy();
    double first_loss = 0, last_loss = 0;
    for (int epoch = 0; epoch < 12; ++epoch) {
        const EpochFigures figures = trainer.train_epoch(samples).value().value();
        (epoch == 0 ? first_loss : last_loss) = figures.score.loss;
    }
    CHECK(before < 0.6);
    CHECK(trainer.evaluate(others)->accuracy() > 0.75);
    CHECK(last_loss < first_loss);
}

TEST_CASE("threads change no bit, and a restored state goes on to the same bits") {
    const TimedSamples samples = yin_yang_times(60, 1);
    TrainingOptions options{.batch = 25, .seed = 5, .input_noise = 0.1};
    Trainer one = trainer_of(small_net(12), options);
    options.threads = 3;
    Trainer three = trainer_of(small_net(12), options);
    CHECK(one.train_epoch(samples).value() == three.train_epoch(samples).value());
    const TrainingState between = one.state();
    CHECK(between == three.state());
    REQUIRE(one.train_epoch(samples));
    Trainer restored = trainer_of(small_net(12), options);
    REQUIRE(restored.restore(between));
    REQUIRE(restored.train_epoch(samples));
    CHECK(restored.state() == one.state());
    CHECK(restored.state() != between);
    CHECK(restored.evaluate(samples).value() == one.evaluate(samples).value());
}

TEST_CASE("layers that miss too many spikes are bumped: their silent neurons only, twice as much each time") {
    std::vector<TtfsLayer> layers{layer(2, 3, 1, 0, 0)};
    layers[0].most_missing = 0.3;
    const TrainingOptions options{.batch = 1, .bump = 0.25};
    Trainer trainer =
        Trainer::create(layers, std::make_shared<ToldForward>(std::vector{0.5, never, 0.6}), options).value();
    const TimedSamples samples{.channels = 2, .times = {0.1, 0.2, 0.1, 0.2, 0.1, 0.2}, .labels = {0, 0, 0}};
    const auto figures = trainer.train_epoch(samples).value();
    CHECK(figures->bumps == 3);
    CHECK(figures->steps == 0);
    CHECK(figures->missing[0] == doctest::Approx(1 / 3.0));
    for (std::size_t source = 0; source < 3; ++source) {
        CHECK(trainer.layers()[0].weights[3 * source + 0] == 1);
        CHECK(trainer.layers()[0].weights[3 * source + 1] == doctest::Approx(1 + 0.25 + 0.5 + 1));
        CHECK(trainer.layers()[0].weights[3 * source + 2] == 1);
    }
}

TEST_CASE("gradients above the cut-off are left out, spikes that the weights can't explain are counted") {
    // The membrane of one input of weight e hardly reaches the threshold 1 at t = 1: dT/dw diverges there.
    std::vector<TtfsLayer> layers{layer(2, 2, std::exp(1), 0, 0)};
    layers[0].bias_times.clear();
    layers[0].weights.assign(4, std::exp(1) / 2);
    const TimedSamples samples{.channels = 2, .times = {0, 0}, .labels = {0}};
    const auto figures = [&](double spike) {
        return *Trainer::create(layers, std::make_shared<ToldForward>(std::vector{spike, 0.8}), {.batch = 1})
                    ->train_epoch(samples)
                    .value();
    };
    CHECK(figures(0.999).cut >= 1);
    CHECK(figures(0.999).underivable == 0);
    CHECK(figures(1.2).underivable == 1);
}

TEST_CASE("weights stay within the registers, and the chip's are rounded") {
    TtfsLayer narrow = layer(4, 3, 0, 5, 0);
    narrow.weight_unit = 0.1;
    narrow.largest_register = 63;
    CHECK(rounded_weight(narrow, 0.26) == doctest::Approx(0.3));
    CHECK(rounded_weight(narrow, -9) == doctest::Approx(-6.3));
    Trainer trainer = trainer_of({narrow}, {.batch = 10});
    for (const double weight : trainer.layers()[0].weights) {
        CHECK(std::abs(weight) <= 0.1 * 63);
    }
}

TEST_CASE("what can't be trained is refused, with all reasons") {
    auto layers = small_net(4);
    layers[1].inputs = 5;
    layers[0].kernel.tau_mem = 0;
    layers[0].weights[2] = NAN;
    TrainingOptions options{.batch = 0, .threads = 0};
    options.loss.xi = -1;
    const auto trainer = Trainer::create(layers, std::make_shared<test::NaiveForward>(), options);
    REQUIRE_FALSE(trainer.has_value());
    CHECK(trainer.error().size() == 7);

    Trainer sound = trainer_of(small_net(4), {});
    TimedSamples samples = yin_yang_times(5, 1);
    samples.labels[2] = 3;
    samples.times[1] = -0.1;
    samples.times.pop_back();
    const auto figures = sound.train_epoch(samples);
    REQUIRE_FALSE(figures.has_value());
    CHECK(figures.error().size() == 3);
    TrainingState state = sound.state();
    state.weights[1].pop_back();
    CHECK_FALSE(sound.restore(state).has_value());
}

}  // namespace spikeloom::runtime
