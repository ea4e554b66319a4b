// A NIR file as a value: nodes with their parameters, edges, nested graphs; nothing interpreted yet. Reading it
// collects every finding that can be made without knowing how data flow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/diagnostics.hpp"
#include "core/files/hdf5.hpp"

namespace spikeloom::compiler {

enum class NirType : std::uint8_t {
    input,
    output,
    affine,
    linear,
    scale,
    conv1d,
    conv2d,
    sum_pool,
    average_pool,
    flatten,
    delay,
    threshold,
    integrator,
    integrate_fire,
    leaky_integrator,
    leaky,
    current_based_integrator,
    current_based,
    graph,
};

/// The name in the file: "LIF".
[[nodiscard]] const char* nir_type_name(NirType type);
[[nodiscard]] bool is_port(NirType type);    ///< Input, Output
[[nodiscard]] bool is_neuron(NirType type);  ///< keeps a state or decides on spikes: the ends of linear chains

struct NirArray {
    std::vector<std::uint64_t> shape;  ///< empty: 0-d
    std::vector<double> values;        ///< C order
    friend bool operator==(const NirArray&, const NirArray&) = default;
};

struct NirGraph;

struct NirNode {
    std::string name;
    std::string path;  ///< in the file: "/node/nodes/lif"
    NirType type = NirType::graph;
    std::map<std::string, NirArray> parameters;
    std::string padding;          ///< "same" or "valid", where padding is given as a word
    std::vector<NirGraph> graph;  ///< one, where type is graph

    [[nodiscard]] const NirArray* find(const std::string& parameter) const;
    /// A parameter that reading made sure of.
    [[nodiscard]] const NirArray& at(const std::string& parameter) const;
    friend bool operator==(const NirNode&, const NirNode&) = default;
};

struct NirEdge {
    std::size_t from = 0;  ///< index of a node
    std::size_t to = 0;
    friend bool operator==(const NirEdge&, const NirEdge&) = default;
};

struct NirGraph {
    std::string path;
    std::vector<NirNode> nodes;  ///< ascending by name
    std::vector<NirEdge> edges;  ///< without duplicates
    friend bool operator==(const NirGraph&, const NirGraph&) = default;
};

struct NirFile {
    std::string origin;
    std::string version;  ///< "" where the file does not say
    NirGraph root;
    Diagnostics remarks;

    [[nodiscard]] std::string where(const NirNode& node) const { return origin + ":" + node.path; }
};

/// Every finding is at "file.nir:/path". Corrupt HDF5 may bring this down with the library: read_nir calls it in a
/// process of its own.
[[nodiscard]] Result<NirFile> parse_nir(const files::Hdf5Reader& file, const std::string& origin);

}  // namespace spikeloom::compiler
