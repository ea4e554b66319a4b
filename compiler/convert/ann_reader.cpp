#include "compiler/convert/ann_reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <set>

#include "compiler/nir/nir_flat.hpp"
#include "compiler/nir/nir_linear.hpp"
#include "compiler/nir/nir_reader.hpp"
#include "compiler/nir/nir_shapes.hpp"
#include "core/files/npy.hpp"

namespace spikeloom::compiler {
namespace {

constexpr std::size_t most_matrices = 1000;

bool is_weight(NirType type) {
    return type == NirType::affine || type == NirType::linear || type == NirType::conv1d || type == NirType::conv2d;
}

/// The weight nodes, by path, that a rectified unit follows.
std::set<std::string> rectified_nodes(const NirFlatGraph& graph, ReluAfter relu_after) {
    std::vector<bool> leads_on(graph.nodes.size(), false);  // another weight node is reached
    for (bool grows = true; grows;) {
        grows = false;
        for (std::size_t index = 0; index < graph.nodes.size(); ++index) {
            const bool now = std::ranges::any_of(graph.nodes[index].after, [&](std::size_t next) {
                return is_weight(graph.nodes[next].type()) || leads_on[next];
            });
            grows = grows || now != leads_on[index];
            leads_on[index] = now;
        }
    }
    std::set<std::string> paths;
    for (std::size_t index = 0; index < graph.nodes.size(); ++index) {
        if (is_weight(graph.nodes[index].type()) && (leads_on[index] || relu_after == ReluAfter::all)) {
            paths.insert(graph.nodes[index].node->path);
        }
    }
    return paths;
}

NirNode unit_after(const NirNode& weight, const std::set<std::string>& taken) {
    std::string name = weight.name + "_relu";
    while (taken.contains(name)) {
        name += "_";
    }
    NirNode unit{.name = name,
                 .path = weight.path + "_relu",
                 .type = NirType::integrate_fire,
                 .parameters = {},
                 .padding = {},
                 .graph = {}};
    unit.parameters["r"] = {.shape = {}, .values = {1.0}};
    unit.parameters["v_threshold"] = {.shape = {}, .values = {1.0}};
    return unit;
}

/// Puts an IF between each of those nodes and all that takes what it gives, on every level.
void insert_units(NirGraph& graph, const std::set<std::string>& paths) {
    std::set<std::string> names;
    for (const NirNode& node : graph.nodes) {
        names.insert(node.name);
    }
    const std::size_t count = graph.nodes.size();
    for (std::size_t index = 0; index < count; ++index) {
        for (NirGraph& inner : graph.nodes[index].graph) {
            insert_units(inner, paths);
        }
        if (!paths.contains(graph.nodes[index].path)) {
            continue;
        }
        const std::size_t unit = graph.nodes.size();
        graph.nodes.push_back(unit_after(graph.nodes[index], names));
        for (NirEdge& edge : graph.edges) {
            edge.from = edge.from == index ? unit : edge.from;
        }
        graph.edges.push_back({index, unit});
    }
}

/// Of all nodes, each by itself; an average's factor and a residual sum count nothing.
AnnOperations operations_of_nodes(const NirFlatGraph& graph, const NirShapes& shapes) {
    AnnOperations operations;
    for (std::size_t index = 0; index < graph.nodes.size(); ++index) {
        const NirNode& node = *graph.nodes[index].node;
        const bool pools = node.type == NirType::sum_pool || node.type == NirType::average_pool;
        if (!pools && !is_weight(node.type)) {
            continue;
        }
        const auto map = linear_map_of(node, shapes.in[index], shapes.out[index], {});
        if (!map) {
            continue;  // import says why
        }
        const AnnOperations own = operations_of(map->weights, map->targets);
        operations += pools ? AnnOperations{0, own.pooling_additions} : own;
    }
    return operations;
}

// --- plain matrices -------------------------------------------------------------------------------------------------

using Arrays = std::map<std::string, files::Array>;

Result<Arrays> read_folder(const std::string& path) {
    Arrays arrays;
    for (std::size_t layer = 0; layer < most_matrices; ++layer) {
        for (const char* stem : {"W", "b"}) {
            const std::string name = fmt::format("{}{}", stem, layer);
            const std::string file = (std::filesystem::path(path) / (name + ".npy")).string();
            std::error_code error;
            if (!std::filesystem::is_regular_file(file, error)) {
                continue;
            }
            auto array = files::read_npy(file);
            if (!array) {
                return fail(std::move(array.error()));
            }
            arrays.emplace(name, std::move(*array));
        }
    }
    return arrays;
}

Diagnostic matrix_finding(const std::string& path, const std::string& name, std::string found, std::string allowed) {
    return {.where = fmt::format("{}:{}", path, name),
            .found = std::move(found),
            .allowed = std::move(allowed),
            .help = "convolutions have strides and padding, which only NIR can say"};
}

bool all_sound(const files::Array& array) {
    const std::vector<double> values = array.reals();
    return std::ranges::all_of(
        values, [](double value) { return std::abs(value) <= static_cast<double>(std::numeric_limits<float>::max()); });
}

Result<AnnImport> ann_of_matrices(const Arrays& arrays, const std::string& path, ReluAfter relu_after) {
    Ann ann{.name = std::filesystem::path(path).stem().string(),
            .input_name = "input",
            .input = {},
            .layers = {},
            .output = 0,
            .output_name = "output",
            .operations = {}};
    std::size_t used = 0;
    for (std::size_t layer = 0; arrays.contains(fmt::format("W{}", layer)); ++layer) {
        const std::string name = fmt::format("W{}", layer);
        const files::Array& matrix = arrays.at(name);
        const std::size_t wanted = layer == 0 ? 0 : ann.layers.back().size();
        if (matrix.shape.size() != 2 || matrix.size() == 0 || (layer > 0 && matrix.shape[1] != wanted) ||
            std::ranges::max(matrix.shape) > std::numeric_limits<std::uint32_t>::max() || !all_sound(matrix)) {
            return fail(matrix_finding(
                path, name, fmt::format("{} of type {}", files::shape_text(matrix.shape), files::type_text(matrix)),
                layer == 0 ? "a matrix (outputs x inputs) of finite numbers"
                           : fmt::format("a matrix (outputs x {}) of finite numbers", wanted)));
        }
        if (layer == 0) {
            ann.input = {static_cast<std::uint32_t>(matrix.shape[1])};
        }
        AnnConnection connection{.name = name, .from = layer, .weights = DenseWeights{matrix.floats()}, .bias = 0.0};
        ++used;
        const std::string bias_name = fmt::format("b{}", layer);
        if (const auto bias = arrays.find(bias_name); bias != arrays.end()) {
            if (bias->second.shape != std::vector<std::size_t>{matrix.shape[0]} || !all_sound(bias->second)) {
                return fail(matrix_finding(path, bias_name, files::shape_text(bias->second.shape),
                                           fmt::format("({}), finite", matrix.shape[0])));
            }
            connection.bias = Parameter(bias->second.reals());
            ++used;
        }
        ann.operations += operations_of(connection.weights, matrix.shape[0]);
        ann.layers.push_back({.name = fmt::format("layer{}", layer),
                              .shape = {static_cast<std::uint32_t>(matrix.shape[0])},
                              .rectified = true,
                              .inputs = {std::move(connection)}});
    }
    if (ann.layers.empty()) {
        return fail(matrix_finding(path, "W0", "there is no array of this name",
                                   "W0, b0, W1, b1, ... (weights outputs x inputs, and biases)"));
    }
    if (used < arrays.size()) {
        return fail(matrix_finding(
            path, "", fmt::format("{} arrays, of which {} are W0, b0, W1, ... in a row", arrays.size(), used),
            "W0, b0, W1, b1, ... and nothing else"));
    }
    ann.layers.back().rectified = relu_after == ReluAfter::all;
    ann.output = ann.layers.size() - 1;
    return AnnImport{.ann = std::move(ann),
                     .reading = fmt::format("matrices; ReLU after every layer{}",
                                            relu_after == ReluAfter::all ? "" : " but the last"),
                     .remarks = {}};
}

Result<AnnImport> read_matrices(const std::string& path, bool folder, ReluAfter relu_after) {
    if (folder) {
        const auto arrays = read_folder(path);
        return arrays ? ann_of_matrices(*arrays, path, relu_after) : fail(arrays.error());
    }
    auto archive = files::read_npz(path);
    if (!archive) {
        return fail(std::move(archive.error()));
    }
    return ann_of_matrices(Arrays(archive->begin(), archive->end()), path, relu_after);
}

}  // namespace

Result<AnnImport> ann_of_nir(NirFile file, ReluAfter relu_after) {
    const auto graph = flatten_nir(file);
    if (!graph) {
        return fail(graph.error());
    }
    const bool has_units =
        std::ranges::any_of(graph->nodes, [](const NirFlatNode& node) { return is_neuron(node.type()); });
    const auto shapes = infer_shapes(file, *graph, {});
    if (!shapes) {
        return fail(shapes.error());
    }
    const AnnOperations operations = operations_of_nodes(*graph, *shapes);
    std::string reading = "the graph's IF nodes are read as ReLU, whatever their parameters";
    if (!has_units) {
        insert_units(file.root, rectified_nodes(*graph, relu_after));
        reading = fmt::format("NIR has no ReLU: one is assumed after every weight layer{}",
                              relu_after == ReluAfter::all ? "" : " but the last");
    }
    const std::string origin = file.origin;
    NirOptions options;
    options.time_unit = NirTimeUnit::steps;
    auto import = import_nir_file(std::move(file), options);
    if (!import) {
        return fail(std::move(import.error()));
    }
    auto ann = ann_of(import->network);
    if (!ann) {
        for (Diagnostic& finding : ann.error()) {
            finding.where = origin + ": " + finding.where;
        }
        return fail(std::move(ann.error()));
    }
    ann->operations = operations;
    // What it says of neurons without threshold at the end, and of r, is how spiking nets are read.
    std::erase_if(import->remarks, [](const Diagnostic& remark) {
        return remark.help.find("membrane") != std::string::npos || remark.help.find("--nir-r") != std::string::npos;
    });
    return AnnImport{.ann = std::move(*ann), .reading = std::move(reading), .remarks = std::move(import->remarks)};
}

Result<AnnImport> read_ann(const std::string& path, ReluAfter relu_after) {
    std::error_code error;
    const bool folder = std::filesystem::is_directory(path, error);
    if (folder || path.ends_with(".npz")) {
        return read_matrices(path, folder, relu_after);
    }
    auto file = read_nir_file(path);
    return file ? ann_of_nir(std::move(*file), relu_after) : fail(std::move(file.error()));
}

}  // namespace spikeloom::compiler
