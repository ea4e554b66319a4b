// NIR graphs from end to end: convolutions with strides, padding, dilation, groups and oblong kernels, pooling,
// Flatten, residual sums, nested graphs; imported, balanced, compiled, and run on the chip beside the float network as
// its framework would run it. Weights are small whole numbers, so that nothing is rounded and every spike must agree.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "chip/chip.hpp"
#include "chip/spec/chip_spec.hpp"
#include "compiler/compile.hpp"
#include "compiler/convert/balance_delays.hpp"
#include "compiler/nir/nir_graph.hpp"
#include "compiler/nir/nir_reader.hpp"
#include "compiler/reference/float_interpreter.hpp"
#include "support/networks.hpp"

namespace spikeloom::compiler {
namespace {

using Values = std::vector<double>;
using Extents = std::vector<std::uint64_t>;

/// A graph, node by node.
class GraphMaker {
public:
    explicit GraphMaker(std::string path) { graph_.path = std::move(path); }

    GraphMaker& node(const std::string& name, NirType type, std::map<std::string, NirArray> parameters,
                     const std::string& padding = "") {
        graph_.nodes.push_back({.name = name,
                                .path = graph_.path + "/nodes/" + name,
                                .type = type,
                                .parameters = std::move(parameters),
                                .padding = padding,
                                .graph = {}});
        return *this;
    }
    GraphMaker& nested(const std::string& name, NirGraph inner) {
        node(name, NirType::graph, {});
        graph_.nodes.back().graph.push_back(std::move(inner));
        return *this;
    }
    GraphMaker& port(const std::string& name, NirType type, const Values& shape) {
        return node(name, type, {{"shape", {{shape.size()}, shape}}});
    }
    GraphMaker& fires(const std::string& name, double threshold) {
        return node(name, NirType::integrate_fire, {{"r", {{}, {1}}}, {"v_threshold", {{}, {threshold + 0.5}}}});
    }
    /// Weights -2 .. 3.
    GraphMaker& convolution(const std::string& name, const Extents& shape, const Values& stride, const Values& padding,
                            const Values& dilation = {}, double groups = 1, const std::string& word = "") {
        return node(name, shape.size() == 3 ? NirType::conv1d : NirType::conv2d,
                    {{"weight", {shape, drawn(shape)}},
                     {"stride", {{stride.size()}, stride}},
                     {"padding", {{padding.size()}, padding}},
                     {"dilation", {{stride.size()}, dilation.empty() ? Values(stride.size(), 1) : dilation}},
                     {"groups", {{}, {groups}}}},
                    word);
    }
    GraphMaker& matrix(const std::string& name, const Extents& shape) {
        return node(name, NirType::linear, {{"weight", {shape, drawn(shape)}}});
    }
    GraphMaker& pool(const std::string& name, NirType type, const Values& size) {
        return node(name, type, {{"kernel_size", {{2}, size}}, {"stride", {{2}, size}}, {"padding", {{2}, {0, 0}}}});
    }
    GraphMaker& flatten(const std::string& name, double start = 0) {
        return node(name, NirType::flatten, {{"start_dim", {{}, {start}}}, {"end_dim", {{}, {-1}}}});
    }
    /// "a b c": a to b, b to c.
    GraphMaker& chain(const std::vector<std::string>& names) {
        for (std::size_t i = 0; i + 1 < names.size(); ++i) {
            graph_.edges.push_back({place(names[i]), place(names[i + 1])});
        }
        return *this;
    }
    [[nodiscard]] NirGraph graph() const { return graph_; }

private:
    [[nodiscard]] std::size_t place(const std::string& name) const {
        const auto found = std::ranges::find(graph_.nodes, name, &NirNode::name);
        REQUIRE(found != graph_.nodes.end());
        return static_cast<std::size_t>(found - graph_.nodes.begin());
    }
    Values drawn(const Extents& shape) {
        std::uint64_t count = 1;
        for (const std::uint64_t extent : shape) {
            count *= extent;
        }
        Values values(count);
        for (double& value : values) {
            value = static_cast<double>(draws_.integer(-2, 3));
        }
        return values;
    }

    NirGraph graph_;
    test::Draws draws_{5};
};

Network imported(const NirGraph& graph) {
    auto import = import_nir_file({.origin = "net.nir", .version = "1.0.7", .root = graph, .remarks = {}});
    REQUIRE_MESSAGE(import.has_value(), to_text(import.error()));
    return std::move(import->network);
}

/// Spikes by step: population, neuron.
using Trains = std::vector<std::vector<std::pair<std::uint32_t, std::uint32_t>>>;

std::vector<std::vector<std::uint32_t>> input_spikes(const Network& network, int steps) {
    test::Draws draws(11);
    std::vector<std::vector<std::uint32_t>> spikes(static_cast<std::size_t>(steps));
    for (auto& step : spikes) {
        for (std::uint32_t channel = 0; channel < network.inputs[0].size(); ++channel) {
            if (draws.chance(0.15)) {
                step.push_back(channel);
            }
        }
    }
    return spikes;
}

Trains run_in_float(const Network& network, const std::vector<std::vector<std::uint32_t>>& inputs) {
    FloatInterpreter interpreter(network, {});
    Trains trains;
    for (const auto& spikes : inputs) {
        std::vector<float> values(network.inputs[0].size(), 0.0F);
        for (const std::uint32_t channel : spikes) {
            values[channel] = 1.0F;
        }
        interpreter.step({values});
        auto& now = trains.emplace_back();
        for (std::uint32_t population = 0; population < network.populations.size(); ++population) {
            const auto fired = interpreter.spikes(PopulationId(population));
            for (std::uint32_t neuron = 0; neuron < fired.size(); ++neuron) {
                if (fired[neuron] != 0) {
                    now.emplace_back(population, neuron);
                }
            }
        }
    }
    return trains;
}

/// The chip's spikes, each population's as many steps earlier as its latency.
Trains run_on_chip(const chip::Image& image, const std::vector<std::vector<std::uint32_t>>& inputs,
                   const std::vector<int>& latency) {
    auto chip = chip::Chip::load(image, {});
    REQUIRE_MESSAGE(chip.has_value(), to_text(chip.error()));
    std::vector<std::vector<std::pair<std::uint32_t, std::uint32_t>>> neuron_of(image.cores.size());
    for (std::size_t core = 0; core < image.cores.size(); ++core) {
        neuron_of[core].resize(image.cores[core].compartments);
    }
    for (std::uint32_t population = 0; population < image.populations.size(); ++population) {
        std::uint32_t neuron = 0;
        for (const chip::PopulationTile& tile : image.populations[population].tiles) {
            for (std::uint32_t i = 0; i < tile.count; ++i, ++neuron) {
                neuron_of[tile.core.value()][tile.first_compartment + i] = {population, neuron};
            }
        }
    }
    Trains trains(inputs.size());
    const auto most = static_cast<std::size_t>(std::ranges::max(latency));
    for (std::size_t step = 0; step < inputs.size() + most; ++step) {
        std::vector<chip::InputSpike> spikes;
        for (const std::uint32_t channel : step < inputs.size() ? inputs[step] : std::vector<std::uint32_t>()) {
            spikes.push_back({.port = 0, .channel = channel});
        }
        chip->step(spikes);
        for (const chip::CoreSpike& spike : chip->spikes()) {
            const auto neuron = neuron_of[spike.core.value()][spike.compartment.value()];
            const auto late = static_cast<std::size_t>(latency[neuron.first]);
            if (step >= late && step - late < inputs.size()) {
                trains[step - late].push_back(neuron);
            }
        }
    }
    for (auto& step : trains) {
        std::ranges::sort(step);
    }
    return trains;
}

/// Roomy cores of Loihi's formats.
chip::ChipSpec roomy_chip() {
    auto chip = chip::read_chip_spec(std::string(SPIKELOOM_SOURCE_DIR) + "/models/chips/loihi1.textproto");
    REQUIRE_MESSAGE(chip.has_value(), to_text(chip.error()));
    return std::move(*chip);
}

void check_same_spikes(const NirGraph& graph, std::size_t least_spikes) {
    const Network network = imported(graph);
    Diagnostics remarks;
    const Network balanced = balance_delays(network, remarks);
    CompileOptions options;
    options.effort = 0;
    auto compiled = compile(balanced, roomy_chip(), options);
    REQUIRE_MESSAGE(compiled.has_value(), to_text(compiled.error()));
    const Diagnostics wrong = verify(compiled->image, balanced);
    CHECK_MESSAGE(wrong.empty(), to_text(wrong));
    const auto inputs = input_spikes(network, 20);
    const Trains expected = run_in_float(network, inputs);
    std::vector<std::size_t> spikes(network.populations.size(), 0);
    for (const auto& step : expected) {
        for (const auto& [population, neuron] : step) {
            ++spikes[population];
        }
    }
    for (const std::size_t count : spikes) {
        CHECK(count >= least_spikes);
    }
    CHECK(run_on_chip(compiled->image, inputs, latencies_of(network)) == expected);
}

}  // namespace

TEST_CASE("a convolutional net in the manner of N-MNIST's, from an old file") {
    GraphMaker maker("/node");
    maker.port("input", NirType::input, {2, 18, 18}).port("output", NirType::output, {10});
    maker.convolution("0", {4, 2, 5, 5}, {2, 2}, {1, 1}).fires("1", 4);
    maker.convolution("2", {4, 4, 3, 3}, {1, 1}, {1, 1}).fires("3", 6);
    maker.pool("4", NirType::sum_pool, {2, 2}).convolution("5", {3, 4, 3, 3}, {1, 1}, {1, 1}).fires("6", 12);
    maker.pool("7", NirType::sum_pool, {2, 2}).flatten("8", 1).matrix("9", {16, 12}).fires("10", 6);
    maker.matrix("11", {10, 16}).fires("12", 6);
    maker.chain({"input", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "output"});
    check_same_spikes(maker.graph(), 20);
}

TEST_CASE("a residual net with groups, dilation, oblong kernels, \"same\" padding and average pooling") {
    GraphMaker maker("/node");
    maker.port("input", NirType::input, {2, 9, 8}).port("output", NirType::output, {4});
    maker.convolution("c0", {4, 2, 3, 5}, {1, 1}, {0, 0}, {1, 1}, 1, "same").fires("s0", 4);
    maker.convolution("c1", {4, 4, 2, 3}, {1, 1}, {0, 0}, {1, 1}, 1, "same").fires("s1", 6);
    maker.convolution("c2", {4, 2, 3, 3}, {1, 1}, {2, 2}, {2, 2}, 2).fires("s2", 8);
    maker.convolution("skip", {4, 4, 1, 1}, {1, 1}, {0, 0}).pool("pool", NirType::average_pool, {2, 4});
    maker.flatten("flat").matrix("fc", {4, 32}).fires("s3", 1);
    maker.chain({"input", "c0", "s0", "c1", "s1", "c2", "s2", "pool", "flat", "fc", "s3", "output"});
    maker.chain({"s0", "skip", "s2"}).chain({"s0", "s2"});
    check_same_spikes(maker.graph(), 20);
}

TEST_CASE("one dimension, and graphs nested in graphs beside a shorter way") {
    GraphMaker inner("/node/nodes/block/nodes/inner");
    inner.port("x", NirType::input, {4, 10}).port("y", NirType::output, {4, 10});
    inner.convolution("c", {4, 4, 3}, {1}, {1}).fires("s", 5).chain({"x", "c", "s", "y"});
    GraphMaker block("/node/nodes/block");  // without ports: its open ends
    block.nested("inner", inner.graph()).convolution("c", {4, 2, 4}, {1}, {0}, {1}, 2, "same").fires("s", 5);
    block.chain({"inner", "c", "s"});
    GraphMaker maker("/node");
    maker.port("input", NirType::input, {3, 20}).port("output", NirType::output, {5});
    maker.convolution("c0", {4, 3, 5}, {2}, {2}).fires("s0", 4).nested("block", block.graph());
    maker.flatten("flat").matrix("fc", {5, 40}).fires("s1", 8);
    maker.chain({"input", "c0", "s0", "block", "flat", "fc", "s1", "output"}).chain({"s0", "flat"});
    check_same_spikes(maker.graph(), 20);
}

}  // namespace spikeloom::compiler
