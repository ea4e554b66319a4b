// Learning as a chip executes it: when a spike of a source and one of a target meet, delays, rewards, third factors,
// counts, graded spikes. (The rules' arithmetic is core/learning's business.)
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "chip/chip.hpp"
#include "core/rules/parse.hpp"
#include "reference/image_builder.hpp"

namespace spikeloom {
namespace {

using chip::Chip;
using chip::InputSpike;
using rules::Operand;
using rules::Variable;

/// Channels of the port of the small network.
constexpr InputSpike source_spike{.port = 0, .channel = 0};
constexpr InputSpike drive_spike{.port = 0, .channel = 1};

rules::Rule rule_of(const char* dw, int epoch = 1) {
    rules::Rule rule;
    auto parsed = rules::parse_series(dw, Variable::weight, "dw");
    REQUIRE(parsed.has_value());
    rule.dw = *parsed;
    rule.epoch = epoch;
    rule.x[0] = {.impulse = 64, .tau = 1e9};
    rule.y[0] = {.impulse = 32, .tau = 1e9};
    return rule;
}

/// One neuron; channel 0 reaches it by a plastic synapse too weak to make it fire, channel 1 makes it fire at once.
/// Ports 1 and 2 have two channels and reach nothing.
chip::Image small_image(const chip::LearningProfile& profile, std::int16_t weight = 10, std::uint8_t delay = 0) {
    test::ImageBuilder builder(test::default_chip());
    const std::uint32_t port = builder.add_port(2);
    builder.add_port(2);
    builder.add_port(2);
    const CoreId core =
        builder.add_core({.current_decay = 4095, .voltage_decay = 4095, .threshold_mantissa = 1000}, 1, 0);
    builder.add_population({{.core = core, .count = 1}});
    const std::uint8_t learning = builder.add_learning(profile);
    const chip::WeightFormat plastic{.sign_mode = chip::SignMode::mixed, .delay_bits = 6};
    const chip::WeightFormat strong{.weight_exponent = 7, .sign_mode = chip::SignMode::excitatory};
    builder.connect_input(port, 0,
                          builder.add_axon(core, {{.format = plastic,
                                                   .synapses = {{.target = 0, .weight = weight, .delay = delay}},
                                                   .learning = learning}}));
    builder.connect_input(port, 1,
                          builder.add_axon(core, {{.format = strong, .synapses = {{.target = 0, .weight = 200}}}}));
    return builder.build();
}

chip::LearningProfile profile_of(const rules::Rule& rule) {
    chip::LearningProfile profile;
    profile.projection = "plastic";
    profile.rule = rule;
    return profile;
}

Chip load(const chip::Image& image) {
    auto chip = Chip::load(image, {});
    REQUIRE_MESSAGE(chip.has_value(), (chip ? "" : to_text(chip.error())));
    return std::move(*chip);
}

std::int32_t weight(const Chip& chip) {
    return chip.plastic_values(0, Variable::weight).at(0);
}

void step(Chip& chip, std::initializer_list<InputSpike> inputs) {
    chip.step(std::vector<InputSpike>(inputs));
}

TEST_CASE("a source's spike before the target's raises the weight, after it lowers it, in the same step both") {
    Chip chip = load(small_image(profile_of(rule_of("2^-3*x1*y0 - 2^-3*y1*x0"))));
    step(chip, {source_spike});
    CHECK(weight(chip) == 10);
    step(chip, {drive_spike});
    CHECK(chip.spikes().size() == 1);
    CHECK(weight(chip) == 10 + 8);
    step(chip, {source_spike});
    CHECK(weight(chip) == 10 + 8 - 4);
    chip.reset();
    CHECK(weight(chip) == 10);
    step(chip, {source_spike, drive_spike});
    CHECK(weight(chip) == 10 + 8 - 4);
}

TEST_CASE("the weight acts from the step after the epoch that changed it") {
    Chip chip = load(small_image(profile_of(rule_of("x0", 2))));
    const CompartmentId neuron{0};
    step(chip, {source_spike});
    CHECK(chip.current(CoreId(0), neuron) == 10 * 64);
    step(chip, {source_spike});
    CHECK(chip.current(CoreId(0), neuron) == 10 * 64);
    CHECK(weight(chip) == 11);
    step(chip, {source_spike});
    // Mixed weights have no lowest bit when they are used.
    CHECK(chip.current(CoreId(0), neuron) == 10 * 64);
    step(chip, {});
    CHECK(weight(chip) == 12);
    step(chip, {source_spike});
    CHECK(chip.current(CoreId(0), neuron) == 12 * 64);
}

TEST_CASE("x0 is the arrival at the axon, and a synapse's delay comes after it") {
    Chip chip = load(small_image(profile_of(rule_of("2^-3*x1*y0")), 10, 3));
    const CompartmentId neuron{0};
    step(chip, {source_spike});
    CHECK(chip.trace(0, Operand::x1, 0) == 64);
    CHECK(chip.current(CoreId(0), neuron) == 0);
    step(chip, {});
    step(chip, {});
    step(chip, {});
    CHECK(chip.current(CoreId(0), neuron) == 10 * 64);
}

TEST_CASE("u_k comes every 2^k epochs") {
    Chip chip = load(small_image(profile_of(rule_of("u2*1", 3))));
    for (int n = 1; n <= 40; ++n) {
        step(chip, {});
        CHECK(weight(chip) == 10 + n / 12);
    }
}

TEST_CASE("a reward reaches the rule through its port, lasts for its epoch, or decays") {
    rules::Rule rule = rule_of("2^-2*u0*r1");
    chip::LearningProfile profile = profile_of(rule);
    profile.reward = chip::RewardPort{.port = 1, .values = {40, -20}};
    Chip chip = load(small_image(profile));
    step(chip, {{.port = 1, .channel = 0}});
    CHECK(weight(chip) == 20);
    step(chip, {});
    CHECK(weight(chip) == 20);
    step(chip, {{.port = 1, .channel = 1}});
    CHECK(weight(chip) == 15);
    step(chip, {{.port = 1, .channel = 0}, {.port = 1, .channel = 1}});
    CHECK(weight(chip) == 20);

    profile.rule.reward_tau = 1 / std::log(2.0);
    chip = load(small_image(profile));
    step(chip, {{.port = 1, .channel = 0}});
    CHECK(weight(chip) == 20);
    CHECK(chip.trace(0, Operand::r1, 0) == 20);
    step(chip, {});
    CHECK(weight(chip) == 25);
    for (int i = 0; i < 20; ++i) {
        chip.reward(0, 100);
    }
    CHECK(chip.trace(0, Operand::r1, 0) == 127);
}

TEST_CASE("a third factor is what a port or a register writes into a post trace") {
    chip::LearningProfile profile = profile_of(rule_of("2^-2*u0*y2"));
    profile.rule.post_traces = rules::PostTraces::neuron;
    profile.third_factors[1] = {.from = chip::ThirdFactor::From::input, .port = 2};
    chip::Image image = small_image(profile);
    Chip chip = load(image);
    step(chip, {{.port = 2, .channel = 0, .payload = 40}});
    CHECK(weight(chip) == 20);
    step(chip, {});
    CHECK(weight(chip) == 20);
    step(chip, {{.port = 2, .channel = 0}});
    CHECK(weight(chip) - 20 >= 127 / 4);  // 31.75, rounded up or down
    CHECK(weight(chip) - 20 <= 127 / 4 + 1);

    image.learning[0].third_factors[1] = {.from = chip::ThirdFactor::From::current, .shift = 4};
    chip = load(image);
    step(chip, {source_spike});
    CHECK(chip.trace(0, Operand::y2, 0) == 10 * 64 / 16);
    CHECK(weight(chip) == 20);
}

TEST_CASE("the payload of a graded spike goes into x1") {
    chip::LearningProfile profile = profile_of(rule_of("2^-3*x1*y0"));
    profile.rule.graded = rules::GradedMode::overwrite;
    profile.rule.x[0] = {.impulse = 0, .tau = 1e9};
    Chip chip = load(small_image(profile));
    step(chip, {{.port = 0, .channel = 0, .payload = 80}});
    CHECK(chip.trace(0, Operand::x1, 0) == 40);
    step(chip, {{.port = 0, .channel = 0, .payload = 20}});
    CHECK(chip.trace(0, Operand::x1, 0) == 10);
}

TEST_CASE("learning is counted: evaluated synapses, and the delivery of plastic rows") {
    Chip chip = load(small_image(profile_of(rule_of("2^-3*x1*y0 - 2^-3*y1*x0"))));
    step(chip, {source_spike});
    step(chip, {drive_spike});
    step(chip, {source_spike, drive_spike});
    step(chip, {});
    const Counters& counts = chip.counters()[0];
    CHECK(counts[Counter::learning_updates] == 3);
    CHECK(counts[Counter::synaptic_events_sparse] == 4);
    CHECK(counts[Counter::messages_in] == 4);
    CHECK(counts[Counter::input_spikes] == 4);
}

/// Four cores of neurons that all learn from all channels and from the neurons of the core before.
chip::Image ring_image() {
    constexpr std::uint32_t cores = 4, neurons = 16, channels = 12;
    test::ImageBuilder builder(test::default_chip());
    const std::uint32_t port = builder.add_port(channels);
    for (std::uint32_t c = 0; c < cores; ++c) {
        const CoreId core =
            builder.add_core({.current_decay = 1000, .voltage_decay = 200, .threshold_mantissa = 900}, neurons, 7 * c);
        builder.core(core).biases.assign(neurons, {.mantissa = static_cast<std::int16_t>(200 + 30 * c), .exponent = 4});
        builder.add_population({{.core = core, .count = neurons}});
    }
    const auto list = [&](std::uint8_t learning, std::uint32_t source) {
        std::vector<chip::Synapse> synapses;
        for (std::uint16_t target = 0; target < neurons; ++target) {
            synapses.push_back({.target = target, .weight = static_cast<std::int16_t>((7 * source + target) % 60)});
        }
        return test::SynapseList{
            .format = {.sign_mode = chip::SignMode::mixed}, .synapses = synapses, .learning = learning};
    };
    for (std::uint32_t c = 0; c < cores; ++c) {
        chip::LearningProfile profile =
            profile_of(rule_of("2^-3*x1*y0 - 2^-3*y1*x0 - u3*sgn(w)", 1 + static_cast<int>(c)));
        profile.rule.x[0].tau = profile.rule.y[0].tau = 10;
        const std::uint8_t from_input = builder.add_learning(profile);
        const std::uint8_t from_core = builder.add_learning(profile);
        for (std::uint32_t channel = 0; channel < channels; ++channel) {
            builder.connect_input(port, channel, builder.add_axon(CoreId(c), {list(from_input, channel)}));
        }
        for (std::uint32_t neuron = 0; neuron < neurons; ++neuron) {
            builder.connect(CoreId((c + cores - 1) % cores), neuron,
                            builder.add_axon(CoreId(c), {list(from_core, neuron)}));
        }
    }
    return builder.build();
}

TEST_CASE("1, 2 and 3 threads learn the same") {
    const chip::Image image = ring_image();
    const auto learned = [&](int threads) {
        auto chip = Chip::load(image, {.threads = threads, .least_parallel_work = 0});
        REQUIRE_MESSAGE(chip.has_value(), (chip ? "" : to_text(chip.error())));
        for (std::uint32_t now = 0; now < 120; ++now) {
            step(*chip, {{.port = 0, .channel = now % 12}, {.port = 0, .channel = (5 * now) % 7}});
        }
        std::vector<std::vector<std::int32_t>> all;
        for (std::uint32_t profile = 0; profile < image.learning.size(); ++profile) {
            all.push_back(chip->plastic_values(profile, Variable::weight));
        }
        return all;
    };
    const auto one = learned(1);
    CHECK(std::any_of(one[1].begin(), one[1].end(), [](std::int32_t w) { return w > 60; }));
    CHECK(learned(2) == one);
    CHECK(learned(3) == one);
}

TEST_CASE("plastic synapses that two sources reach are refused") {
    chip::Image image = small_image(profile_of(rule_of("x0")));
    image.inputs[0].outputs[1] = image.inputs[0].outputs[0];
    const auto chip = Chip::load(image, {});
    REQUIRE_FALSE(chip.has_value());
    CHECK(to_text(chip.error()).find("core 0, axon 0") != std::string::npos);
}

}  // namespace
}  // namespace spikeloom
