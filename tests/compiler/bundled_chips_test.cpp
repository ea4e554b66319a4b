// What networks take of the bundled chips: TrueNorth's crossbar counted by hand, Loihi 2's words as Intel printed them,
// systems of many chips.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "compiler/compile.hpp"
#include "compiler/passes/partition.hpp"
#include "compiler/passes/quantise.hpp"
#include "compiler/text/network_text.hpp"
#include "compiler/verify.hpp"
#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

chip::ChipSpec bundled(const std::string& name) {
    auto spec = chip::read_chip_spec(std::string(SPIKELOOM_SOURCE_DIR) + "/models/chips/" + name + ".textproto");
    REQUIRE_MESSAGE(spec.has_value(), (spec ? "" : to_text(spec.error())));
    return *std::move(spec);
}

/// Row-major, weight of (target, source).
template <class Weight>
DenseWeights dense(std::uint32_t targets, std::uint32_t sources, Weight&& weight) {
    DenseWeights made;
    for (std::uint32_t target = 0; target < targets; ++target) {
        for (std::uint32_t source = 0; source < sources; ++source) {
            made.weights.push_back(static_cast<float>(weight(target, source)));
        }
    }
    return made;
}

/// in -> p -> q, neurons that only sum, thresholds of 100.
template <class First, class Second>
Network summing(std::uint32_t in_size, std::uint32_t p_size, std::uint32_t q_size, First first, Second second) {
    test::NetworkBuilder builder("summing");
    builder.network().step_s = 1;
    const Source in = builder.input("in", in_size);
    const Source p = builder.population("p", {p_size}, NeuronKind::integrate_fire);
    const Source q = builder.population("q", {q_size}, NeuronKind::integrate_fire);
    builder[p].v_threshold = builder[q].v_threshold = 100.0;
    builder.connect(in, p, dense(p_size, in_size, first));
    builder.connect(p, q, dense(q_size, p_size, second));
    builder.output("q", q);
    return std::move(builder.network());
}

constexpr auto one = [](std::uint32_t, std::uint32_t) { return 1; };
/// 1..15, each source with all of them.
constexpr auto four_bits = [](std::uint32_t target, std::uint32_t source) { return 1 + (target + source) % 15; };

std::string refusal(const Network& network, const chip::ChipSpec& chip) {
    const auto compiled = compile(network, chip, {});
    return compiled ? "" : to_text(compiled.error());
}

TEST_CASE("truenorth: binary weights take an axon a source, and no copies within one core") {
    const auto compiled = compile(summing(100, 60, 40, one, one), bundled("truenorth"), {});
    REQUIRE_MESSAGE(compiled.has_value(), (compiled ? "" : to_text(compiled.error())));
    const MeasuredCost cost = measure_cost(compiled->image);
    REQUIRE(cost.cores.size() == 1);
    CHECK(cost.cores[0].input_axons == 160);
    CHECK(cost.cores[0].synapse_words == 160);
    CHECK(cost.cores[0].compartments == 100);
    CHECK(cost.cores[0].splitters == 0);
    CHECK(cost.cores[0].axon_types == 1);
    CHECK(compiled->image.mapping_report.find("splitters 0 of 100 compartments") != std::string::npos);
}

TEST_CASE("truenorth: weights of four bits take four axons a source, and three copies of it") {
    const auto compiled = compile(summing(40, 20, 30, four_bits, four_bits), bundled("truenorth"), {});
    REQUIRE_MESSAGE(compiled.has_value(), (compiled ? "" : to_text(compiled.error())));
    const MeasuredCost cost = measure_cost(compiled->image);
    REQUIRE(cost.cores.size() == 1);
    CHECK(cost.cores[0].axon_types == 4);
    CHECK(cost.cores[0].input_axons == 4 * (40 + 20));
    CHECK(cost.cores[0].splitters == 20 * 3);
    CHECK(cost.cores[0].compartments == 20 * 4 + 30);
    CHECK(compiled->image.mapping_report.find("splitters 60 of 110 compartments") != std::string::npos);
}

TEST_CASE("truenorth: what two cores hold is joined by copies") {
    // 64 sources of four bits fill the axons of a core; 100 targets beside them need a second one for their
    // compartments.
    const auto compiled = compile(summing(10, 60, 200, one, four_bits), bundled("truenorth"), {});
    REQUIRE_MESSAGE(compiled.has_value(), (compiled ? "" : to_text(compiled.error())));
    const MeasuredCost cost = measure_cost(compiled->image);
    std::int64_t compartments = 0;
    std::int64_t splitters = 0;
    for (const MeasuredCore& core : cost.cores) {
        CHECK(core.input_axons <= 256);
        CHECK(core.compartments <= 256);
        compartments += core.compartments;
        splitters += core.splitters;
    }
    std::size_t reached = 0;  // cores with neurons of q
    for (const chip::CoreImage& core : compiled->image.cores) {
        reached += core.axons() >= 60 ? 1U : 0U;
    }
    CHECK(splitters == 60 * (4 * static_cast<std::int64_t>(reached) - 1));
    CHECK(compartments == 260 + splitters);
}

TEST_CASE("truenorth: the bundled classifier takes an axon a neuron and no copies, its weights as they are") {
    const auto network = read_network_text(std::string(SPIKELOOM_SOURCE_DIR) +
                                           "/models/networks/mnist_crossbar/mnist_crossbar.textproto");
    REQUIRE_MESSAGE(network.has_value(), (network ? "" : to_text(network.error())));
    CompileOptions options;
    options.effort = 0;
    const auto compiled = compile(*network, bundled("truenorth"), options);
    REQUIRE_MESSAGE(compiled.has_value(), (compiled ? "" : to_text(compiled.error())));
    CHECK(verify(compiled->image, *network).empty());
    // By layers 9, 9, 5 and 1: 16 x 4 x 4 edges, all parts of a place, the voters of a group, the digits.
    const MeasuredCost cost = measure_cost(compiled->image);
    REQUIRE(cost.cores.size() == 24);
    std::int64_t compartments = 0;
    for (const MeasuredCore& core : cost.cores) {
        CHECK(core.input_axons > 240);
        CHECK(core.input_axons <= 256);
        CHECK(core.splitters == 0);
        compartments += core.compartments;
    }
    CHECK(compartments == 9 * (256 + 140) + 5 * 50 + 10);
    for (const chip::ProjectionLoss& loss : compiled->image.losses) {
        CHECK(loss.rms_error == 0);
    }
}

TEST_CASE("truenorth refuses what it has not, and says what would help") {
    const chip::ChipSpec chip = bundled("truenorth");
    const auto has = [](const std::string& text, const char* what) {
        CAPTURE(text);
        return text.find(what) != std::string::npos;
    };
    const std::string fan_in = refusal(summing(280, 10, 10, one, one), chip);
    CHECK(has(fan_in, "needs 280 input axons"));
    CHECK(has(fan_in, "256 input axons a core of chip 'truenorth'"));
    CHECK(has(fan_in, "prune to about 256 sources"));  // one binary digit: fewer bits bring nothing
    // A neuron whose weights have 150 ones in their binary digits fits, one with 300 does not.
    const auto ones = [](std::uint32_t, std::uint32_t source) { return source == 0 ? 8 : 7; };
    CHECK(refusal(summing(50, 1, 1, ones, one), chip).empty());
    const std::string digits = refusal(summing(100, 1, 1, ones, one), chip);
    CHECK(has(digits, "needs 298 input axons"));
    CHECK(has(digits, "--weight-bits 1 takes 100 rows, which fit"));
    Network leaky = summing(10, 10, 10, one, one);
    leaky.populations[0].kind = NeuronKind::leaky;
    leaky.populations[0].tau_mem_s = 20.0;
    CHECK(has(refusal(leaky, chip), "the membrane's leak is none that the chip has"));
    Network current = summing(10, 10, 10, one, one);
    current.populations[0].kind = NeuronKind::current_based;
    current.populations[0].tau_mem_s = 1e9;
    current.populations[0].tau_syn_s = 5.0;
    CHECK(has(refusal(current, chip), "the synaptic current's decay is none that the chip has"));
    Network late = summing(10, 10, 10, one, one);
    late.projections[1].delay_steps = 14;
    CHECK(refusal(late, chip).empty());
    late.projections[1].delay_steps = 15;
    CHECK_FALSE(refusal(late, chip).empty());
    Network refractory = summing(10, 10, 10, one, one);
    refractory.populations[0].refractory_steps = 3;
    CHECK(has(refusal(refractory, chip), "refractory time of 3 steps"));
}

/// What a layer takes of Loihi 2, on one core of any size: n neurons, each with an 8-bit weight from each of a axons.
std::int64_t words_of_layer(std::uint32_t neurons, std::uint32_t axons) {
    chip::ChipSpec chip = bundled("loihi2");
    chip.synapses.words = chip.synapses.words_per_axon = 100'000;
    test::NetworkBuilder builder("layer");
    const Source in = builder.input("in", axons);
    const Source p = builder.population("p", {neurons});
    test::Draws draws(neurons);
    builder.connect(in, p, dense(neurons, axons, [&](std::uint32_t, std::uint32_t) {
                        return draws.uniform(0.1, 1) * (draws.chance(0.5) ? 1 : -1);
                    }));
    Diagnostics remarks;
    const auto mapped = quantise(builder.network(), chip, {}, remarks);
    REQUIRE(mapped.has_value());
    const auto parts = partition(builder.network(), *mapped, chip);
    REQUIRE(parts.has_value());
    REQUIRE(parts->cores.size() == 1);
    return parts->cores[0].use[Limit::synapse_words];
}

TEST_CASE("loihi2: dense layers take the words that Intel's compiler printed") {
    CHECK(words_of_layer(200, 256) == 16'128);
    CHECK(words_of_layer(256, 200) == 16'200);
    CHECK(words_of_layer(85, 200) == 5'400);
    CHECK(words_of_layer(100, 256) == 8'192);  // printed 8064, half of 16,128
    const auto percent = [](std::int64_t words) { return static_cast<double>(words) / 160.0; };
    CHECK(percent(words_of_layer(50, 784)) == doctest::Approx(78.4).epsilon(0.0005));
    CHECK(percent(words_of_layer(64, 128)) == doctest::Approx(16.8).epsilon(0.0005));
    CHECK(percent(words_of_layer(10, 64)) == doctest::Approx(1.60).epsilon(0.0005));
}

TEST_CASE("loihi2: nets whose reports were printed need no more cores than Intel's compiler did") {
    const auto cores = [](std::uint32_t inputs, const std::vector<std::uint32_t>& sizes) {
        const auto compiled = compile(test::dense_chain(inputs, sizes), bundled("loihi2"), {});
        REQUIRE_MESSAGE(compiled.has_value(), (compiled ? "" : to_text(compiled.error())));
        return compiled->image.cores.size();
    };
    CHECK(cores(784, {128, 64, 10}) <= 5);
    CHECK(cores(200, {256, 200}) <= 5);
}

TEST_CASE("a small net lies on one chip of a large system, as on the chip alone") {
    const Network network = test::dense_chain(100, {120, 60, 10});
    for (const auto& [system, chip] : {std::pair("pohoiki_springs", "loihi1"), {"hala_point", "loihi2"}}) {
        const auto alone = compile(network, bundled(chip), {});
        const auto among = compile(network, bundled(system), {});
        REQUIRE(alone.has_value());
        REQUIRE(among.has_value());
        CHECK(among->image.cores == alone->image.cores);
    }
}

}  // namespace
}  // namespace spikeloom::compiler
