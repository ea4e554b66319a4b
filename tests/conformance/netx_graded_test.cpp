// netx nets whose messages carry values (sigma-delta), and layers that join others, from the file to the emulated chip:
// every value of every layer against lava's equations, written naively.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>
#include <vector>

#include "compiler/reference/float_interpreter.hpp"
#include "support/networks.hpp"
#include "support/running_net.hpp"

namespace spikeloom::compiler {
namespace {

using test::network_of;
using test::NetxTestLayer;
using test::RunningNet;
using test::whole_numbers;

/// Sigma-delta neurons, as lava's fixed-point models compute them in netx (spike_exp 6, state_exp 6). What they hear of
/// an image is (channels, height, width).
struct NaiveSigmaDelta {
    NetxTestLayer layer;
    bool input = false;
    std::vector<std::int64_t> sigma, before, residue;
    std::vector<std::int32_t> sent;
    std::array<std::int64_t, 2> from{1, 1};  ///< height and width of what it hears

    explicit NaiveSigmaDelta(NetxTestLayer of, std::array<std::int64_t, 2> image = {1, 1})
        : layer(std::move(of)), input(layer.type == "input"), from(image) {
        const auto neurons = static_cast<std::size_t>(layer.neurons());
        sigma.assign(neurons, 0);
        before = residue = sigma;
        sent.assign(neurons, 0);
    }
    void step(const std::vector<std::int32_t>& heard) {
        for (std::size_t i = 0; i < sent.size(); ++i) {
            std::int64_t x = std::int64_t{4096} * heard[input ? i : 0];
            if (!input) {
                sigma[i] += layer.type == "conv" ? correlation(heard, static_cast<std::int64_t>(i)) : product(heard, i);
                const std::size_t each = sent.size() / std::max<std::size_t>(layer.bias.size(), 1);
                x = std::max<std::int64_t>(0, sigma[i] + (layer.bias.empty() ? 0 : 4096 * layer.bias[i / each]));
            }
            const std::int64_t d = x - before[i] + residue[i];
            const std::int64_t out = std::abs(d) >= 4096 * layer.threshold ? d : 0;
            residue[i] = d - out;
            before[i] = x;
            sent[i] = static_cast<std::int32_t>(out >> 6);
        }
    }

private:
    [[nodiscard]] std::int64_t product(const std::vector<std::int32_t>& heard, std::size_t target) const {
        std::int64_t sum = 0;
        for (std::size_t j = 0; j < heard.size(); ++j) {
            sum += std::int64_t{layer.weight[target * heard.size() + j]} * heard[j];
        }
        return sum;
    }
    [[nodiscard]] std::int64_t correlation(const std::vector<std::int32_t>& heard, std::int64_t target) const {
        const std::int64_t channel = target / (layer.shape[1] * layer.shape[2]);
        const std::int64_t row = target / layer.shape[2] % layer.shape[1];
        const std::int64_t column = target % layer.shape[2];
        std::int64_t sum = 0;
        for (std::int64_t in = 0; in < layer.in_channels; ++in) {
            for (std::int64_t ky = 0; ky < layer.kernel[0]; ++ky) {
                for (std::int64_t kx = 0; kx < layer.kernel[1]; ++kx) {
                    const std::int64_t y = row * layer.stride[0] + ky - layer.padding[0];
                    const std::int64_t x = column * layer.stride[1] + kx - layer.padding[1];
                    const std::int64_t tap =
                        ((channel * layer.in_channels + in) * layer.kernel[0] + ky) * layer.kernel[1] + kx;
                    if (y >= 0 && y < from[0] && x >= 0 && x < from[1]) {
                        sum += std::int64_t{layer.weight[static_cast<std::size_t>(tap)]} *
                               heard[static_cast<std::size_t>((in * from[0] + y) * from[1] + x)];
                    }
                }
            }
        }
        return sum;
    }
};

/// What walks through an image, channel by channel a little up and down.
void move(test::Draws& draws, std::vector<std::int32_t>& values) {
    for (std::int32_t& value : values) {
        value = std::clamp(value + static_cast<std::int32_t>(draws.integer(-5, 5)), -64, 64);
    }
}

NetxTestLayer sigma_delta(NetxTestLayer layer, std::int64_t threshold) {
    layer.neuron_type = "SDNN";
    layer.threshold = threshold;
    return layer;
}

NetxTestLayer convolution(test::Draws& draws, std::vector<std::int64_t> shape, std::int64_t channels, std::int64_t size,
                          std::int64_t stride) {
    const std::int64_t taps = shape[0] * channels * size * size;
    NetxTestLayer layer{.type = "conv", .weight = whole_numbers(draws, taps, -30, 34)};
    layer.bias = whole_numbers(draws, shape[0], -20, 60);
    layer.shape = std::move(shape);
    layer.kernel = {size, size};
    layer.stride = {stride, stride};
    layer.in_channels = channels;
    return layer;
}

NetxTestLayer dense(test::Draws& draws, std::int64_t targets, std::int64_t sources) {
    return {.shape = {targets}, .sources = sources, .weight = whole_numbers(draws, targets * sources, -30, 34)};
}

TEST_CASE("netx: sigma-delta layers equal lava's equations: values as messages, a sum as output") {
    test::Draws draws(12);
    std::vector<NetxTestLayer> layers(4);
    layers[0] = {.type = "input", .shape = {12}, .threshold = 3, .neuron_type = "SDNN"};
    layers[1] = {.shape = {9},
                 .sources = 12,
                 .weight = whole_numbers(draws, 108, -40, 50),
                 .bias = whole_numbers(draws, 9, -20, 100),
                 .threshold = 2,
                 .neuron_type = "SDNN"};
    layers[2] = {
        .shape = {7}, .sources = 9, .weight = whole_numbers(draws, 63, -60, 60), .threshold = 1, .neuron_type = "SDNN"};
    layers[3] = {.shape = {3},
                 .sources = 7,
                 .weight = whole_numbers(draws, 21, -60, 60),
                 .neuron_type = "SDNN",
                 .sigma_output = true};
    RunningNet net(network_of(layers), "loihi2");
    std::vector<NaiveSigmaDelta> naive;
    for (const NetxTestLayer& layer : layers) {
        naive.emplace_back(layer);
    }
    std::vector<std::int32_t> values(12);
    std::size_t messages = 0;
    for (int step = 0; step < 60; ++step) {
        move(draws, values);
        net.step(values);
        for (std::size_t layer = naive.size(); layer-- > 1;) {
            naive[layer].step(naive[layer - 1].sent);
        }
        naive[0].step(values);
        for (std::uint32_t layer = 0; layer < 3; ++layer) {
            CAPTURE(step);
            CAPTURE(layer);
            REQUIRE(net.sent(layer) == naive[layer].sent);
            messages +=
                static_cast<std::size_t>(std::ranges::count_if(naive[layer].sent, [](int v) { return v != 0; }));
        }
        for (std::uint32_t i = 0; i < 3; ++i) {
            REQUIRE(net.voltage(3, i) == naive[3].sigma[i]);
        }
    }
    CHECK(messages > 300);
}

TEST_CASE("netx: a small PilotNet of sigma-delta neurons: strides, biases, a sum as output, shapes either way round") {
    test::Draws draws(21);
    std::vector<NetxTestLayer> layers;
    layers.push_back(sigma_delta({.type = "input", .shape = {3, 17, 26}}, 3));
    layers.push_back(sigma_delta(convolution(draws, {6, 8, 12}, 3, 3, 2), 4));
    layers.push_back(sigma_delta(convolution(draws, {8, 3, 5}, 6, 3, 2), 3));
    layers.push_back({.type = "flatten", .shape = {120, 1, 1}});
    layers.push_back(sigma_delta(dense(draws, 10, 120), 2));
    layers.push_back(sigma_delta(dense(draws, 1, 10), 0));
    layers.back().sigma_output = true;
    std::vector<NetxTestLayer> backwards = layers;
    for (const std::size_t image : {0, 1, 2}) {
        std::ranges::reverse(backwards[image].shape);
    }
    CHECK(network_of(layers) == network_of(backwards));

    RunningNet net(network_of(layers), "loihi2");
    std::vector<NaiveSigmaDelta> naive{NaiveSigmaDelta(layers[0]), NaiveSigmaDelta(layers[1], {17, 26}),
                                       NaiveSigmaDelta(layers[2], {8, 12}), NaiveSigmaDelta(layers[4]),
                                       NaiveSigmaDelta(layers[5])};
    std::vector<std::int32_t> values(3 * 17 * 26);
    for (int step = 0; step < 20; ++step) {
        move(draws, values);
        net.step(values);
        for (std::size_t layer = naive.size(); layer-- > 1;) {
            naive[layer].step(naive[layer - 1].sent);
        }
        naive[0].step(values);
        for (std::uint32_t layer = 0; layer < 4; ++layer) {
            CAPTURE(step);
            CAPTURE(layer);
            REQUIRE(net.sent(layer) == naive[layer].sent);
        }
        REQUIRE(net.voltage(4, 0) == naive[4].sigma[0]);
    }
    CHECK(naive[4].sigma[0] != 0);
}

TEST_CASE("netx: a concat layer joins channels and neurons, of earlier layers and of later ones; averages sum groups") {
    test::Draws draws(22);
    std::vector<NetxTestLayer> layers;
    layers.push_back(sigma_delta({.type = "input", .shape = {2, 7, 9}}, 2));
    layers.push_back(sigma_delta(convolution(draws, {3, 5, 7}, 2, 3, 1), 3));
    layers.push_back(sigma_delta(convolution(draws, {2, 5, 7}, 3, 1, 1), 2));
    layers.push_back({.type = "concat", .shape = {5, 5, 7}, .layers = {1}});
    layers.push_back(sigma_delta(convolution(draws, {4, 2, 3}, 5, 3, 2), 3));
    layers.push_back({.type = "flatten", .shape = {24}});
    layers.push_back({.type = "concat", .shape = {24 + 12}, .layers = {7}});  // what comes behind it, too
    layers.push_back(sigma_delta(dense(draws, 12, 36), 2));
    layers.push_back({.type = "average", .shape = {3, 1, 1}});
    const Network network = network_of(layers);
    CHECK(network.projections.back().name == "average8.sum");
    RunningNet net(network, "loihi2");
    std::vector<NaiveSigmaDelta> naive{NaiveSigmaDelta(layers[0]), NaiveSigmaDelta(layers[1], {7, 9}),
                                       NaiveSigmaDelta(layers[2], {5, 7}), NaiveSigmaDelta(layers[4], {5, 7}),
                                       NaiveSigmaDelta(layers[7])};
    const auto joined = [](std::vector<std::int32_t> a, const std::vector<std::int32_t>& b) {
        a.insert(a.end(), b.begin(), b.end());
        return a;
    };
    std::vector<std::int32_t> values(2 * 7 * 9);
    std::vector<std::int64_t> sums(3);
    for (int step = 0; step < 30; ++step) {
        move(draws, values);
        net.step(values);
        for (std::size_t i = 0; i < 12; ++i) {
            sums[i / 4] += naive[4].sent[i];
        }
        naive[4].step(joined(naive[3].sent, naive[4].sent));
        naive[3].step(joined(naive[2].sent, naive[1].sent));
        naive[2].step(naive[1].sent);
        naive[1].step(naive[0].sent);
        naive[0].step(values);
        for (std::uint32_t layer = 0; layer < 5; ++layer) {
            CAPTURE(step);
            CAPTURE(layer);
            REQUIRE(net.sent(layer) == naive[layer].sent);
        }
        for (std::uint32_t group = 0; group < 3; ++group) {
            REQUIRE(net.voltage(5, group) == sums[group]);
        }
    }
    CHECK(sums != std::vector<std::int64_t>(3));
}

TEST_CASE("netx: sigma-delta neurons in reals equal the chip's where messages lose nothing, and else come near") {
    test::Draws draws(23);
    for (const std::int32_t unit : {64, 1}) {  // messages have 6 bits behind the point
        std::vector<NetxTestLayer> layers;
        layers.push_back(sigma_delta({.type = "input", .shape = {12}}, 2));
        layers.push_back(sigma_delta(dense(draws, 9, 12), 3));
        layers.back().bias = whole_numbers(draws, 9, -20, 60);
        layers.push_back(sigma_delta(dense(draws, 6, 9), 2));
        layers.push_back(sigma_delta(dense(draws, 4, 6), 2));
        layers.back().sigma_output = true;
        for (NetxTestLayer& layer : layers) {
            std::ranges::for_each(layer.weight, [&](std::int32_t& weight) { weight = weight / (unit / 8 + 1) * unit; });
        }
        const Network network = network_of(layers);
        RunningNet net(network, "loihi2");
        FloatInterpreter reals(network, {.timing = Timing::next_step, .single_precision = false});
        std::vector<std::int32_t> values(12);
        std::size_t messages = 0;
        double furthest = 0;
        for (int step = 0; step < 60; ++step) {
            move(draws, values);
            net.step(values);
            reals.step({std::vector<float>(values.begin(), values.end())});
            for (std::uint32_t layer = 0; layer < 3 && unit == 64; ++layer) {
                CAPTURE(step);
                CAPTURE(layer);
                REQUIRE(std::ranges::equal(reals.spikes(PopulationId(layer)), net.spikes(layer)));
                messages += static_cast<std::size_t>(std::ranges::count(net.spikes(layer), 1));
            }
            for (std::uint32_t i = 0; i < 4; ++i) {
                const double off = std::abs(reals.membrane(PopulationId(3))[i] - net.voltage(3, i));
                furthest = std::max(furthest, off);
            }
        }
        if (unit == 64) {
            CHECK(messages > 200);
        } else {
            CHECK(furthest > 0);
        }
        CHECK(furthest <= (unit == 64 ? 0 : 60 * 6 * 34));  // a message loses less than 1, times a weight, each step
    }
}

}  // namespace
}  // namespace spikeloom::compiler
