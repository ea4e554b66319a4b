// Convolutions on cores that share lists: less memory, the same spikes, and a verifier that sees a wrong base.
#include <doctest/doctest.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "chip/chip.hpp"
#include "chip/image/image_file.hpp"
#include "compiler/compile.hpp"
#include "compiler/verify.hpp"
#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

chip::ChipSpec sharing_chip(std::int64_t multiple) {
    chip::ChipSpec chip;
    chip.name = "sharing";
    chip.limits.compartments = 300;
    chip.synapses.shared_lists = true;
    chip.synapses.shared_base_most = 299 - 299 % multiple;
    chip.synapses.shared_base_multiple = multiple;
    return chip;
}

/// 2 x 14 x 14 -> conv 3 x 3 -> 6 x 14 x 14 -> conv 5 x 5, stride 2 -> 4 x 5 x 5 -> 10.
Network picture_net(std::uint64_t seed) {
    test::NetworkBuilder builder("pictures");
    const Source in = builder.input("in", 2 * 14 * 14);
    builder.network().inputs[0].shape = {2, 14, 14};
    const Source a = builder.population("a", {6, 14, 14});
    const Source b = builder.population("b", {4, 5, 5});
    const Source c = builder.population("c", {10});
    builder.connect(
        in, a,
        test::convolution(
            {.input = {2, 14, 14}, .channels = 6, .kernel = 3, .padding = 1, .least = -3, .most = 5, .seed = seed}));
    builder.connect(
        a, b,
        test::convolution(
            {.input = {6, 14, 14}, .channels = 4, .kernel = 5, .stride = 2, .least = -1, .most = 2, .seed = seed + 1}));
    builder.connect(b, c, test::dense_uniform(10, 100, -1, 2, seed + 2));
    builder.output("out", c);
    return std::move(builder.network());
}

using Spike = std::tuple<int, std::uint32_t, std::uint32_t>;  // step, population, neuron

std::vector<Spike> run(const chip::Image& image) {
    auto chip = chip::Chip::load(image, {});
    REQUIRE_MESSAGE(chip.has_value(), to_text(chip.error()));
    test::Draws draws(1);
    std::vector<Spike> seen;
    for (int step = 0; step < 40; ++step) {
        std::vector<chip::InputSpike> inputs;
        for (std::uint32_t channel = 0; channel < 2 * 14 * 14; ++channel) {
            if (draws.chance(0.2)) {
                inputs.push_back({.port = 0, .channel = channel});
            }
        }
        chip->step(inputs);
        for (const chip::CoreSpike& spike : chip->spikes()) {
            for (std::uint32_t p = 0; p < image.populations.size(); ++p) {
                for (const chip::PopulationTile& tile : image.populations[p].tiles) {
                    const std::uint32_t place = spike.compartment.value() - tile.first_compartment;
                    if (tile.core == spike.core && place < tile.count) {
                        seen.emplace_back(step, p, tile.first_neuron + place);
                    }
                }
            }
        }
    }
    std::ranges::sort(seen);
    return seen;
}

std::size_t stored_synapses(const chip::Image& image) {
    std::size_t sum = 0;
    for (const chip::CoreImage& core : image.cores) {
        sum += core.synapses.size();
    }
    return sum;
}

TEST_CASE("a convolution on cores that share lists takes a fraction of the memory and spikes alike") {
    for (const std::int64_t multiple : {1, 4}) {
        CAPTURE(multiple);
        const Network network = picture_net(3);
        chip::ChipSpec plain = sharing_chip(multiple);
        plain.synapses.shared_lists = false;
        const auto expanded = compile(network, plain, {});
        const auto shared = compile(network, sharing_chip(multiple), {});
        REQUIRE(expanded);
        REQUIRE_MESSAGE(shared.has_value(), to_text(shared.error()));
        CHECK((multiple == 1 ? 4 : 3) * stored_synapses(shared->image) < 2 * stored_synapses(expanded->image));
        const std::vector<Spike> spikes = run(shared->image);
        CHECK(spikes.size() > 500);
        CHECK(spikes == run(expanded->image));
        const auto loaded_shared = chip::Chip::load(shared->image, {});
        const auto loaded_expanded = chip::Chip::load(expanded->image, {});
        CHECK(loaded_shared->synapses() >= loaded_expanded->synapses());  // fillers may differ
        CHECK(loaded_shared->resident_bytes() < loaded_expanded->resident_bytes());
    }
}

chip::ChipSpec parting_chip(std::int64_t multiple) {
    chip::ChipSpec chip = sharing_chip(multiple);
    chip.synapses.shared_in_part = true;
    return chip;
}

TEST_CASE("with lists read in part a core keeps each kernel once, and spikes alike") {
    for (const std::int64_t multiple : {1, 2, 4}) {
        CAPTURE(multiple);
        const Network network = picture_net(3);
        const auto whole = compile(network, sharing_chip(multiple), {});
        const auto in_part = compile(network, parting_chip(multiple), {});
        REQUIRE(whole);
        REQUIRE_MESSAGE(in_part.has_value(), to_text(in_part.error()));
        CHECK(3 * stored_synapses(in_part->image) < 2 * stored_synapses(whole->image));
        CHECK(std::ranges::any_of(in_part->image.cores, [](const chip::CoreImage& c) { return c.parts() > 0; }));
        CHECK(run(in_part->image) == run(whole->image));
        const auto bytes = chip::serialise_image(in_part->image);
        REQUIRE(bytes);
        const auto again = chip::parse_image(*bytes, "memory");
        REQUIRE_MESSAGE(again.has_value(), to_text(again.error()));
        CHECK(*again == in_part->image);
    }
}

TEST_CASE("a layer of one tile takes the synapses of its kernel, however many borders it has") {
    // 4 x 8 x 8 -> conv 3 x 3, padding 1 -> 8 x 8 x 8: 512 neurons on one core.
    test::NetworkBuilder builder("one tile");
    const Source in = builder.input("in", 4 * 8 * 8);
    builder.network().inputs[0].shape = {4, 8, 8};
    const Source a = builder.population("a", {8, 8, 8});
    builder.connect(
        in, a,
        test::convolution(
            {.input = {4, 8, 8}, .channels = 8, .kernel = 3, .padding = 1, .least = 1, .most = 5, .seed = 5}));
    builder.output("out", a);
    chip::ChipSpec chip = parting_chip(1);
    chip.limits.compartments = 512;
    chip.synapses.shared_base_most = 511;
    CompileOptions options;
    options.effort = 0;
    const auto compiled = compile(builder.network(), chip, options);
    REQUIRE_MESSAGE(compiled.has_value(), to_text(compiled.error()));
    REQUIRE(compiled->image.cores.size() == 1);
    CHECK(stored_synapses(compiled->image) == 4 * 8 * 3 * 3);
    CHECK(compiled->image.cores[0].parts() == 8);  // corners and edges; the middle reads whole lists
}

TEST_CASE("the verifier sees an axon that reads another part of its list") {
    const Network network = picture_net(5);
    const auto compiled = compile(network, parting_chip(1), {});
    REQUIRE(compiled);
    REQUIRE(verify(compiled->image, network).empty());
    const auto core = std::ranges::find_if(compiled->image.cores, [](const auto& c) { return c.parts() > 1; });
    REQUIRE(core != compiled->image.cores.end());
    const auto damaged = [&](const auto& damage) {
        chip::Image image = compiled->image;
        chip::CoreImage& here = image.cores[static_cast<std::size_t>(core - compiled->image.cores.begin())];
        damage(here, *std::ranges::find_if(here.shared_axons, [](const chip::SharedAxon& a) { return a.part > 0; }));
        return image;
    };
    const auto seen = [&](const chip::Image& image) {
        return !verify(image).empty() || !verify(image, network).empty();
    };
    CHECK(seen(damaged([](auto& /*core*/, chip::SharedAxon& axon) { axon.part = axon.part == 1 ? 2 : 1; })));
    CHECK(seen(damaged([](auto& /*core*/, chip::SharedAxon& axon) { axon.part = 0; })));
    CHECK(seen(damaged([](auto& /*core*/, chip::SharedAxon& axon) { ++axon.base; })));
    const chip::Image beyond = damaged(
        [](chip::CoreImage& c, chip::SharedAxon& axon) { axon.part = static_cast<std::uint32_t>(c.parts()) + 1; });
    CHECK(has_error(chip::check_image(beyond)));
    CHECK(!verify(beyond).empty());
    const chip::Image unsorted = damaged([](chip::CoreImage& c, auto& /*axon*/) { c.part_entries[0] = 1000; });
    CHECK(has_error(chip::check_image(unsorted)));
    CHECK(!verify(unsorted).empty());
    chip::Image plain = compiled->image;
    plain.chip.synapses.shared_in_part = false;
    CHECK(has_error(chip::check_image(plain)));
    CHECK(!verify(plain).empty());
}

TEST_CASE("the verifier sees a list moved by a wrong base, and one that a chip cannot share") {
    const Network network = picture_net(4);
    const auto shared = compile(network, sharing_chip(1), {});
    REQUIRE(shared);
    chip::Image image = shared->image;
    REQUIRE(verify(image, network).empty());
    const auto core = std::ranges::find_if(image.cores, [](const chip::CoreImage& c) {
        return !c.shared_axons.empty() &&
               std::ranges::any_of(c.shared_axons, [](const chip::SharedAxon& a) { return a.base > 0; });
    });
    REQUIRE(core != image.cores.end());
    const auto axon = std::ranges::find_if(core->shared_axons, [](const chip::SharedAxon& a) { return a.base > 0; });
    --axon->base;
    CHECK(!verify(image, network).empty());
    ++axon->base;
    image.chip.synapses.shared_lists = false;
    CHECK(!verify(image).empty());
    CHECK(has_error(chip::check_image(image)));
}

}  // namespace
}  // namespace spikeloom::compiler
