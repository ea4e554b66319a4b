// lava-dl nets, from the file through the compiler to the emulated chip, spike by spike: against the outputs that lava
// recorded for a dense layer, and against the rule of netx written down naively.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "chip/chip.hpp"
#include "compiler/compile.hpp"
#include "compiler/netx/netx_reader.hpp"
#include "core/files/idx.hpp"
#include "core/files/npy.hpp"
#include "reference/naive_netx.hpp"
#include "support/networks.hpp"
#include "support/reference_data.hpp"
#include "support/temporary_folder.hpp"

namespace spikeloom::compiler {
namespace {

using test::NetxTestLayer;

/// A compiled net on its chip, spikes by population.
class RunningNet {
public:
    RunningNet(const Network& network, const std::string& chip_name) {
        const auto spec =
            chip::read_chip_spec(std::string(SPIKELOOM_SOURCE_DIR) + "/models/chips/" + chip_name + ".textproto");
        REQUIRE_MESSAGE(spec.has_value(), to_text(spec.error()));
        auto compiled = compile(network, *spec, CompileOptions{});
        REQUIRE_MESSAGE(compiled.has_value(), to_text(compiled.error()));
        image_ = std::move(compiled->image);
        chip_.push_back(value_of(chip::Chip::load(image_, {})));
        for (const chip::CoreImage& core : image_.cores) {
            at_.emplace_back(core.compartments);
        }
        for (std::uint32_t p = 0; p < image_.populations.size(); ++p) {
            spikes_.emplace_back(image_.populations[p].size());
            sent_.emplace_back(image_.populations[p].size());
            for (const chip::PopulationTile& tile : image_.populations[p].tiles) {
                for (std::uint32_t i = 0; i < tile.count; ++i) {
                    at_[tile.core.value()][tile.first_compartment + i] = {p, tile.first_neuron + i};
                }
            }
        }
    }

    /// One value a channel: 0 is no spike; the others count for a graded port only.
    template <class Value>
    void step(const std::vector<Value>& input) {
        std::vector<chip::InputSpike> spikes;
        for (std::uint32_t channel = 0; channel < input.size(); ++channel) {
            if (input[channel] != 0) {
                spikes.push_back({.port = 0, .channel = channel, .payload = input[channel]});
            }
        }
        chip_[0].step(spikes);
        for (auto& population : spikes_) {
            std::ranges::fill(population, std::uint8_t{0});
        }
        for (auto& population : sent_) {
            std::ranges::fill(population, 0);
        }
        for (const chip::CoreSpike& spike : chip_[0].spikes()) {
            const auto [population, neuron] = at_[spike.core.value()][spike.compartment.value()];
            spikes_[population][neuron] = 1;
            sent_[population][neuron] = spike.payload;
        }
    }
    void reset() { chip_[0].reset_state(); }
    [[nodiscard]] const std::vector<std::uint8_t>& spikes(std::size_t population) const { return spikes_[population]; }
    /// What each neuron sent in the last step; 0: nothing.
    [[nodiscard]] const std::vector<std::int32_t>& sent(std::size_t population) const { return sent_[population]; }
    [[nodiscard]] std::int32_t voltage(std::uint32_t population, std::uint32_t neuron) const {
        for (std::uint32_t core = 0; core < at_.size(); ++core) {
            for (std::uint32_t compartment = 0; compartment < at_[core].size(); ++compartment) {
                if (at_[core][compartment] == std::pair(population, neuron)) {
                    return chip_[0].voltage(CoreId(core), CompartmentId(compartment));
                }
            }
        }
        return 0;
    }
    [[nodiscard]] std::size_t cores() const { return image_.cores.size(); }

private:
    static chip::Chip value_of(Result<chip::Chip> chip) {
        REQUIRE_MESSAGE(chip.has_value(), to_text(chip.error()));
        return std::move(*chip);
    }

    chip::Image image_;
    std::vector<chip::Chip> chip_;
    std::vector<std::vector<std::pair<std::uint32_t, std::uint32_t>>> at_;
    std::vector<std::vector<std::uint8_t>> spikes_;
    std::vector<std::vector<std::int32_t>> sent_;
};

Network network_of(const std::vector<NetxTestLayer>& layers) {
    const test::TemporaryFolder folder;
    const std::string path = folder("net.net");
    const auto written = test::write_netx(path, layers);
    REQUIRE_MESSAGE(written.has_value(), to_text(written.error()));
    const auto import = read_netx(path);
    REQUIRE_MESSAGE(import.has_value(), to_text(import.error()));
    return import->network;
}

std::vector<std::int32_t> whole_numbers(test::Draws& draws, std::int64_t count, std::int32_t least, std::int32_t most) {
    std::vector<std::int32_t> numbers;
    for (std::int64_t i = 0; i < count; ++i) {
        numbers.push_back(static_cast<std::int32_t>(draws.integer(least, most)));
    }
    return numbers;
}

/// Runs both for some steps of random input; the spikes of every layer must agree.
void expect_equal_runs(const std::vector<NetxTestLayer>& layers, const std::vector<std::int64_t>& input,
                       const std::string& chip, std::uint64_t seed) {
    RunningNet net(network_of(layers), chip);
    test::NaiveNetx naive(layers, input);
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

/// Sigma-delta neurons of dense layers, as lava's fixed-point models compute them in netx (spike_exp 6, state_exp 6).
struct NaiveSigmaDelta {
    NetxTestLayer layer;
    bool input = false;
    std::vector<std::int64_t> sigma, before, residue;
    std::vector<std::int32_t> sent;

    explicit NaiveSigmaDelta(NetxTestLayer of) : layer(std::move(of)), input(layer.type == "input") {
        const auto neurons = static_cast<std::size_t>(layer.neurons());
        sigma.assign(neurons, 0);
        before = residue = sigma;
        sent.assign(neurons, 0);
    }
    void step(const std::vector<std::int32_t>& heard) {
        for (std::size_t i = 0; i < sent.size(); ++i) {
            std::int64_t x = std::int64_t{4096} * heard[input ? i : 0];
            if (!input) {
                for (std::size_t j = 0; j < heard.size(); ++j) {
                    sigma[i] += std::int64_t{layer.weight[i * heard.size() + j]} * heard[j];
                }
                x = std::max<std::int64_t>(0, sigma[i] + (layer.bias.empty() ? 0 : 4096 * layer.bias[i]));
            }
            const std::int64_t d = x - before[i] + residue[i];
            const std::int64_t out = std::abs(d) >= 4096 * layer.threshold ? d : 0;
            residue[i] = d - out;
            before[i] = x;
            sent[i] = static_cast<std::int32_t>(out >> 6);
        }
    }
};

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
    std::vector<NaiveSigmaDelta> naive(layers.begin(), layers.end());
    std::vector<std::int32_t> values(12);
    std::size_t messages = 0;
    for (int step = 0; step < 60; ++step) {
        for (std::int32_t& value : values) {
            value = std::clamp(value + static_cast<std::int32_t>(draws.integer(-5, 5)), -64, 64);
        }
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
