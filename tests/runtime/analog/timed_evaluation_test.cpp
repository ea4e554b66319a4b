#include "runtime/analog/timed_evaluation.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "runtime/analog/monte_carlo.hpp"
#include "runtime/analog/timed_record.hpp"
#include "support/temporary_folder.hpp"
#include "timed_builder.hpp"

namespace spikeloom::runtime {
namespace {

/// Samples of two values, each with the earlier one's number as label.
TimedSet small_set(std::size_t samples) {
    TimedSet set{.name = "set", .samples = samples, .channels = 2};
    for (std::size_t i = 0; i < samples; ++i) {
        const double a = static_cast<double>(i * 37 % 101) / 101;
        const double b = static_cast<double>(i * 53 % 103) / 103;
        set.values.insert(set.values.end(), {a, b});
        set.labels.push_back(a <= b ? 0 : 1);
    }
    return set;
}

/// Each input excites its own neuron strongly.
chip::AnalogImage pairwise_image() {
    return small_image(2, 2, {5, 0, 0, 5});
}

chip::analog::AnalogChip loaded(const chip::AnalogImage& image, const chip::analog::InstanceOptions& options = {}) {
    auto chip = chip::analog::AnalogChip::load(image, options);
    REQUIRE_MESSAGE(chip.has_value(), to_text(chip.error()));
    return *chip;
}

TimedEvaluationOptions options_of(const chip::AnalogImage& image) {
    TimedEvaluationOptions options;
    options.encoder.coding = *image.coding;
    return options;
}

/// Crossing of 5 s exp(-s) = 1 after the input.
double crossing() {
    double s = 0.2;
    for (int i = 0; i < 50; ++i) {
        s -= (5 * s * std::exp(-s) - 1) / (5 * (1 - s) * std::exp(-s));
    }
    return s;
}

TimedEvaluation evaluated(const chip::analog::AnalogChip& chip, const TimedSet& set,
                          const TimedEvaluationOptions& options) {
    auto evaluation = evaluate_timed(chip, set, options);
    REQUIRE_MESSAGE(evaluation.has_value(), to_text(evaluation.error()));
    return *evaluation;
}

}  // namespace

TEST_CASE("the encoder places values between earliest and latest, leaves silent ones out, and copies inputs") {
    chip::AnalogImage image = small_image(4, 1, {1, 1, 1, 1});
    image.inputs[0].shape = {2, 2};
    const TimedSet set{.name = "s", .samples = 1, .channels = 2, .values = {0.25, 1}, .labels = {0}};
    std::vector<core::analog::InputSpike> spikes;
    TimedEncoderOptions options{.coding = *image.coding};
    TimedEncoder::create(image, set, options)->encode(set.sample(0), spikes);
    REQUIRE(spikes.size() == 4);
    CHECK(spikes[0].time == doctest::Approx((0.15 + 0.25 * 1.85) * tau).epsilon(1e-15));
    CHECK(spikes[2].time == spikes[0].time);
    CHECK(spikes[3].input == 3);
    options.coding.inverted = true;
    options.coding.silent_below = 0.25;
    options.grid_s = 0.1 * tau;
    TimedEncoder::create(image, set, options)->encode(set.sample(0), spikes);
    REQUIRE(spikes.size() == 2);
    CHECK(spikes[0].input == 1);
    CHECK(spikes[0].time == doctest::Approx(0.2 * tau));
    const TimedSet three{.name = "s", .samples = 1, .channels = 3, .values = {0, 0, 0}, .labels = {0}};
    CHECK_FALSE(TimedEncoder::create(image, three, options));
    options.coding.window_s = 0;
    CHECK_FALSE(TimedEncoder::create(image, set, options));
}

TEST_CASE("the earliest output answers, at its exact time") {
    const chip::AnalogImage image = pairwise_image();
    const TimedSet set = small_set(50);
    const TimedEvaluation evaluation = evaluated(loaded(image), set, options_of(image));
    CHECK(evaluation.correct == 50);
    CHECK(evaluation.silent == 0);
    CHECK(evaluation.counts.spikes == 100);
    CHECK(evaluation.population_spikes == std::vector<std::uint64_t>{100});
    for (std::size_t i = 0; i < 50; ++i) {
        const double earliest = std::min(set.values[2 * i], set.values[2 * i + 1]);
        CHECK(evaluation.samples[i].decision_s / tau ==
              doctest::Approx(0.15 + 1.85 * earliest + crossing()).epsilon(1e-12));
    }
}

TEST_CASE("threads, limits and first samples change nothing of what a sample gives") {
    const chip::AnalogImage image = pairwise_image();
    const chip::analog::AnalogChip chip = loaded(image, {.seed = 3, .noise = true});
    const TimedSet set = small_set(300);
    TimedEvaluationOptions options = options_of(image);
    options.keep_spikes = true;
    const TimedEvaluation one = evaluated(chip, set, options);
    options.threads = 4;
    CHECK(evaluated(chip, set, options) == one);
    options.first = 100;
    options.limit = 7;
    const TimedEvaluation part = evaluated(chip, set, options);
    REQUIRE(part.samples.size() == 7);
    for (std::size_t i = 0; i < 7; ++i) {
        CHECK(part.samples[i] == one.samples[100 + i]);
    }
}

TEST_CASE("a sample without an output spike is silent and wrong") {
    const chip::AnalogImage image = small_image(2, 2, {1, 0, 0, 1});  // too weak
    const TimedEvaluation evaluation = evaluated(loaded(image), small_set(10), options_of(image));
    CHECK(evaluation.silent == 10);
    CHECK(evaluation.correct == 0);
    CHECK(evaluation.missing == 20);
    CHECK(evaluation.mean_decision_s() == never);
}

TEST_CASE("stopped at the first spike, a sample gives the same answer in less time") {
    const chip::AnalogImage image = pairwise_image();
    const TimedSet set = small_set(40);
    TimedEvaluationOptions options = options_of(image);
    const TimedEvaluation whole = evaluated(loaded(image), set, options);
    options.stop_at_first_spike = true;
    const TimedEvaluation stopped = evaluated(loaded(image), set, options);
    for (std::size_t i = 0; i < 40; ++i) {
        CHECK(stopped.samples[i].answer == whole.samples[i].answer);
        CHECK(stopped.samples[i].decision_s == whole.samples[i].decision_s);
        CHECK(stopped.samples[i].counts.duration_s == doctest::Approx(stopped.samples[i].decision_s));
    }
    CHECK(stopped.counts.spikes < whole.counts.spikes);
    CHECK(whole.counts.duration_s == doctest::Approx(40 * 30 * tau));
}

TEST_CASE("in steps, times differ by steps, and answers where inputs come within one") {
    const chip::AnalogImage image = pairwise_image();
    const auto chip = loaded(image);
    const TimedSet set = small_set(30);
    TimedEvaluationOptions options = options_of(image);
    const TimedEvaluation exact = evaluated(chip, set, options);
    double last = 1;
    for (const double dt : {0.02, 0.005, 0.00125}) {
        options.stepped = core::analog::SteppedOptions{.dt = dt * tau};
        const TimedEvaluation stepped = evaluated(chip, set, options);
        double worst = 0;
        for (std::size_t i = 0; i < exact.first_spikes.size(); ++i) {
            worst = std::max(worst, std::abs(stepped.first_spikes[i] - exact.first_spikes[i]) / tau);
        }
        CHECK(worst < 3 * dt);
        CHECK(worst < 0.5 * last);
        CHECK(stepped.correct == exact.correct);
        CHECK(stepped.counts.spikes == exact.counts.spikes);
        last = worst;
    }
    options.stepped->dt = 0;
    CHECK_FALSE(evaluate_timed(chip, set, options));
    options.stepped->dt = 1e-30;
    CHECK_FALSE(evaluate_timed(chip, set, options));
}

TEST_CASE("labels without a neuron, unknown outputs and first samples beyond the set are refused") {
    const chip::AnalogImage image = pairwise_image();
    const chip::analog::AnalogChip chip = loaded(image);
    TimedSet set = small_set(4);
    TimedEvaluationOptions options = options_of(image);
    options.output = "none";
    CHECK_FALSE(evaluate_timed(chip, set, options));
    options.output = "label";
    options.first = 4;
    CHECK_FALSE(evaluate_timed(chip, set, options));
    options.first = 0;
    set.labels[2] = 2;
    CHECK_FALSE(evaluate_timed(chip, set, options));
}

TEST_CASE("Monte-Carlo draws every chip from seed and number, and counts yield") {
    const chip::AnalogImage image = pairwise_image();
    const TimedSet set = small_set(100);
    const chip::analog::InstanceOptions instance{
        .seed = 5, .instance = 2, .overrides = {{.of = chip::MismatchOf::threshold, .sigma = 0.3}}};
    const auto several = evaluate_instances(image, instance, 3, set, options_of(image));
    REQUIRE(several);
    REQUIRE(several->scores.size() == 3);
    CHECK(several->scores[0].instance == 2);
    CHECK(several->scores[0].decision_s != several->scores[1].decision_s);
    chip::analog::InstanceOptions third = instance;
    third.instance = 4;
    const auto alone = evaluate_instances(image, third, 1, set, options_of(image));
    REQUIRE(alone);
    CHECK(alone->scores[0] == several->scores[2]);

    const std::vector<InstanceScore> scores{{.samples = 10, .correct = 9}, {.samples = 10, .correct = 7}};
    CHECK(spread_of(scores).mean == doctest::Approx(0.8));
    CHECK(spread_of(scores).deviation == doctest::Approx(std::sqrt(0.02)));
    CHECK(spread_of(scores).least == doctest::Approx(0.7));
    CHECK(yield_at(scores, 0.75) == 0.5);
    CHECK(yield_at(scores, 0.95) == 0);
}

TEST_CASE("what an evaluation gave survives its file") {
    const test::TemporaryFolder folder;
    chip::AnalogImage image = pairwise_image();
    const TimedSet set = small_set(20);
    TimedEvaluationOptions options = options_of(image);
    options.keep_spikes = true;
    const TimedEvaluation evaluation = evaluated(loaded(image), set, options);
    TimedRecord record = make_record(image, *image.coding, 0, evaluation);
    record.instance = "chip 0";
    record.options = {"data=set"};
    record.whole = evaluation.counts;
    record.scores = {score_of(0, evaluation)};
    const std::string path = folder("eval.h5");
    const auto written = write_record(record, evaluation.spikes, image, path, false);
    REQUIRE_MESSAGE(written.has_value(), to_text(written.error()));
    const auto read = read_record(path);
    REQUIRE_MESSAGE(read.has_value(), to_text(read.error()));
    CHECK(*read == record);
    CHECK_FALSE(write_record(record, evaluation.spikes, image, path, false));
    CHECK(record_text(*read).find("accuracy 100.00 % (20 of 20 samples), 0 silent") != std::string::npos);
    CHECK(record_json(*read).find("\"accuracy\":1") != std::string::npos);
}

}  // namespace spikeloom::runtime
