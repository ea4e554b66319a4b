#include "compiler/nir/nir_reader.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "support/contains.hpp"
#include "support/reference_data.hpp"

namespace spikeloom::compiler {
namespace {

using test::contains;

std::string choice(const NirImport& import, const std::string& topic) {
    for (const Resolution& resolution : import.resolutions) {
        if (resolution.topic == topic) {
            return resolution.choice;
        }
    }
    return "";
}

const Projection& projection(const Network& network, const std::string& name) {
    const auto found = std::ranges::find(network.projections, name, &Projection::name);
    REQUIRE(found != network.projections.end());
    return *found;
}

TEST_CASE("the Braille net of the NIR paper") {
    const auto path = test::reference_data("nir/braille_zero/braille_noDelay_bias_zero.nir");
    if (!path) {
        return;
    }
    const auto import = read_nir(*path);
    REQUIRE(import.has_value());
    CHECK(import->nir_version == "0.2.0");
    CHECK(import->remarks.empty());
    const Network& network = import->network;
    CHECK(network.name == "braille_noDelay_bias_zero");
    CHECK(network.step_s == 1e-4);
    REQUIRE(network.inputs.size() == 1);
    CHECK(network.inputs[0].shape == Shape{12});
    REQUIRE(network.populations.size() == 2);
    const Population& hidden = network.populations[0];
    CHECK(hidden.name == "lif1.lif");
    CHECK(hidden.shape == Shape{38});
    CHECK(hidden.kind == NeuronKind::current_based);
    CHECK(hidden.reset == ResetRule::to_value);
    CHECK(hidden.v_reset == Parameter(0.0));
    CHECK(hidden.tau_mem_s[0] == doctest::Approx(1e-3));
    CHECK(hidden.resistance[0] == doctest::Approx(10));
    CHECK(network.populations[1].name == "lif2");
    CHECK(network.outputs == std::vector<OutputPort>{{"output", PopulationId(1)}});
    REQUIRE(network.projections.size() == 3);
    const Projection& recurrent = projection(network, "lif1.w_rec");
    CHECK(recurrent.recurrent);
    CHECK(recurrent.bias_from_step == 0);
    CHECK(recurrent.bias.values.size() == 38);
    CHECK(recurrent.bias[0] == doctest::Approx(0.1316501));
    CHECK(std::get<DenseWeights>(recurrent.weights).weights.size() == 38 * 38);
    const Projection& first = projection(network, "fc1");
    CHECK_FALSE(first.recurrent);
    CHECK(first.source == Source{Source::Kind::input, 0});
    CHECK(std::get<DenseWeights>(first.weights).weights[1] == doctest::Approx(0.0579449));
    CHECK(projection(network, "fc2").target == PopulationId(1));
    CHECK(choice(*import, "time unit") == "seconds");
    CHECK(choice(*import, "dt") == "0.0001 s");
    CHECK(choice(*import, "reset") == "to v_reset");
    CHECK(choice(*import, "recurrent bias") == "from the first step");

    NirOptions norse;
    norse.recurrent_bias_at_start = false;
    const auto late = read_nir(*path, norse);
    REQUIRE(late.has_value());
    CHECK(projection(late->network, "lif1.w_rec").bias_from_step == 1);
    CHECK(projection(late->network, "fc1").bias_from_step == 0);
}

TEST_CASE("one LIF of Norse, and one of Rockpool") {
    const auto norse = test::reference_data("nir/lif/lif_norse.nir");
    const auto rockpool = test::reference_data("nir/others/lif_rockpool.nir");
    if (!norse || !rockpool) {
        return;
    }
    const auto first = read_nir(*norse);
    REQUIRE(first.has_value());
    CHECK(first->network.step_s == 1e-4);
    CHECK(first->network.populations[0].tau_mem_s[0] == doctest::Approx(0.0025));
    CHECK(first->network.populations[0].kind == NeuronKind::leaky);
    const auto second = read_nir(*rockpool);
    REQUIRE(second.has_value());
    CHECK(second->network.step_s == 1e-4);
    CHECK(contains(to_text(second->remarks),
                   "/node/nodes/output: warning: the Output 'output' declares the shape (1, 1, 1)"));
}

TEST_CASE("a neuron that fires by itself feeds another") {
    const auto path = test::reference_data("nir/others/two_lif_neurons.nir");
    if (!path) {
        return;
    }
    const auto import = read_nir(*path);
    REQUIRE(import.has_value());
    CHECK(import->network.populations[0].v_leak[0] == 1.2);
    CHECK(import->network.populations[1].v_threshold[0] == 20);
}

TEST_CASE("a nested graph whose inner Input has the wrong shape, with time constants in steps") {
    const auto path = test::reference_data("nir/others/rockpool_braille_nested.nir");
    if (!path) {
        return;
    }
    const auto refused = read_nir(*path);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().size() == 1);
    CHECK(contains(
        to_text(refused.error()),
        "/node/nodes/hidden/nodes/input/shape: error: the Input 'input' declares the shape (12), but (38) arrives"));
    NirOptions options;
    options.ignore_port_shapes = true;
    const auto import = read_nir(*path, options);
    REQUIRE(import.has_value());
    CHECK(choice(*import, "time unit") == "steps");
    const Population& hidden = import->network.populations[0];
    CHECK(hidden.name == "hidden.lif");
    CHECK(hidden.tau_mem_s[0] == doctest::Approx(10 * import->network.step_s));
    CHECK(hidden.resistance[0] == doctest::Approx(0.9));
    CHECK(projection(import->network, "hidden.lin").recurrent);
}

TEST_CASE("dangling edges name the edge, and the node that may have been meant") {
    const auto path = test::reference_data("nir/others/invalid_braille_dangling_subgraph.nir");
    if (!path) {
        return;
    }
    const auto refused = read_nir(*path);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().size() == 4);
    CHECK(
        contains(to_text(refused.error()),
                 "/node/nodes/lif1/edges: error: row 1: the edge 'lif' -> 'lin' names a node 'lif' that is not there"));
    CHECK(contains(to_text(refused.error()), "did you mean 'lif1'?"));
}

}  // namespace
}  // namespace spikeloom::compiler
