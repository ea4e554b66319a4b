#include "compiler/legalise/misfits.hpp"

#include <doctest/doctest.h>

#include "compiler/passes/neuron_order.hpp"
#include "compiler/passes/partition.hpp"
#include "compiler/passes/quantise.hpp"
#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

/// A picture of 4 maps of 24 x 24 that a convolution makes of 8 maps, and a matrix of the whole onto 3 neurons.
Network picture_net() {
    test::NetworkBuilder builder;
    const Source in = builder.input("in", 8 * 24 * 24);
    const Source maps = builder.population("maps", {4, 24, 24});
    const Source sums = builder.population("sums", {3});
    ConvolutionWeights convolution{.input = {8, 24, 24},
                                   .output = {4, 24, 24},
                                   .kernel_size = {3, 3},
                                   .stride = {1, 1},
                                   .padding = {1, 1},
                                   .dilation = {1, 1},
                                   .groups = 1,
                                   .kernel = {},
                                   .pooling = {},
                                   .source = {8, 24, 24}};
    for (int tap = 0; tap < 4 * 8 * 9; ++tap) {
        convolution.kernel.push_back(static_cast<float>(tap % 17 - 8) / 8);
    }
    builder.connect(in, maps, convolution);
    builder.connect(maps, sums, test::dense_uniform(3, 4 * 24 * 24, -1, 1, 3));
    builder.output("sums", sums);
    return std::move(builder.network());
}

TEST_CASE("misfits are looked for where partition() would put the neurons: pictures in tiles") {
    chip::ChipSpec chip;
    chip.name = "small";
    chip.limits.compartments = 256;
    chip.limits.input_axons = 2000;
    const Network network = picture_net();
    Diagnostics remarks;
    const auto mapped = quantise(network, chip, {}, remarks);
    REQUIRE(mapped);
    const MisfitSurvey survey = find_misfits(network, *mapped, chip);
    REQUIRE(survey.misfits.size() == 3);  // the neurons that hear the whole picture
    CHECK(shortage_of(survey.misfits[0], chip).fan_in);
    CHECK(survey.misfits[0].neuron == 4 * 24 * 24);

    const auto parts = partition(network, *mapped, chip, {.effort = 0});
    CHECK_FALSE(parts);
    const CoreFacts facts = core_facts(*mapped, chip);
    const NeuronOrder natural = natural_order(*mapped);
    const Filling plain = fill_cores(mapped->table, natural, facts, chip, {.tightness = 1.0, .most_cores = 10000});
    CHECK(survey.cores < plain.cores.size());
    CHECK(first_order(network, *mapped, facts, chip).neuron_at != natural.neuron_at);
}

}  // namespace
}  // namespace spikeloom::compiler
