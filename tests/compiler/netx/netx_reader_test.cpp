#include "compiler/netx/netx_reader.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "compiler/netx/netx_files.hpp"
#include "support/reference_data.hpp"

namespace spikeloom::compiler {
namespace {

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

TEST_CASE("a bias for every neuron of an image, in netx's order and in ours") {
    const auto biases = [](const std::vector<std::uint64_t>& shape) {
        std::vector<float> values(30);
        std::iota(values.begin(), values.end(), 0.0F);
        const auto import = read_layers({image({3, 4, 6}), convolution()}, {}, [&](files::Hdf5Writer& file) {
            file.array<float>("/layer/1/bias", values, shape);
        });
        REQUIRE_MESSAGE(import.has_value(), to_text(import.error()));
        return import->network.populations[0].fixed->biases;  // (2, 3, 5), times 2^6
    };
    CHECK(biases({30})[7] == 7 * 64);
    CHECK(biases({2, 3, 5})[7] == 7 * 64);
    const auto turned = biases({5, 3, 2});  // [x][y][channel]
    CHECK(turned[0] == 0);
    CHECK(turned[1] == 6 * 64);   // x = 1
    CHECK(turned[5] == 2 * 64);   // y = 1
    CHECK(turned[15] == 1 * 64);  // channel 1
    CHECK(turned[29] == 29 * 64);
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
