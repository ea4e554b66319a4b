// spikeloom_compile_bench [NET [CHIP [EFFORT]]]
// Compiles large networks with random weights and says how long each stage took, how much memory the process held at
// most, and what the mapping came to. NET: chain (1 M neurons, 100 M synapses; chain:K for K thousand neurons),
// pilotnet (116 thousand neurons, 13 M synapses of five convolutions and four dense layers), pictures (a classifier of
// 32 x 32 pixels, 14 M synapses). Without a network: pilotnet and pictures at efforts 0 and 1. One process measures the
// memory of its largest net.
#include <fmt/format.h>
#include <sys/resource.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/compile.hpp"
#include "support/networks.hpp"

namespace {

using namespace spikeloom;
using Clock = std::chrono::steady_clock;

/// Populations of 1,000 neurons, each neuron with 100 synapses to random ones of the next population.
compiler::Network chain(std::uint32_t populations) {
    constexpr std::uint32_t size = 1000;
    constexpr std::uint32_t out_degree = 100;
    test::NetworkBuilder builder("chain");
    compiler::Source from = builder.input("in", size);
    test::Draws draws(1);
    for (std::uint32_t p = 0; p < populations; ++p) {
        const compiler::Source to = builder.population("p" + std::to_string(p), {size});
        compiler::SparseWeights weights;
        weights.row_begin.push_back(0);
        for (std::uint32_t i = 0; i < size * out_degree; ++i) {
            weights.targets.push_back(static_cast<std::uint32_t>(draws.integer(0, size - 1)));
            weights.weights.push_back(static_cast<float>(draws.uniform(-1, 2)));
            if ((i + 1) % out_degree == 0) {
                weights.row_begin.push_back(i + 1);
            }
        }
        builder.connect(from, to, std::move(weights));
        from = to;
    }
    builder.output("out", from);
    return std::move(builder.network());
}

struct Layer {
    std::uint32_t channels = 1;
    std::uint32_t kernel = 3;
    std::uint32_t stride = 1;
    std::uint32_t padding = 0;
};

compiler::Network pictures(const std::string& name, std::array<std::uint32_t, 3> shape,
                           const std::vector<Layer>& convolutions, const std::vector<std::uint32_t>& dense) {
    test::NetworkBuilder builder(name);
    compiler::Source from = builder.input("in", shape[0] * shape[1] * shape[2]);
    for (const Layer& layer : convolutions) {
        const auto weights = test::convolution({.input = shape,
                                                .channels = layer.channels,
                                                .kernel = layer.kernel,
                                                .stride = layer.stride,
                                                .padding = layer.padding,
                                                .seed = layer.channels});
        shape = weights.output;
        const compiler::Source to = builder.population("c" + std::to_string(builder.network().populations.size()),
                                                       {shape[0], shape[1], shape[2]});
        builder.connect(from, to, weights);
        from = to;
    }
    for (const std::uint32_t size : dense) {
        const compiler::Source to =
            builder.population("d" + std::to_string(builder.network().populations.size()), {size});
        builder.connect(from, to, test::dense_uniform(size, builder.network().source_size(from), -1, 1, size));
        from = to;
    }
    builder.output("out", from);
    return std::move(builder.network());
}

compiler::Network network(std::string_view name) {
    if (name == "pilotnet") {
        return pictures("pilotnet", {3, 66, 200},
                        {{.channels = 24, .stride = 2},
                         {.channels = 36, .stride = 2},
                         {.channels = 48, .stride = 2},
                         {.channels = 64},
                         {.channels = 64}},
                        {100, 50, 10, 1});
    }
    if (name == "pictures") {
        return pictures("pictures", {3, 32, 32},
                        {{.channels = 64, .padding = 1},
                         {.channels = 64, .padding = 1},
                         {.channels = 96, .stride = 2, .padding = 1},
                         {.channels = 96, .stride = 2, .padding = 1}},
                        {10});
    }
    std::uint32_t populations = 1000;
    if (name.starts_with("chain:")) {
        std::from_chars(name.data() + 6, name.data() + name.size(), populations);
    }
    return chain(populations);
}

double seconds(Clock::duration time) {
    return std::chrono::duration<double>(time).count();
}

bool measure(std::string_view name, const std::string& chip_name, int effort) {
    const auto chip =
        chip::read_chip_spec(std::string(SPIKELOOM_SOURCE_DIR) + "/models/chips/" + chip_name + ".textproto");
    if (!chip) {
        fmt::print(stderr, "{}\n", to_text(chip.error()));
        return false;
    }
    const compiler::Network net = network(name);
    std::string stages;
    std::string stage = "check";
    auto before = Clock::now();
    const auto begin = before;
    compiler::CompileOptions options;
    options.effort = effort;
    options.embed_network = false;
    options.progress = [&](double /*fraction*/, const std::string& next) {
        const auto now = Clock::now();
        stages += fmt::format("{} {:.2f} s, ", stage, seconds(now - before));
        before = now;
        stage = next;
    };
    const auto compiled = compiler::compile(net, *chip, options);
    const double wall = seconds(Clock::now() - begin);
    rusage use{};
    getrusage(RUSAGE_SELF, &use);
    std::string report = "refused: ";
    if (compiled) {
        const std::string& text = compiled->image.mapping_report;
        report = text.substr(text.find('\n') + 1);
        report = report.substr(0, report.find('\n', report.find("  cores ")) + 1);
    } else {
        report += to_text(compiled.error());
    }
    fmt::print("{} onto {}, effort {}: {:.2f} s in all ({}); {} MB at most\n{}\n", name, chip_name, effort, wall,
               stages.substr(0, stages.size() - 2), use.ru_maxrss / 1024, report);
    return compiled.has_value();
}

}  // namespace

int main(int count, char** words) {
    if (count > 1) {
        return measure(words[1], count > 2 ? words[2] : "pohoiki_springs", count > 3 ? std::atoi(words[3]) : 0) ? 0 : 1;
    }
    bool good = true;
    for (const int effort : {0, 1}) {
        good = measure("pilotnet", "loihi2", effort) && good;
        good = measure("pictures", "hala_point", effort) && good;
    }
    return good ? 0 : 1;
}
