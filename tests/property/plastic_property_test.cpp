// Random plastic networks: what compiles also verifies, loads and learns; a rule that adds nothing changes nothing.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "chip/chip.hpp"
#include "compiler/compile.hpp"
#include "compiler/reference/float_interpreter.hpp"
#include "compiler/text/network_text.hpp"
#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

chip::ChipSpec learning_loihi() {
    chip::ChipSpec chip;
    chip.name = "loihi-like";
    chip.learning.present = true;
    return chip;
}

Learning random_learning(test::Draws& draws) {
    Learning learning = test::learning(draws.chance(0.5) ? test::pair_stdp() : test::tagged_stdp(),
                                       draws.uniform(0.05, 2), static_cast<Learning::Sign>(draws.integer(0, 1)));
    learning.rule.epoch = static_cast<int>(draws.integer(1, 8));
    learning.weight_bits = draws.chance(0.7) ? 8 : 4;
    if (draws.chance(0.2)) {
        learning.rule.dd.products = {
            {.dependency = rules::Dependency::x0, .factors = {{.operand = rules::Operand::y1}}}};
    }
    if (learning.rule.dt.empty() || draws.chance(0.5)) {
        return learning;
    }
    learning.reward_input = "in";
    learning.reward_values.assign(20, 0);
    for (std::int32_t& value : learning.reward_values) {
        value = static_cast<std::int32_t>(draws.integer(-128, 127));
    }
    return learning;
}

/// in -> p -> q and back, some of it plastic.
Network random_network(std::uint64_t seed) {
    test::Draws draws(seed);
    test::NetworkBuilder builder("plastic");
    const auto p_size = static_cast<std::uint32_t>(draws.integer(1, 90));
    const auto q_size = static_cast<std::uint32_t>(draws.integer(1, 60));
    const Source in = builder.input("in", 20);
    const Source p = builder.population("p", {p_size});
    const Source q =
        builder.population("q", {q_size}, draws.chance(0.5) ? NeuronKind::leaky : NeuronKind::current_based);
    for (const Source source : {p, q}) {
        builder[source].resistance = 5.0;
    }
    const auto connect = [&](Source from, Source to, bool plastic) {
        const auto sources = static_cast<std::uint32_t>(builder.network().source_size(from));
        const auto targets = static_cast<std::uint32_t>(builder.network().source_size(to));
        Projection& projection =
            builder.connect(from, to,
                            test::sparse_random(targets, sources,
                                                {.probability = draws.uniform(0.05, 0.6),
                                                 .least = 0,
                                                 .most = 0.4,
                                                 .longest_delay = static_cast<int>(draws.integer(0, 6)),
                                                 .seed = seed * 31 + builder.network().projections.size()}));
        projection.name += std::to_string(builder.network().projections.size());
        if (plastic) {
            projection.learning = random_learning(draws);
        }
    };
    connect(in, p, draws.chance(0.8));
    connect(in, p, draws.chance(0.3));
    connect(p, q, draws.chance(0.5));
    connect(q, p, draws.chance(0.3));
    connect(p, p, false);
    return std::move(builder.network());
}

TEST_CASE("random plastic networks compile, verify and load, or are refused with reasons") {
    int compiled = 0;
    int refused = 0;
    std::size_t plastic = 0;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        CAPTURE(seed);
        test::Draws draws(seed + 500);
        chip::ChipSpec chip = learning_loihi();
        if (seed >= 20) {
            chip.limits.compartments = draws.integer(20, 200);
            chip.limits.input_axons = draws.integer(60, 300);
            chip.synapses.words = draws.integer(200, 3000);
            chip.synapses.words_per_axon = draws.integer(4, 40);
            chip.synapses.synapse_formats = static_cast<int>(draws.integer(4, 15));
            chip.learning.profiles_per_core = static_cast<int>(draws.integer(1, 3));
            chip.learning.plastic_axons = draws.integer(10, 200);
            chip.learning.arithmetic.weight_bits = static_cast<int>(draws.integer(3, 12));
        }
        const Network network = random_network(seed);
        const auto result = compile(network, chip, {});
        if (!result) {
            ++refused;
            CAPTURE(to_text(result.error()));
            for (const Diagnostic& diagnostic : result.error()) {
                CHECK(!diagnostic.allowed.empty());
                CHECK(!diagnostic.help.empty());
                CHECK(diagnostic.found.find("internal") == std::string::npos);
            }
            continue;
        }
        ++compiled;
        CHECK(verify(result->image, network).empty());
        CHECK(to_text(chip::check_image(result->image)).empty());
        auto loaded = chip::Chip::load(result->image, {});
        REQUIRE_MESSAGE(loaded.has_value(), (loaded ? "" : to_text(loaded.error())));
        std::uint32_t profile = 0;
        for (const Projection& projection : network.projections) {
            if (projection.learning) {
                const std::size_t wanted = std::get<SparseWeights>(projection.weights).targets.size();
                CHECK(loaded->plastic_synapses(profile).size() == wanted);
                plastic += wanted;
                ++profile;
            }
        }
    }
    MESSAGE(compiled << " compiled, " << refused << " refused, " << plastic << " plastic synapses");
    CHECK(compiled > 30);
    CHECK(refused > 2);
    CHECK(plastic > 10000);
}

TEST_CASE("a rule whose factors are 0 leaves weights and spikes as without learning") {
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
        CAPTURE(seed);
        Network network = random_network(seed);
        for (Projection& projection : network.projections) {
            if (projection.learning) {
                projection.learning->rule = test::pair_stdp();
                projection.learning->rule.dw.products[0].factors.push_back({.operand = rules::Operand::constant});
                projection.learning->rule.dw.products[1].factors.push_back({.operand = rules::Operand::constant});
                projection.learning->reward_input.clear();
                projection.learning->reward_values.clear();
            }
        }
        const auto result = compile(network, learning_loihi(), {});
        REQUIRE_MESSAGE(result.has_value(), (result ? "" : to_text(result.error())));
        auto learning = chip::Chip::load(result->image, {});
        auto frozen = chip::Chip::load(result->image, {});
        REQUIRE(learning.has_value());
        REQUIRE(frozen.has_value());
        frozen->set_learning(false);
        test::Draws draws(seed);
        for (int step = 0; step < 60; ++step) {
            std::vector<chip::InputSpike> spikes;
            for (std::uint32_t channel = 0; channel < 20; ++channel) {
                if (draws.chance(0.4)) {
                    spikes.push_back({.port = 0, .channel = channel});
                }
            }
            learning->step(spikes);
            frozen->step(spikes);
            REQUIRE(std::ranges::equal(learning->spikes(), frozen->spikes()));
        }
        for (std::uint32_t profile = 0; profile < result->image.learning.size(); ++profile) {
            CHECK(learning->plastic_values(profile, rules::Variable::weight) ==
                  frozen->plastic_values(profile, rules::Variable::weight));
        }
    }
}

/// in -> p -> q with plastic projections of every sign and width, integrate-and-fire, so that nothing but weights
/// rounds.
Network signed_network(std::uint64_t seed) {
    test::Draws draws(seed);
    test::NetworkBuilder builder("signed");
    const Source in = builder.input("in", 20);
    const Source p = builder.population("p", {50}, NeuronKind::leaky);
    const auto connect = [&](const std::string& name, Learning::Sign sign, double least, double most) {
        Projection& projection = builder.connect(
            in, p,
            test::sparse_random(50, 20,
                                {.probability = 0.4, .least = least, .most = most, .seed = seed * 7 + name.size()}));
        projection.name = name;
        projection.learning = test::learning(test::pair_stdp(), 2, sign);
    };
    connect("e", Learning::Sign::excitatory, 0, 2);
    connect("in", Learning::Sign::inhibitory, -1, 0);
    connect("mix", Learning::Sign::mixed, -1, 2);
    builder[p].resistance = 10.0;
    builder[p].v_threshold = draws.uniform(5, 20);
    return std::move(builder.network());
}

struct Displaced {
    std::uint64_t spikes = 0;
    std::uint64_t differing = 0;  ///< a shifted spike counts twice
};

/// Spikes of the image's chip, learning off, beside those of the network in float.
Displaced beside_float(const chip::Image& image, Network network, std::uint64_t seed) {
    auto chip = chip::Chip::load(image, {});
    REQUIRE(chip.has_value());
    chip->set_learning(false);
    for (Projection& projection : network.projections) {
        projection.learning.reset();
    }
    FloatInterpreter reference(network, {.timing = Timing::next_step, .single_precision = false});
    test::Draws draws(seed);
    Displaced displaced;
    for (int step = 0; step < 100; ++step) {
        std::vector<chip::InputSpike> spikes;
        std::vector<float> values(20, 0.0F);
        for (std::uint32_t channel = 0; channel < 20; ++channel) {
            if (draws.chance(0.3)) {
                spikes.push_back({.port = 0, .channel = channel});
                values[channel] = 1;
            }
        }
        chip->step(spikes);
        reference.step({values});
        const auto wanted = reference.spikes(PopulationId(0));
        std::vector<std::uint8_t> fired(wanted.size(), 0);
        for (const chip::CoreSpike& spike : chip->spikes()) {
            fired[spike.compartment.value()] = 1;
        }
        for (std::size_t neuron = 0; neuron < wanted.size(); ++neuron) {
            displaced.spikes += wanted[neuron];
            displaced.differing += fired[neuron] != wanted[neuron] ? 1U : 0U;
        }
    }
    return displaced;
}

TEST_CASE("with learning off, plastic synapses deliver the weights that the network gave them") {
    for (const int weight_bits : {8, 12}) {
        Displaced plastic;
        Displaced fixed;
        const auto add = [](Displaced& all, const Displaced& more) {
            all.spikes += more.spikes;
            all.differing += more.differing;
        };
        chip::ChipSpec chip = learning_loihi();
        chip.learning.arithmetic.weight_bits = weight_bits;
        for (std::uint64_t seed = 0; seed < 8; ++seed) {
            CAPTURE(seed);
            const Network network = signed_network(seed);
            Network stays = network;
            for (Projection& projection : stays.projections) {
                projection.learning.reset();
            }
            const auto learns = compile(network, chip, {});
            const auto fixes = compile(stays, chip, {});
            REQUIRE_MESSAGE(learns.has_value(), (learns ? "" : to_text(learns.error())));
            REQUIRE(fixes.has_value());
            add(plastic, beside_float(learns->image, network, seed));
            add(fixed, beside_float(fixes->image, network, seed));
        }
        MESSAGE(weight_bits << " bits: of " << plastic.spikes << " spikes " << plastic.differing
                            << " displaced, with fixed weights " << fixed.differing);
        CHECK(plastic.spikes > 3000);
        // Registers reach as far as learning may, so they round more coarsely; a wrong unit displaces half of all.
        CHECK(plastic.differing < 6 * fixed.differing);
    }
}

TEST_CASE("plastic: the first channels learn to fire the neuron alone, the late ones fall silent") {
    const std::string models = std::string(SPIKELOOM_SOURCE_DIR) + "/models/";
    const auto network = read_network_text(models + "networks/examples/plastic.textproto");
    REQUIRE_MESSAGE(network.has_value(), (network ? "" : to_text(network.error())));
    const auto loihi = chip::read_chip_spec(models + "chips/loihi1.textproto");
    REQUIRE(loihi.has_value());
    const auto result = compile(*network, *loihi, {});
    REQUIRE_MESSAGE(result.has_value(), (result ? "" : to_text(result.error())));
    auto chip = chip::Chip::load(result->image, {});
    REQUIRE(chip.has_value());
    const auto weights = [&] { return chip->plastic_values(0, rules::Variable::weight); };
    CHECK(weights() == std::vector<std::int32_t>(6, 82));
    for (int lesson = 0; lesson < 15; ++lesson) {
        for (int step = 0; step < 40; ++step) {
            std::vector<chip::InputSpike> spikes;
            for (std::uint32_t channel = 0; channel < 3; ++channel) {
                if (step == 0 || step == 4) {
                    spikes.push_back({.port = 0, .channel = channel + (step == 4 ? 3U : 0U)});
                }
            }
            chip->step(spikes);
        }
    }
    const std::vector<std::int32_t> learned = weights();
    for (std::size_t channel = 0; channel < 3; ++channel) {
        CHECK(learned[channel] > 250);
        CHECK(learned[channel + 3] == 0);
    }
    std::size_t fired = 0;
    for (int step = 0; step < 5; ++step) {
        chip->step(step == 0 ? std::vector<chip::InputSpike>{{.port = 0, .channel = 1}}
                             : std::vector<chip::InputSpike>{});
        fired += chip->spikes().size();
    }
    CHECK(fired == 1);
}

}  // namespace
}  // namespace spikeloom::compiler
