// The bundled examples do what their comments say.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "compiler/reference/float_interpreter.hpp"
#include "compiler/text/network_text.hpp"
#include "support/sanitized.hpp"

namespace spikeloom::compiler {
namespace {

Network example(const std::string& name) {
    const Result<Network> network =
        read_network_text(std::string(SPIKELOOM_SOURCE_DIR) + "/models/networks/examples/" + name + ".textproto");
    REQUIRE_MESSAGE(network.has_value(), to_text(network.error()));
    return *network;
}

std::size_t count(const FloatInterpreter& interpreter, std::uint32_t population) {
    const auto spikes = interpreter.spikes(PopulationId(population));
    return static_cast<std::size_t>(std::accumulate(spikes.begin(), spikes.end(), 0));
}

TEST_CASE("chain: a volley of 15 travels two steps a group, one of 14 dies out") {
    const Network network = example("chain");
    for (const int channels : {14, 15, 20}) {
        CAPTURE(channels);
        FloatInterpreter interpreter(network, {.timing = Timing::next_step});
        for (std::uint32_t step = 0; step < 20; ++step) {
            std::vector<float> input(20, 0.0F);
            std::fill_n(input.begin(), step == 0 ? channels : 0, 1.0F);
            interpreter.step({input});
            for (std::uint32_t group = 0; group < 5; ++group) {
                CAPTURE(step);
                CAPTURE(group);
                CHECK(count(interpreter, group) == (channels > 14 && step == 2 * group ? 20U : 0U));
            }
        }
    }
}

TEST_CASE("edges: each direction is seen by its neuron and by no other") {
    const Network network = example("edges");
    for (std::uint32_t direction = 0; direction < 4; ++direction) {
        std::vector<float> image(256, 0.0F);
        for (std::uint32_t row = 0; row < 16; ++row) {
            for (std::uint32_t column = 0; column < 16; ++column) {
                const bool first_half = (direction < 2 ? row : column) < 8;
                image[row * 16 + column] = first_half == (direction % 2 == 0) ? 1.0F : 0.0F;
            }
        }
        FloatInterpreter interpreter(network, {});
        interpreter.step({image});
        const auto seen = interpreter.spikes(PopulationId(1));
        for (std::uint32_t neuron = 0; neuron < 4; ++neuron) {
            CHECK(seen[neuron] == (neuron == direction ? 1 : 0));
        }
    }
}

TEST_CASE("balanced: lasting, irregular activity without input" * doctest::skip(test::sanitized)) {
    const Network network = example("balanced");
    FloatInterpreter interpreter(network, {.timing = Timing::next_step});
    const std::size_t neurons = network.populations[0].size();
    std::vector<std::vector<int>> times(neurons);
    for (int step = 0; step < 2000; ++step) {
        interpreter.step({});
        const auto spikes = interpreter.spikes(PopulationId(0));
        for (std::size_t i = 0; i < neurons; ++i) {
            if (spikes[i] != 0 && step >= 200) {
                times[i].push_back(step);
            }
        }
    }
    double spikes = 0;
    double variation = 0;
    int measured = 0;
    for (const auto& train : times) {
        spikes += static_cast<double>(train.size());
        if (train.size() < 4) {
            continue;
        }
        double sum = 0;
        double squares = 0;
        for (std::size_t k = 1; k < train.size(); ++k) {
            const double interval = train[k] - train[k - 1];
            sum += interval;
            squares += interval * interval;
        }
        const double mean = sum / static_cast<double>(train.size() - 1);
        variation += std::sqrt(squares / static_cast<double>(train.size() - 1) - mean * mean) / mean;
        ++measured;
    }
    const double rate = spikes / static_cast<double>(neurons) / 1.8;
    MESSAGE("rate " << rate << " Hz, coefficient of variation " << variation / measured);
    CHECK(rate > 2);
    CHECK(rate < 50);
    CHECK(variation / measured > 0.5);
}

}  // namespace
}  // namespace spikeloom::compiler
