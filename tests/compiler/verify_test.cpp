#include "compiler/verify.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "compiler/compile.hpp"
#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

Network recurrent_network() {
    test::NetworkBuilder builder("victim");
    const Source in = builder.input("in", 20);
    const Source p = builder.population("p", {30}, NeuronKind::current_based);
    const Source q = builder.population("q", {25});
    builder[p].bias = 0.1;
    builder.connect(in, p, test::dense_uniform(30, 20, -1, 1, 1));
    builder.connect(p, p, test::sparse_random(30, 30, {.probability = 0.3, .longest_delay = 3, .seed = 2})).recurrent =
        true;
    builder.connect(p, q, test::dense_uniform(25, 30, 0.1, 1, 3));
    return std::move(builder.network());
}

chip::Image compiled(const Network& network) {
    chip::ChipSpec chip;
    chip.name = "loihi-like";
    chip.limits.compartments = 20;
    auto result = compile(network, chip, {});
    REQUIRE(result);
    REQUIRE(result->image.cores.size() == 3);
    return std::move(result->image);
}

struct Damage {
    std::string what;
    std::function<void(chip::Image&)> apply;
    std::string complaint;
};

TEST_CASE("a damaged image makes the verifier speak up") {
    const Network network = recurrent_network();
    const chip::Image sound = compiled(network);
    CHECK(verify(sound).empty());
    CHECK(verify(sound, network).empty());

    const std::vector<Damage> damages{
        {"a weight off by one step", [](chip::Image& i) { i.cores[0].synapses[5].weight += 2; }, ""},
        {"a weight out of its sign mode", [](chip::Image& i) { i.cores[0].synapses[5].weight = 256; }, "weight"},
        {"a synapse lost", [](chip::Image& i) { i.cores[1].synapses[3].weight = 0; }, "lost"},
        {"a target moved", [](chip::Image& i) { i.cores[1].synapses[3].target = 99; }, "target"},
        {"a delay too long for its field", [](chip::Image& i) { i.cores[0].synapses[2].delay = 60; }, "delay"},
        {"a decay register", [](chip::Image& i) { i.cores[0].groups[0].voltage_decay += 1; }, "decay"},
        {"a threshold", [](chip::Image& i) { i.cores[0].groups[0].threshold_mantissa += 1; }, "threshold"},
        {"a bias", [](chip::Image& i) { i.cores[0].biases[1].mantissa += 1; }, "bias"},
        {"a refractory time", [](chip::Image& i) { i.cores[0].groups[0].refractory = 2; }, "refractory"},
        {"a refractory time out of range", [](chip::Image& i) { i.cores[0].groups[0].refractory = 64; }, "refractory"},
        {"an output axon dropped",
         [](chip::Image& i) {
             i.cores[0].outputs.pop_back();
             i.cores[0].output_first.back() -= 1;
         },
         "lost"},
        {"an output axon to nowhere", [](chip::Image& i) { i.cores[0].outputs[0].core = CoreId(9); }, "not exist"},
        {"an output axon swapped",
         [](chip::Image& i) { i.cores[0].outputs[0].axon = AxonId(i.cores[0].outputs[0].axon.value() + 1); }, ""},
        {"an input's axons", [](chip::Image& i) { i.inputs[0].outputs[0].axon = AxonId(4000); }, "not exist"},
        {"two cores in one place", [](chip::Image& i) { i.cores[1].place = i.cores[0].place; }, "place"},
        {"a place off the mesh", [](chip::Image& i) { i.cores[1].place = 128; }, "place"},
        {"a format's exponent", [](chip::Image& i) { i.cores[0].formats[0].weight_exponent += 1; }, "contributes"},
        {"a format's width", [](chip::Image& i) { i.cores[0].formats[0].weight_bits = 7; }, "weight bits"},
        {"an entry's encoding",
         [](chip::Image& i) {
             for (auto& entry : i.cores[0].entries) {
                 const chip::Synapse* first = &i.cores[0].synapses[entry.first];
                 if (entry.count > 1 && first[1].target != first[0].target + 1) {
                     entry.encoding = chip::SynapseEncoding::dense;
                     return;
                 }
             }
         },
         "can't name"},
        {"an entry too long", [](chip::Image& i) { i.chip.synapses.synapses_per_entry = 1; }, "holds"},
        {"a tile shifted", [](chip::Image& i) { i.populations[0].tiles[0].first_compartment += 1; }, ""},
        {"a neuron missing", [](chip::Image& i) { i.populations[0].tiles.back().count -= 1; }, "neurons"},
        {"two neurons in one compartment",
         [](chip::Image& i) {
             i.populations[1].tiles.back().core = CoreId(0);
             i.populations[1].tiles.back().first_compartment = 0;
         },
         "two neurons"},
        {"the scale", [](chip::Image& i) { i.populations[0].voltage_per_unit *= 1.01; }, ""},
        {"a loss hidden", [](chip::Image& i) { i.losses[0].zeroed += 1; }, "admits"},
    };
    for (const Damage& damage : damages) {
        CAPTURE(damage.what);
        chip::Image image = sound;
        damage.apply(image);
        const std::string text = to_text(verify(image, network));
        CAPTURE(text);
        CHECK(!text.empty());
        CHECK(text.find(damage.complaint) != std::string::npos);
    }
}

TEST_CASE("a network that changed behind the image is noticed") {
    const Network network = recurrent_network();
    const chip::Image image = compiled(network);
    Network other = network;
    std::get<DenseWeights>(other.projections[0].weights).weights[7] += 0.05F;
    CHECK(!verify(image, other).empty());
    other = network;
    other.projections[2].delay_steps = 1;
    CHECK(!verify(image, other).empty());
    other = network;
    other.populations[1].tau_mem_s = 0.02;
    CHECK(!verify(image, other).empty());
    other = network;
    other.populations[1].name = "r";
    CHECK(!verify(image, other).empty());
}

struct TightLimit {
    std::string name;
    std::function<void(chip::ChipSpec&, std::int64_t)> set;
    std::function<std::int64_t(const MeasuredCore&)> used;
};

TEST_CASE("every limit is checked, at the edge") {
    const chip::Image sound = compiled(recurrent_network());
    const MeasuredCost cost = measure_cost(sound);
    const std::vector<TightLimit> limits{
        {"compartments", [](chip::ChipSpec& c, std::int64_t n) { c.limits.compartments = n; },
         [](const MeasuredCore& m) { return m.compartments; }},
        {"input axons", [](chip::ChipSpec& c, std::int64_t n) { c.limits.input_axons = n; },
         [](const MeasuredCore& m) { return m.input_axons; }},
        {"output axons", [](chip::ChipSpec& c, std::int64_t n) { c.limits.output_axons = n; },
         [](const MeasuredCore& m) { return m.output_axons; }},
        {"synaptic memory", [](chip::ChipSpec& c, std::int64_t n) { c.synapses.words = n; },
         [](const MeasuredCore& m) { return m.synapse_words; }},
        {"one axon's list", [](chip::ChipSpec& c, std::int64_t n) { c.synapses.words_per_axon = n; },
         [](const MeasuredCore& m) { return m.longest_axon_words; }},
        {"compartment profiles", [](chip::ChipSpec& c, std::int64_t n) { c.limits.compartment_profiles = n; },
         [](const MeasuredCore& m) { return m.compartment_profiles; }},
        {"threshold profiles", [](chip::ChipSpec& c, std::int64_t n) { c.limits.threshold_profiles = n; },
         [](const MeasuredCore& m) { return m.threshold_profiles; }},
        {"synapse formats", [](chip::ChipSpec& c, std::int64_t n) { c.synapses.synapse_formats = static_cast<int>(n); },
         [](const MeasuredCore& m) { return m.synapse_formats; }},
    };
    for (const TightLimit& limit : limits) {
        CAPTURE(limit.name);
        std::int64_t most = 0;
        for (const MeasuredCore& core : cost.cores) {
            most = std::max(most, limit.used(core));
        }
        REQUIRE(most > 0);
        chip::Image image = sound;
        limit.set(image.chip, most);
        CHECK(verify(image).empty());
        limit.set(image.chip, most - 1);
        CHECK(to_text(verify(image)).find(limit.name) != std::string::npos);
    }
    chip::Image image = sound;
    image.chip.mesh = {.columns = 1, .rows = 1, .cores_per_tile = 2};
    CHECK(to_text(verify(image)).find("limit: cores") != std::string::npos);
}

}  // namespace
}  // namespace spikeloom::compiler
