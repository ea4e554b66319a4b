// Every primitive of NIR, and how graphs of them become projections, on files that the tests make.
#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "compiler/nir/nir_builder.hpp"

namespace spikeloom::compiler {
namespace {

using test::NirBuilder;

std::vector<double> count_up(std::size_t count) {
    std::vector<double> values(count);
    std::iota(values.begin(), values.end(), 1.0);
    return values;
}

NirImport import_of(NirBuilder& builder, const NirOptions& options = {}) {
    auto import = builder.read(options);
    if (!import) {
        MESSAGE(to_text(import.error()));
    }
    REQUIRE(import.has_value());
    return std::move(*import);
}

const Population& population(const Network& network, const std::string& name) {
    const auto found = std::ranges::find(network.populations, name, &Population::name);
    REQUIRE(found != network.populations.end());
    return *found;
}

const Projection& projection(const Network& network, const std::string& name) {
    const auto found = std::ranges::find(network.projections, name, &Projection::name);
    if (found == network.projections.end()) {
        for (const Projection& one : network.projections) {
            MESSAGE("there is ", one.name.c_str());
        }
    }
    REQUIRE(found != network.projections.end());
    return *found;
}

bool remarked(const NirImport& import, const std::string& part) {
    const std::string text = to_text(import.remarks);
    if (text.find(part) == std::string::npos) {
        MESSAGE("in: ", text.c_str());
        return false;
    }
    return true;
}

std::string reason(const NirImport& import, const std::string& topic) {
    for (const Resolution& resolution : import.resolutions) {
        if (resolution.topic == topic) {
            return resolution.choice + " | " + resolution.reason;
        }
    }
    return "";
}

TEST_CASE("neurons of every kind, with parameters of every shape") {
    NirBuilder builder;
    builder.input("in", {2});
    builder.node("if", "IF").real("r", 1e4).real("v_threshold", {1, 2}, {2}).real("v_reset", {0.5}, {1});
    builder.node("lif", "LIF")
        .real("tau", {0.01}, {1})
        .real("r", 1)
        .real("v_leak", {0.1, 0.2}, {2})
        .real("v_threshold", 1);
    builder.node("cuba", "CubaLIF").real("tau_syn", 0.005).real("tau_mem", 0.01).real("r", 1).real("v_leak", 0);
    builder.real("v_threshold", 1).real("w_in", 3);
    builder.node("thr", "Threshold").real("threshold", {0.5}, {1});
    builder.node("i", "I").real("r", 2);
    builder.node("li", "LI").real("tau", 0.02).real("r", 1).real("v_leak", 0);
    builder.node("cubali", "CubaLI").real("tau_syn", 0.005).real("tau_mem", 0.01).real("r", 1).real("v_leak", 0);
    builder.edges({{"in", "if"},
                   {"if", "lif"},
                   {"lif", "cuba"},
                   {"cuba", "thr"},
                   {"thr", "i"},
                   {"thr", "li"},
                   {"thr", "cubali"}});
    NirOptions options;
    options.step_s = 1e-3;
    const NirImport import = import_of(builder, options);
    const Network& network = import.network;
    CHECK(network.step_s == 1e-3);
    const Population& integrate = population(network, "if");
    CHECK(integrate.kind == NeuronKind::integrate_fire);
    CHECK(integrate.v_threshold.values == std::vector<double>{1, 2});
    CHECK(integrate.v_reset.values == std::vector<double>{0.5});
    CHECK(integrate.resistance[0] == 1e4);
    CHECK(population(network, "lif").kind == NeuronKind::leaky);
    CHECK(population(network, "lif").shape == Shape{2});
    CHECK(population(network, "lif").v_leak.values == std::vector<double>{0.1, 0.2});
    CHECK(population(network, "cuba").kind == NeuronKind::current_based);
    CHECK(population(network, "cuba").w_in[0] == 3);
    CHECK(population(network, "thr").kind == NeuronKind::threshold);
    CHECK(population(network, "thr").v_threshold[0] == 0.5);
    CHECK(population(network, "i").kind == NeuronKind::integrator);
    CHECK(population(network, "li").kind == NeuronKind::leaky_integrator);
    CHECK(population(network, "cubali").kind == NeuronKind::current_based_integrator);
    CHECK(population(network, "cubali").w_in[0] == 1);
    const Projection& direct = projection(network, "if->lif");
    CHECK(std::get<OneToOneWeights>(direct.weights).weights == std::vector<float>{1});
    CHECK(projection(network, "in->if").source.kind == Source::Kind::input);
    REQUIRE(network.outputs.size() == 3);
    CHECK(network.outputs[0].name.starts_with("output_"));
    CHECK(remarked(import, "it leads to an implicit output"));
}

TEST_CASE("pooling, convolution, flatten and matrices, as exporters write them") {
    NirBuilder builder;
    builder.input("input", {2, 8, 8});
    builder.conv2d("conv1", count_up(3 * 2 * 9), {3, 2, 3, 3}, {1, 1}, {1, 1});
    builder.node("if1", "IF").real("r", 1).real("v_threshold", 1);
    builder.pool("pool1", "SumPool2d", 2);
    builder.conv2d("conv2", count_up(4 * 3 * 4), {4, 3, 2, 2});
    builder.node("if2", "IF").real("r", 1).real("v_threshold", 1);
    builder.pool("pool2", "AvgPool2d", 3);
    builder.node("flat", "Flatten").whole("start_dim", {0}, {}).whole("end_dim", {-1}, {});
    builder.affine("fc", count_up(5 * 4), {1, 2, 3, 4, 5});
    builder.node("if3", "IF").real("r", 1).real("v_threshold", 1);
    builder.output("output", {5});
    builder.edges({{"input", "conv1"},
                   {"conv1", "if1"},
                   {"if1", "pool1"},
                   {"pool1", "conv2"},
                   {"conv2", "if2"},
                   {"if2", "pool2"},
                   {"pool2", "flat"},
                   {"flat", "fc"},
                   {"fc", "if3"},
                   {"if3", "output"}});
    const NirImport import = import_of(builder);
    const Network& network = import.network;
    CHECK(reason(import, "time unit").starts_with("steps"));
    CHECK(population(network, "if1").shape == Shape{3, 8, 8});
    CHECK(population(network, "if1").resistance[0] * network.step_s == doctest::Approx(1));
    CHECK(population(network, "if2").shape == Shape{4, 3, 3});
    const auto& first = std::get<ConvolutionWeights>(projection(network, "conv1").weights);
    CHECK(first.padding == std::array<std::uint32_t, 2>{1, 1});
    CHECK(first.output == std::array<std::uint32_t, 3>{3, 8, 8});
    const auto& second = std::get<ConvolutionWeights>(projection(network, "pool1+conv2").weights);
    REQUIRE(second.pooling.has_value());
    CHECK(second.source == std::array<std::uint32_t, 3>{3, 8, 8});
    CHECK(second.input == std::array<std::uint32_t, 3>{3, 4, 4});
    const Projection& last = projection(network, "pool2+fc");
    CHECK(std::get<DenseWeights>(last.weights).weights[0] == doctest::Approx(1.0 / 9));
    CHECK(last.bias.values == std::vector<double>{1, 2, 3, 4, 5});
    CHECK(remarked(import, "its weights are no longer shared"));
}

TEST_CASE("one-dimensional convolution, groups, \"same\" padding of an even kernel") {
    NirBuilder builder;
    builder.input("in", {2, 6});
    builder.node("conv", "Conv1d")
        .real("weight", count_up(2 * 1 * 4), {2, 1, 4})
        .whole("stride", {1}, {})
        .word("padding", "same");
    builder.whole("dilation", {1}, {})
        .whole("groups", {2}, {})
        .real("bias", {0.5, -0.5}, {2})
        .whole("input_shape", {6}, {});
    builder.lif("lif").edges({{"in", "conv"}, {"conv", "lif"}});
    const NirImport import = import_of(builder);
    CHECK(population(import.network, "lif").shape == Shape{2, 6});
    const Projection& conv = projection(import.network, "conv");
    const auto& weights = std::get<ConvolutionWeights>(conv.weights);
    CHECK(weights.kernel_size == std::array<std::uint32_t, 2>{1, 4});
    CHECK(weights.padding == std::array<std::uint32_t, 2>{0, 1});  // torch pads 1 before, 2 after
    CHECK(weights.groups == 2);
    CHECK(conv.bias.values == std::vector<double>{.5, .5, .5, .5, .5, .5, -.5, -.5, -.5, -.5, -.5, -.5});
    CHECK(check_network(import.network).empty());
}

TEST_CASE("scales fold into what follows, delays become steps") {
    NirBuilder builder;
    builder.input("in", {2}).node("scale", "Scale").real("scale", {2, 3}, {2});
    builder.linear("fc", {1, 1, 1, 1}, 2).lif("a", 0.01, 100);
    builder.node("delay", "Delay").real("delay", {0.0012}, {1});
    builder.node("half", "Scale")
        .real("scale", 0.5)
        .lif("b", 0.01, 100)
        .node("vary", "Delay")
        .real("delay", {0, 3e-4}, {2});
    builder.affine("bias", {1, 0, 0, 1}, {1, 1}).node("late", "Delay").real("delay", 2e-4).lif("c", 0.01, 100);
    builder.edges({{"in", "scale"},
                   {"scale", "fc"},
                   {"fc", "a"},
                   {"a", "delay"},
                   {"delay", "half"},
                   {"half", "b"},
                   {"b", "vary"},
                   {"vary", "bias"},
                   {"bias", "late"},
                   {"late", "c"}});
    const NirImport import = import_of(builder);
    const Network& network = import.network;
    CHECK(network.step_s == 1e-4);
    CHECK(std::get<DenseWeights>(projection(network, "scale+fc").weights).weights == std::vector<float>{2, 3, 2, 3});
    const Projection& delayed = projection(network, "delay+half");
    CHECK(delayed.delay_steps == 12);
    CHECK(std::get<OneToOneWeights>(delayed.weights).weights == std::vector<float>{0.5F});
    const Projection& varied = projection(network, "vary+bias+late");
    CHECK(varied.delay_steps == 2);
    CHECK(std::get<SparseWeights>(varied.weights).delays == std::vector<std::uint8_t>{0, 3});
    CHECK(varied.bias_from_step == 2);
    CHECK(varied.bias.values == std::vector<double>{1});
}

TEST_CASE("a bias before delays that differ acts after the shortest, and says so") {
    NirBuilder builder;
    builder.input("in", {2}).affine("fc", {1, 2, 3, 4}, {0.5, 0.25});
    builder.node("d", "Delay").real("delay", {2e-4, 5e-4}, {2}).lif("lif");
    builder.edges({{"in", "fc"}, {"fc", "d"}, {"d", "lif"}});
    NirOptions options;
    options.step_s = 1e-4;
    const NirImport import = import_of(builder, options);
    CHECK(projection(import.network, "fc+d").bias_from_step == 2);
    CHECK(remarked(import, "a bias comes before 'd', whose delays differ"));
}

TEST_CASE("pictures of other extents that meet are summed in C order, and remarked on") {
    NirBuilder builder;
    builder.input("x", {2, 3}).input("y", {3, 2}).input("z", {6}).lif("lif");
    builder.edges({{"x", "lif"}, {"y", "lif"}, {"z", "lif"}});
    const NirImport import = import_of(builder);
    CHECK(remarked(import, "'y' gives (3, 2), but 'lif' takes (2, 3); the elements are as many"));
    CHECK(to_text(import.remarks).find("'z'") == std::string::npos);
}

TEST_CASE("a Flatten whose input_type is not what arrives") {
    NirBuilder builder;
    builder.input("in", {2, 2}).node("f", "Flatten").whole("start_dim", {0}).whole("end_dim", {-1});
    builder.whole("input_type", {3, 3}).lif("lif").edges({{"in", "f"}, {"f", "lif"}});
    CHECK(remarked(import_of(builder), "the Flatten's input_type is (3, 3), but (2, 2) arrives"));
}

TEST_CASE("several ways without weights between the same two neurons have names of their own") {
    NirBuilder builder;
    builder.input("in", {2}).lif("a").lif("b");
    for (const char* name : {"f", "g"}) {
        builder.node(name, "Flatten").whole("start_dim", {0}).whole("end_dim", {-1});
    }
    builder.edges({{"in", "a"}, {"a", "b"}, {"a", "f"}, {"a", "g"}, {"f", "b"}, {"g", "b"}});
    const NirImport import = import_of(builder);
    std::vector<std::string> names;
    for (const Projection& one : import.network.projections) {
        names.push_back(one.name);
    }
    CHECK(names == std::vector<std::string>{"in->a", "a->b", "a->b(a)", "a->b(a)_2"});
}

TEST_CASE("a delay between steps is rounded, and says so") {
    NirBuilder builder;
    builder.input("in", {1}).node("d", "Delay").real("delay", 0.00016).lif("lif").edges({{"in", "d"}, {"d", "lif"}});
    const NirImport import = import_of(builder);
    CHECK(projection(import.network, "d").delay_steps == 2);
    CHECK(remarked(import, "delays are rounded to whole steps, by at most 0.4"));
}

TEST_CASE("edges into one node sum; a bias that two ways share counts once") {
    NirBuilder builder;
    builder.input("x", {2}).input("y", {2});
    builder.linear("wx", {1, 2, 3, 4}, 2)
        .linear("wy", {5, 6, 7, 8}, 2)
        .affine("both", {1, 0, 0, 1}, {10, 20})
        .lif("lif");
    builder.edges({{"x", "wx"}, {"y", "wy"}, {"wx", "both"}, {"wy", "both"}, {"both", "lif"}, {"both", "lif"}});
    const NirImport import = import_of(builder);
    const Network& network = import.network;
    REQUIRE(network.projections.size() == 2);
    CHECK(std::get<DenseWeights>(projection(network, "wx+both").weights).weights == std::vector<float>{1, 2, 3, 4});
    CHECK(std::get<DenseWeights>(projection(network, "wy+both").weights).weights == std::vector<float>{5, 6, 7, 8});
    std::vector<double> bias(2, 0.0);
    for (const Projection& one : network.projections) {
        for (std::size_t index = 0; index < 2; ++index) {
            bias[index] += one.bias[index];
        }
    }
    CHECK(bias == std::vector<double>{10, 20});
    CHECK(remarked(import, "is there twice; it counts once"));
}

TEST_CASE("cycles: only what leads back is recurrent") {
    NirBuilder builder;
    builder.input("in", {1}).lif("a").linear("ab", {2}, 1).lif("b").linear("ba", {3}, 1).linear("bb", {4}, 1).lif("c");
    builder.edges(
        {{"in", "a"}, {"a", "ab"}, {"ab", "b"}, {"b", "ba"}, {"ba", "a"}, {"b", "bb"}, {"bb", "b"}, {"b", "c"}});
    const NirImport import = import_of(builder);
    CHECK_FALSE(projection(import.network, "ab").recurrent);
    CHECK(projection(import.network, "ba").recurrent);
    CHECK(projection(import.network, "bb").recurrent);
    CHECK_FALSE(projection(import.network, "b->c").recurrent);
}

TEST_CASE("nested graphs dissolve into dotted names") {
    NirBuilder builder;
    builder.input("in", {2}).output("out", {3});
    builder.in_graph("block").input("x", {2}).linear("fc", count_up(6), 3).lif("lif").output("y", {3});
    builder.edges({{"x", "fc"}, {"fc", "lif"}, {"lif", "y"}});
    builder.in_graph("open").lif("lif");  // without Input and Output: its open ends are its ports
    builder.edges({});
    builder.writer().array<double>("/node/unused", std::vector<double>{1});
    std::vector<std::string> edges{"in", "block", "block", "open", "open", "out"};
    builder.writer().texts("/node/edges", edges, {3, 2});
    const NirImport import = import_of(builder);
    REQUIRE(import.network.populations.size() == 2);
    CHECK(import.network.populations[0].name == "block.lif");
    CHECK(import.network.populations[1].name == "open.lif");
    CHECK(projection(import.network, "block.fc").target == PopulationId(0));
    CHECK(import.network.outputs == std::vector<OutputPort>{{"out", PopulationId(1)}});
}

TEST_CASE("weights without neurons before an output are summed up by integrators") {
    NirBuilder builder;
    builder.input("in", {2}).lif("lif").affine("readout", {1, 2, 3, 4, 5, 6}, {1, 2, 3}).output("out", {3});
    builder.edges({{"in", "lif"}, {"lif", "readout"}, {"readout", "out"}});
    const NirImport import = import_of(builder);
    const Population& readout = population(import.network, "readout");
    CHECK(readout.kind == NeuronKind::integrator);
    CHECK(readout.resistance[0] * import.network.step_s == doctest::Approx(1));
    CHECK(import.network.outputs[0].name == "out");
    CHECK(projection(import.network, "readout").bias.values == std::vector<double>{1, 2, 3});
    CHECK(remarked(import, "an integrator that never spikes"));
}

TEST_CASE("several inputs and outputs; implicit ones get names") {
    NirBuilder builder;
    builder.input("x", {2})
        .affine("fc", {1, 2, 3, 4}, {0, 0})
        .lif("a")
        .linear("gc", count_up(4), 2)
        .lif("b")
        .output("out", {2});
    builder.edges({{"x", "a"}, {"fc", "a"}, {"gc", "b"}, {"a", "out"}, {"b", "out"}});
    const NirImport import = import_of(builder);
    REQUIRE(import.network.inputs.size() == 3);
    CHECK(import.network.inputs[0].name == "input_0");
    CHECK(import.network.inputs[2].name == "x");
    REQUIRE(import.network.outputs.size() == 2);
    CHECK(import.network.outputs[0].name == "out.a");
    CHECK(remarked(import, "nothing feeds 'fc': it is fed by an implicit input 'input_0'"));
}

TEST_CASE("a matrix acts on the last axis, as numpy has it; a stack of one matrix is a matrix") {
    NirBuilder builder;
    builder.input("in", {2, 3}).linear("last", {1, 2, 3}, 1).lif("a");
    builder.node("stack", "Linear").real("weight", {1, 2, 3, 4}, {1, 2, 2}).lif("b");
    builder.edges({{"in", "last"}, {"last", "a"}, {"a", "stack"}, {"stack", "b"}});
    const NirImport import = import_of(builder);
    CHECK(population(import.network, "a").shape == Shape{2, 1});
    const auto& sparse = std::get<SparseWeights>(projection(import.network, "last").weights);
    CHECK(sparse.targets == std::vector<std::uint32_t>{0, 0, 0, 1, 1, 1});
    CHECK(sparse.weights == std::vector<float>{1, 2, 3, 1, 2, 3});
    CHECK(remarked(import, "read as its last two dimensions"));
}

TEST_CASE("a Flatten of an old file counts the batch") {
    NirBuilder builder;
    builder.input("in", {2, 3, 4}).node("flat", "Flatten").whole("start_dim", {1}, {}).whole("end_dim", {-1}, {});
    builder.linear("fc", count_up(24), 1).lif("lif").edges({{"in", "flat"}, {"flat", "fc"}, {"fc", "lif"}});
    const NirImport import = import_of(builder);
    CHECK(reason(import, "flatten").starts_with("'flat' counts the batch as dimension 0"));
    CHECK(std::get<DenseWeights>(projection(import.network, "fc").weights).weights.size() == 24);
}

TEST_CASE("the root may be any node") {
    NirBuilder builder;
    const std::string path = builder.path();
    {
        auto writer = files::Hdf5Writer::create(path);
        writer->text("/version", "1.0");
        writer->text("/node/type", "LIF");
        for (const char* name : {"tau", "r", "v_leak", "v_threshold"}) {
            writer->array<double>(std::string("/node/") + name, std::vector<double>{0.5, 0.5});
        }
        REQUIRE(writer->close().has_value());
    }
    const auto import = read_nir(path);
    REQUIRE(import.has_value());
    CHECK(import->network.populations[0].shape == Shape{2});
    CHECK(import->network.inputs[0].name == "input_0");
    CHECK(import->network.outputs[0].name == "output_0");
}

TEST_CASE("what NIR leaves open follows its rules, and the options") {
    const auto lif = [](double tau, double r, const NirOptions& options = {}, const char* stem = "net") {
        NirBuilder builder(stem);
        builder.input("in", {1}).lif("lif", tau, r).edges({{"in", "lif"}});
        return import_of(builder, options);
    };
    CHECK(lif(0.02, 20).network.step_s == 1e-3);   // snnTorch: r = tau / dt
    CHECK(lif(0.02, 1).network.step_s == 1e-4);    // nothing says dt
    CHECK(lif(0.02, 7.3).network.step_s == 1e-4);  // nor does this
    const NirImport steps = lif(20, 1);
    CHECK(reason(steps, "time unit").starts_with("steps"));
    CHECK(steps.network.populations[0].tau_mem_s[0] == doctest::Approx(20 * steps.network.step_s));
    CHECK(steps.network.populations[0].resistance[0] == 1);

    NirOptions ms;
    ms.time_unit = NirTimeUnit::milliseconds;
    const NirImport in_ms = lif(20, 40, ms);
    CHECK(in_ms.network.step_s == 5e-4);
    CHECK(in_ms.network.populations[0].tau_mem_s[0] == doctest::Approx(0.02));

    NirOptions r;
    r.scale_r_by_dt = true;
    r.step_s = 1e-3;
    CHECK(lif(0.02, 1, r).network.populations[0].resistance[0] == doctest::Approx(20));

    NirOptions subtract;
    subtract.reset = ResetRule::subtract_threshold;
    CHECK(lif(0.02, 1, subtract).network.populations[0].reset == ResetRule::subtract_threshold);
    const NirImport named = lif(0.02, 1, {}, "noDelay_noBias_subtract");
    CHECK(named.network.name == "noDelay_noBias_subtract");
    CHECK(named.network.populations[0].reset == ResetRule::subtract_threshold);
    CHECK(reason(named, "reset").find("file's name") != std::string::npos);

    NirBuilder builder;
    builder.input("in", {1}).node("c", "CubaLIF").real("tau_syn", 0.004).real("tau_mem", 0.01).real("r", 1);
    builder.real("v_leak", 0).real("v_threshold", 1).edges({{"in", "c"}});
    NirOptions scaled;
    scaled.scale_w_in_by_dt = true;
    scaled.step_s = 1e-3;
    CHECK(import_of(builder, scaled).network.populations[0].w_in[0] == doctest::Approx(4));

    NirBuilder snntorch;
    snntorch.input("in", {1}).node("if", "IF").real("r", 1000).real("v_threshold", 1).edges({{"in", "if"}});
    const NirImport exported = import_of(snntorch);
    CHECK(exported.network.step_s == 1e-3);
    CHECK(exported.network.populations[0].resistance[0] == 1000);
}

}  // namespace
}  // namespace spikeloom::compiler
