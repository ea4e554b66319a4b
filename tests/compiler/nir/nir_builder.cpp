#include "compiler/nir/nir_builder.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace spikeloom::test {
namespace {

std::string scratch_folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "spikeloom-nir-XXXXXX").string();
    return ::mkdtemp(pattern.data());
}

}  // namespace

NirBuilder::NirBuilder(const std::string& stem)
    : folder_(scratch_folder()),
      path_(folder_ + "/" + stem + ".nir"),
      writer_(std::move(*files::Hdf5Writer::create(path_))) {
    writer_.text("/version", "1.0.7");
    writer_.text("/node/type", "NIRGraph");
    writer_.group("/node/nodes");
}

NirBuilder::~NirBuilder() {
    std::filesystem::remove_all(folder_);
}

NirBuilder& NirBuilder::in_graph(const std::string& name) {
    graph_ = "/node";
    if (!name.empty()) {
        graph_ = "/node/nodes/" + name;
        writer_.text(graph_ + "/type", "NIRGraph");
    }
    return *this;
}

NirBuilder& NirBuilder::node(const std::string& name, const std::string& type) {
    node_ = graph_ + "/nodes/" + name;
    writer_.text(node_ + "/type", type);
    return *this;
}

NirBuilder& NirBuilder::real(const std::string& name, const std::vector<double>& values,
                             const std::vector<std::uint64_t>& shape) {
    writer_.array<double>(node_ + "/" + name, values, shape);
    return *this;
}

NirBuilder& NirBuilder::whole(const std::string& name, const std::vector<std::int64_t>& values,
                              const std::vector<std::uint64_t>& shape) {
    writer_.array<std::int64_t>(node_ + "/" + name, values, shape);
    return *this;
}

NirBuilder& NirBuilder::word(const std::string& name, const std::string& value) {
    writer_.text(node_ + "/" + name, value);
    return *this;
}

NirBuilder& NirBuilder::edges(const std::vector<std::pair<std::string, std::string>>& pairs) {
    if (pairs.empty()) {
        writer_.array<double>(graph_ + "/edges", std::span<const double>());  // as numpy writes it
        return *this;
    }
    std::vector<std::string> names;
    for (const auto& [from, to] : pairs) {
        names.push_back(from);
        names.push_back(to);
    }
    writer_.texts(graph_ + "/edges", names, {pairs.size(), 2});
    return *this;
}

NirBuilder& NirBuilder::input(const std::string& name, const std::vector<std::int64_t>& shape) {
    return node(name, "Input").whole("shape", shape);
}

NirBuilder& NirBuilder::output(const std::string& name, const std::vector<std::int64_t>& shape) {
    return node(name, "Output").whole("shape", shape);
}

NirBuilder& NirBuilder::linear(const std::string& name, const std::vector<double>& weight, std::uint64_t outputs) {
    const std::uint64_t inputs = weight.size() / outputs;
    return node(name, "Linear").real("weight", weight, {outputs, inputs});
}

NirBuilder& NirBuilder::affine(const std::string& name, const std::vector<double>& weight,
                               const std::vector<double>& bias) {
    const std::uint64_t outputs = bias.size();
    const std::uint64_t inputs = weight.size() / outputs;
    return node(name, "Affine").real("weight", weight, {outputs, inputs}).real("bias", bias, {outputs});
}

NirBuilder& NirBuilder::lif(const std::string& name, double tau, double r) {
    return node(name, "LIF").real("tau", tau).real("r", r).real("v_leak", 0).real("v_threshold", 1);
}

NirBuilder& NirBuilder::conv2d(const std::string& name, const std::vector<double>& weight,
                               const std::vector<std::uint64_t>& shape, const std::vector<std::int64_t>& stride,
                               const std::vector<std::int64_t>& padding) {
    const std::uint64_t channels = shape[0];
    return node(name, "Conv2d")
        .real("weight", weight, shape)
        .whole("stride", stride)
        .whole("padding", padding)
        .whole("dilation", {1, 1})
        .whole("groups", {1}, {})
        .real("bias", std::vector<double>(channels, 0.0), {channels});
}

NirBuilder& NirBuilder::pool(const std::string& name, const std::string& type, std::int64_t size) {
    return node(name, type).whole("kernel_size", {size, size}).whole("stride", {size, size}).whole("padding", {0, 0});
}

std::string NirBuilder::path() {
    static_cast<void>(writer_.close());
    return path_;
}

Result<compiler::NirImport> NirBuilder::read(const compiler::NirOptions& options) {
    return compiler::read_nir(path(), options);
}

std::string file_bytes(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace spikeloom::test
