// What must hold for learning on any network: the engine equals the naive definition; where cores, threads and the
// order of rows lie changes nothing; weights keep to their range; a rule of factor 0 does nothing.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "chip/chip.hpp"
#include "core/base/random.hpp"
#include "core/rules/parse.hpp"
#include "reference/image_builder.hpp"
#include "reference/naive_learning.hpp"

namespace spikeloom {
namespace {

using chip::Chip;
using rules::Variable;

constexpr std::uint32_t input_channels = 24;
constexpr std::uint32_t hidden = 30;
constexpr std::uint32_t steps = 160;

struct Draws {
    std::uint64_t seed;
    std::uint32_t next = 0;
    std::uint32_t below(std::uint32_t bound) {
        return static_cast<std::uint32_t>(random_below({.seed = seed, .step = 0, .neuron = next++, .draw = 0}, bound));
    }
};

struct Link {
    std::uint32_t source, target;
    std::int16_t weight;
    std::uint8_t delay;
};

/// An input port onto a population, and the population onto itself, both plastic.
struct PlasticNetwork {
    std::vector<Link> from_input;
    std::vector<Link> recurrent;
    rules::Rule input_rule;
    rules::Rule recurrent_rule;
    chip::SignMode sign = chip::SignMode::mixed;
};

rules::ProductSeries series(const char* text, Variable variable) {
    auto parsed = rules::parse_series(text, variable, "rule");
    REQUIRE(parsed.has_value());
    return *parsed;
}

rules::Rule pair_rule(int epoch) {
    rules::Rule rule;
    rule.dw = series("2^-2*x1*y0 - 2^-2*y1*x0", Variable::weight);
    rule.epoch = epoch;
    rule.x[0] = {.impulse = 50.5, .tau = 9};
    rule.y[0] = {.impulse = 40, .tau = 13};
    return rule;
}

/// Everything that the engine has, in one rule.
rules::Rule full_rule(int epoch) {
    rules::Rule rule = pair_rule(epoch);
    rule.dw = series("2^-3*x1*y0*y2 - 2^-2*y1*x0*x2 + 2^-3*u1*t - u1*sgn(w-3) + 2^-4*(x2-5)*y0", Variable::weight);
    rule.dt = series("2^-1*x1*y0 - 2^-1*x0*y1 - 2^-3*u0*t", Variable::tag);
    rule.dd = series("2^-3*x0*y1 - 2^-3*y0*x1", Variable::delay);
    rule.x[1] = {.impulse = 20, .tau = 30};
    rule.y[1] = {.impulse = 16.25, .tau = 25};
    return rule;
}

PlasticNetwork random_network(std::uint64_t seed, const rules::Rule& rule, chip::SignMode sign) {
    Draws draw{seed};
    PlasticNetwork network;
    network.input_rule = rule;
    network.recurrent_rule = pair_rule(1 + static_cast<int>(draw.below(5)));
    network.sign = sign;
    const auto weight = [&](chip::SignMode mode) {
        const auto size = static_cast<std::int32_t>(draw.below(250));
        const std::int32_t value = mode == chip::SignMode::inhibitory ? -size
                                   : mode == chip::SignMode::mixed    ? size - 90
                                                                      : size;
        return static_cast<std::int16_t>(value);
    };
    for (std::uint32_t source = 0; source < input_channels; ++source) {
        for (std::uint32_t target = 0; target < hidden; ++target) {
            if (draw.below(3) != 0) {
                network.from_input.push_back({source, target, weight(sign), static_cast<std::uint8_t>(draw.below(4))});
            }
        }
    }
    for (std::uint32_t source = 0; source < hidden; ++source) {
        for (std::uint32_t target = 0; target < hidden; ++target) {
            if (draw.below(4) == 0) {
                network.recurrent.push_back({source, target, weight(chip::SignMode::mixed), 0});
            }
        }
    }
    return network;
}

/// The network on as many cores as `tiles` says, each with so many neurons.
chip::Image image_of(const PlasticNetwork& network, const std::vector<std::uint32_t>& tiles) {
    test::ImageBuilder builder(test::default_chip());
    const std::uint32_t port = builder.add_port(input_channels);
    std::vector<chip::PopulationTile> placed;
    std::vector<std::pair<CoreId, std::uint32_t>> home;
    for (const std::uint32_t count : tiles) {
        const chip::CompartmentGroup group{.current_decay = 1000, .voltage_decay = 300, .threshold_mantissa = 700};
        // An idle compartment first, so that compartment and neuron have different numbers.
        const CoreId core = builder.add_core(group, count + 1, static_cast<std::uint32_t>(placed.size()) * 3);
        builder.core(core).biases.assign(count + 1, {.mantissa = 500, .exponent = 4});
        builder.core(core).biases[0] = {};
        placed.push_back({.core = core, .first_compartment = 1, .count = count});
        for (std::uint32_t i = 0; i < count; ++i) {
            home.emplace_back(core, i + 1);
        }
    }
    builder.add_population(placed);
    const auto follow = [&](const char* projection, const rules::Rule& rule) {
        chip::LearningProfile profile;
        profile.projection = projection;
        profile.rule = rule;
        return builder.add_learning(profile);
    };
    const std::uint8_t input_learning = follow("input", network.input_rule);
    const std::uint8_t recurrent_learning = follow("recurrent", network.recurrent_rule);

    const auto lay = [&](const std::vector<Link>& links, std::uint32_t source, chip::SignMode sign,
                         std::uint8_t learning, const auto& connect) {
        std::map<std::uint32_t, std::vector<chip::Synapse>> by_core;
        for (const Link& link : links) {
            if (link.source == source) {
                const auto [core, compartment] = home[link.target];
                by_core[core.value()].push_back(
                    {.target = static_cast<std::uint16_t>(compartment), .weight = link.weight, .delay = link.delay});
            }
        }
        for (const auto& [core, synapses] : by_core) {
            const test::SynapseList list{.format = {.weight_exponent = sign == chip::SignMode::inhibitory ? -5 : 0,
                                                    .sign_mode = sign,
                                                    .delay_bits = 6},
                                         .synapses = synapses,
                                         .learning = learning};
            connect(builder.add_axon(CoreId(core), {list}));
        }
    };
    for (std::uint32_t source = 0; source < input_channels; ++source) {
        lay(network.from_input, source, network.sign, input_learning,
            [&](const chip::OutputAxon& axon) { builder.connect_input(port, source, axon); });
    }
    for (std::uint32_t source = 0; source < hidden; ++source) {
        lay(network.recurrent, source, chip::SignMode::mixed, recurrent_learning,
            [&](const chip::OutputAxon& axon) { builder.connect(home[source].first, home[source].second, axon); });
    }
    return builder.build();
}

std::vector<chip::InputSpike> inputs_at(std::uint64_t seed, std::uint32_t step) {
    std::vector<chip::InputSpike> inputs;
    for (std::uint32_t channel = 0; channel < input_channels; ++channel) {
        if (random_below({.seed = seed, .step = step + 1, .neuron = channel, .draw = 0}, 12) == 0) {
            inputs.push_back({.port = 0, .channel = channel});
        }
    }
    return inputs;
}

/// What a run gives: spikes as neurons, and all that was learned.
struct Outcome {
    std::vector<std::vector<std::uint32_t>> spikes;  ///< by step
    std::vector<std::vector<std::int32_t>> learned;  ///< by profile and variable
    std::uint64_t updates = 0;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

enum class InputOrder { ascending, descending };

Outcome run(const chip::Image& image, const std::vector<std::uint32_t>& tiles, std::uint64_t seed, int threads,
            InputOrder order = InputOrder::ascending) {
    auto chip = Chip::load(image, {.threads = threads, .seed = seed, .least_parallel_work = 0});
    REQUIRE_MESSAGE(chip.has_value(), (chip ? "" : to_text(chip.error())));
    std::vector<std::uint32_t> first{0};
    for (const std::uint32_t count : tiles) {
        first.push_back(first.back() + count);
    }
    Outcome outcome;
    for (std::uint32_t step = 0; step < steps; ++step) {
        std::vector<chip::InputSpike> inputs = inputs_at(seed, step);
        if (order == InputOrder::descending) {
            std::reverse(inputs.begin(), inputs.end());
        }
        chip->step(inputs);
        std::vector<std::uint32_t>& spikes = outcome.spikes.emplace_back();
        for (const chip::CoreSpike& spike : chip->spikes()) {
            if (spike.compartment.value() > 0) {
                spikes.push_back(first[spike.core.value()] + spike.compartment.value() - 1);
            }
        }
    }
    for (std::uint32_t profile = 0; profile < image.learning.size(); ++profile) {
        for (const Variable variable : rules::variables) {
            outcome.learned.push_back(chip->plastic_values(profile, variable));
        }
    }
    for (const Counters& core : chip->counters()) {
        outcome.updates += core[Counter::learning_updates];
    }
    return outcome;
}

std::vector<test::NaiveSynapse> naive_synapses(const std::vector<Link>& links) {
    std::vector<test::NaiveSynapse> synapses;
    for (const Link& link : links) {
        synapses.push_back({link.source, link.target, link.weight, link.delay});
    }
    return synapses;
}

rules::IntegerRange range_of(chip::SignMode sign) {
    return sign == chip::SignMode::mixed        ? rules::IntegerRange{-256, 255}
           : sign == chip::SignMode::excitatory ? rules::IntegerRange{0, 255}
                                                : rules::IntegerRange{-255, 0};
}

TEST_CASE("learning on the chip is the naive definition, for every sign mode and epoch") {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        const auto sign = static_cast<chip::SignMode>(1 + seed % 3);
        const rules::Rule rule =
            seed % 2 == 0 ? full_rule(1 + static_cast<int>(seed % 7)) : pair_rule(static_cast<int>(seed));
        const PlasticNetwork network = random_network(seed, rule, sign);
        const Outcome outcome = run(image_of(network, {hidden}), {hidden}, seed, 1);
        const rules::LearningArithmetic arithmetic = test::default_chip().learning.arithmetic;
        test::NaiveLearning input({network.input_rule, arithmetic, range_of(sign), seed, 0, input_channels, hidden},
                                  naive_synapses(network.from_input));
        test::NaiveLearning recurrent(
            {network.recurrent_rule, arithmetic, range_of(chip::SignMode::mixed), seed, 1, hidden, hidden},
            naive_synapses(network.recurrent));
        std::size_t spikes = 0;
        for (std::uint32_t step = 0; step < steps; ++step) {
            std::vector<std::uint32_t> channels;
            for (const chip::InputSpike& spike : inputs_at(seed, step)) {
                channels.push_back(spike.channel);
            }
            input.step(channels, outcome.spikes[step]);
            recurrent.step(step == 0 ? std::vector<std::uint32_t>{} : outcome.spikes[step - 1], outcome.spikes[step]);
            spikes += outcome.spikes[step].size();
        }
        CHECK(spikes > 100);
        std::size_t changed = 0;
        const auto compare = [&](const test::NaiveLearning& naive, const std::vector<Link>& links, std::size_t first) {
            for (std::size_t i = 0; i < naive.synapses().size(); ++i) {
                const test::NaiveSynapse& synapse = naive.synapses()[i];
                CHECK(outcome.learned[first][i] == synapse.weight);
                CHECK(outcome.learned[first + 1][i] == synapse.delay);
                CHECK(outcome.learned[first + 2][i] == synapse.tag);
                changed += synapse.weight != links[i].weight ? 1 : 0;
            }
        };
        compare(input, network.from_input, 0);
        compare(recurrent, network.recurrent, 3);
        CHECK(changed > network.from_input.size() / 4);
    }
}

TEST_CASE("threads, the split of a population over cores, and the order of inputs change nothing") {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        const PlasticNetwork network = random_network(seed, full_rule(3), chip::SignMode::mixed);
        const std::vector<std::vector<std::uint32_t>> splits{{hidden}, {11, 19}, {4, 9, 10, 7}, {1, 28, 1}};
        const Outcome whole = run(image_of(network, splits[0]), splits[0], seed, 1);
        CHECK(whole.updates > 1000);
        for (const auto& split : splits) {
            const chip::Image image = image_of(network, split);
            for (const int threads : {1, 2, 3}) {
                CHECK(run(image, split, seed, threads) == whole);
                CHECK(run(image, split, seed, threads, InputOrder::descending) == whole);
            }
        }
    }
}

TEST_CASE("weights never leave the range of their sign mode") {
    rules::Rule rule = pair_rule(1);
    rule.dw = series("2^3*x1*y0 - 2^3*y1*x0", Variable::weight);
    for (const chip::SignMode sign : {chip::SignMode::mixed, chip::SignMode::excitatory, chip::SignMode::inhibitory}) {
        const PlasticNetwork network = random_network(7, rule, sign);
        const Outcome outcome = run(image_of(network, {hidden}), {hidden}, 7, 1);
        const auto [least, most] = std::minmax_element(outcome.learned[0].begin(), outcome.learned[0].end());
        const rules::IntegerRange range = range_of(sign);
        CHECK(*least >= range.least);
        CHECK(*most <= range.most);
        CHECK((*least == range.least || *most == range.most));
    }
}

TEST_CASE("a rule of factor 0 changes nothing") {
    rules::Rule rule = pair_rule(2);
    rule.dw = series("0*x1*y0 - 0*y1*x0 + 0*u0*w", Variable::weight);
    const PlasticNetwork network = random_network(3, rule, chip::SignMode::mixed);
    const Outcome outcome = run(image_of(network, {hidden}), {hidden}, 3, 1);
    REQUIRE(outcome.learned[0].size() == network.from_input.size());
    for (std::size_t i = 0; i < network.from_input.size(); ++i) {
        CHECK(outcome.learned[0][i] == network.from_input[i].weight);
    }
}

TEST_CASE("learning can be switched off, reset, and set from the host") {
    const PlasticNetwork network = random_network(5, pair_rule(2), chip::SignMode::mixed);
    const chip::Image image = image_of(network, {hidden});
    auto chip = Chip::load(image, {.seed = 5});
    REQUIRE(chip.has_value());
    const auto advance = [&] {
        for (std::uint32_t step = 0; step < steps; ++step) {
            chip->step(inputs_at(5, step));
        }
        return chip->plastic_values(0, Variable::weight);
    };
    const std::vector<std::int32_t> start = chip->plastic_values(0, Variable::weight);
    chip->set_learning(false);
    CHECK(advance() == start);
    chip->set_learning(true);
    chip->reset();
    const std::vector<std::int32_t> learned = advance();
    CHECK(learned != start);
    chip->reset_state();
    CHECK(chip->plastic_values(0, Variable::weight) == learned);
    CHECK(chip->trace(0, rules::Operand::x1, 0) == 0);
    chip->reset();
    CHECK(chip->plastic_values(0, Variable::weight) == start);
    CHECK(advance() == learned);
    std::vector<std::int32_t> written(start.size(), 1000);
    chip->set_plastic_values(0, Variable::weight, written);
    written.assign(start.size(), 255);
    CHECK(chip->plastic_values(0, Variable::weight) == written);
}

}  // namespace
}  // namespace spikeloom
