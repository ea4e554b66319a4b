#include "runtime/analog/coded_evaluation.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "timed_builder.hpp"

namespace spikeloom::runtime {
namespace {

chip::analog::AnalogChip loaded(const chip::AnalogImage& image) {
    auto chip = chip::analog::AnalogChip::load(image, {});
    REQUIRE_MESSAGE(chip.has_value(), to_text(chip.error()));
    return std::move(*chip);
}

/// Sample i drives channel i % 2 the more, and is labelled so.
LabelledSet small_set() {
    LabelledSet set;
    set.name = "set";
    set.samples = 30;
    set.channels = 2;
    for (int i = 0; i < 30; ++i) {
        const float more = 0.5F + 0.01F * static_cast<float>(i);
        set.values.insert(set.values.end(), {i % 2 == 0 ? more : 0.2F, i % 2 == 0 ? 0.2F : more});
        set.labels.push_back(i % 2);
    }
    return set;
}

CodedEvaluationOptions constant_code() {
    CodedEvaluationOptions options;
    options.steps.encoder = {.encoding = Encoding::constant, .steps = 20};
    options.steps.drain_steps = 2;
    options.step_s = tau;
    return options;
}

/// Neuron i hears channel i, each of whose spikes makes it spike.
chip::AnalogImage relay() {
    chip::AnalogImage image = small_image(2, 2, {5, 0, 0, 5});
    for (chip::NeuronTarget& neuron : image.neurons) {
        neuron.model.lif.refractory = tau / 2;
        neuron.model.lif.tau_syn = tau / 10;
        neuron.model.lif.resistance = 3;
    }
    return image;
}

}  // namespace

TEST_CASE("the encoder's steps come at their times, the answer follows from the spikes, and threads change nothing") {
    const LabelledSet set = small_set();
    const chip::analog::AnalogChip chip = loaded(relay());
    CodedEvaluationOptions options = constant_code();
    const auto one = evaluate_coded(chip, set, options);
    REQUIRE_MESSAGE(one.has_value(), to_text(one.error()));
    std::uint64_t encoded = 0;
    double first = 0;
    for (std::size_t i = 0; i < set.samples; ++i) {
        const auto events = encode_sample(set, i, options.steps.encoder);
        encoded += events.size();
        const auto answers = std::ranges::find(events, static_cast<std::uint32_t>(set.labels[i]), &SpikeEvent::channel);
        REQUIRE(answers != events.end());
        first += static_cast<double>(answers->step) * tau / 30;
    }
    CHECK(one->samples == 30);
    CHECK(one->correct == 30);
    CHECK(one->steps == 22);
    CHECK(one->counts.input_spikes == encoded);
    CHECK(one->counts.spikes == encoded);
    CHECK(one->counts.duration_s == doctest::Approx(30 * 22 * tau));
    CHECK(one->mean_first_spike_s > first);
    CHECK(one->mean_first_spike_s < first + 0.2 * tau);
    options.threads = 3;
    CHECK(evaluate_coded(chip, set, options).value() == *one);
    options.steps.first = 10;
    options.steps.limit = 5;
    CHECK(evaluate_coded(chip, set, options).value().samples == 5);
}

TEST_CASE("neurons that don't spike answer by their membranes") {
    chip::AnalogImage image = small_image(2, 2, {1, 0, 0, 1});
    for (chip::NeuronTarget& neuron : image.neurons) {
        neuron.model.lif.threshold = never;
    }
    const chip::analog::AnalogChip chip = loaded(image);
    CodedEvaluationOptions options = constant_code();
    const auto by_voltage = evaluate_coded(chip, small_set(), options);
    REQUIRE_MESSAGE(by_voltage.has_value(), to_text(by_voltage.error()));
    CHECK(by_voltage->correct == 30);
    CHECK(by_voltage->silent == 0);
    CHECK(by_voltage->mean_first_spike_s == never);
    options.steps.encoder.steps = 10'000'000;
    CHECK_FALSE(evaluate_coded(chip, small_set(), options));
    options = constant_code();
    options.steps.decision = Decision::first_spike;
    CHECK_FALSE(evaluate_coded(chip, small_set(), options));
}

TEST_CASE("sets and options that don't fit are refused by name") {
    const chip::analog::AnalogChip chip = loaded(relay());
    const auto refused = [&](auto change) {
        LabelledSet set = small_set();
        CodedEvaluationOptions options = constant_code();
        change(set, options);
        return !evaluate_coded(chip, set, options);
    };
    CHECK_FALSE(refused([](LabelledSet&, CodedEvaluationOptions&) {}));
    CHECK(refused([](LabelledSet& set, CodedEvaluationOptions&) {
        set.channels = 1;
        set.samples = 60;
        set.labels.resize(60);
    }));
    CHECK(refused([](LabelledSet& set, CodedEvaluationOptions&) { set.labels[3] = 2; }));
    CHECK(refused([](LabelledSet&, CodedEvaluationOptions& options) { options.steps.first = 30; }));
    CHECK(refused([](LabelledSet&, CodedEvaluationOptions& options) { options.steps.output = "none"; }));
    CHECK(refused([](LabelledSet&, CodedEvaluationOptions& options) { options.steps.encoder.steps = 0; }));
    CHECK(refused([](LabelledSet&, CodedEvaluationOptions& options) { options.step_s = 0; }));
    CHECK(refused(
        [](LabelledSet&, CodedEvaluationOptions& options) { options.steps.encoder.encoding = Encoding::values; }));
}

}  // namespace spikeloom::runtime
