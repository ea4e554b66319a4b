#include "compiler/timed/layer_chain.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "compiler/timed/ttfs_text.hpp"

namespace spikeloom::compiler {
namespace {

TimedNetwork two_layers() {
    const std::string text = R"(
        name: "two" time_unit_s: 6e-6
        neuron { tau_mem: 1.3 threshold: 1.08 leak: 0.7 g_leak: 3 }
        input { name: "in" size: 3 repeat: 2 }
        layer { name: "hidden" size: 4 weights: "a.npy" bias_times: [0.9, 0.7, 0.9] }
        layer { name: "label" size: 2 weights: "b.npy" neuron { one_spike: false refractory: 0.1 } }
        coding { window: 8 inverted: true silent_below: 0.01 }
    )";
    TimedNetwork network = parse_ttfs_text(text, "two", ".", {.files = false}).value();
    LayerChain chain = layer_chain(network).value();
    double next = 0.1;
    for (ChainLayer& layer : chain.layers) {
        for (double& weight : layer.weights) {
            weight = next += 0.7;
        }
    }
    set_weights(network, chain);
    return network;
}

}  // namespace

TEST_CASE("a network of layers is its chain, constant spikes being further rows") {
    const TimedNetwork network = two_layers();
    const LayerChain chain = layer_chain(network).value();
    REQUIRE(chain.layers.size() == 2);
    CHECK(chain.layers[0].inputs == 6);
    CHECK(chain.layers[0].biases == std::vector{0.7 * 6e-6, 0.9 * 6e-6, 0.9 * 6e-6});
    CHECK(chain.layers[0].weights.size() == 9 * 4);
    CHECK(chain.layers[1].biases.empty());
    CHECK(chain.layers[0].weights[5] == doctest::Approx(0.1 + 6 * 0.7));
}

TEST_CASE("a written network reads back to the bit") {
    const TimedNetwork network = two_layers();
    const auto folder = std::filesystem::temp_directory_path() / "spikeloom_layer_chain_test";
    std::filesystem::create_directories(folder);
    REQUIRE(write_ttfs(network, folder.string(), "two"));
    const auto read = read_ttfs_text((folder / "two.textproto").string());
    std::filesystem::remove_all(folder);
    REQUIRE(read.has_value());
    CHECK(*read == network);
}

TEST_CASE("what is not a chain of equal neurons is refused, with all reasons") {
    TimedNetwork network = two_layers();
    network.projections[0].delays.assign(network.projections[0].weights.size(), 1e-6);
    network.populations[1].neurons.resize(2, network.populations[1].neurons[0]);
    network.populations[1].neurons[1].lif.threshold = 2;
    network.outputs = {PopulationId(0)};
    const auto chain = layer_chain(network);
    REQUIRE_FALSE(chain.has_value());
    CHECK(chain.error().size() == 3);

    TimedNetwork recurrent = two_layers();
    recurrent.projections.push_back({.name = "back",
                                     .source = {Source::Kind::population, 1},
                                     .target = PopulationId(0),
                                     .row_begin = {0, 0, 0},
                                     .targets = {},
                                     .weights = {},
                                     .delays = {}});
    CHECK_FALSE(layer_chain(recurrent).has_value());
}

}  // namespace spikeloom::compiler
