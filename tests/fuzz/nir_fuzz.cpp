// The NIR reader under fuzzing. The first byte chooses what the rest is:
//   0         the bytes of an HDF5 file, read in a child process (slow; most such inputs are passed over)
//   1 - 63    the bytes that the child tells its parent: decoded, and taken all the way to a network
//   64 - 71   a recipe for a NIR file: nodes of every type with parameters and edges as the bytes say, through HDF5
//   72 - 255  the same recipe, as a parsed file without HDF5: shapes, chains and folding at full speed
// A network that comes out must be sound.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "compiler/nir/nir_codec.hpp"
#include "compiler/nir/nir_graph.hpp"
#include "compiler/nir/nir_primitives.hpp"
#include "compiler/nir/nir_reader.hpp"
#include "core/files/hdf5.hpp"
#include "decision_bytes.hpp"

using namespace spikeloom;
using namespace spikeloom::compiler;

namespace {

using Bytes = test::DecisionBytes;
double value_of(Bytes& bytes, NirDomain domain) {
    static constexpr std::array<double, 8> odd{0, -1, 1e-4, 1e30, -0.5, 0.01, 300, 1e-30};
    const std::uint8_t byte = bytes.byte();
    if (domain >= NirDomain::extent) {
        return byte < 240 ? byte % 4 : static_cast<double>(byte) * 1000;
    }
    return byte < 200 ? byte / 50.0 : odd[byte % odd.size()];
}

/// Shapes that often fit: every extent is small.
NirArray array_of(Bytes& bytes, const NirParameterRule& rule, NirType type) {
    NirArray array;
    std::size_t rank = bytes.below(3);
    if (std::string_view(rule.name) == "weight") {
        rank = type == NirType::conv2d ? 4 : type == NirType::conv1d ? 3 : 2;
        rank = bytes.byte() < 8 ? bytes.below(5) : rank;
    } else if (std::string_view(rule.name) == "shape") {
        rank = 1;
    } else if (rule.domain >= NirDomain::extent) {
        rank = bytes.below(2);
    }
    std::uint64_t count = 1;
    for (std::size_t axis = 0; axis < rank; ++axis) {
        array.shape.push_back(1 + bytes.below(4));
        count *= array.shape.back();
    }
    for (std::uint64_t index = 0; index < count; ++index) {
        array.values.push_back(value_of(bytes, rule.domain));
    }
    return array;
}

NirGraph graph_of(Bytes& bytes, const std::string& path, int depth) {
    NirGraph graph{.path = path, .nodes = {}, .edges = {}};
    const std::size_t count = 1 + bytes.below(8);
    for (std::size_t index = 0; index < count; ++index) {
        NirNode node;
        node.name = std::string(1, static_cast<char>('a' + index));
        node.path = path + "/nodes/" + node.name;
        node.type = static_cast<NirType>(bytes.below(static_cast<unsigned>(NirType::graph) + (depth < 2 ? 1 : 0)));
        for (const NirParameterRule& rule : nir_primitive(node.type).parameters) {
            if (rule.required || bytes.below(2) == 1) {
                node.parameters.emplace(rule.name, array_of(bytes, rule, node.type));
            }
        }
        if (node.type == NirType::graph) {
            node.graph.push_back(graph_of(bytes, node.path, depth + 1));
        }
        graph.nodes.push_back(std::move(node));
    }
    const std::size_t edges = bytes.below(12);
    for (std::size_t index = 0; index < edges; ++index) {
        // Mostly forwards, so that chains form.
        const std::size_t from = bytes.below(static_cast<unsigned>(count));
        const std::size_t to = bytes.below(4) == 0 ? bytes.below(static_cast<unsigned>(count)) : (from + 1) % count;
        graph.edges.push_back({from, to});
    }
    return graph;
}

void write(files::Hdf5Writer& writer, const NirGraph& graph, Bytes& bytes) {
    writer.text(graph.path + "/type", "NIRGraph");
    writer.group(graph.path + "/nodes");
    std::vector<std::string> names;
    for (const NirEdge& edge : graph.edges) {
        names.push_back(graph.nodes[edge.from].name);
        names.push_back(bytes.byte() == 7 ? "dangling" : graph.nodes[edge.to].name);
    }
    writer.texts(graph.path + "/edges", names, {graph.edges.size(), 2});
    for (const NirNode& node : graph.nodes) {
        if (node.type == NirType::graph) {
            write(writer, node.graph.front(), bytes);
            continue;
        }
        writer.text(node.path + "/type", nir_type_name(node.type));
        for (const auto& [name, array] : node.parameters) {
            const std::string place = node.path + "/" + name;
            switch (bytes.below(16)) {
            case 0:
                writer.text(place, "same");
                break;
            case 1:
                break;
            case 2:
                writer.group(place);
                break;
            default:
                writer.array<double>(place, array.values, array.shape, bytes.below(2));
            }
        }
    }
}

void require_sound(const Result<NirImport>& import) {
    if (import ? !check_network(import->network).empty() : !has_error(import.error())) {
        std::abort();
    }
    if (import) {
        for (const Projection& projection : import->network.projections) {
            static_cast<void>(connection_count(import->network, projection));
        }
    }
}

std::string scratch_file() {
    static const std::string path = [] {
        const char* folder = std::getenv("TMPDIR");
        std::string pattern = std::string(folder != nullptr ? folder : "/dev/shm") + "/nir-fuzz-XXXXXX";
        return std::string(::mkdtemp(pattern.data())) + "/net.nir";
    }();
    return path;
}

void fuzz_recipe_through_hdf5(Bytes bytes) {
    const std::string path = scratch_file();
    const NirGraph graph = graph_of(bytes, "/node", 0);
    auto writer = files::Hdf5Writer::create(path);
    if (!writer) {
        std::abort();
    }
    writer->text("/version", "1.0");
    write(*writer, graph, bytes);
    if (!writer->close()) {
        return;
    }
    const auto file = files::Hdf5Reader::open(path);
    auto parsed = parse_nir(*file, path);
    const auto told = decode_nir(encode_nir(parsed));
    if (!told || told->has_value() != parsed.has_value()) {
        std::abort();
    }
    if (parsed) {
        require_sound(import_nir_file(std::move(*parsed)));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) {
        return 0;
    }
    const std::uint8_t mode = data[0];
    Bytes bytes(data + 1, size - 1);
    const std::string rest(reinterpret_cast<const char*>(data + 1), size - 1);
    if (mode == 0) {
        if (size % 8 == 0) {
            require_sound(read_nir_bytes(std::as_bytes(std::span(rest)), "fuzz.nir"));
        }
    } else if (mode < 64) {
        if (auto file = decode_nir(rest); file && *file) {
            require_sound(import_nir_file(std::move(**file)));
        }
    } else if (mode < 72) {
        fuzz_recipe_through_hdf5(bytes);
    } else {
        NirFile file{.origin = "fuzz.nir", .version = "1.0", .root = graph_of(bytes, "/node", 0), .remarks = {}};
        if (auto told = decode_nir(encode_nir(file)); told && *told) {
            require_sound(import_nir_file(std::move(**told)));
        }
    }
    return 0;
}
