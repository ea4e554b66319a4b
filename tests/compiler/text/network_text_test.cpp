#include "compiler/text/network_text.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>

#include "core/files/npy.hpp"

namespace spikeloom::compiler {
namespace {

const std::string head = "name: \"n\" step_s: 1e-3 seed: 3\n";
const std::string two =
    "input { name: \"in\" shape: 6 }\n"
    "population { name: \"a\" shape: [2, 4] kind: leaky tau_mem_s: 0.01 v_threshold: 1 }\n";

Network parsed(const std::string& text, const NetworkTextLimits& limits = {}) {
    Result<Network> network = parse_network_text(text, "t", "", limits);
    REQUIRE_MESSAGE(network.has_value(), to_text(network.error()));
    return *network;
}

Diagnostics refused(const std::string& text, const NetworkTextLimits& limits = {}) {
    const Result<Network> network = parse_network_text(text, "t", "", limits);
    REQUIRE_FALSE(network.has_value());
    return network.error();
}

bool says(const Diagnostics& findings, const std::string& where, const std::string& found) {
    return std::any_of(findings.begin(), findings.end(), [&](const Diagnostic& finding) {
        return finding.where == where && finding.found.find(found) != std::string::npos;
    });
}

/// "t:line:column" of the bar in the first place of `text` that reads as `mark` without its bar.
std::string place(const std::string& text, std::string mark) {
    const std::size_t bar = mark.find('|');
    mark.erase(bar, 1);
    const std::size_t found = text.find(mark);
    REQUIRE_MESSAGE(found != std::string::npos, mark);
    const std::size_t at = found + bar;
    const auto lines = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    const std::size_t start = text.rfind('\n', at - 1);
    return fmt::format("t:{}:{}", lines + 1, at - (start == std::string::npos ? 0 : start + 1) + 1);
}

/// Refused with that finding at that place (bar as above).
void refuses(const std::string& text, const std::string& mark, const std::string& found) {
    const Diagnostics findings = refused(text);
    CHECK_MESSAGE(says(findings, place(text, mark), found), to_text(findings));
}

const SparseWeights& sparse(const Network& network, std::size_t projection = 0) {
    return std::get<SparseWeights>(network.projections.at(projection).weights);
}

std::string join(const std::string& rule, const std::string& target = "a") {
    return "projection { name: \"p\" source: \"in\" target: \"" + target + "\" " + rule + " }\n";
}

TEST_CASE("populations, inputs and outputs are what the text says") {
    const Network network =
        parsed(head + two +
               "population { name: \"b\" shape: 3 kind: current_based tau_syn_s: 0.002\n"
               "  tau_mem_s: [0.01, 0.02, 0.03] v_threshold: 2 reset: subtract_threshold w_in: 2\n"
               "  bias: -1 refractory_steps: 4 drawn { parameter: v_leak uniform { low: 1 high: 2 } } }\n"
               "output { population: \"b\" } output { name: \"x\" population: \"a\" }");
    CHECK(network.name == "n");
    CHECK(network.step_s == 1e-3);
    CHECK(network.inputs[0].shape == Shape{6});
    CHECK(network.populations[0].shape == Shape{2, 4});
    CHECK(network.populations[0].kind == NeuronKind::leaky);
    const Population& b = network.populations[1];
    CHECK(b.kind == NeuronKind::current_based);
    CHECK(b.reset == ResetRule::subtract_threshold);
    CHECK(b.tau_mem_s.values == std::vector<double>{0.01, 0.02, 0.03});
    CHECK(b.w_in.values == std::vector<double>{2});
    CHECK(b.refractory_steps == 4);
    CHECK(b.v_leak.values.size() == 3);
    CHECK(b.v_leak[0] != b.v_leak[1]);
    CHECK((b.v_leak[0] >= 1 && b.v_leak[0] < 2));
    CHECK(network.outputs[0] == OutputPort{"b", PopulationId(1)});
    CHECK(network.outputs[1] == OutputPort{"x", PopulationId(0)});
}

TEST_CASE("fixed in-degree: every target has its count of different sources") {
    const Network network =
        parsed(head + two + join("fixed_in_degree { count: 4 } weight { uniform { low: 1 high: 2 } }"));
    std::vector<std::set<std::uint32_t>> sources(8);
    const SparseWeights& weights = sparse(network);
    for (std::uint32_t source = 0; source < 6; ++source) {
        for (std::uint64_t k = weights.row_begin[source]; k < weights.row_begin[source + 1]; ++k) {
            CHECK(sources[weights.targets[k]].insert(source).second);
            CHECK((weights.weights[k] >= 1 && weights.weights[k] < 2));
        }
    }
    CHECK(std::all_of(sources.begin(), sources.end(), [](const auto& of) { return of.size() == 4; }));
    CHECK(weights.delays.empty());
}

TEST_CASE("fixed out-degree with repetition, and random delays") {
    const Network network = parsed(head + two +
                                   join("fixed_out_degree { count: 50 allow_multiple: true } weight { constant: 0.5 }"
                                        " delay { uniform { least: 2 most: 5 } }"));
    const SparseWeights& weights = sparse(network);
    CHECK(weights.row_begin == std::vector<std::uint64_t>{0, 50, 100, 150, 200, 250, 300});
    const std::set<std::uint8_t> delays(weights.delays.begin(), weights.delays.end());
    CHECK(delays == std::set<std::uint8_t>{2, 3, 4, 5});
    CHECK(network.projections[0].delay_steps == 0);
}

TEST_CASE("allow_self: false leaves a neuron's own synapse out, and only that") {
    const std::string text = head + "population { name: \"a\" shape: 9 kind: integrate_fire v_threshold: 1 }\n";
    const std::string self = "projection { name: \"p\" source: \"a\" target: \"a\" weight { constant: 1 } ";
    for (const std::string rule :
         {"fixed_in_degree { count: 8 allow_self: false }", "fixed_out_degree { count: 8 allow_self: false }",
          "pairwise_bernoulli { probability: 1 allow_self: false }"}) {
        CAPTURE(rule);
        const Network network = parsed(text + self + rule + "}");
        const SparseWeights& weights = sparse(network);
        CHECK(weights.targets.size() == 72);
        for (std::uint32_t source = 0; source < 9; ++source) {
            const auto first = weights.targets.begin() + static_cast<std::ptrdiff_t>(weights.row_begin[source]);
            CHECK(std::find(first, first + 8, source) == first + 8);
        }
        CHECK(network.projections[0].recurrent);
    }
}

TEST_CASE("pairwise Bernoulli meets its probability") {
    const Network network =
        parsed(head +
               "input { name: \"in\" shape: 1000 }\n"
               "population { name: \"a\" shape: 1003 kind: integrate_fire v_threshold: 1 }\n" +
               join("pairwise_bernoulli { probability: 0.02 } weight { normal { mean: 1 deviation: 0.5 least: 0 } }"));
    const SparseWeights& weights = sparse(network);
    CHECK(static_cast<double>(weights.targets.size()) == doctest::Approx(0.02 * 1000 * 1003).epsilon(0.03));
    CHECK(*std::min_element(weights.weights.begin(), weights.weights.end()) == 0);
    double sum = 0;
    for (const float weight : weights.weights) {
        sum += weight;
    }
    CHECK(sum / static_cast<double>(weights.weights.size()) == doctest::Approx(1.0).epsilon(0.02));
}

TEST_CASE("what a projection draws depends on seed, name and neuron only") {
    const std::string p = join("fixed_in_degree { count: 3 } weight { normal { mean: 0 deviation: 1 } }");
    const std::string q =
        "projection { name: \"q\" source: \"in\" target: \"a\" pairwise_bernoulli { probability: 0.5 } weight { "
        "constant: 1 } }\n";
    const Network alone = parsed(head + two + p);
    CHECK(parsed(head + two + p) == alone);
    CHECK(parsed(head + two + q + p).projections[1] == alone.projections[0]);
    CHECK(parsed("name: \"n\" step_s: 1e-3 seed: 4\n" + two + p).projections[0].weights !=
          alone.projections[0].weights);
}

TEST_CASE("dense, one to one, and synapses one by one") {
    SUBCASE("a dense list runs target by target") {
        const Network network =
            parsed(head +
                   "input { name: \"in\" shape: 2 }\n"
                   "population { name: \"a\" shape: 3 kind: integrate_fire v_threshold: 1 }\n" +
                   join("dense {} weight { list { value: [1, 2, 3, 4, 5, 6] } } delay { constant: 2 } bias: 0.5"));
        CHECK(std::get<DenseWeights>(network.projections[0].weights).weights == std::vector<float>{1, 2, 3, 4, 5, 6});
        CHECK(network.projections[0].delay_steps == 2);
        CHECK(network.projections[0].bias.values == std::vector<double>{0.5});
        CHECK_FALSE(network.projections[0].recurrent);
    }
    SUBCASE("one to one") {
        const std::string input = "input { name: \"in\" shape: 8 }\n" + two.substr(two.find('\n') + 1);
        CHECK(std::get<OneToOneWeights>(
                  parsed(head + input + join("one_to_one {} weight { constant: 3 }")).projections[0].weights)
                  .weights == std::vector<float>{3});
        const Network drawn =
            parsed(head + input +
                   join("one_to_one {} weight { uniform { low: 0 high: 1 } } delay { uniform { least: 0 most: 9 } }"));
        CHECK(sparse(drawn).targets == std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6, 7});
        refuses(head + two + join("one_to_one {} weight { constant: 3 }"), "one_to_one |{}", "6 sources and 8 targets");
    }
    SUBCASE("synapses") {
        const Network network = parsed(head + two +
                                       join("synapses { synapse { source: 5 target: 0 weight: 1 delay: 3 } synapse { "
                                            "source: 1 target: 7 weight: -2 } }"));
        CHECK(sparse(network).row_begin == std::vector<std::uint64_t>{0, 0, 1, 1, 1, 1, 2});
        CHECK(sparse(network).weights == std::vector<float>{-2, 1});
        CHECK(sparse(network).delays == std::vector<std::uint8_t>{0, 3});
        refuses(head + two + join("synapses { synapse { source: 6 target: 0 weight: 1 } }"), "source: |6",
                "source' = 6");
    }
}

TEST_CASE("dense files, both orientations") {
    const std::filesystem::path folder =
        std::filesystem::temp_directory_path() / ("network_text_test." + std::to_string(getpid()));
    std::filesystem::create_directory(folder);
    REQUIRE(files::write_npy(files::make_array({2, 3}, std::vector<double>{1, 2, 3, 4, 5, 6}),
                             (folder / "w.npy").string()));
    const std::string blocks = head +
                               "input { name: \"in\" shape: 3 } input { name: \"two\" shape: 2 }\n"
                               "population { name: \"a\" shape: 2 kind: integrate_fire v_threshold: 1 }\n"
                               "population { name: \"b\" shape: 3 kind: integrate_fire v_threshold: 1 }\n"
                               "projection { name: \"p\" source: \"in\" target: \"a\" dense_file { path: \"w.npy\" "
                               "orientation: target_by_source } }\n";
    const Result<Network> network =
        parse_network_text(blocks +
                               "projection { name: \"q\" source: \"two\" target: \"b\" dense_file { path: \"w.npy\" "
                               "orientation: source_by_target } }",
                           "t", folder.string());
    REQUIRE_MESSAGE(network.has_value(), to_text(network.error()));
    CHECK(std::get<DenseWeights>(network->projections[0].weights).weights == std::vector<float>{1, 2, 3, 4, 5, 6});
    CHECK(std::get<DenseWeights>(network->projections[1].weights).weights == std::vector<float>{1, 4, 2, 5, 3, 6});
    const std::string broken = blocks +
                               "projection { name: \"q\" source: \"in\" target: \"a\" dense_file { path: \"w.npy\" "
                               "orientation: source_by_target } }\n"
                               "projection { name: \"r\" source: \"in\" target: \"a\" dense_file { path: \"no.npy\" "
                               "orientation: source_by_target } }";
    const Result<Network> wrong = parse_network_text(broken, "t", folder.string());
    REQUIRE_FALSE(wrong.has_value());
    CHECK(says(wrong.error(), place(broken, "path: |\"w.npy\" orientation: source"), "has the shape 2x3"));
    CHECK(says(wrong.error(), place(broken, "|\"no.npy"), "there is no file"));
    std::filesystem::remove_all(folder);
}

TEST_CASE("convolutions: the shapes are those of torch.nn.Conv2d") {
    const std::string blocks = head +
                               "input { name: \"in\" shape: [2, 9, 8] }\n"
                               "population { name: \"a\" shape: [4, 3, 2] kind: integrate_fire v_threshold: 1 }\n";
    const std::string rule =
        "convolution { kernel_size: [3, 2] stride: [1, 2] padding: [0, 1] dilation: 1 groups: 2 pooling { kernel_size: "
        "[2, 3] stride: 2 padding: [1, 0] average: true } }";
    const Network network = parsed(blocks + join(rule + "weight { uniform { low: 0 high: 1 } }"));
    const auto& weights = std::get<ConvolutionWeights>(network.projections[0].weights);
    CHECK(weights.source == std::array<std::uint32_t, 3>{2, 9, 8});
    CHECK(weights.input == std::array<std::uint32_t, 3>{2, 5, 3});
    CHECK(weights.output == std::array<std::uint32_t, 3>{4, 3, 2});
    CHECK(weights.kernel.size() == 4 * 1 * 3 * 2);
    CHECK(weights.pooling->scale == doctest::Approx(1.0 / 6));
    refuses(blocks + join("convolution { kernel_size: 3 } weight { constant: 1 }"), "convolution |{",
            "makes (4, 7, 6)");
    refuses(blocks + join(rule + "weight { list { value: [1, 2] } }"), "list |{", "2 weights");
}

TEST_CASE("all findings come at once, each with its place") {
    const std::string text =
        "name: \"n\" step_s: 0\n"
        "input { name: \"in\" shape: 0 }\n"
        "input { name: \"a\" shape: 1 }\n"
        "population { name: \"a\" shape: 2 kind: leaky tau_syn_s: 1 v_threshold: [1, 2, 3] }\n"
        "population { name: \"b\" shape: 2 kind: leaky tau_mem_s: nan v_threshold: 1 refractory_steps: 0\n"
        "  drawn { parameter: v_threshold uniform { low: 2 high: 1 } } drawn { parameter: v_leak } }\n"
        "population { name: \"c\" shape: 2 kind: threshold v_threshold: 1 reset: to_value v_reset: 1 }\n"
        "projection { name: \"p\" source: \"inn\" target: \"in\" dense {} weight { constant: 1 } }\n"
        "projection { name: \"p\" source: \"a\" target: \"b\" fixed_in_degree { count: 3 } weight { list { value: 1 } "
        "} }\n"
        "projection { name: \"q\" source: \"b\" target: \"b\" pairwise_bernoulli { probability: 1.5 } }\n"
        "projection { name: \"r\" source: \"b\" target: \"b\" dense {} weight { constant: 1e39 } delay { uniform { "
        "least: 3 most: 300 } } }\n"
        "projection { name: \"s\" source: \"b\" target: \"b\" weight { constant: 1 } bias: [1, 2, 3] }\n"
        "projection { name: \"t\" source: \"b\" target: \"b\" one_to_one {} dense {} weight { } }\n"
        "output { population: \"d\" }\n";
    const Diagnostics findings = refused(text);
    CHECK(says(findings, place(text, "step_s: |0"), "step_s = 0"));
    CHECK(says(findings, place(text, "\"in\" shape: |0"), "extent of 0"));
    CHECK(says(findings, place(text, "population { name: |\"a\""), "the name 'a' is taken"));
    CHECK(says(findings, place(text, "tau_syn_s: |1 v"), "no meaning"));
    CHECK(says(findings, place(text, "population |{ name: \"a\""), "lacks 'tau_mem_s'"));
    CHECK(says(findings, place(text, "|1, 2, 3] }\npop"), "3 values"));
    CHECK(says(findings, place(text, "tau_mem_s: |nan"), "nan"));
    CHECK(says(findings, place(text, "refractory_steps: |0"), "refractory_steps' = 0"));
    CHECK(says(findings, place(text, "nan v_threshold: |1"), "both given and drawn"));
    CHECK(says(findings, place(text, "uniform |{ low: 2"), "low = 2 is above"));
    CHECK(says(findings, place(text, "drawn |{ parameter: v_leak"), "how to draw"));
    CHECK(says(findings, place(text, "reset: |to_value"), "'reset' has no meaning"));
    CHECK(says(findings, place(text, "v_reset: |1"), "'v_reset' has no meaning"));
    CHECK(says(findings, place(text, "source: |\"inn\""), "no input or population is called 'inn'"));
    CHECK(says(findings, place(text, "target: |\"in\""), "no population is called 'in'"));
    CHECK(says(findings, place(text, "projection { name: |\"p\" source: \"a\""), "a second projection"));
    CHECK(says(findings, place(text, "fixed_in_degree { count: |3"), "3 partners"));
    CHECK(says(findings, place(text, "weight { list |{ value: 1 }"), "a list of weights"));
    CHECK(says(findings, place(text, "projection |{ name: \"q\""), "'weight' is missing"));
    CHECK(says(findings, place(text, "probability: |1.5"), "probability' = 1.5"));
    CHECK(says(findings, place(text, "constant: |1e39"), "1e+39"));
    CHECK(says(findings, place(text, "most: |300"), "most' = 300"));
    CHECK(says(findings, place(text, "projection |{ name: \"s\""), "no rule"));
    CHECK(says(findings, place(text, "bias: [|1, 2, 3]"), "3 values of 'bias'"));
    CHECK(says(findings, place(text, "one_to_one {} |dense"), "beside 'one_to_one'"));
    CHECK(says(findings, place(text, "dense {} weight |{ }"), "what the weights are"));
    CHECK(says(findings, place(text, "population: |\"d\""), "no population is called 'd'"));
}

TEST_CASE("registers stand instead of the equations") {
    const std::string in = "input { name: \"in\" shape: 6 graded: true }\n";
    const auto with = [&](const std::string& more) {
        return head + in + "population { name: \"a\" shape: 3 kind: current_based " + more + " }\n" +
               join("dense {} weight { constant: 5 }");
    };
    const Network network = parsed(
        with("refractory_steps: 2 registers { current_decay: 410 threshold: 64 bias: [1, -2, 3] reset_interval: 16 }"));
    CHECK(network.inputs[0].graded);
    CHECK(network.populations[0].refractory_steps == 2);
    FixedNeuron expected{.current_decay = 410, .voltage_decay = 0, .threshold = 64, .biases = {1, -2, 3}};
    expected.parameters.reset_interval = 16;
    CHECK(network.populations[0].fixed == expected);
    CHECK(parsed(with("registers { model: sigma_delta relu: false }")).populations[0].fixed->model ==
          NeuronModel::sigma_delta);
    refuses(with("tau_mem_s: 1 registers {}"), "tau_mem_s: |1", "'tau_mem_s' beside 'registers'");
    refuses(with("reset: to_value registers {}"), "reset: |to_value", "'reset' beside 'registers'");
    refuses(with("registers { current_decay: 4097 }"), "current_decay: |4097", "= 4097");
    refuses(with("registers { bias: [1, 2] }"), "|1, 2]", "2 biases");
    refuses(with("registers { reset_interval: 4 reset_offset: 4 }"), "offset: |4", "an offset of 4");
    refuses(with("registers { bias: 1 bias_file: \"x.npy\" }"), "bias_file: |\"x", "beside 'bias'");
    const Diagnostics fraction =
        refused(head + in + "population { name: \"a\" shape: 3 kind: current_based registers {} }\n" +
                join("dense {} weight { constant: 0.5 }"));
    CHECK(to_text(fraction).find("a weight is 0.5") != std::string::npos);
}

TEST_CASE("absurd sizes are refused before anything is drawn") {
    refuses(head + "population { name: \"a\" shape: [1000000, 1000] kind: integrate_fire v_threshold: 1 }",
            "1000000, |1000]", "too many neurons");
    const std::string big =
        "input { name: \"in\" shape: 1000000 }\n"
        "population { name: \"a\" shape: 1000000 kind: integrate_fire v_threshold: 1 }\n";
    refuses(head + big + join("dense {} weight { constant: 1 }"), "projection |{", "1000000000000 weights");
    refuses(head + big + join("pairwise_bernoulli { probability: 1e-9 } weight { constant: 1 }"), "bernoulli |{",
            "pairs");
    refuses(head + big + join("fixed_in_degree { count: 1000000 } weight { constant: 1 }"), "in_degree |{", "synapses");
    NetworkTextLimits limits;
    limits.neurons = 13;
    CHECK(says(refused(head + two, limits), "t:1:1", "14 neurons"));
}

TEST_CASE("projections on cycles are marked") {
    const std::string unit = " kind: integrate_fire v_threshold: 1 shape: 2 }\n";
    const std::string rule = " one_to_one {} weight { constant: 1 } }\n";
    const Network network =
        parsed(head + "population { name: \"a\"" + unit + "population { name: \"b\"" + unit +
               "population { name: \"c\"" + unit + "projection { name: \"ab\" source: \"a\" target: \"b\"" + rule +
               "projection { name: \"ba\" source: \"b\" target: \"a\"" + rule +
               "projection { name: \"bc\" source: \"b\" target: \"c\"" + rule);
    CHECK(network.projections[0].recurrent);
    CHECK(network.projections[1].recurrent);
    CHECK_FALSE(network.projections[2].recurrent);
}

TEST_CASE("the bundled examples are sound") {
    for (const std::string name : {"balanced", "chain", "edges"}) {
        CAPTURE(name);
        const Result<Network> network =
            read_network_text(std::string(SPIKELOOM_SOURCE_DIR) + "/models/networks/examples/" + name + ".textproto");
        REQUIRE_MESSAGE(network.has_value(), to_text(network.error()));
        CHECK(network->name == name);
        CHECK(*deserialise_network(serialise_network(*network), "stored") == *network);
    }
}

TEST_CASE("files that are none") {
    CHECK_FALSE(read_network_text("/nonexistent/file.textproto").has_value());
    CHECK_FALSE(read_network_text("/").has_value());
    CHECK(says(refused(""), "t:1:1", "lacks the field 'name'"));
}

}  // namespace
}  // namespace spikeloom::compiler
