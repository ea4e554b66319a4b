#include "compiler/netx/netx_reader.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "support/netx_layers.hpp"
#include "support/reference_data.hpp"
#include "support/temporary_folder.hpp"

namespace spikeloom::compiler {
namespace {

using test::NetxTestLayer;

Result<NetxImport> read_layers(const std::vector<NetxTestLayer>& layers, const NetxOptions& options = {},
                               const std::function<void(files::Hdf5Writer&)>& more = {}) {
    const test::TemporaryFolder folder;
    const std::string path = folder("net.net");
    auto file = files::Hdf5Writer::create(path);
    REQUIRE(file.has_value());
    for (std::size_t i = 0; i < layers.size(); ++i) {
        test::netx::write_layer(*file, "/layer/" + std::to_string(i), layers[i]);
    }
    if (more) {
        more(*file);
    }
    REQUIRE(file->close().has_value());
    return read_netx(path, options);
}

NetxTestLayer dense(std::int64_t targets, std::int64_t sources, std::int32_t weight = 2) {
    return {.shape = {targets},
            .sources = sources,
            .weight = std::vector<std::int32_t>(static_cast<std::size_t>(targets * sources), weight)};
}

NetxTestLayer image(std::vector<std::int64_t> shape) {
    return {.type = "input", .shape = std::move(shape), .neuron = false};
}

NetxTestLayer convolution() {
    return {.type = "conv",
            .shape = {2, 3, 5},
            .weight = std::vector<std::int32_t>(2 * 3 * 2 * 2, 4),
            .kernel = {2, 2},
            .in_channels = 3};
}

bool settled(const NetxImport& import, const std::string& part) {
    return std::ranges::any_of(import.resolutions, [&](const Resolution& one) {
        return (one.topic + ": " + one.choice).find(part) != std::string::npos;
    });
}

void check_refused(const Result<NetxImport>& import, const std::string& part) {
    REQUIRE_FALSE(import.has_value());
    INFO(to_text(import.error()));
    INFO("looking for: ", part);
    CHECK(to_text(import.error()).find(part) != std::string::npos);
}

TEST_CASE("registers and weights come as they stand") {
    auto layer = dense(2, 3);
    layer.weight = {1, -2, 3, -4, 5, 6};
    layer.bias = {7, -8};
    layer.current_decay = 410;
    layer.voltage_decay = 128;
    layer.threshold = 99;
    const auto import = read_layers({layer});
    REQUIRE_MESSAGE(import.has_value(), to_text(import.error()));
    const Network& network = import->network;
    REQUIRE(network.populations.size() == 1);
    CHECK(network.inputs[0].shape == Shape{3});
    CHECK(network.outputs[0].name == "dense0");
    const FixedNeuron& fixed = *network.populations[0].fixed;
    CHECK(fixed.current_decay == 410);
    CHECK(fixed.voltage_decay == 128);
    CHECK(fixed.threshold == 99);
    CHECK(fixed.biases == std::vector<std::int32_t>{7 * 64, -8 * 64});
    CHECK(std::get<DenseWeights>(network.projections[0].weights).weights == std::vector<float>{1, -2, 3, -4, 5, 6});
}

TEST_CASE("layers are taken by number, not by name") {
    std::vector<NetxTestLayer> layers;
    for (std::int64_t i = 0; i < 12; ++i) {
        layers.push_back(dense(i + 2, i + 1));
    }
    const auto import = read_layers(layers);
    REQUIRE_MESSAGE(import.has_value(), to_text(import.error()));
    CHECK(import->network.populations.back().name == "dense11");
}

TEST_CASE("a layer without a neuron integrates, a threshold out of reach never spikes") {
    auto readout = dense(2, 3);
    readout.neuron = false;
    auto import = read_layers({readout});
    REQUIRE(import.has_value());
    CHECK_FALSE(spikes(import->network.populations[0].kind));
    CHECK(import->network.populations[0].fixed->current_decay == 0);
    CHECK(import->network.populations[0].fixed->voltage_decay == 4096);
    readout.neuron = true;
    readout.threshold = 131072;
    import = read_layers({readout});
    REQUIRE(import.has_value());
    CHECK_FALSE(spikes(import->network.populations[0].kind));
    readout.threshold = 131071;
    CHECK(spikes(read_layers({readout})->network.populations[0].kind));
}

TEST_CASE("dense weights of both signs are clipped to -256..254, those of one sign become mantissas of 8 bits") {
    auto layer = dense(1, 3);
    layer.weight = {300, -1, 254};
    auto import = read_layers({layer});
    REQUIRE(import.has_value());
    CHECK(std::get<DenseWeights>(import->network.projections[0].weights).weights == std::vector<float>{254, -1, 254});
    CHECK(settled(*import, "1 weights of layer 0 are clipped"));
    const auto fitted = [&](std::vector<std::int32_t> given) {
        layer.weight = std::move(given);
        import = read_layers({layer});
        REQUIRE(import.has_value());
        return std::get<DenseWeights>(import->network.projections[0].weights).weights;
    };
    CHECK(fitted({-300, 255, 0}) == std::vector<float>{-256, 254, 0});
    CHECK(fitted({255, 1, 2}) == std::vector<float>{255, 1, 2});
    CHECK_FALSE(settled(*import, "weights of layer 0"));
    CHECK(fitted({301, 1, 2}) == std::vector<float>{300, 0, 2});
    CHECK(settled(*import, "mantissas of 8 bits times 2, 2 weights lose"));
    CHECK(fitted({510, 1, 2}) == std::vector<float>{510, 0, 2});
    CHECK(fitted({511, 7, 2}) == std::vector<float>{508, 4, 0});
    CHECK(fitted({-256, -1, 0}) == std::vector<float>{-256, -1, 0});
    CHECK(fitted({-257, -1, 0}) == std::vector<float>{-258, -2, 0});
}

TEST_CASE("delays: one, one a neuron, one a source, one a synapse; clipped to 62") {
    auto layer = dense(2, 3);
    layer.delay = {70};
    auto import = read_layers({layer});
    REQUIRE(import.has_value());
    CHECK(import->network.projections[0].delay_steps == 62);
    const auto delays = [&](std::vector<std::int32_t> given) {
        layer.delay = std::move(given);
        const auto read = read_layers({layer});
        REQUIRE(read.has_value());
        return std::get<SparseWeights>(read->network.projections[0].weights).delays;  // by source
    };
    CHECK(delays({4, 5}) == std::vector<std::uint8_t>{4, 5, 4, 5, 4, 5});
    CHECK(delays({4, 5, 6}) == std::vector<std::uint8_t>{4, 4, 5, 5, 6, 6});
    CHECK(delays({1, 2, 3, 4, 5, 99}) == std::vector<std::uint8_t>{1, 4, 2, 5, 3, 62});
    layer.delay = {1, 2, 3, 4};
    check_refused(read_layers({layer}), "4 delays");
    layer.delay = {-1};
    check_refused(read_layers({layer}), "negative");
}

TEST_CASE("a convolution: shapes forwards and backwards, biases a channel") {
    auto conv = convolution();
    conv.bias = {3, -4};
    auto import = read_layers({image({3, 4, 6}), conv, dense(2, 30)});
    REQUIRE_MESSAGE(import.has_value(), to_text(import.error()));
    CHECK(import->network.populations[0].shape == Shape{2, 3, 5});
    CHECK(import->network.populations[0].fixed->biases[14] == 3 * 64);
    CHECK(import->network.populations[0].fixed->biases[15] == -4 * 64);
    CHECK(settled(*import, "flatten: (2, 3, 5)"));

    conv.shape = {5, 3, 2};
    import = read_layers({image({6, 4, 3}), [] {
                              auto backwards = convolution();
                              backwards.shape = {2, 3, 5};
                              return backwards;
                          }()});
    REQUIRE_MESSAGE(import.has_value(), to_text(import.error()));
    CHECK(import->network.inputs[0].shape == Shape{3, 4, 6});
    CHECK(settled(*import, "input shape: (3, 4, 6)"));

    auto no_input = read_layers({convolution()});
    check_refused(no_input, "--netx-input-shape");
    NetxOptions options;
    options.input_shape = Shape{3, 4, 6};
    CHECK(read_layers({convolution()}, options).has_value());
    check_refused(read_layers({image({3, 9, 9}), convolution()}), "a shape of (2, 3, 5)");
    check_refused(read_layers({image({2, 4, 6}), convolution()}), "weights for 3 channels");
}

TEST_CASE("an input layer with neurons: biases as graded spikes, or spikes from outside") {
    NetxTestLayer input{.type = "input", .shape = {2, 2, 1}, .voltage_decay = 100, .threshold = 20};
    auto import = read_layers({input, dense(3, 4)});
    REQUIRE_MESSAGE(import.has_value(), to_text(import.error()));
    CHECK(import->network.inputs[0].graded);
    CHECK(import->network.populations[0].fixed->current_decay == 4096);
    CHECK(import->network.populations.size() == 2);
    CHECK(settled(*import, "2 * 64 * x - 64 + 0"));
    NetxOptions options;
    options.input = NetxInput::spikes;
    import = read_layers({input, dense(3, 4)}, options);
    REQUIRE(import.has_value());
    CHECK_FALSE(import->network.inputs[0].graded);
    CHECK(import->network.populations.size() == 1);
}

TEST_CASE("sigma-delta neurons: thresholds and biases in 2^12, an input that encodes, an output that sums") {
    NetxTestLayer input{.type = "input", .shape = {4}, .threshold = 3, .neuron_type = "SDNN"};
    auto hidden = dense(3, 4);
    hidden.neuron_type = "SDNN";
    hidden.threshold = 5;
    hidden.bias = {1, -2, 3};
    auto output = dense(2, 3);
    output.neuron_type = "SDNN";
    output.sigma_output = true;
    output.bias = {5};
    const auto import = read_layers({input, hidden, output});
    REQUIRE_MESSAGE(import.has_value(), to_text(import.error()));
    const auto& populations = import->network.populations;
    CHECK(populations[0].fixed->model == NeuronModel::delta);
    CHECK(populations[0].fixed->threshold == 3 * 4096);
    CHECK(std::get<OneToOneWeights>(import->network.projections[0].weights).weights == std::vector<float>{64});
    CHECK(populations[1].fixed->model == NeuronModel::sigma_delta);
    CHECK(populations[1].fixed->parameters.state_exponent == 6);
    CHECK(populations[1].fixed->biases == std::vector<std::int32_t>{4096, -8192, 12288});
    CHECK_FALSE(populations[2].fixed->parameters.relu);
    CHECK(populations[2].fixed->biases.empty());
    CHECK(to_text(import->remarks).find("netx gives a sum no bias: add bias * 2^12") != std::string::npos);
    CHECK_FALSE(spikes(populations[2].kind));
}

TEST_CASE("older files: several input layers, a recurrent layer with recWeight") {
    auto recurrent = dense(2, 4);
    recurrent.type = "recurrent";
    const auto import = read_layers({image({4}), image({4}), {.type = "flatten", .shape = {4}}, dense(4, 4)}, {},
                                    [&](files::Hdf5Writer& file) {
                                        test::netx::write_layer(file, "/layer/4", recurrent);
                                        test::netx::write_numbers(file, "/layer/4/weight", recurrent.weight, {2, 4});
                                        test::netx::write_numbers(file, "/layer/4/recWeight", {1, 2, 3, 4}, {2, 2});
                                    });
    REQUIRE_MESSAGE(import.has_value(), to_text(import.error()));
    REQUIRE(import->network.projections.size() == 3);
    CHECK(import->network.projections[2].recurrent);
    CHECK(import->network.projections[2].name == "recurrent4.recurrent");
}

TEST_CASE("what is wrong is told with its place") {
    check_refused(read_layers({dense(2, 3), dense(2, 3)}), "net.net:/layer/1/weight: error: weights for 3 inputs");
    auto odd = dense(2, 3);
    odd.neuron_type = "IZHIKEVICH";
    check_refused(read_layers({odd}), "/layer/0/neuron/type: error: neurons of type 'IZHIKEVICH'");
    odd = dense(2, 3);
    odd.current_decay = 4097;
    check_refused(read_layers({odd}), "/layer/0/neuron/iDecay: error: iDecay is 4097");
    check_refused(read_layers({dense(2, 3), {.type = "attention", .shape = {2}}}), "layers of type 'attention'");
    check_refused(read_layers({dense(2, 3), {.type = "convT", .shape = {2}}}), "netx names this type, and refuses it");
    check_refused(read_layers({dense(2, 3), image({2})}), "an input layer behind other layers");
    check_refused(read_layers({image({1 << 20, 1 << 20, 3})}), "at most");
    check_refused(read_layers({image({4})}), "there are no neurons");
    const auto with = [&](const std::function<void(files::Hdf5Writer&)>& more) {
        return read_layers({dense(2, 3)}, {}, more);
    };
    check_refused(with([](files::Hdf5Writer& file) { file.text("/layer/x/type", "dense"); }), "no number of a layer");
    check_refused(with([](files::Hdf5Writer& file) { file.text("/layer/2/type", "flatten"); }), "layer 1 is missing");
    check_refused(with([](files::Hdf5Writer& file) {
                      test::netx::write_layer(file, "/layer/1", {.type = "flatten", .shape = {2}});
                      file.text("/layer/2/type", "dense");
                      file.array<float>("/layer/2/weight", std::vector<float>{0.5F, -0.9F}, {1, 2});
                  }),
                  "all of 2 weights lie between -1 and 1");
    check_refused(
        with([](files::Hdf5Writer& file) { file.text("/layer/1/type", "dense\x1b[2J\n" + std::string(500, 'x')); }),
        "layers of type 'dense?[2J?xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...'");
    check_refused(with([](files::Hdf5Writer& file) {
                      file.text("/layer/1/type", "flatten");
                      file.text("/layer/1/shape", "three");
                  }),
                  "net.net:/layer/1/shape: error: the text 'three'; allowed: numbers");
    check_refused(with([](files::Hdf5Writer& file) {
                      file.text("/layer/1/type", "flatten");
                      file.scalar<std::int32_t>("/layer/1/neuron", 3);
                  }),
                  "the neuron is no group");
    const auto unknown = with([](files::Hdf5Writer& file) { file.scalar<std::int32_t>("/layer/0/colour", 3); });
    REQUIRE(unknown.has_value());
    CHECK(to_text(unknown->remarks).find("unknown field 'colour'") != std::string::npos);
}

TEST_CASE("weights that are no whole numbers are cut towards zero, and delays of convolutions ignored, both told") {
    auto conv = convolution();
    conv.delay = {3};
    const auto import = read_layers({image({3, 4, 6}), conv}, {}, [](files::Hdf5Writer& file) {
        file.text("/layer/2/type", "dense");
        std::vector<float> weights(30, 2.0F);
        weights[0] = 1.75F;
        weights[1] = -1.75F;
        file.array<float>("/layer/2/weight", weights, {1, 30});
    });
    REQUIRE_MESSAGE(import.has_value(), to_text(import.error()));
    CHECK(import->network.projections[0].delay_steps == 0);
    const auto& weights = std::get<DenseWeights>(import->network.projections[1].weights).weights;
    CHECK(weights[0] == 1.0F);
    CHECK(weights[1] == -1.0F);
    CHECK(to_text(import->remarks).find("2 of 30 weights are no whole numbers") != std::string::npos);
    CHECK(to_text(import->remarks).find("netx gives convolutions no delays") != std::string::npos);
}

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

TEST_CASE("the trained MNIST net") {
    const auto path = test::reference_data("netx/mnist/trained_mnist_network.net");
    if (!path) {
        return;
    }
    const auto import = read_netx(*path);
    REQUIRE_MESSAGE(import.has_value(), to_text(import.error()));
    CHECK(import->remarks.empty());
    CHECK(import->network.inputs[0].shape == Shape{784});
    REQUIRE(import->network.populations.size() == 3);
    for (const Population& population : import->network.populations) {
        CHECK(population.fixed->current_decay == 410);
        CHECK(population.fixed->threshold == 64);
    }
    CHECK(import->network.populations[2].size() == 10);
}

}  // namespace
}  // namespace spikeloom::compiler
