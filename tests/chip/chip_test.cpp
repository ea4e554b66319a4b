// The chip against the naive one: random images, every convention, threads, resets.
#include "chip/chip.hpp"

#include <doctest/doctest.h>

#include <fmt/format.h>

#include "core/base/random.hpp"
#include "reference/image_builder.hpp"
#include "reference/naive_chip.hpp"
#include "router/random_network.hpp"

namespace spikeloom {
namespace {

using chip::Chip;
using chip::Image;
using chip::InputSpike;

std::vector<InputSpike> random_inputs(const Image& image, std::uint64_t seed, std::uint64_t step) {
    std::vector<InputSpike> inputs;
    for (std::uint32_t port = 0; port < image.inputs.size(); ++port) {
        for (std::uint32_t channel = 0; channel < image.inputs[port].size(); ++channel) {
            const std::uint64_t dice = random_below({.seed = seed, .step = step, .core = port, .neuron = channel}, 8);
            for (std::uint64_t times = dice < 6 ? 0 : dice - 5; times > 0; --times) {
                inputs.push_back(
                    {.port = port, .channel = channel, .payload = static_cast<std::int32_t>(dice * 7 + channel) - 50});
            }
        }
    }
    return inputs;
}

Chip load(const Image& image, int threads, std::uint64_t seed = 0) {
    auto loaded = Chip::load(image, {.threads = threads, .seed = seed, .least_parallel_work = 0});
    REQUIRE_MESSAGE(loaded.has_value(), to_text(loaded.error()));
    return std::move(*loaded);
}

/// Everything that can be seen of one step.
struct Seen {
    std::vector<chip::CoreSpike> spikes;
    std::vector<std::int64_t> u, v;
    std::vector<Counters> counts;
    friend bool operator==(const Seen&, const Seen&) = default;
};

template <class AnyChip>
Seen see(const AnyChip& chip, const Image& image, const auto& u, const auto& v, const auto& counts) {
    Seen seen;
    seen.spikes.assign(chip.spikes().begin(), chip.spikes().end());
    for (std::uint32_t c = 0; c < image.cores.size(); ++c) {
        for (std::uint32_t i = 0; i < image.cores[c].compartments; ++i) {
            seen.u.push_back(u(c, i));
            seen.v.push_back(v(c, i));
        }
    }
    seen.counts.assign(counts.begin(), counts.end());
    return seen;
}

Seen see(const Chip& chip, const Image& image) {
    return see(
        chip, image, [&](auto c, auto i) { return chip.current(CoreId(c), CompartmentId(i)); },
        [&](auto c, auto i) { return chip.voltage(CoreId(c), CompartmentId(i)); }, chip.step_counts().cores);
}

Seen see(const test::NaiveChip& chip, const Image& image) {
    return see(
        chip, image, [&](auto c, auto i) { return chip.current(c, i); },
        [&](auto c, auto i) { return chip.voltage(c, i); }, chip.step_counts());
}

template <class AnyChip>
std::vector<Seen> run(AnyChip& chip, const Image& image, std::uint64_t seed, std::uint64_t steps) {
    std::vector<Seen> seen;
    for (std::uint64_t step = 0; step < steps; ++step) {
        chip.step(random_inputs(image, seed, step));
        seen.push_back(see(chip, image));
    }
    return seen;
}

/// Says where two runs part; the whole of a step is too long to print.
void check_equal(const std::vector<Seen>& found, const std::vector<Seen>& expected) {
    REQUIRE(found.size() == expected.size());
    for (std::size_t step = 0; step < found.size(); ++step) {
        CAPTURE(step);
        REQUIRE(found[step].u == expected[step].u);
        REQUIRE(found[step].v == expected[step].v);
        REQUIRE(found[step].spikes == expected[step].spikes);
        REQUIRE(found[step].counts == expected[step].counts);
    }
}

void check_against_naive(const Image& image, std::uint64_t seed, int threads) {
    CAPTURE(seed);
    test::NaiveChip naive(image);
    const auto expected = run(naive, image, seed, 40);
    Chip chip = load(image, threads);
    check_equal(run(chip, image, seed, 40), expected);
}

void check_against_naive(std::uint64_t seed, const test::RandomImageOptions& options, int threads) {
    check_against_naive(test::random_image(seed, options), seed, threads);
}

}  // namespace

TEST_CASE("random images run as the naive chip runs them") {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        check_against_naive(seed, {}, 1);
    }
}

TEST_CASE("so they do where some neurons reset by subtraction") {
    test::RandomImageOptions options;
    options.chip.neuron.soft_reset_compartments = 1;
    for (std::uint64_t seed = 60; seed < 90; ++seed) {
        check_against_naive(seed, options, 1);
    }
}

TEST_CASE("so they do where neurons are of every model, spikes carry values, and on any number of threads") {
    test::RandomImageOptions options{.cores = 4, .max_compartments = 40};
    options.chip.neuron.soft_reset_compartments = 1;
    for (std::size_t model = 1; model < neuron_model_names.size(); ++model) {
        options.chip.neuron.models.push_back(static_cast<NeuronModel>(model));
    }
    std::size_t values = 0;
    for (std::uint64_t seed = 600; seed < 660; ++seed) {
        options.chip.neuron.payload_bits = seed % 3 == 0 ? 24 : seed % 3 == 1 ? 8 : 32;
        Image image = test::random_image(seed, options);
        for (chip::InputSymbol& input : image.inputs) {
            input.graded = seed % 2 == 0;
        }
        check_against_naive(image, seed, 1 + static_cast<int>(seed % 3));
        Chip chip = load(image, 1);
        for (const Seen& seen : run(chip, image, seed, 20)) {
            values += static_cast<std::size_t>(
                std::ranges::count_if(seen.spikes, [](const chip::CoreSpike& spike) { return spike.payload != 1; }));
        }
    }
    CHECK(values > 10'000);
}

TEST_CASE("so they do under the conventions of other tools and on other widths") {
    test::RandomImageOptions options;
    for (std::uint64_t seed = 100; seed < 120; ++seed) {
        options.chip.conventions = test::lava_conventions();
        check_against_naive(seed, options, 1);
        options.chip.conventions = test::brian2_conventions();
        options.chip.neuron.voltage_decay_offset = 1;
        check_against_naive(seed, options, 1);
        options.chip = test::default_chip();
        options.chip.conventions.negative_mixed_weight = chip::Conventions::NegativeMixedWeight::toward_zero;
        options.chip.neuron.decay_bits = 13;
        check_against_naive(seed, options, 1);
        options.chip = test::default_chip();
    }
}

TEST_CASE("messages and hops on any board, unicast and multicast, and spikes that the host reads") {
    for (std::uint64_t seed = 400; seed < 460; ++seed) {
        const test::RandomNetwork network = test::random_network(seed, 4);
        test::RandomImageOptions options{.cores = 4, .max_compartments = 20};
        options.chip.mesh = network.mesh;
        options.chip.network.parameters = network.parameters;
        if (network.mesh.cores() % 5 == 0 || network.mesh.cores() < 4) {
            continue;  // the builder places each fifth core
        }
        Image image = test::random_image(seed, options);
        for (std::uint32_t c = 0; c < 2; ++c) {
            image.populations.push_back({.name = fmt::format("part of {}", c),
                                         .shape = {1},
                                         .tiles = {{.core = CoreId(c),
                                                    .first_compartment = image.cores[c].compartments - 1,
                                                    .first_neuron = 0,
                                                    .count = 1}},
                                         .output = true,
                                         .spikes = c == 0});
        }
        check_against_naive(image, seed, 1);
    }
}

TEST_CASE("long delays and many cores") {
    for (std::uint64_t seed = 200; seed < 206; ++seed) {
        check_against_naive(seed, {.cores = 40, .max_compartments = 20, .max_delay = 62}, 1);
        check_against_naive(seed, {.cores = 2, .max_compartments = 2000, .max_delay = 62}, 2);
    }
}

TEST_CASE("1, 2 and 3 threads see the same bits") {
    for (std::uint64_t seed = 300; seed < 306; ++seed) {
        CAPTURE(seed);
        const Image image = test::random_image(seed, {.cores = 12, .max_compartments = 600, .noise = true});
        Chip one = load(image, 1, seed);
        const auto expected = run(one, image, seed, 30);
        for (const int threads : {2, 3}) {
            CAPTURE(threads);
            Chip chip = load(image, threads, seed);
            check_equal(run(chip, image, seed, 30), expected);
        }
    }
}

TEST_CASE("reset repeats the run; reset_state keeps counters and goes on in the noise") {
    const Image image = test::random_image(7, {.cores = 4, .noise = true});
    Chip chip = load(image, 1, 5);
    const auto first = run(chip, image, 7, 30);
    const std::vector<Counters> totals(chip.counters().begin(), chip.counters().end());
    chip.reset();
    CHECK(chip.now() == Step(0));
    check_equal(run(chip, image, 7, 30), first);
    CHECK(std::equal(totals.begin(), totals.end(), chip.counters().begin()));

    chip.reset_state();
    CHECK(chip.now() == Step(0));
    CHECK(std::equal(totals.begin(), totals.end(), chip.counters().begin()));
    CHECK_FALSE(run(chip, image, 7, 30) == first);
}

TEST_CASE("without noise, reset_state repeats the run") {
    const Image image = test::random_image(8, {.cores = 4});
    Chip chip = load(image, 1);
    const auto first = run(chip, image, 8, 30);
    chip.reset_state();
    check_equal(run(chip, image, 8, 30), first);
}

TEST_CASE("a core larger than a shard is divided between shards") {
    test::ImageBuilder builder(test::default_chip());
    const auto core = builder.add_core({.threshold_mantissa = 10, .refractory = 2}, 40000, 0);
    const auto axon = builder.add_axon(
        core, {{.format = {}, .synapses = {{.target = 5, .weight = 64}, {.target = 39999, .weight = 64}}}});
    const auto port = builder.add_port(1);
    builder.connect_input(port, 0, axon);
    builder.connect(core, 39999, axon);
    const Image image = builder.build();
    Chip chip = load(image, 1);
    test::NaiveChip naive(image);
    for (int step = 0; step < 6; ++step) {
        const std::vector<InputSpike> inputs(step % 2 == 0 ? 1 : 0);
        chip.step(inputs);
        naive.step(inputs);
        CHECK(see(chip, image) == see(naive, image));
    }
}

TEST_CASE("after a spike the voltage register shows the refractory time") {
    for (const int refractory : {1, 2, 5}) {
        CAPTURE(refractory);
        test::ImageBuilder builder(test::default_chip());
        const auto core = builder.add_core({.threshold_mantissa = 10, .refractory = refractory}, 1, 0);
        builder.core(core).biases = {{.mantissa = 641, .exponent = 0}};
        const Image image = builder.build();
        Chip chip = load(image, 1);
        for (int step = 0; step < 12; ++step) {
            chip.step({});
            CHECK(chip.spikes().size() == (step % refractory == 0 ? 1U : 0U));
            CHECK(chip.voltage(core, CompartmentId(0)) == 0);
            CHECK(chip.voltage(core, CompartmentId(0), true) == refractory * 128);
        }
        chip.set_bias(core, CompartmentId(0), {.mantissa = 1, .exponent = 0});
        for (int step = 0; step < refractory; ++step) {
            chip.step({});
        }
        CHECK(chip.voltage(core, CompartmentId(0), true) == chip.voltage(core, CompartmentId(0)));
    }
}

TEST_CASE("an image that is not whole is not executed") {
    test::ImageBuilder builder(test::default_chip());
    const auto core = builder.add_core({}, 2, 0);
    builder.core(core).biases = {{.mantissa = 1, .exponent = 200}};
    const auto loaded = Chip::load(builder.build(), {});
    REQUIRE_FALSE(loaded.has_value());
    CHECK(to_text(loaded.error()).find("bias") != std::string::npos);
}

}  // namespace spikeloom
