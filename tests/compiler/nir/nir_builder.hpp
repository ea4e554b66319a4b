// Makes NIR files for tests, node by node, in a folder that goes away with the builder.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/nir/nir_reader.hpp"
#include "core/files/hdf5.hpp"

namespace spikeloom::test {

class NirBuilder {
public:
    explicit NirBuilder(const std::string& stem = "net");
    ~NirBuilder();
    NirBuilder(const NirBuilder&) = delete;
    NirBuilder& operator=(const NirBuilder&) = delete;

    /// Following calls work within the nested graph of this name ("" = the root graph).
    NirBuilder& in_graph(const std::string& name);
    NirBuilder& node(const std::string& name, const std::string& type);
    /// Parameters of the last node.
    NirBuilder& real(const std::string& name, const std::vector<double>& values,
                     const std::vector<std::uint64_t>& shape);
    NirBuilder& real(const std::string& name, double value) { return real(name, {value}, {}); }
    NirBuilder& whole(const std::string& name, const std::vector<std::int64_t>& values,
                      const std::vector<std::uint64_t>& shape);
    NirBuilder& whole(const std::string& name, const std::vector<std::int64_t>& values) {
        const std::uint64_t count = values.size();
        return whole(name, values, {count});
    }
    NirBuilder& word(const std::string& name, const std::string& value);
    NirBuilder& edges(const std::vector<std::pair<std::string, std::string>>& pairs);

    // Whole nodes.
    NirBuilder& input(const std::string& name, const std::vector<std::int64_t>& shape);
    NirBuilder& output(const std::string& name, const std::vector<std::int64_t>& shape);
    NirBuilder& linear(const std::string& name, const std::vector<double>& weight, std::uint64_t outputs);
    NirBuilder& affine(const std::string& name, const std::vector<double>& weight, const std::vector<double>& bias);
    NirBuilder& lif(const std::string& name, double tau = 0.01, double r = 1);
    NirBuilder& conv2d(const std::string& name, const std::vector<double>& weight,
                       const std::vector<std::uint64_t>& shape, const std::vector<std::int64_t>& stride = {1, 1},
                       const std::vector<std::int64_t>& padding = {0, 0});
    NirBuilder& pool(const std::string& name, const std::string& type, std::int64_t size);

    [[nodiscard]] files::Hdf5Writer& writer() { return writer_; }
    [[nodiscard]] const std::string& node_path() const { return node_; }
    /// Closes the file.
    [[nodiscard]] std::string path();
    [[nodiscard]] Result<compiler::NirImport> read(const compiler::NirOptions& options = {});

private:
    std::string folder_;
    std::string path_;
    files::Hdf5Writer writer_;
    std::string graph_ = "/node";
    std::string node_;
};

/// The bytes of a file.
[[nodiscard]] std::string file_bytes(const std::string& path);

}  // namespace spikeloom::test
