// Convolutions on cores that share lists: less memory, the same spikes, and a verifier that sees a wrong base.
#include <doctest/doctest.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "chip/chip.hpp"
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
