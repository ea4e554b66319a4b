#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "chip/image/plastic_projection.hpp"
#include "compiler/compile.hpp"
#include "compiler/verify.hpp"
#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

using test::learning;
using test::pair_stdp;
using test::tagged_stdp;

chip::ChipSpec loihi() {
    chip::ChipSpec chip;
    chip.name = "loihi-like";
    chip.learning.present = true;
    return chip;
}

/// in -> p, dense and plastic; every third weight is 0.
Network plastic_network(std::uint32_t inputs, std::uint32_t neurons, Learning plasticity) {
    test::NetworkBuilder builder("plastic");
    const Source in = builder.input("in", inputs);
    const Source p = builder.population("p", {neurons});
    DenseWeights dense = test::dense_uniform(neurons, inputs, 0.05, 0.4, 3);
    for (std::size_t i = 0; i < dense.weights.size(); i += 3) {
        dense.weights[i] = 0;
    }
    builder.connect(in, p, dense).learning = std::move(plasticity);
    builder.output("out", p);
    return std::move(builder.network());
}

chip::Image compiled(const Network& network, const chip::ChipSpec& chip) {
    auto result = compile(network, chip, {});
    REQUIRE_MESSAGE(result.has_value(), (result ? "" : to_text(result.error())));
    CHECK(to_text(chip::check_image(result->image)).empty());
    return std::move(result->image);
}

std::string refusal(const Network& network, const chip::ChipSpec& chip) {
    const auto result = compile(network, chip, {});
    REQUIRE_FALSE(result.has_value());
    for (const Diagnostic& finding : result.error()) {
        CHECK(finding.found.find("internal") == std::string::npos);
        CHECK_FALSE(finding.allowed.empty());
    }
    return to_text(result.error());
}

bool says(const std::string& text, const std::string& what) {
    CAPTURE(text);
    CHECK(text.find(what) != std::string::npos);
    return true;
}

TEST_CASE("every weight of a plastic projection becomes a synapse, zeros too, in entries that follow its rule") {
    const Network network = plastic_network(30, 20, learning(pair_stdp(), 0.5));
    const chip::Image image = compiled(network, loihi());
    REQUIRE(image.learning.size() == 1);
    CHECK(image.learning[0].projection == "in->p");
    CHECK(image.learning[0].rule == pair_stdp());
    const chip::PlasticProjection plastic = chip::plastic_projection(image, 0);
    CHECK(plastic.synapses.size() == 600);
    CHECK(plastic.sources == 30);
    CHECK(plastic.targets == 20);
    for (const chip::CoreImage& core : image.cores) {
        for (const chip::SynapseEntry& entry : core.entries) {
            CHECK(entry.learning == 1);
            CHECK(core.formats[entry.format].weight_bits == 8);
            CHECK(core.formats[entry.format].sign_mode == chip::SignMode::excitatory);
        }
    }
    CHECK(verify(image, network).empty());
}

TEST_CASE("the largest register stands for the largest weight that learning may reach") {
    for (const double weight_max : {0.5, 0.7, 1.0, 3.0}) {
        CAPTURE(weight_max);
        const Network network = plastic_network(30, 20, learning(pair_stdp(), weight_max));
        const chip::Image image = compiled(network, loihi());
        CHECK(255 * image.learning[0].weight_per_unit == doctest::Approx(weight_max).epsilon(1e-6));
        const auto& dense = std::get<DenseWeights>(network.projections[0].weights).weights;
        for (const chip::PlasticPlace& place : chip::plastic_projection(image, 0).synapses) {
            const double held = image.cores[place.core.value()].synapses[place.synapse].weight;
            const double wanted = dense[std::size_t{place.target} * 30 + place.source];
            CHECK(std::abs(held * image.learning[0].weight_per_unit - wanted) <= 0.501 * weight_max / 255);
        }
    }
}

TEST_CASE("weights beyond weight_max stretch the range") {
    const Network network = plastic_network(30, 20, learning(pair_stdp(), 0.1));
    const chip::Image image = compiled(network, loihi());
    CHECK(255 * image.learning[0].weight_per_unit == doctest::Approx(0.4).epsilon(0.01));
    CHECK(image.losses[0].clipped == 0);
}

TEST_CASE("two ranges into one population: powers of two go together, others are remarked on") {
    const auto reaches = [](double first, double second, std::size_t remarks) {
        test::NetworkBuilder builder("two");
        const Source p = builder.population("p", {8});
        for (const double reach : {first, second}) {
            const Source in = builder.input("in" + std::to_string(reach), 10);
            builder.connect(in, p, test::dense_uniform(8, 10, 0, reach, 1)).learning = learning(pair_stdp(), reach);
        }
        const auto result = compile(builder.network(), loihi(), {});
        REQUIRE_MESSAGE(result.has_value(), (result ? "" : to_text(result.error())));
        CHECK(std::ranges::count_if(result->remarks, [](const Diagnostic& remark) {
                  return remark.found.find("not to weight_max") != std::string::npos;
              }) == static_cast<std::ptrdiff_t>(remarks));
        for (std::size_t i = 0; i < 2; ++i) {
            const double reach = i == 0 ? first : second;
            const double end = 255 * result->image.learning[i].weight_per_unit;
            CHECK(end > 0.99 * reach);
            CHECK(end < 2 * reach);
        }
    };
    reaches(0.5, 0.125, 0);
    reaches(0.5, 0.35, 1);
}

TEST_CASE("signs: mixed reaches both ways, inhibitory is stored below zero") {
    using Sign = Learning::Sign;
    const chip::Image mixed = compiled(plastic_network(9, 9, learning(pair_stdp(), 0.5, Sign::mixed)), loihi());
    CHECK(mixed.cores[0].formats[0].sign_mode == chip::SignMode::mixed);
    CHECK(255 * mixed.learning[0].weight_per_unit == doctest::Approx(0.5).epsilon(1e-6));
    Network negative = plastic_network(9, 9, learning(pair_stdp(), 0.5, Sign::inhibitory));
    for (float& weight : std::get<DenseWeights>(negative.projections[0].weights).weights) {
        weight = -weight;
    }
    const chip::Image inhibitory = compiled(negative, loihi());
    CHECK(inhibitory.cores[0].formats[0].sign_mode == chip::SignMode::inhibitory);
    CHECK(std::ranges::min_element(inhibitory.cores[0].synapses, {}, &chip::Synapse::weight)->weight < -100);
}

TEST_CASE("narrow weights are delivered so, and stored in full") {
    Learning narrow = learning(pair_stdp(), 0.5);
    narrow.weight_bits = 4;
    const chip::Image image = compiled(plastic_network(30, 20, narrow), loihi());
    CHECK(image.cores[0].formats[0].weight_bits == 4);
    CHECK(std::ranges::any_of(image.cores[0].synapses, [](const chip::Synapse& s) { return s.weight % 16 != 0; }));
    chip::ChipSpec chip = loihi();
    chip.learning.arithmetic.weight_bits = 4;
    const chip::Image small = compiled(plastic_network(30, 20, learning(pair_stdp(), 0.5)), chip);
    CHECK(15 * small.learning[0].weight_per_unit == doctest::Approx(0.5).epsilon(1e-6));
    chip.learning.arithmetic.weight_bits = 12;
    const chip::Image wide = compiled(plastic_network(30, 20, learning(pair_stdp(), 0.5)), chip);
    CHECK(4095 * wide.learning[0].weight_per_unit == doctest::Approx(0.5).epsilon(1e-6));
}

TEST_CASE("tags take synaptic memory, and the report says so") {
    const chip::Image plain = compiled(plastic_network(30, 20, learning(pair_stdp(), 0.5)), loihi());
    const chip::Image tagged = compiled(plastic_network(30, 20, learning(tagged_stdp(), 0.5)), loihi());
    const auto words = [](const chip::Image& image) { return measure_cost(image).cores[0].synapse_words; };
    CHECK(words(tagged) > words(plain) + 600 * 9 / 64 - 30);
    says(tagged.mapping_report, "learning, by plastic projection");
    says(tagged.mapping_report, "in->p: rule tagged_stdp, epochs of 4 steps");
    says(tagged.mapping_report, "600 synapses on 1 core, 30 input axons with traces");
    says(tagged.mapping_report, "675 of them tags");
    says(tagged.mapping_report, "at most 1 of 3 rules and 30 of 4096 axons with traces on a core");
    CHECK(plain.mapping_report.find("dt = ") == std::string::npos);
    says(tagged.mapping_report, "dt = ");
}

TEST_CASE("a rule that changes delays has room for the longest, and takes the slots of it") {
    Learning moving = learning(pair_stdp(), 0.5);
    moving.rule.dd.products = moving.rule.dw.products;
    const Network network = plastic_network(30, 200, moving);
    const chip::Image image = compiled(network, loihi());
    CHECK(image.cores[0].formats[0].delay_bits == 6);
    CHECK(image.cores.size() == 2);  // 64 slots leave 128 compartments
    CHECK(compiled(plastic_network(30, 200, learning(pair_stdp(), 0.5)), loihi()).cores.size() == 1);
    chip::Image learned = image;
    learned.cores[0].synapses[3].delay = 63;
    CHECK(verify(learned).empty());
    chip::Image crowded = image;
    crowded.learning[0].rule.dd = {};
    CHECK_FALSE(verify(crowded, network).empty());
}

TEST_CASE("rewards and third factors come from ports that need no projection") {
    Learning three = learning(tagged_stdp(), 0.5);
    three.reward_input = "reward";
    three.reward_values = {64, -64};
    three.rule.post_traces = rules::PostTraces::neuron;
    using From = Learning::ThirdFactor::From;
    three.third_factors[0] = {.from = From::voltage, .input = {}, .shift = 7};
    three.third_factors[1] = {.from = From::input, .input = "teacher"};
    Network network = plastic_network(30, 20, three);
    network.inputs.push_back({.name = "reward", .shape = {2}});
    network.inputs.push_back({.name = "teacher", .shape = {20}});
    const chip::Image image = compiled(network, loihi());
    const chip::LearningProfile& profile = image.learning.at(0);
    REQUIRE(profile.reward.has_value());
    CHECK(*profile.reward == chip::RewardPort{.port = 1, .values = {64, -64}});
    CHECK(profile.third_factors[0] == chip::ThirdFactor{.from = chip::ThirdFactor::From::voltage, .shift = 7});
    CHECK(profile.third_factors[1].port == 2);
    CHECK(image.inputs[1].outputs.empty());
}

TEST_CASE("a reward or a third factor that nobody brings or reads is remarked on") {
    const auto remarks = [](Learning plasticity) {
        Network network = plastic_network(3, 2, std::move(plasticity));
        network.inputs.push_back({.name = "reward", .shape = {1}});
        const auto result = compile(network, loihi(), {});
        REQUIRE_MESSAGE(result.has_value(), (result ? "" : to_text(result.error())));
        return to_text(result->remarks);
    };
    CHECK(remarks(learning(pair_stdp(), 0.5)).empty());
    says(remarks(learning(tagged_stdp(), 0.5)), "the rule reads the reward, and no input brings one");
    Learning needless = learning(pair_stdp(), 0.5);
    needless.reward_input = "reward";
    needless.reward_values = {1};
    says(remarks(needless), "input 'reward' brings rewards, and the rule reads none");
    Learning three = learning(pair_stdp(), 0.5);
    three.rule.post_traces = rules::PostTraces::neuron;
    says(remarks(three), "the rule reads y1, and no third factor writes it");
}

Learning rule_of_epoch(std::uint32_t steps) {
    Learning made = learning(pair_stdp(), 0.5);
    made.rule.epoch = static_cast<int>(steps);
    return made;
}

/// `count` plastic projections from ports of their own onto one population, each with another epoch.
Network many_rules(std::uint32_t count, std::uint32_t neurons) {
    test::NetworkBuilder builder("many");
    const Source p = builder.population("p", {neurons});
    for (std::uint32_t i = 0; i < count; ++i) {
        const Source in = builder.input("in" + std::to_string(i), 4);
        builder.connect(in, p, test::dense_uniform(neurons, 4, 0.1, 0.4, i)).learning = rule_of_epoch(i + 1);
    }
    return std::move(builder.network());
}

TEST_CASE("more rules onto a neuron than a core can hold are refused with the limit and a way out") {
    CHECK(compiled(many_rules(3, 5), loihi()).learning.size() == 3);
    const std::string reasons = refusal(many_rules(4, 5), loihi());
    says(reasons, "population 'p'");
    says(reasons, "neuron 0 alone needs 4 learning rules");
    says(reasons, "3 learning rules a core of chip 'loihi-like'");
    says(reasons, "fewer different rules");
}

TEST_CASE("projections with equal rules share the engine's, by whatever name, and with it traces") {
    Network network = many_rules(5, 5);
    for (std::size_t i = 0; i < network.projections.size(); ++i) {
        Projection& projection = network.projections[i];
        projection.source = network.projections[0].source;
        projection.name = "p" + std::to_string(i);
        projection.learning->rule.epoch = i < 3 ? 2 : 4;
        projection.learning->rule.name = projection.name;
    }
    const chip::Image image = compiled(network, loihi());
    CHECK(image.learning.size() == 5);
    const MeasuredCost cost = measure_cost(image);
    CHECK(cost.cores[0].learning_rules == 2);
    CHECK(cost.cores[0].plastic_axons == 2 * 4);
    Network rewarded = network;
    rewarded.projections[0].learning->reward_input = "in1";
    rewarded.projections[0].learning->reward_values.assign(4, 1);
    CHECK(measure_cost(compiled(rewarded, loihi())).cores[0].learning_rules == 3);
}

TEST_CASE("rules are kept apart by cores where one core could not hold them all") {
    test::NetworkBuilder builder("apart");
    for (std::uint32_t i = 0; i < 6; ++i) {
        const Source in = builder.input("in" + std::to_string(i), 4);
        const Source p = builder.population("p" + std::to_string(i), {5});
        builder.connect(in, p, test::dense_uniform(5, 4, 0.1, 0.4, i)).learning = rule_of_epoch(i + 1);
    }
    const chip::Image image = compiled(builder.network(), loihi());
    CHECK(image.cores.size() == 2);
    for (const MeasuredCore& core : measure_cost(image).cores) {
        CHECK(core.learning_rules == 3);
        CHECK(core.plastic_axons == 12);
    }
}

TEST_CASE("axons with traces are a limit of their own") {
    chip::ChipSpec chip = loihi();
    chip.learning.plastic_axons = 20;
    says(refusal(plastic_network(30, 20, learning(pair_stdp(), 0.5)), chip), "30 input axons with traces");
    chip.learning.plastic_axons = 30;
    CHECK(measure_cost(compiled(plastic_network(30, 20, learning(pair_stdp(), 0.5)), chip)).cores[0].plastic_axons ==
          30);
}

TEST_CASE("chips without an engine, rules beyond its registers, negative gains") {
    const Network network = plastic_network(30, 20, learning(pair_stdp(), 0.5));
    chip::ChipSpec dull = loihi();
    dull.learning.present = false;
    says(refusal(network, dull), "chip 'loihi-like' has no learning engine");
    chip::ChipSpec narrow = loihi();
    narrow.learning.rule.exponent_least = -1;
    narrow.learning.arithmetic.trace_bits = 5;
    narrow.learning.epoch = {.least = 1, .most = 2};
    const std::string reasons = refusal(network, narrow);
    says(reasons, "projection 'in->p', dw, product 1: error: the exponent is -2; allowed: -1..8");
    says(reasons, "trace x1: error: its impulse is 64; allowed: 0..31");
    says(reasons, "the epoch has 4 steps; allowed: 1..2");
    Network turned = network;
    turned.populations[0].resistance = -1.0;
    says(refusal(turned, loihi()), "a positive resistance and w_in");
}

TEST_CASE("fixed and plastic projections share sources, cores and neurons") {
    test::NetworkBuilder builder("both");
    const Source in = builder.input("in", 40);
    const Source p = builder.population("p", {30});
    builder.connect(in, p, test::sparse_random(30, 40, {.probability = 0.3, .longest_delay = 3, .seed = 1}));
    Projection& plastic =
        builder.connect(in, p, test::sparse_random(30, 40, {.probability = 0.4, .least = 0, .most = 0.3, .seed = 2}));
    plastic.name = "plastic";
    plastic.learning = learning(pair_stdp(), 0.5);
    const std::size_t wanted = std::get<SparseWeights>(plastic.weights).targets.size();
    const chip::Image image = compiled(builder.network(), loihi());
    CHECK(chip::plastic_projection(image, 0).synapses.size() == wanted);
    std::set<int> kinds;
    for (const chip::SynapseEntry& entry : image.cores[0].entries) {
        kinds.insert(entry.learning);
    }
    CHECK(kinds == std::set<int>{0, 1});
}

// The verifier, against images that went wrong.

TEST_CASE("the verifier finds plastic synapses that are lost, fixed, doubled or follow another rule") {
    test::NetworkBuilder builder("two");
    const Source in = builder.input("in", 10);
    const Source p = builder.population("p", {8});
    const Source q = builder.population("q", {8});
    DenseWeights dense = test::dense_uniform(8, 10, 0.1, 0.4, 1);
    dense.weights[5] = 0;
    builder.connect(in, p, dense).learning = learning(pair_stdp(), 0.5);
    builder.connect(in, q, dense).learning = learning(tagged_stdp(), 0.5);
    builder.connect(p, q, test::dense_uniform(8, 8, 0.1, 0.4, 2));
    const Network& network = builder.network();
    const chip::Image good = compiled(network, loihi());
    const auto found = [&](const std::function<void(chip::Image&)>& damage) {
        chip::Image image = good;
        damage(image);
        return to_text(verify(image, network));
    };
    const auto entry_of = [](chip::Image& image, int rule) -> chip::SynapseEntry& {
        return *std::ranges::find(image.cores[0].entries, rule, [](const auto& e) { return int{e.learning}; });
    };
    CHECK(found([](chip::Image&) {}).empty());
    says(found([&](chip::Image& i) { entry_of(i, 1).learning = 0; }), "is lost");
    says(found([&](chip::Image& i) { entry_of(i, 1).learning = 2; }), "synapses that the network does not have");
    says(found([&](chip::Image& i) { entry_of(i, 1).learning = 3; }), "an entry follows rule 3");
    says(found([&](chip::Image& i) { entry_of(i, 0).learning = 1; }), "synapses that the network does not have");
    says(found([&](chip::Image& i) { i.cores[0].synapses[entry_of(i, 2).first].weight += 9; }), "contributes");
    says(found([&](chip::Image& i) { i.cores[0].synapses[entry_of(i, 2).first].weight = 300; }), "0..255");
    says(found([](chip::Image& i) { i.learning[0].rule.epoch = 5; }), "another rule");
    says(found([](chip::Image& i) { std::swap(i.learning[0], i.learning[1]); }), "another rule");
    says(found([](chip::Image& i) { i.learning[1].reward = chip::RewardPort{}; }), "another reward");
    says(found([](chip::Image& i) { i.learning[1].third_factors[2].shift = 4; }), "another third factor for y3");
    says(found([](chip::Image& i) { i.learning[1].weight_per_unit *= 1.1; }), "which no exponent gives");
    says(found([](chip::Image& i) { i.learning.push_back(i.learning[0]); }), "3 learning profiles for 2");
    says(found([](chip::Image& i) { i.chip.learning.present = false; }), "no learning engine");
    says(found([](chip::Image& i) { i.chip.learning.profiles_per_core = 1; }), "2 learning rules");
    says(found([](chip::Image& i) { i.chip.learning.plastic_axons = 19; }), "20 input axons with traces");
    says(found([](chip::Image& i) { i.chip.synapses.words = 30; }), "words of synaptic memory");
}

}  // namespace
}  // namespace spikeloom::compiler
