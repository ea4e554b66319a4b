// A network written as text and read again is the same, to the bit.
#include "compiler/text/network_print.hpp"

#include <doctest/doctest.h>

#include "compiler/netx/netx_reader.hpp"
#include "compiler/text/network_text.hpp"
#include "support/networks.hpp"
#include "support/netx_layers.hpp"
#include "support/temporary_folder.hpp"

namespace spikeloom::compiler {
namespace {

using test::NetworkBuilder;

std::vector<float> drawn(std::size_t count) {
    return test::dense_uniform(count, 1, -1, 1, count).weights;
}

/// Every form of weights, and what is said of a population.
Network of_all_sorts() {
    NetworkBuilder builder("all \"sorts\" \\ of");
    auto& network = builder.network();
    network.step_s = 5e-4;
    network.inputs.push_back({.name = "in", .shape = {2, 5, 6}});
    const Source in{Source::Kind::input, 0};
    const auto map = builder.population("map", {4, 3, 2}, NeuronKind::integrate_fire);
    builder[map].reset = ResetRule::subtract_threshold;
    builder[map].bias = Parameter(0.1);
    const auto flat = builder.population("flat", {24}, NeuronKind::current_based);
    builder[flat].v_leak = 0.3;
    builder[flat].refractory_steps = 3;
    builder[flat].tau_mem_s = Parameter(std::vector<double>(24, 0.02));
    builder[flat].tau_mem_s.values[7] = 0.1 / 3;
    const auto out = builder.population("out", {3}, NeuronKind::integrator);

    ConvolutionWeights convolution;  // stride 2 over an average, padding as "same" of an even kernel
    convolution.source = {2, 5, 6};
    convolution.pooling = Pooling{.kernel = {1, 2}, .stride = {1, 2}, .padding = {0, 0}, .scale = 0.5};
    convolution.input = {2, 5, 3};
    convolution.kernel_size = {2, 2};
    convolution.stride = {2, 2};
    convolution.padding = {0, 0};
    convolution.output = {4, 3, 2};
    convolution.groups = 2;
    convolution.kernel = drawn(16);
    builder.connect(in, map, convolution).bias = Parameter(std::vector<double>(24, 0.25));
    builder.network().projections[0].bias.values[3] = 1.0 / 3;
    builder.connect(map, flat, OneToOneWeights{drawn(24)});
    builder.connect(flat, flat, OneToOneWeights{{-0.5F}}).delay_steps = 2;
    network.projections.back().recurrent = true;
    builder.connect(flat, out, DenseWeights{drawn(72)}).delay_steps = 1;
    builder.connect(map, out, test::sparse_random(3, 24, {.probability = 0.3, .longest_delay = 4, .seed = 2}));
    builder.output("answer", out);
    return network;
}

}  // namespace

TEST_CASE("text and files give the network again") {
    const test::TemporaryFolder folder;
    const std::string path = folder.path() / "made.textproto";
    const Network network = of_all_sorts();
    REQUIRE(check_network(network).empty());
    REQUIRE(write_network_text(network, path, "two\nlines"));
    const auto again = read_network_text(path);
    if (!again) {
        MESSAGE(to_text(again.error()));
    }
    REQUIRE(again.has_value());
    CHECK(*again == network);
}

TEST_CASE("a netx net, written as text and read again, is the same: registers, graded inputs, biases, delays") {
    test::Draws draws(4);
    const auto numbers = [&](std::int64_t count) {
        std::vector<std::int32_t> all;
        for (std::int64_t i = 0; i < count; ++i) {
            all.push_back(static_cast<std::int32_t>(draws.integer(-90, 90)));
        }
        return all;
    };
    test::NetxTestLayer conv{.type = "conv", .shape = {2, 4, 3}, .weight = numbers(2 * 3 * 3 * 2)};
    conv.bias = {3, -4};
    conv.kernel = {3, 2};
    conv.stride = {2, 1};
    conv.padding = {1, 0};
    conv.in_channels = 3;
    conv.neuron_type = "SDNN";
    test::NetxTestLayer leaky{.type = "dense_rec", .shape = {6}, .sources = 24, .weight = numbers(144)};
    leaky.recurrent = numbers(36);
    leaky.delay = {0, 1, 2, 3, 4, 5};
    leaky.current_decay = 300;
    const std::vector<test::NetxTestLayer> layers{
        {.type = "input", .shape = {3, 7, 4}, .threshold = 2, .neuron_type = "SDNN"},
        conv,
        {.type = "flatten", .shape = {24}},
        leaky,
        {.shape = {2}, .sources = 6, .weight = numbers(12), .bias = {7}, .voltage_decay = 200}};
    const test::TemporaryFolder folder;
    REQUIRE(test::write_netx(folder("a.net"), layers));
    NetxOptions options;
    options.reset_interval = 16;
    const auto netx = read_netx(folder("a.net"), options);
    REQUIRE_MESSAGE(netx.has_value(), to_text(netx.error()));
    REQUIRE(write_network_text(netx->network, folder("a.textproto"), ""));
    const auto again = read_network_text(folder("a.textproto"));
    REQUIRE_MESSAGE(again.has_value(), to_text(again.error()));
    CHECK(*again == netx->network);
}

TEST_CASE("what the text can't say is refused by name") {
    Network network = of_all_sorts();
    network.projections[0].bias_from_step = 1;
    network.projections[1].aligned_steps = 1;
    const auto printed = print_network_text(network, "x");
    REQUIRE_FALSE(printed.has_value());
    CHECK(printed.error().size() == 2);
    CHECK(to_text(printed.error()).find("'map->flat'") != std::string::npos);
}

}  // namespace spikeloom::compiler
