#include "compiler/overrides.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "compiler/compile.hpp"
#include "compiler/passes/neuron_order.hpp"
#include "compiler/passes/quantise.hpp"
#include "compiler/spike_rates.hpp"
#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

using Names = std::vector<std::string>;

chip::ChipSpec small_cores(std::int64_t compartments) {
    chip::ChipSpec chip;
    chip.name = "small";
    chip.limits.compartments = compartments;
    return chip;
}

std::string refusal(const Network& network, const chip::ChipSpec& chip, const MappingOverrides& overrides) {
    const auto plan = plan_overrides(network, chip, overrides);
    return plan ? std::string() : to_text(plan.error());
}

std::vector<std::uint32_t> numbers(std::uint32_t first, std::uint32_t count) {
    std::vector<std::uint32_t> all(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        all[i] = first + i;
    }
    return all;
}

TEST_CASE("overrides that make no sense are refused by name") {
    const Network network = test::dense_chain(4, {10, 10, 10});
    const chip::ChipSpec chip = small_cores(8);
    const auto says = [&](const MappingOverrides& overrides, const std::string& text) {
        const std::string refused = refusal(network, chip, overrides);
        CAPTURE(refused);
        CAPTURE(text);
        CHECK(refused.find(text) != std::string::npos);
    };
    says({.pins = {{"layer9", {1}}}, .forbidden_cores = {}, .together = {}}, "no population 'layer9'");
    says({.pins = {{"layer1", {1, 128}}}, .forbidden_cores = {}, .together = {}}, "core 128");
    says({.pins = {{"layer1", {}}}, .forbidden_cores = {}, .together = {}}, "no core");
    says({.pins = {{"layer1", {1, 2}}}, .forbidden_cores = {2, 1}, .together = {}}, "forbidden");
    says({.pins = {{"layer1", {1}}}, .forbidden_cores = {}, .together = {}}, "10 neurons are pinned to 1 core");
    says({.pins = {{"layer1", {1, 2}}, {"layer1", {1, 2}}}, .forbidden_cores = {}, .together = {}}, "twice");
    says({.pins = {}, .forbidden_cores = {400}, .together = {}}, "core 400");
    says({.pins = {}, .forbidden_cores = {}, .together = {{"layer1", "layer4"}}}, "no population 'layer4'");
    says({.pins = {}, .forbidden_cores = {}, .together = {{"layer1"}}}, "two or more");
    says({.pins = {}, .forbidden_cores = {}, .together = {{"layer1", "layer1"}}}, "'layer1' is named twice");
    says({.pins = {}, .forbidden_cores = {}, .together = {}, .fan_in_parts = {{"layer1", 2}}},
         "passes a part of a sum");
    chip::ChipSpec graded = chip;
    graded.neuron.payload_bits = 24;
    graded.neuron.models = {NeuronModel::leaky, NeuronModel::graded_vector};
    const auto refuses_parts = [&](const std::vector<MappingOverrides::FanInParts>& wishes, const std::string& text) {
        const std::string refused =
            refusal(network, graded, {.pins = {}, .forbidden_cores = {}, .together = {}, .fan_in_parts = wishes});
        CAPTURE(refused);
        CHECK((text.empty() ? refused.empty() : refused.find(text) != std::string::npos));
    };
    refuses_parts({{"layer9", 2}}, "no population 'layer9'");
    refuses_parts({{"layer1", 1}}, "1 part");
    refuses_parts({{"layer1", 5000}}, "2 to 4096");
    refuses_parts({{"layer1", 2}, {"layer1", 3}}, "a second number");
    refuses_parts({{"layer1", 2}, {"layer2", 3}}, "");
    says({.pins = {{"layer1", numbers(0, 5)}, {"layer3", numbers(5, 5)}},
          .forbidden_cores = {},
          .together = {{"layer1", "layer2"}, {"layer2", "layer3"}}},
         "pinned to other cores");
    CHECK(refusal(network, chip,
                  {.pins = {{"layer1", {7, 3, 3, 4, 5}}, {"layer3", {3, 4, 5, 7}}},
                   .forbidden_cores = {},
                   .together = {{"layer1", "layer2"}, {"layer2", "layer3"}}})
              .empty());
}

TEST_CASE("an order keeps its populations' order, and pinned groups share no core") {
    const Network network = test::dense_chain(4, {5, 6, 7});
    const chip::ChipSpec chip = small_cores(8);
    Diagnostics remarks;
    const auto mapped = quantise(network, chip, {}, remarks);
    REQUIRE(mapped);
    const auto plan = plan_overrides(network, chip, {.pins = {{"layer2", {9}}}, .forbidden_cores = {}, .together = {}});
    REQUIRE(plan);
    NeuronOrder order = natural_order(*mapped);
    order.cuts = {3, 8};
    const NeuronOrder applied = apply(*plan, *mapped, order);
    // layer1 0..4, layer3 11..17 | layer2 5..10; the cut after neuron 2 stays, the one after 7 is the groups' border
    CHECK(applied.neuron_at ==
          std::vector<std::uint32_t>{0, 1, 2, 3, 4, 11, 12, 13, 14, 15, 16, 17, 5, 6, 7, 8, 9, 10});
    CHECK(applied.cuts == std::vector<std::uint32_t>{3, 5, 12, 15});
    const NeuronOrder again = apply(*plan, *mapped, applied);
    CHECK(again.neuron_at == applied.neuron_at);
    CHECK(again.cuts == applied.cuts);
}

TEST_CASE("populations kept together have their share on every core of theirs") {
    const Network network = test::dense_chain(4, {60, 33, 20});
    const chip::ChipSpec chip = small_cores(16);
    CompileOptions options;
    options.overrides.together = {{"layer1", "layer3"}};
    const auto result = compile(network, chip, options);
    REQUIRE(result);
    std::map<std::uint32_t, std::map<std::size_t, int>> held;  // core, population
    for (std::size_t p = 0; p < 3; ++p) {
        for (const chip::PopulationTile& tile : result->image.populations[p].tiles) {
            held[tile.core.value()][p] += static_cast<int>(tile.count);
        }
    }
    for (const auto& [core, populations] : held) {
        const auto of = [&](std::size_t p) { return populations.contains(p) ? populations.at(p) : 0; };
        CAPTURE(core);
        CHECK(std::abs(of(0) - 3 * of(2)) <= 3);  // 60 to 20, to a neuron
    }
    CHECK(verify(result->image, network).empty());
}

TEST_CASE("places are found where pins leave any, by exchange if need be") {
    const Network network = test::dense_chain(4, {8, 8, 8});
    const chip::ChipSpec chip = small_cores(4);
    // layer1 may take 0..3, layer2 only 0 and 1: whichever comes first, both find two places
    const auto plan = plan_overrides(
        network, chip,
        {.pins = {{"layer1", {0, 1, 2, 3}}, {"layer2", {0, 1}}}, .forbidden_cores = numbers(4, 122), .together = {}});
    REQUIRE(plan);
    CHECK(plan->places == 6);
    const std::uint32_t wide = plan->group_of[0];
    const std::uint32_t narrow = plan->group_of[1];
    const std::uint32_t free = plan->group_of[2];
    const auto fits = [&](const std::vector<std::uint32_t>& groups) { return !check_places(*plan, network, groups); };
    CHECK(fits({wide, wide, narrow, narrow}));
    CHECK(!fits({wide, wide, wide, narrow, narrow}));
    CHECK(!fits({narrow, narrow, narrow}));
    CHECK(fits({wide, wide, narrow, narrow, free, free}));
    CHECK(!fits({wide, wide, narrow, narrow, free, free, free}));
    const auto allowed = allowed_places(*plan, std::vector<std::uint32_t>{narrow, free});
    CHECK(allowed == std::vector<std::vector<std::uint32_t>>{{0, 1}, {}});
}

TEST_CASE("rates must be those of the network") {
    const Network network = test::dense_chain(2, {3});
    CHECK(check_rates(network, {}).empty());
    CHECK(check_rates(network, {.populations = {{0.F, 1.F, 2.F}}, .inputs = {{1.F, 0.F}}}).empty());
    CHECK(check_rates(network, {.populations = {{0.F, 1.F}}, .inputs = {{1.F, 0.F}}}).size() == 1);
    CHECK(check_rates(network, {.populations = {{0.F, 1.F, -1.F}}, .inputs = {}}).size() == 2);
}

}  // namespace
}  // namespace spikeloom::compiler
