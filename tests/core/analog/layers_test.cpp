#include "core/analog/layers.hpp"

#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace spikeloom::core::analog {
namespace {

/// One input onto neuron 0, and the given synapses between neurons.
Net net_of(std::uint32_t neurons, const std::vector<std::pair<std::uint32_t, std::uint32_t>>& synapses) {
    Net net;
    net.inputs = 1;
    net.neurons.resize(neurons);
    net.row_begin = {0, 1};
    net.targets = {0};
    for (std::uint32_t source = 0; source < neurons; ++source) {
        for (const auto& [from, to] : synapses) {
            if (from == source) {
                net.targets.push_back(to);
            }
        }
        net.row_begin.push_back(net.targets.size());
    }
    net.weights.assign(net.targets.size(), 1);
    return net;
}

}  // namespace

TEST_CASE("neurons lie in the layer of the longest way to them") {
    CHECK(layers_of(Net{}).empty());
    CHECK(layers_of(net_of(3, {})) == std::vector<NetLayer>{{.neurons = {0, 1, 2}}});
    // 0 -> 2 -> 1 -> 3, and a short cut 0 -> 3.
    CHECK(layers_of(net_of(4, {{0, 2}, {2, 1}, {1, 3}, {0, 3}})) ==
          std::vector<NetLayer>{{.neurons = {0}}, {.neurons = {2}}, {.neurons = {1}}, {.neurons = {3}}});
}

TEST_CASE("neurons that listen to one another share a layer") {
    // 0 -> {1 <-> 2} -> 3; 4 listens to itself; 5 -> 4.
    const std::vector<NetLayer> layers = layers_of(net_of(6, {{0, 1}, {1, 2}, {2, 1}, {2, 3}, {4, 4}, {5, 4}}));
    CHECK(layers ==
          std::vector<NetLayer>{{.neurons = {0, 5}}, {.neurons = {1, 2, 4}, .loops = true}, {.neurons = {3}}});
}

TEST_CASE("a chain of a hundred thousand neurons needs no stack") {
    constexpr std::uint32_t count = 100'000;
    Net net;
    net.neurons.resize(count);
    net.row_begin = {0};
    for (std::uint32_t n = 0; n < count; ++n) {
        net.targets.push_back((n + 1) % count);
        net.row_begin.push_back(net.targets.size());
    }
    const std::vector<NetLayer> ring = layers_of(net);
    REQUIRE(ring.size() == 1);
    CHECK(ring[0].loops);
    net.targets.pop_back();
    net.row_begin.back() = net.targets.size();
    CHECK(layers_of(net).size() == count);
}

}  // namespace spikeloom::core::analog
