// Broken, hostile and unmappable files, each with the finding that it must bring; and corrupt bytes, which must bring
// any finding but a crash.
#include <doctest/doctest.h>
#include <hdf5.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <random>

#include "compiler/nir/nir_builder.hpp"
#include "support/contains.hpp"
#include "support/reference_data.hpp"
#include "support/sanitized.hpp"

namespace spikeloom::compiler {
namespace {

using test::NirBuilder;

/// A sound net of one input, one matrix, one neuron.
void sound(NirBuilder& b) {
    b.input("in", {2}).linear("fc", {1, 2, 3, 4}, 2).lif("lif").output("out", {2});
}
const std::vector<std::pair<std::string, std::string>> sound_edges{{"in", "fc"}, {"fc", "lif"}, {"lif", "out"}};

struct Broken {
    const char* what;
    std::function<void(NirBuilder&)> build;
    std::vector<std::string> findings;  ///< parts of the diagnosis
};

void check_findings(const Broken& broken) {
    INFO(broken.what);
    NirBuilder builder;
    broken.build(builder);
    const auto import = builder.read();
    REQUIRE_FALSE(import.has_value());
    const std::string text = to_text(import.error());
    for (const std::string& part : broken.findings) {
        INFO("looking for: ", part);
        INFO("in: ", text);
        CHECK(text.find(part) != std::string::npos);
    }
}

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

TEST_CASE("nodes and parameters that are wrong") {
    const std::vector<Broken> all{
        {"unknown type",
         [](NirBuilder& b) {
             sound(b);
             b.node("x", "Izhikevich").edges(sound_edges);
         },
         {"net.nir:/node/nodes/x/type: error: the node is of type 'Izhikevich'", "Affine, AvgPool2d, Conv1d"}},
        {"no type",
         [](NirBuilder& b) {
             sound(b);
             b.writer().group("/node/nodes/x");
             b.edges(sound_edges);
         },
         {"/node/nodes/x/type: error: 'type' is missing"}},
        {"missing parameter",
         [](NirBuilder& b) { b.node("lif", "LIF").real("tau", 1).real("r", 1).real("v_leak", 0).edges({}); },
         {"/node/nodes/lif/v_threshold: error: 'v_threshold' is missing", "tau"}},
        {"NaN",
         [](NirBuilder& b) { b.affine("fc", {1, nan}, {1}).edges({}); },
         {"/node/nodes/fc/weight: error: weight holds nan; allowed: finite"}},
        {"infinite bias",
         [](NirBuilder& b) { b.affine("fc", {1, 2}, {1e300}).edges({}); },
         {"/fc/bias: error: bias holds 1e+300"}},
        {"zero tau",
         [](NirBuilder& b) { b.lif("lif", 0).edges({}); },
         {"/lif/tau: error: tau holds 0; allowed: finite numbers greater than 0"}},
        {"negative tau", [](NirBuilder& b) { b.lif("lif", -1).edges({}); }, {"tau holds -1"}},
        {"negative delay", [](NirBuilder& b) { b.node("d", "Delay").real("delay", -1).edges({}); }, {"delay holds -1"}},
        {"text for numbers",
         [](NirBuilder& b) { b.node("d", "Delay").word("delay", "long").edges({}); },
         {"the dataset holds text"}},
        {"parameters of different shapes",
         [](NirBuilder& b) {
             b.node("lif", "LIF")
                 .real("tau", {1, 1}, {2})
                 .real("r", {1, 1, 1}, {3})
                 .real("v_leak", 0)
                 .real("v_threshold", 1)
                 .edges({});
         },
         {"/lif/tau: error: tau has the shape (2), others of the node (3)"}},
        {"several at once",
         [](NirBuilder& b) { b.lif("a", 0).node("b", "Foo").affine("c", {nan}, {nan}).edges({{"a", "q"}}); },
         {"tau holds 0", "'Foo'", "weight holds nan", "bias holds nan", "names a node 'q'"}},
        {"fraction of a stride",
         [](NirBuilder& b) {
             b.input("in", {1, 4, 4}).conv2d("c", {1}, {1, 1, 1, 1}).edges({});
             b.node("d", "SumPool2d").real("kernel_size", {1.5}, {1}).whole("stride", {1}).whole("padding", {0});
         },
         {"/d/kernel_size: error: kernel_size holds 1.5; allowed: integers of at least 1"}},
        {"zero stride",
         [](NirBuilder& b) { b.conv2d("c", {1}, {1, 1, 1, 1}, {0, 1}).edges({}); },
         {"/c/stride: error: stride holds 0"}},
        {"unknown padding word",
         [](NirBuilder& b) {
             b.node("c", "Conv1d").real("weight", {1}, {1, 1, 1}).whole("stride", {1}).word("padding", "reflect");
             b.whole("dilation", {1}).whole("groups", {1}).real("bias", {0}, {1}).edges({});
         },
         {"/c/padding: error: the padding is 'reflect'", "\"same\", \"valid\""}},
        {"same padding with a stride",
         [](NirBuilder& b) {
             b.node("c", "Conv1d").real("weight", {1}, {1, 1, 1}).whole("stride", {2}).word("padding", "same");
             b.whole("dilation", {1}).whole("groups", {1}).real("bias", {0}, {1}).edges({});
         },
         {"the padding is \"same\", but the stride is not 1"}},
        {"stack of matrices",
         [](NirBuilder& b) {
             b.node("fc", "Linear").real("weight", std::vector<double>(12, 1.0), {3, 2, 2}).edges({});
         },
         {"the weight has the shape (3, 2, 2)", "a stack of matrices"}},
        {"vector as weight",
         [](NirBuilder& b) { b.node("fc", "Linear").real("weight", {1, 2}, {2}).edges({}); },
         {"the weight has the shape (2)"}},
        {"kernel of wrong rank",
         [](NirBuilder& b) { b.conv2d("c", {1}, {1, 1, 1}).edges({}); },
         {"the weight has the shape (1, 1, 1)"}},
        {"absurd input",
         [](NirBuilder& b) { b.input("in", {1 << 20, 1 << 20}).edges({}); },
         {"/in/shape: error: the shape is (1048576, 1048576)"}},
    };
    for (const Broken& one : all) {
        check_findings(one);
    }
}

TEST_CASE("graphs that are wrong") {
    const std::vector<Broken> all{
        {"dangling edge",
         [](NirBuilder& b) {
             sound(b);
             b.edges({{"in", "fc"}, {"fc", "lif"}, {"lif", "ot"}});
         },
         {"/node/edges: error: row 2: the edge 'lif' -> 'ot' names a node 'ot' that is not there",
          "did you mean 'out'?"}},
        {"no edges", [](NirBuilder& b) { sound(b); }, {"/node/edges: error: 'edges' is missing"}},
        {"edges of three",
         [](NirBuilder& b) {
             sound(b);
             b.writer().texts("/node/edges", std::vector<std::string>{"in", "fc", "lif"}, {1, 3});
         },
         {"the edges have the shape (1, 3)"}},
        {"edges of numbers",
         [](NirBuilder& b) {
             sound(b);
             b.writer().array<double>("/node/edges", std::vector<double>{1, 2}, {1, 2});
         },
         {"/node/edges: error: the dataset holds float64; allowed: strings"}},
        {"cycle without a neuron",
         [](NirBuilder& b) {
             b.linear("a", {1}, 1).linear("b", {1}, 1).input("in", {1}).edges({{"in", "a"}, {"a", "b"}, {"b", "a"}});
         },
         {"the nodes form a cycle without a neuron", "a -> b -> a"}},
        {"edge into Input",
         [](NirBuilder& b) {
             sound(b);
             b.edges({{"in", "fc"}, {"fc", "lif"}, {"lif", "in"}});
         },
         {"an edge leads into the Input 'in', from 'lif'"}},
        {"edge out of Output",
         [](NirBuilder& b) {
             sound(b);
             b.edges({{"in", "fc"}, {"out", "lif"}});
         },
         {"an edge leads out of the Output 'out'"}},
        {"Output that nothing feeds",
         [](NirBuilder& b) {
             sound(b);
             b.edges({{"in", "fc"}, {"fc", "lif"}});
         },
         {"nothing leads into the Output 'out'"}},
        {"weights that do not fit",
         [](NirBuilder& b) {
             b.input("in", {3}).linear("fc", {1, 2, 3, 4}, 2).lif("lif").edges({{"in", "fc"}, {"fc", "lif"}});
         },
         {"/node/nodes/fc/weight: error: (3) arrives, but the weight takes 2 inputs"}},
        {"weights the other way round",
         [](NirBuilder& b) {
             b.input("in", {2}).linear("fc", {1, 2, 3, 4, 5, 6}, 2).lif("lif").edges({{"in", "fc"}, {"fc", "lif"}});
         },
         {"(2) arrives, but the weight takes 3 inputs", "help: the weight fits the other way round"}},
        {"bias of weights the other way round",
         [](NirBuilder& b) {
             b.input("in", {3}).node("fc", "Affine").real("weight", std::vector<double>(6, 1.0), {3, 2});
             b.real("bias", {1, 1}, {2}).lif("lif").edges({{"in", "fc"}, {"fc", "lif"}});
         },
         {"/fc/bias: error: the bias has 2 values; allowed: 1 or 3", "help: the weight fits the other way round"}},
        {"neurons that do not fit",
         [](NirBuilder& b) {
             b.input("in", {3}).node("thr", "Threshold").real("threshold", {1, 2}, {2}).edges({{"in", "thr"}});
         },
         {"/thr/threshold: error: (3) arrives at the Threshold 'thr', whose parameter threshold has the shape (2)"}},
        {"sums of different sizes",
         [](NirBuilder& b) { b.input("x", {2}).input("y", {3}).lif("lif").edges({{"x", "lif"}, {"y", "lif"}}); },
         {"'y' gives (3), but 'lif' takes (2)"}},
        {"convolution of a vector",
         [](NirBuilder& b) { b.input("in", {4}).conv2d("c", {1}, {1, 1, 1, 1}).edges({{"in", "c"}}); },
         {"/c: error: (4) arrives at a Conv2d; allowed: (channels, height, width)"}},
        {"channels that do not fit",
         [](NirBuilder& b) { b.input("in", {3, 4, 4}).conv2d("c", {1, 1}, {1, 2, 1, 1}).edges({{"in", "c"}}); },
         {"3 channels arrive, but the weight takes 2"}},
        {"channels last",
         [](NirBuilder& b) { b.input("in", {4, 4, 2}).conv2d("c", {1, 1}, {1, 2, 1, 1}).edges({{"in", "c"}}); },
         {"4 channels arrive, but the weight takes 2", "help: channels come first in NIR"}},
        {"padding beyond all bounds",
         [](NirBuilder& b) {
             b.input("in", {1, 4, 4}).conv2d("c", {1}, {1, 1, 1, 1}, {1, 1}, {1 << 29, 1 << 29}).edges({{"in", "c"}});
         },
         {"/c: error: (1, 4, 4) arrives, and the node gives (1, 1073741828, 1073741828) elements"}},
        {"kernel larger than its input",
         [](NirBuilder& b) {
             b.input("in", {1, 2, 2}).conv2d("c", std::vector<double>(9, 1), {1, 1, 3, 3}).edges({{"in", "c"}});
         },
         {"a window of 3 over an input of 2"}},
        {"flatten of what is not there",
         [](NirBuilder& b) {
             b.input("in", {2, 2})
                 .node("f", "Flatten")
                 .whole("start_dim", {0})
                 .whole("end_dim", {5})
                 .edges({{"in", "f"}});
         },
         {"/f/start_dim: error: dimensions 0 to 5 of (2, 2)"}},
        {"pooling that nothing feeds",
         [](NirBuilder& b) { b.pool("p", "SumPool2d", 2).edges({}); },
         {"nothing feeds this node, and its parameters do not say what it takes"}},
        {"no neurons",
         [](NirBuilder& b) { b.input("in", {2}).output("out", {2}).edges({{"in", "out"}}); },
         {"there are no neurons"}},
        {"voltage to neuron",
         [](NirBuilder& b) {
             b.input("in", {1})
                 .node("li", "LI")
                 .real("tau", 1)
                 .real("r", 1)
                 .real("v_leak", 0)
                 .lif("lif")
                 .edges({{"in", "li"}, {"li", "lif"}});
         },
         {"/node/nodes/li: error: 'li' (LI) never spikes, but 'lif' takes what it gives"}},
        {"absurd delay",
         [](NirBuilder& b) {
             b.input("in", {1})
                 .node("d", "Delay")
                 .real("delay", 1000)
                 .lif("lif", 0.01)
                 .edges({{"in", "d"}, {"d", "lif"}});
         },
         {"'d' can't be a projection: a delay of 1e+07 steps"}},
        {"two doors of a sub-graph",
         [](NirBuilder& b) {
             b.input("in", {1}).in_graph("g").input("x", {1}).input("y", {1}).lif("lif").edges(
                 {{"x", "lif"}, {"y", "lif"}});
             b.writer().texts("/node/edges", std::vector<std::string>{"in", "g"}, {1, 2});
         },
         {"/node/nodes/g: error: the edge 'in' -> 'g' meets a graph with 2 inputs"}},
        {"wrong inner shape",
         [](NirBuilder& b) {
             b.input("in", {2}).in_graph("g").input("x", {3}).lif("lif").edges({{"x", "lif"}});
             b.writer().texts("/node/edges", std::vector<std::string>{"in", "g"}, {1, 2});
         },
         {"/node/nodes/g/nodes/x/shape: error: the Input 'x' declares the shape (3), but (2) arrives",
          "--nir-ignore-port-shapes"}},
    };
    for (const Broken& one : all) {
        check_findings(one);
    }
}

TEST_CASE("a shape that does not fit is told once") {
    NirBuilder builder;
    builder.input("in", {1, 2, 2}).conv2d("c", std::vector<double>(9, 1), {1, 1, 3, 3}).lif("lif");
    builder.edges({{"in", "c"}, {"c", "lif"}});
    const auto import = builder.read();
    REQUIRE_FALSE(import.has_value());
    CHECK(import.error().size() == 1);
}

std::string refusal(const std::string& path) {
    const auto import = read_nir(path);
    REQUIRE_FALSE(import.has_value());
    return to_text(import.error());
}

using test::contains;

TEST_CASE("files that are not NIR") {
    CHECK(contains(refusal("/nonexistent/x.nir"), "/nonexistent/x.nir: error: there is no such file"));
    NirBuilder builder;
    const std::string path = builder.path();
    std::ofstream(path, std::ios::trunc) << "layers: 3";
    CHECK(contains(refusal(path), "not an HDF5 file"));
    {
        auto writer = files::Hdf5Writer::create(path);
        writer->group("/layer/0");
        REQUIRE(writer->close().has_value());
    }
    CHECK(contains(refusal(path), "it has no group /node; help: it looks like a lava-dl netx file"));
}

/// Changes a file with the raw C API.
void change(const std::string& path, const std::function<void(hid_t)>& how) {
    const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    REQUIRE(file >= 0);
    how(file);
    H5Fclose(file);
}

TEST_CASE("hostile HDF5: links in circles, links outside, shapes without data") {
    const auto hostile = [](const std::function<void(hid_t)>& how) {
        NirBuilder builder;
        sound(builder);
        builder.edges(sound_edges);
        const std::string path = builder.path();
        change(path, how);
        return refusal(path);
    };
    CHECK(contains(
        hostile([](hid_t file) { H5Lcreate_hard(file, "/node", file, "/node/nodes/self", H5P_DEFAULT, H5P_DEFAULT); }),
        "linked from more than one place"));
    CHECK(contains(hostile([](hid_t file) {
                       H5Lcreate_soft("/node/nodes/loop", file, "/node/nodes/loop", H5P_DEFAULT, H5P_DEFAULT);
                   }),
                   "/node/nodes/loop: error: the soft link leads nowhere, or round in a circle"));
    CHECK(contains(hostile([](hid_t file) {
                       H5Lcreate_external("/etc/x.h5", "/", file, "/node/nodes/out2", H5P_DEFAULT, H5P_DEFAULT);
                   }),
                   "/node/nodes/out2: error: the link leads to another file"));
    CHECK(contains(hostile([](hid_t file) {
                       H5Ldelete(file, "/node/nodes/fc/weight", H5P_DEFAULT);
                       const hsize_t shape[] = {1U << 20, 1U << 30};
                       const hsize_t chunk[] = {1024, 1024};
                       const hid_t space = H5Screate_simple(2, shape, nullptr);
                       const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
                       H5Pset_chunk(properties, 2, chunk);
                       H5Dclose(H5Dcreate2(file, "/node/nodes/fc/weight", H5T_NATIVE_FLOAT, space, H5P_DEFAULT,
                                           properties, H5P_DEFAULT));
                       H5Pclose(properties);
                       H5Sclose(space);
                   }),
                   "/node/nodes/fc/weight: error: 1125899906842624 elements; allowed: at most"));
    CHECK(contains(hostile([](hid_t file) {
                       H5Ldelete(file, "/node/nodes/fc/weight", H5P_DEFAULT);
                       H5Gclose(H5Gcreate2(file, "/node/nodes/fc/weight", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
                   }),
                   "/node/nodes/fc/weight: error: this is a group where a dataset is expected"));
}

TEST_CASE("graphs nested without end are refused") {
    NirBuilder builder;
    sound(builder);
    builder.edges(sound_edges);
    std::string path = "/node/nodes/g";
    for (int depth = 0; depth < 40; ++depth, path += "/nodes/g") {
        builder.writer().text(path + "/type", "NIRGraph");
        builder.writer().array<double>(path + "/edges", std::span<const double>());
        builder.writer().group(path + "/nodes");
    }
    CHECK(contains(refusal(builder.path()), "graphs are nested more than 32 deep"));
}

/// A small file with chunked, compressed, nested and vlen parts, for the tests that damage it.
std::string small_file() {
    NirBuilder builder;
    sound(builder);
    builder.node("big", "Linear");
    builder.writer().array<double>(builder.node_path() + "/weight", std::vector<double>(400, 0.5), {20, 20}, 4);
    builder.edges({{"in", "fc"}, {"fc", "lif"}, {"lif", "out"}});
    return test::file_bytes(builder.path());
}

/// Reading must end, with a network or with findings.
bool survives(const std::string& bytes) {
    const auto import = read_nir_bytes(std::as_bytes(std::span(bytes)), "damaged.nir");
    return import.has_value() || !import.error().empty();
}

std::string victim() {
    const auto path = test::reference_data("nir/braille_zero/braille_noDelay_bias_zero.nir");
    return path ? test::file_bytes(*path) : small_file();
}

TEST_CASE("files cut short anywhere are refused, not crashed on") {
    for (const std::string& whole : {victim(), small_file()}) {
        for (std::size_t size = 0; size < whole.size(); size += 512) {
            const std::string cut = whole.substr(0, size);
            const auto import = read_nir_bytes(std::as_bytes(std::span(cut)), "cut.nir");
            CHECK_FALSE(import.has_value());
        }
    }
}

TEST_CASE("files with flipped bytes are read or refused, not crashed on") {
    constexpr int trials = test::sanitized ? 120 : 400;  // the fuzzer goes further
    std::mt19937 random(1);
    for (const std::string& whole : {victim(), small_file()}) {
        for (int trial = 0; trial < trials; ++trial) {
            std::string bytes = whole;
            const std::size_t flips = 1 + random() % 4;
            for (std::size_t flip = 0; flip < flips; ++flip) {
                bytes[random() % bytes.size()] = static_cast<char>(random());
            }
            REQUIRE(survives(bytes));
        }
    }
}

}  // namespace
}  // namespace spikeloom::compiler
