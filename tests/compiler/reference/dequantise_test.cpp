#include "compiler/reference/dequantise.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "compiler/compile.hpp"
#include "compiler/text/network_text.hpp"
#include "compiler/text/stored_legal.hpp"

namespace spikeloom::compiler {
namespace {

Network network_of(const std::string& text) {
    const Result<Network> network = parse_network_text("name: \"n\" step_s: 1e-3\n" + text, "t", "");
    REQUIRE_MESSAGE(network.has_value(), to_text(network.error()));
    return *network;
}

chip::Image image_of(const Network& network) {
    chip::ChipSpec chip;
    chip.name = "loihi1";
    chip.costs.emplace_back();
    const auto compiled = compile(network, chip, {});
    REQUIRE_MESSAGE(compiled.has_value(), to_text(compiled.error()));
    return compiled->image;
}

/// A bit of everything: recurrence, biases, drawn parameters, a reset that isn't zero, an integrator, delays.
const std::string varied =
    "input { name: \"in\" shape: 20 }\n"
    "population { name: \"a\" shape: 40 kind: current_based tau_syn_s: 5e-3 w_in: 4 v_reset: -0.3 bias: 0.05\n"
    "  drawn { parameter: tau_mem_s uniform { low: 8e-3 high: 30e-3 } }\n"
    "  drawn { parameter: v_threshold uniform { low: 0.8 high: 1.2 } } drawn { parameter: v_leak normal { mean: 0.1 "
    "deviation: 0.1 } } }\n"
    "population { name: \"b\" shape: 7 kind: leaky_integrator tau_mem_s: 0.02 }\n"
    "population { name: \"c\" shape: 7 kind: integrate_fire resistance: 300 v_threshold: 2 bias: 0.1 }\n"
    "projection { name: \"i\" source: \"in\" target: \"a\" dense {} weight { normal { mean: 0.2 deviation: 0.4 } } "
    "bias: 0.02 }\n"
    "projection { name: \"r\" source: \"a\" target: \"a\" pairwise_bernoulli { probability: 0.2 } weight { normal { "
    "mean: -0.1 deviation: 0.3 } } delay { uniform { least: 0 most: 5 } } }\n"
    "projection { name: \"b\" source: \"a\" target: \"b\" dense {} weight { normal { mean: 0 deviation: 1 } } }\n"
    "projection { name: \"c\" source: \"a\" target: \"c\" dense {} weight { normal { mean: 0 deviation: 1 } } }\n"
    "output { population: \"b\" } output { population: \"c\" }\n";

/// Sum of all weights from neuron to neuron, by delay (beyond the message's own step).
std::vector<double> matrix(const Network& network, const Source& source, std::uint32_t target) {
    const std::size_t sources = network.source_size(source);
    const std::size_t targets = network.populations[target].size();
    std::vector<double> result(64 * sources * targets, 0.0);
    for (const Projection& projection : network.projections) {
        if (!(projection.source == source) || projection.target.value() != target) {
            continue;
        }
        for (std::uint32_t i = 0; i < sources; ++i) {
            std::vector<Connection> row;
            append_connections(network, projection, i, row);
            for (const Connection& connection : row) {
                result[(connection.delay_steps * sources + i) * targets + connection.target] += connection.weight;
            }
        }
    }
    return result;
}

TEST_CASE("weights come back from the image, each where it was, within half a level") {
    const Network network = network_of(varied);
    const chip::Image image = image_of(network);
    const Result<Network> variant = quantised_variant(network, image, QuantisedPart::weights);
    REQUIRE_MESSAGE(variant.has_value(), to_text(variant.error()));
    const std::vector<std::pair<Source, std::uint32_t>> pairs = {{{Source::Kind::input, 0}, 0},
                                                                 {{Source::Kind::population, 0}, 0},
                                                                 {{Source::Kind::population, 0}, 1},
                                                                 {{Source::Kind::population, 0}, 2}};
    for (const auto& [source, target] : pairs) {
        const std::vector<double> before = matrix(network, source, target);
        const std::vector<double> after = matrix(*variant, source, target);
        double squared = 0;
        double error = 0;
        std::size_t changed = 0;
        for (std::size_t i = 0; i < before.size(); ++i) {
            squared += before[i] * before[i];
            error += (before[i] - after[i]) * (before[i] - after[i]);
            changed += before[i] != after[i] ? 1U : 0U;
        }
        CAPTURE(target);
        CHECK(std::sqrt(error / squared) < 0.02);
        CHECK(changed > 0);
    }
    CHECK(variant->populations == network.populations);
}

TEST_CASE("decays and thresholds are the registers' own, what a step adds stays") {
    const Network network = network_of(varied);
    const chip::Image image = image_of(network);
    const Network decays = *quantised_variant(network, image, QuantisedPart::decays);
    CHECK(decays.projections == network.projections);
    for (std::size_t i = 0; i < 40; ++i) {
        const double k = 1e-3 / decays.populations[0].tau_mem_s[i];
        CHECK(k * 4096 == doctest::Approx(std::round(k * 4096)).epsilon(1e-9));
        CHECK(k == doctest::Approx(1e-3 / network.populations[0].tau_mem_s[i]).epsilon(0.005));
        // The passes make the gain of the network's decay, not of the register: what a step adds stays.
        CHECK(k * decays.populations[0].resistance[i] == doctest::Approx(1e-3 / network.populations[0].tau_mem_s[i]));
        CHECK(decays.populations[0].v_leak[i] == doctest::Approx(network.populations[0].v_leak[i]));
    }
    CHECK(1e-3 / decays.populations[0].tau_syn_s[0] * 4096 == doctest::Approx(819));
    const Network thresholds = *quantised_variant(network, image, QuantisedPart::thresholds);
    const double scale = image.populations[0].voltage_per_unit;
    for (std::size_t i = 0; i < 40; ++i) {
        const double mantissa = (thresholds.populations[0].v_threshold[i] + 0.3) * scale / 64;
        CHECK(mantissa == doctest::Approx(std::round(mantissa)).epsilon(1e-9));
        CHECK(thresholds.populations[0].v_threshold[i] ==
              doctest::Approx(network.populations[0].v_threshold[i]).epsilon(0.01));
        // What passes the synaptic filter, the biases 0.05 + 0.02, stays a bias; what acts at once is the leak.
        CHECK(thresholds.populations[0].v_leak[i] == doctest::Approx(network.populations[0].v_leak[i]).epsilon(0.02));
        CHECK(thresholds.populations[0].bias[i] == doctest::Approx(0.07).epsilon(0.01));
    }
    CHECK(thresholds.populations[2].bias[0] == doctest::Approx(0.1).epsilon(0.01));
    CHECK(thresholds.projections[0].bias[0] == 0);
    CHECK(thresholds.projections[0].weights == network.projections[0].weights);
}

/// Six neurons that reach 200.
const std::string hubs =
    "input { name: \"in\" shape: 8 }\n"
    "population { name: \"hub\" shape: 6 kind: integrate_fire resistance: 1000 v_threshold: 5 }\n"
    "population { name: \"out\" shape: 200 kind: integrate_fire resistance: 1000 v_threshold: 9 }\n"
    "projection { name: \"a\" source: \"in\" target: \"hub\" dense {} weight { uniform { low: 1 high: 7 } } }\n"
    "projection { name: \"b\" source: \"hub\" target: \"out\" dense {} weight { uniform { low: -3 high: 7 } } }\n"
    "output { population: \"out\" }\n";

TEST_CASE("an image with copies has the weights, thresholds and decays of the one without") {
    const Network network = network_of(hubs);
    chip::ChipSpec small;
    small.name = "small";
    small.costs.emplace_back();
    const auto whole = compile(network, small, {});
    small.limits.compartments = 24;
    small.limits.output_axons = 4;
    const auto copied = compile(network, small, {});
    REQUIRE_MESSAGE(whole.has_value(), to_text(whole.error()));
    REQUIRE_MESSAGE(copied.has_value(), to_text(copied.error()));
    REQUIRE(copied->image.populations.size() == 3);
    REQUIRE(copied->image.losses == whole->image.losses);
    const Network expected = *quantised_variant(network, whole->image, QuantisedPart::all);
    const Result<Network> found = quantised_variant(network, copied->image, QuantisedPart::all);
    REQUIRE_MESSAGE(found.has_value(), to_text(found.error()));
    CHECK(found->populations == expected.populations);
    for (const Source source : {Source{Source::Kind::input, 0}, Source{Source::Kind::population, 0}}) {
        const std::uint32_t target = source.kind == Source::Kind::input ? 0 : 1;
        CHECK(matrix(*found, source, target) == matrix(expected, source, target));
    }

    chip::Image image = copied->image;
    image.source_network.clear();
    CHECK(to_text(quantised_variant(network, image, QuantisedPart::all).error()).find("does not say whose") !=
          std::string::npos);
    const StoredLegal told{
        .copies = {{.name = image.populations[2].name, .population = PopulationId(0), .stand_for = {6}}},
        .added_steps = {}};
    image.source_network = serialise_network(network) + serialise_legal(told);
    CHECK(to_text(quantised_variant(network, image, QuantisedPart::all).error()).find("not there") !=
          std::string::npos);
}

TEST_CASE("an image of another network is refused") {
    const Network network = network_of(varied);
    chip::Image image = image_of(network);
    Network other = network;
    other.populations[0].name = "other";
    CHECK_FALSE(quantised_variant(other, image, QuantisedPart::all).has_value());
    other = network;
    other.populations[1].shape = {8};
    CHECK_FALSE(quantised_variant(other, image, QuantisedPart::all).has_value());
    image.inputs[0].name = "elsewhere";
    CHECK_FALSE(quantised_variant(network, image, QuantisedPart::all).has_value());
}

}  // namespace
}  // namespace spikeloom::compiler
