#include "chip/image/plastic_projection.hpp"

#include <doctest/doctest.h>

#include <array>
#include <vector>

#include "reference/image_builder.hpp"

using namespace spikeloom;
using namespace spikeloom::chip;

namespace {

/// Two sources on a port, four targets on two cores in reverse order; core 0 holds targets 2 and 3, core 1 holds 0, 1.
/// Source 1 is programmed before source 0. Synapses to target 0 are fixed; pair (1, 3) has two.
Image two_core_image(SignMode mode = SignMode::mixed) {
    test::ImageBuilder builder(test::default_chip());
    const CompartmentGroup group{.first = 0, .count = 2, .threshold_mantissa = 100};
    const CoreId front = builder.add_core(group, 2, 0);
    const CoreId back = builder.add_core(group, 2, 1);
    const WeightFormat format{.weight_bits = 8, .weight_exponent = 0, .sign_mode = mode};
    const std::uint32_t port = builder.add_port(2);
    for (const std::uint32_t source : {1U, 0U}) {
        const auto weight = static_cast<std::int16_t>(10 * source + 1);
        std::vector<Synapse> here{{.target = 0, .weight = weight}, {.target = 1, .weight = weight}};
        if (source == 1) {
            here.push_back({.target = 1, .weight = 99});
        }
        builder.connect_input(port, source, builder.add_axon(front, {{.format = format, .synapses = here}}));
        const std::vector<Synapse> fixed{{.target = 0, .weight = weight}};
        const std::vector<Synapse> plastic{{.target = 1, .weight = weight}};
        builder.connect_input(
            port, source,
            builder.add_axon(back, {{.format = format, .synapses = fixed}, {.format = format, .synapses = plastic}}));
    }
    Image image = builder.build();
    image.populations = {{.name = "out",
                          .shape = {4},
                          .tiles = {{.core = back, .first_compartment = 0, .first_neuron = 0, .count = 2},
                                    {.core = front, .first_compartment = 0, .first_neuron = 2, .count = 2}}}};
    image.learning.resize(2);
    image.learning[1].projection = "in_out";
    for (CoreImage& core : image.cores) {
        for (SynapseEntry& entry : core.entries) {
            const bool fixed = &core == &image.cores[1] && core.synapses[entry.first].target == 0;
            entry.learning = fixed ? 0 : 2;
        }
    }
    return image;
}

}  // namespace

TEST_CASE("a plastic projection is numbered by source and target, whatever core and axon they lie on") {
    const Image image = two_core_image();
    const PlasticProjection projection = plastic_projection(image, 1);
    CHECK(projection.sources == 2);
    CHECK(projection.targets == 4);
    CHECK(projection.source.name == image.inputs[0].name);
    CHECK(projection.target.name == "out");
    CHECK(projection.target.shape == std::vector<std::uint32_t>{4});
    std::vector<std::array<int, 3>> found;
    for (const PlasticPlace& place : projection.synapses) {
        found.push_back({static_cast<int>(place.source), static_cast<int>(place.target),
                         image.cores[place.core.value()].synapses[place.synapse].weight});
    }
    const std::vector<std::array<int, 3>> wanted{{0, 1, 1},  {0, 2, 1},  {0, 3, 1}, {1, 1, 11},
                                                 {1, 2, 11}, {1, 3, 11}, {1, 3, 99}};
    CHECK(found == wanted);
    CHECK(plastic_projection(image, 0).synapses.empty());
}

TEST_CASE("the range of plastic weights follows the sign mode and the engine's width") {
    CHECK(plastic_projection(two_core_image(SignMode::mixed), 1).weights == IntRange{-256, 255});
    CHECK(plastic_projection(two_core_image(SignMode::excitatory), 1).weights == IntRange{0, 255});
    Image narrow = two_core_image(SignMode::inhibitory);
    CHECK(plastic_projection(narrow, 1).weights == IntRange{-255, 0});
    narrow.chip.learning.arithmetic.weight_bits = 4;
    CHECK(plastic_projection(narrow, 1).weights == IntRange{-15, 0});
}
