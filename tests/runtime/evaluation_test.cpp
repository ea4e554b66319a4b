#include "runtime/evaluation.hpp"

#include <doctest/doctest.h>

#include "runtime/small_image.hpp"

using namespace spikeloom;
using namespace spikeloom::runtime;
using test::small_image;

namespace {

/// Samples of spikes: steps x channels each.
LabelledSet spikes(std::size_t steps, std::size_t channels, const std::vector<std::vector<float>>& samples,
                   std::vector<std::int32_t> labels) {
    LabelledSet set;
    set.name = "test";
    set.samples = samples.size();
    set.channels = channels;
    set.steps = steps;
    for (const auto& sample : samples) {
        set.values.insert(set.values.end(), sample.begin(), sample.end());
    }
    set.labels = std::move(labels);
    return set;
}

Session open(const chip::Image& image) {
    auto session = Session::open(image, {});
    REQUIRE(session.has_value());
    return std::move(*session);
}

EvaluationOptions events(Decision decision = Decision::automatic) {
    EvaluationOptions options;
    options.encoder.encoding = Encoding::events;
    options.decision = decision;
    return options;
}

std::vector<std::int32_t> predictions(const Evaluation& evaluation) {
    std::vector<std::int32_t> predicted;
    predicted.reserve(evaluation.outcomes.size());
    for (const SampleOutcome& outcome : evaluation.outcomes) {
        predicted.push_back(outcome.predicted);
    }
    return predicted;
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("most spikes win, then the earliest, then the lower class; silence is no answer") {
    const chip::Image image = small_image({.channels = 3, .layers = {3}});
    Session session = open(image);
    const LabelledSet set = spikes(3, 3,
                                   {{0, 0, 0, 1, 0, 1, 0, 0, 1},   // 2 twice
                                    {0, 0, 1, 1, 1, 0, 1, 0, 1},   // 0 and 2 twice, 2 first
                                    {0, 1, 1, 0, 0, 0, 0, 0, 0},   // 1 and 2 in one step
                                    {0, 0, 0, 0, 0, 0, 0, 0, 0}},  // silent
                                   {2, 2, 1, 0});
    const auto counted = evaluate(session, set, events());
    REQUIRE(counted.has_value());
    CHECK(predictions(*counted) == std::vector<std::int32_t>{2, 2, 1, -1});
    CHECK(counted->correct == 3);
    CHECK(counted->silent == 1);
    CHECK(counted->accuracy() == 0.75);
    CHECK(counted->mean_first_spike_step == doctest::Approx((1 + 0 + 0) / 3.0));
    CHECK(counted->outcomes[1].output_spikes == std::vector<std::uint32_t>{2, 1, 2});
    CHECK(counted->steps == 12);
    CHECK_FALSE(counted->interrupted);

    const auto first = evaluate(session, set, events(Decision::first_spike));
    REQUIRE(first.has_value());
    CHECK(predictions(*first) == std::vector<std::int32_t>{2, 2, 1, -1});
    const LabelledSet late = spikes(3, 3, {{0, 1, 0, 1, 0, 0, 1, 0, 0}}, {1});
    CHECK(predictions(*evaluate(session, late, events(Decision::first_spike))) == std::vector<std::int32_t>{1});
    CHECK(predictions(*evaluate(session, late, events(Decision::spike_count))) == std::vector<std::int32_t>{0});
    CHECK(predictions(*evaluate(session, set, events(Decision::argmax))) == std::vector<std::int32_t>{2, 0, 1, 0});
}

TEST_CASE("outputs that don't spike answer by voltage") {
    test::SmallImageOptions options{.channels = 2, .layers = {2}, .voltage_decay = 2048, .output_spikes = false};
    const chip::Image image = small_image(options);
    Session session = open(image);
    const LabelledSet set = spikes(4, 2, {{1, 0, 1, 0, 0, 0, 0, 1}}, {0});
    const auto most = evaluate(session, set, events());
    REQUIRE(most.has_value());
    CHECK(predictions(*most) == std::vector<std::int32_t>{0});
    CHECK(most->silent == 0);
    CHECK(most->outcomes[0].first_spike_step == -1);
    CHECK(predictions(*evaluate(session, set, events(Decision::voltage_last))) == std::vector<std::int32_t>{1});
    const auto refused = evaluate(session, set, events(Decision::spike_count));
    REQUIRE_FALSE(refused.has_value());
    CHECK(has(to_text(refused.error()), "doesn't spike"));
}

TEST_CASE("a graded port takes values, the others spikes; what voltages decide by is told") {
    auto image = test::small_image({.channels = 2, .layers = {2}, .threshold = 100000, .output_spikes = false});
    LabelledSet set;
    set.samples = 1;
    set.channels = 2;
    set.labels = {1};
    set.values = {0.0F, 1.0F};
    EvaluationOptions options;
    options.encoder = {.encoding = Encoding::values, .steps = 1, .value_scale = 5};
    auto plain = Session::open(image, {}).value();
    const auto refused = evaluate(plain, set, options);
    REQUIRE_FALSE(refused.has_value());
    CHECK(has(to_text(refused.error()), "whose spikes carry none"));
    image.inputs[0].graded = true;
    image.chip.neuron.payload_bits = 24;
    auto session = Session::open(image, {}).value();
    const auto done = evaluate(session, set, options);
    REQUIRE_MESSAGE(done.has_value(), to_text(done.error()));
    CHECK(done->correct == 1);
    CHECK(done->outcomes[0].output_values == std::vector<double>{0, 5 * 64 * 64});
    options.encoder.encoding = Encoding::constant;
    CHECK_FALSE(evaluate(session, set, options).has_value());
}

TEST_CASE("deep networks answer in the drain steps; nothing of a sample is left in the next") {
    const chip::Image image = small_image({.channels = 2, .layers = {2, 2, 2}});
    CHECK(pipeline_depth(image, PopulationId{2}) == 2);
    CHECK(pipeline_depth(image, PopulationId{0}) == 0);
    Session session = open(image);
    const LabelledSet set = spikes(1, 2, {{0, 1}, {1, 0}, {0, 1}}, {1, 0, 1});
    EvaluationOptions options = events();
    const auto cut = evaluate(session, set, options);
    CHECK(predictions(*cut) == std::vector<std::int32_t>{-1, -1, -1});
    options.drain_steps = pipeline_depth(image, PopulationId{2});
    const auto drained = evaluate(session, set, options);
    CHECK(predictions(*drained) == std::vector<std::int32_t>{1, 0, 1});
    CHECK(drained->mean_first_spike_step == 2);
    CHECK(drained->outcomes[0].steps == 3);
}

TEST_CASE("neurons that stand for classes answer together") {
    const chip::Image image = small_image({.channels = 3, .layers = {3}});
    Session session = open(image);
    const LabelledSet set = spikes(2, 3, {{1, 0, 0, 1, 1, 1}, {1, 1, 0, 1, 0, 0}, {0, 0, 1, 0, 0, 1}}, {7, 4, 4});
    EvaluationOptions options = events();
    options.neuron_labels = {4, 7, 7};
    const auto answered = evaluate(session, set, options);
    CHECK(predictions(*answered) == std::vector<std::int32_t>{4, 4, 7});  // 2:2 spikes, 4 spiked first; 2:1; 0:2
    CHECK(answered->correct == 1);
    CHECK(answered->outcomes[0].output_spikes == std::vector<std::uint32_t>{2, 1, 1});
    options.neuron_labels = {4, -1, -1};
    CHECK(predictions(*evaluate(session, set, options)) == std::vector<std::int32_t>{4, 4, -1});
    options.neuron_labels = {4, 7};
    CHECK(has(to_text(evaluate(session, set, options).error()), "classes for 2 neurons, and the output has 3"));
    options.neuron_labels = {4, 7, 7};
    options.decision = Decision::voltage_max;
    CHECK(has(to_text(evaluate(session, set, options).error()), "voltages decide"));
}

TEST_CASE("a teacher's channel spikes in every step of the sample") {
    chip::Image image = small_image({.channels = 2, .layers = {2}});
    chip::InputSymbol teacher = image.inputs[0];
    teacher.name = "teacher";
    SUBCASE("behind the samples' port") {
        image.inputs.push_back(teacher);
    }
    SUBCASE("before it") {
        image.inputs.insert(image.inputs.begin(), teacher);
    }
    Session session = open(image);
    const LabelledSet set = spikes(3, 2, {{1, 0, 0, 0, 0, 0}, {1, 0, 0, 0, 0, 0}}, {0, 1});
    EvaluationOptions options = events();
    CHECK(has(to_text(evaluate(session, set, options).error()), "2 input ports"));  // which one takes the samples?
    options.teacher = "teacher";
    options.teacher_payload = 5;
    const auto taught = evaluate(session, set, options);
    REQUIRE(taught.has_value());
    CHECK(taught->outcomes[0].output_spikes == std::vector<std::uint32_t>{3, 0});
    CHECK(taught->outcomes[1].output_spikes == std::vector<std::uint32_t>{1, 3});
    options.teacher = "nobody";
    CHECK(has(to_text(evaluate(session, set, options).error()), "no input port of this name"));
}

TEST_CASE("limits, progress, stops and sinks") {
    const chip::Image image = small_image({.channels = 1, .layers = {1}});
    Session session = open(image);
    const LabelledSet set = spikes(2, 1, {{1, 1}, {0, 0}, {1, 0}, {0, 1}}, {0, 0, 0, 0});
    EvaluationOptions options = events();
    options.first = 1;
    options.limit = 2;
    std::vector<std::uint64_t> seen;
    EvaluationCallbacks callbacks;
    callbacks.sample_begins = [&](std::uint64_t sample) { seen.push_back(sample); };
    callbacks.progress = [&](std::uint64_t done, std::uint64_t samples) { seen.push_back(10 * samples + done); };
    CHECK(evaluate(session, set, options, nullptr, callbacks)->samples() == 2);
    CHECK(seen == std::vector<std::uint64_t>{1, 21, 2, 22});

    int steps = 0;
    EvaluationCallbacks stopping;
    stopping.stop = [&] { return ++steps >= 3; };
    const auto stopped = evaluate(session, set, events(), nullptr, stopping);
    REQUIRE(stopped.has_value());
    CHECK(stopped->interrupted);
    CHECK(stopped->samples() == 1);  // the second was cut short, and has no outcome

    EvaluationCallbacks once;
    once.sample_done = [](std::uint64_t, const SampleOutcome& outcome) { return outcome.predicted != -1; };
    CHECK(evaluate(session, set, events(), nullptr, once)->samples() == 2);
}

TEST_CASE("sets that don't fit the network are refused before the first step") {
    const chip::Image image = small_image({.channels = 2, .layers = {2}});
    Session session = open(image);
    EvaluationOptions options = events();
    options.first = 5;
    const auto refused = evaluate(session, spikes(1, 3, {{0, 0, 0}}, {4}), options);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().size() == 3);
    const std::string text = to_text(refused.error());
    CHECK(has(text, "samples of 3 channels for 1 input ports: 'input' with 2 channels"));
    CHECK(has(text, "label 4 for the output 'layer0' of 2 neurons"));
    CHECK(has(text, "allowed: 0..0"));
    CHECK(session.steps_done() == 0);
    options.output = "nothing";
    CHECK(has(to_text(evaluate(session, spikes(1, 2, {{0, 0}}, {0}), options).error()), "allowed: layer0"));
    CHECK(parse_decision("first_spike") == Decision::first_spike);
    CHECK(parse_decision("argmax") == Decision::argmax);
    CHECK_FALSE(parse_decision("guess").has_value());
}

TEST_CASE("passes go through the same samples again, and what was learned stays") {
    test::SmallImageOptions options{.channels = 3, .layers = {3}, .threshold = 20};
    const chip::Image image = test::plastic_image(options, "2^-3*x1*y0");
    const LabelledSet set =
        spikes(4, 3, {{1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0}, {0, 1, 1, 0, 1, 0, 0, 1, 0, 0, 1, 0}}, {0, 1});
    EvaluationOptions thrice = events();
    thrice.passes = 3;
    CHECK(evaluation_steps(set, thrice) == 24);
    std::vector<std::uint64_t> seen;
    EvaluationCallbacks callbacks;
    callbacks.sample_begins = [&](std::uint64_t sample) { seen.push_back(sample); };
    Session session = open(image);
    const auto evaluation = evaluate(session, set, thrice, nullptr, callbacks);
    REQUIRE(evaluation.has_value());
    CHECK(seen == std::vector<std::uint64_t>{0, 1, 0, 1, 0, 1});
    CHECK(evaluation->steps == 24);
    const auto learned = session.chip().plastic_values(0, rules::Variable::weight);
    CHECK(learned != open(image).chip().plastic_values(0, rules::Variable::weight));
    session.reset_state();
    CHECK(session.chip().plastic_values(0, rules::Variable::weight) == learned);
}
