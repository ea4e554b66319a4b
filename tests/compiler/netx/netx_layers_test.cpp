// Which layers are read, what joins them, and when they reset.
#include <doctest/doctest.h>

#include <utility>
#include <vector>

#include "compiler/netx/netx_files.hpp"

namespace spikeloom::compiler {
namespace {

TEST_CASE("some layers only: the port brings what the layer before would send") {
    const std::vector<NetxTestLayer> layers{
        image({3, 4, 6}), convolution(), {.type = "flatten", .shape = {30}}, dense(4, 30), dense(2, 4)};
    NetxOptions options;
    options.first_layer = 2;
    options.end_layer = 4;
    const auto import = read_layers(layers, options);
    REQUIRE_MESSAGE(import.has_value(), to_text(import.error()));
    CHECK(import->network.inputs.size() == 1);
    CHECK(import->network.inputs[0].shape == Shape{2, 3, 5});
    CHECK_FALSE(import->network.inputs[0].graded);
    REQUIRE(import->network.populations.size() == 1);
    CHECK(import->network.outputs[0].name == "dense3");
    options.end_layer = 6;
    check_refused(read_layers(layers, options), "layers 2:6 are asked for");

    auto values = layers;
    values[1].neuron_type = values[3].neuron_type = "SDNN";
    options.end_layer = 4;
    const auto graded = read_layers(values, options);
    REQUIRE(graded.has_value());
    CHECK(graded->network.inputs[0].graded);
}

TEST_CASE("resets: one layer after the other, the input's neurons first") {
    NetxTestLayer input{.type = "input", .shape = {4}, .threshold = 20};
    NetxOptions options;
    options.reset_interval = 16;
    const auto offsets = [&](const std::vector<NetxTestLayer>& layers) {
        const auto import = read_layers(layers, options);
        REQUIRE_MESSAGE(import.has_value(), to_text(import.error()));
        std::vector<std::int32_t> found;
        for (const Population& population : import->network.populations) {
            CHECK(population.fixed->parameters.reset_interval == 16);
            found.push_back(population.fixed->parameters.reset_offset);
        }
        return found;
    };
    CHECK(offsets({input, dense(3, 4), dense(2, 3)}) == std::vector<std::int32_t>{1, 2, 3});
    options.reset_offset = 14;
    CHECK(offsets({input, dense(3, 4), dense(2, 3)}) == std::vector<std::int32_t>{15, 0, 1});
    CHECK(offsets({dense(3, 4), dense(2, 3)}) ==
          std::vector<std::int32_t>{14, 15});  // input a step earlier than netx's
    options.input = NetxInput::spikes;
    CHECK(offsets({input, dense(3, 4)}) == std::vector<std::int32_t>{15});
    auto values = dense(3, 4);
    values.neuron_type = "SDNN";
    options.reset_offset = 0;
    const auto import = read_layers({values}, options);
    REQUIRE(import.has_value());
    CHECK(import->network.populations[0].fixed->parameters.reset_interval == 0);
    CHECK(to_text(import->remarks).find("have no reset in netx") != std::string::npos);
}

TEST_CASE("concat and average: what they can't join") {
    const NetxTestLayer flat{.type = "flatten", .shape = {30}};
    const auto joins = [](std::vector<std::int64_t> others, std::vector<std::int64_t> shape) {
        return NetxTestLayer{.type = "concat", .shape = std::move(shape), .layers = std::move(others)};
    };
    const auto import = read_layers({dense(3, 4), dense(2, 3), joins({0, 1}, {7}), dense(2, 7)});
    REQUIRE_MESSAGE(import.has_value(), to_text(import.error()));
    REQUIRE(import->network.projections.size() == 5);
    CHECK(import->network.projections[4].name == "dense3.weight2");
    CHECK(import->network.projections[2].source.index == 1);  // the layer before the concat comes first
    CHECK(import->network.projections[3].source.index == 0);
    check_refused(read_layers({dense(3, 4), joins({}, {3}), dense(2, 3)}), "'layers' is missing");
    check_refused(read_layers({dense(3, 4), joins({9}, {3}), dense(2, 3)}), "layer 9");
    check_refused(read_layers({dense(3, 4), joins({1}, {6}), dense(2, 6)}), "layer 1, which sends nothing");
    check_refused(read_layers({dense(3, 4), joins({0}, {7}), dense(2, 6)}), "a shape of (7)");
    check_refused(read_layers({dense(3, 4), joins({0}, {6}), dense(2, 7)}), "weights for 7 inputs");
    // a layer behind that has no neurons of its own
    check_refused(read_layers({dense(3, 4), joins({2}, {33}), flat, dense(2, 33)}), "which has no neurons");
    check_refused(read_layers({dense(6, 4), {.type = "average", .shape = {4, 1, 1}}}), "4 groups of 6 neurons");
    check_refused(read_layers({dense(6, 4), {.type = "average", .shape = {3, 1, 1}}, dense(2, 3)}), "only sums up");
    auto output = dense(3, 4);
    output.neuron_type = "SDNN";
    output.sigma_output = true;
    check_refused(read_layers({output, dense(2, 3)}), "only sums up");
}

}  // namespace
}  // namespace spikeloom::compiler
