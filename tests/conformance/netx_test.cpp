// lava-dl nets, from the file through the compiler to the emulated chip, spike by spike: against the outputs that lava
// recorded for a dense layer, and against the rule of netx written down naively.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/files/idx.hpp"
#include "core/files/npy.hpp"
#include "reference/naive_netx.hpp"
#include "support/networks.hpp"
#include "support/reference_data.hpp"
#include "support/running_net.hpp"

namespace spikeloom::compiler {
namespace {

using test::network_of;
using test::NetxTestLayer;
using test::RunningNet;
using test::whole_numbers;

/// Runs both for some steps of random input; the spikes of every layer must agree.
void expect_equal_runs(const std::vector<NetxTestLayer>& layers, const std::vector<std::int64_t>& input,
                       const std::string& chip, std::uint64_t seed, const NetxOptions& options = {}) {
    RunningNet net(network_of(layers, options), chip);
    test::NaiveNetx naive(layers, input);
    naive.reset_every(options.reset_interval, options.reset_offset);
    test::Draws draws(seed);
    std::int64_t channels = 1;
    for (const std::int64_t extent : input) {
        channels *= extent;
    }
    std::size_t spikes = 0;
    for (int step = 0; step < 40; ++step) {
        std::vector<std::uint8_t> values;
        for (std::int64_t channel = 0; channel < channels; ++channel) {
            values.push_back(draws.chance(0.3) ? 1 : 0);
        }
        net.step(values);
        naive.step(values);
        for (std::size_t layer = 0; layer < naive.layers(); ++layer) {
            CAPTURE(step);
            CAPTURE(layer);
            REQUIRE(net.spikes(layer) == naive.spikes(layer));
            spikes += static_cast<std::size_t>(std::ranges::count(naive.spikes(layer), 1));
        }
        const auto last = static_cast<std::uint32_t>(naive.layers() - 1);
        for (std::uint32_t i = 0; i < naive.voltage(last).size(); ++i) {
            REQUIRE(net.voltage(last, i) == naive.voltage(last)[i]);
        }
    }
    CHECK(spikes > 20);
}

TEST_CASE("netx: a dense layer equals what lava recorded, one step late") {
    const auto path = test::reference_data("netx/dense/dense_1000.npz");
    if (!path) {
        return;
    }
    const auto arrays = files::read_npz(*path);
    REQUIRE(arrays.has_value());
    const std::vector<double> input = files::find_array(*arrays, "input")->reals();
    const std::vector<double> weight = files::find_array(*arrays, "weight")->reals();
    const std::vector<double> output = files::find_array(*arrays, "output")->reals();
    constexpr std::size_t sources = 200;
    constexpr std::size_t targets = 256;
    constexpr std::size_t steps = 1000;
    REQUIRE(input.size() == sources * steps);
    REQUIRE(output.size() == targets * steps);
    const NetxTestLayer layer{.shape = {targets},
                              .sources = sources,
                              .weight = std::vector<std::int32_t>(weight.begin(), weight.end()),
                              .current_decay = 4096,
                              .voltage_decay = 415,
                              .threshold = 6};
    for (const char* chip : {"loihi1", "loihi2"}) {
        CAPTURE(chip);
        RunningNet net(network_of({layer}), chip);
        std::size_t wrong = 0;
        std::size_t spikes = 0;
        for (std::size_t step = 0; step + 1 < steps; ++step) {
            std::vector<std::uint8_t> values;
            for (std::size_t channel = 0; channel < sources; ++channel) {
                values.push_back(static_cast<std::uint8_t>(input[channel * steps + step]));
            }
            net.step(values);
            for (std::size_t neuron = 0; neuron < targets; ++neuron) {
                wrong += net.spikes(0)[neuron] != output[neuron * steps + step + 1] ? 1U : 0U;
                spikes += net.spikes(0)[neuron];
            }
        }
        CHECK(wrong == 0);
        CHECK(spikes == 983);
    }
}

TEST_CASE("netx: dense, recurrent and delayed layers equal the naive rule, on both chips") {
    test::Draws draws(7);
    std::vector<NetxTestLayer> layers(4);
    layers[0] = {.shape = {20},
                 .sources = 30,
                 .weight = whole_numbers(draws, 600, -128, 127),
                 .bias = whole_numbers(draws, 20, -3, 8),
                 .delay = whole_numbers(draws, 600, 0, 5),
                 .current_decay = 1024,
                 .voltage_decay = 128,
                 .threshold = 80};
    layers[1] = {.type = "dense_rec",
                 .shape = {25},
                 .sources = 20,
                 .weight = whole_numbers(draws, 500, -100, 140),  // odd, and above 127: a format a sign
                 .recurrent = whole_numbers(draws, 625, -20, 20),
                 .current_decay = 2048,
                 .voltage_decay = 300,
                 .threshold = 60};
    layers[2] = {.shape = {10},
                 .sources = 25,
                 .weight = whole_numbers(draws, 250, 0, 255),
                 .delay = {3},
                 .current_decay = 4096,
                 .voltage_decay = 4095,
                 .threshold = 100};
    layers[3] = {.shape = {5}, .sources = 10, .weight = whole_numbers(draws, 50, -60, 60), .neuron = false};
    for (const char* chip : {"loihi1", "loihi2"}) {
        CAPTURE(chip);
        expect_equal_runs(layers, {30}, chip, 8);
    }
}

TEST_CASE("netx: convolution, pooling and flatten equal the naive rule") {
    test::Draws draws(9);
    std::vector<NetxTestLayer> layers(5);
    layers[0] = {.type = "input", .shape = {3, 9, 12}, .neuron = false};
    layers[1] = {.type = "conv",
                 .shape = {4, 4, 6},
                 .weight = whole_numbers(draws, 4 * 3 * 3 * 2, -60, 100),
                 .bias = whole_numbers(draws, 4, -2, 5),
                 .kernel = {3, 2},
                 .stride = {2, 2},
                 .in_channels = 3,
                 .current_decay = 1500,
                 .voltage_decay = 200,
                 .threshold = 90};
    layers[2] = {.type = "pool",
                 .shape = {4, 2, 3},
                 .weight = {90},
                 .kernel = {2, 2},
                 .stride = {2, 2},
                 .current_decay = 4096,
                 .voltage_decay = 1000,
                 .threshold = 80};
    layers[3] = {.type = "flatten", .shape = {24}};
    layers[4] = {.shape = {7},
                 .sources = 24,
                 .weight = whole_numbers(draws, 7 * 24, -127, 127),
                 .current_decay = 500,
                 .voltage_decay = 60,
                 .threshold = 70};
    expect_equal_runs(layers, {3, 9, 12}, "loihi2", 10);
    layers[1].padding = {1, 1};
    layers[1].dilation = {2, 1};
    layers[1].kernel = {3, 3};
    layers[1].in_channels = 3;
    layers[1].shape = {6, 4, 6};
    layers[1].groups = 3;
    layers[1].weight = whole_numbers(draws, 6 * 1 * 3 * 3, -100, 127);
    layers[1].bias = {};
    layers[2].shape = {6, 2, 3};
    layers[3].shape = {36};
    layers[4].sources = 36;
    layers[4].weight = whole_numbers(draws, 7 * 36, -127, 127);
    expect_equal_runs(layers, {3, 9, 12}, "loihi1", 11);
}

TEST_CASE("netx: layers reset one after the other, as LIFReset does") {
    test::Draws draws(31);
    std::vector<NetxTestLayer> layers(3);
    layers[0] = {.shape = {12},
                 .sources = 15,
                 .weight = whole_numbers(draws, 180, -40, 60),
                 .current_decay = 500,
                 .voltage_decay = 60,
                 .threshold = 150};
    layers[1] = {.shape = {10},
                 .sources = 12,
                 .weight = whole_numbers(draws, 120, -40, 60),
                 .current_decay = 300,
                 .voltage_decay = 0,
                 .threshold = 90};
    layers[2] = {.shape = {4}, .sources = 10, .weight = whole_numbers(draws, 40, -60, 60), .neuron = false};
    NetxOptions options;
    options.reset_interval = 7;
    for (const std::int32_t offset : {0, 1, 6}) {
        options.reset_offset = offset;
        expect_equal_runs(layers, {15}, "loihi2", 32, options);
    }
}

TEST_CASE("netx: neurons of the input on the chip: a pixel's value is their bias, and they reset first") {
    test::Draws draws(33);
    std::vector<NetxTestLayer> layers(3);
    layers[0] = {.type = "input", .shape = {2, 6, 5}, .voltage_decay = 100, .threshold = 70};
    layers[1] = {.type = "conv",
                 .shape = {3, 4, 3},
                 .weight = whole_numbers(draws, 3 * 2 * 9, -60, 80),
                 .bias = {3, -2, 8},
                 .kernel = {3, 3},
                 .in_channels = 2,
                 .current_decay = 1000,
                 .voltage_decay = 50,
                 .threshold = 120};
    layers[2] = {.shape = {4}, .sources = 36, .weight = whole_numbers(draws, 144, -60, 60), .neuron = false};
    const std::vector<std::int32_t> pixels = whole_numbers(draws, 60, -30, 60);
    NetxOptions options;
    options.reset_interval = 9;
    options.reset_offset = 2;
    RunningNet net(network_of(layers, options), "loihi2");
    // The same neurons driven by a bias alone; their steps are netx's own, which the naive rule takes to be one more.
    std::vector<NetxTestLayer> driven = layers;
    driven[0].type = "dense";
    driven[0].sources = 1;
    driven[0].weight.assign(60, 0);
    driven[0].bias = pixels;
    test::NaiveNetx naive(driven, {1});
    naive.reset_every(options.reset_interval, options.reset_offset + 1);
    std::size_t spikes = 0;
    for (int step = 0; step < 40; ++step) {
        net.step(pixels);
        naive.step({0});
        for (std::size_t layer = 0; layer < 3; ++layer) {
            CAPTURE(step);
            CAPTURE(layer);
            REQUIRE(net.spikes(layer) == naive.spikes(layer));
            spikes += static_cast<std::size_t>(std::ranges::count(naive.spikes(layer), 1));
        }
        for (std::uint32_t i = 0; i < 4; ++i) {
            REQUIRE(net.voltage(2, i) == naive.voltage(2)[i]);
        }
    }
    CHECK(spikes > 300);
}

TEST_CASE("netx: the MNIST net, spikes of 40 images equal the naive rule, and the exact count on 1,000") {
    const auto path = test::reference_data("netx/mnist/trained_mnist_network.net");
    const auto pictures = test::reference_data("mnist/t10k-images-idx3-ubyte.gz");
    const auto digits = test::reference_data("mnist/t10k-labels-idx1-ubyte.gz");
    if (!path || !pictures || !digits) {
        return;
    }
    const auto import = read_netx(*path);
    REQUIRE(import.has_value());
    const auto images = files::read_idx(*pictures);
    const auto labels = files::read_idx(*digits);
    REQUIRE(images.has_value());
    REQUIRE(labels.has_value());
    std::vector<NetxTestLayer> layers;
    for (const Projection& projection : import->network.projections) {
        const auto& weights = std::get<DenseWeights>(projection.weights).weights;
        const auto targets = static_cast<std::int64_t>(import->network.populations[projection.target.value()].size());
        layers.push_back({.shape = {targets},
                          .sources = static_cast<std::int64_t>(weights.size()) / targets,
                          .weight = std::vector<std::int32_t>(weights.begin(), weights.end()),
                          .current_decay = 410,
                          .voltage_decay = 410,
                          .threshold = 64});
    }
    RunningNet net(import->network, "loihi2");
    CHECK(net.cores() <= 5);
    constexpr std::size_t pixels = 784;
    constexpr int steps = 20;
    constexpr int later = 2;  // the output is two layers behind
    constexpr std::size_t compared = 40;
    std::size_t correct = 0;
    for (std::size_t image = 0; image < 1000; ++image) {
        net.reset();
        test::NaiveNetx naive(image < compared ? layers : std::vector<NetxTestLayer>{}, {pixels});
        std::vector<float> voltage(pixels);
        std::array<int, 10> counts{};
        for (int step = 0; step < steps + later; ++step) {
            std::vector<std::uint8_t> input(pixels);
            for (std::size_t pixel = 0; pixel < pixels && step < steps; ++pixel) {
                voltage[pixel] += static_cast<float>(images->integer(image * pixels + pixel)) / 255.0F;
                input[pixel] = voltage[pixel] > 1.0F ? 1 : 0;
                voltage[pixel] = input[pixel] != 0 ? 0.0F : voltage[pixel];
            }
            net.step(input);
            naive.step(input);
            for (std::size_t layer = 0; layer < naive.layers(); ++layer) {
                REQUIRE(net.spikes(layer) == naive.spikes(layer));
            }
            for (std::size_t digit = 0; digit < counts.size(); ++digit) {
                counts[digit] += net.spikes(2)[digit];
            }
        }
        const auto answer = std::ranges::max_element(counts) - counts.begin();  // of equals the lowest, as argmax
        correct += answer == labels->integer(image) ? 1U : 0U;
    }
    CHECK(correct == 947);
}

}  // namespace
}  // namespace spikeloom::compiler
