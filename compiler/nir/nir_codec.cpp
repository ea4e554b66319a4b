#include "compiler/nir/nir_codec.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "compiler/nir/nir_primitives.hpp"
#include "core/files/byte_coder.hpp"

namespace spikeloom::compiler {
namespace {

constexpr int deepest = 33;

class Encoder : public files::ByteEncoder {
public:
    void node(const NirNode& node) {
        text(node.name);
        text(node.path);
        text(node.padding);
        number(static_cast<std::uint64_t>(node.type));
        number(node.parameters.size());
        for (const auto& [name, array] : node.parameters) {
            text(name);
            numbers(array.shape);
            numbers(array.values);
        }
        if (node.type == NirType::graph) {
            graph(node.graph.front());
        }
    }

    void graph(const NirGraph& graph) {
        text(graph.path);
        number(graph.nodes.size());
        for (const NirNode& one : graph.nodes) {
            node(one);
        }
        number(graph.edges.size());
        for (const NirEdge& edge : graph.edges) {
            number(edge.from);
            number(edge.to);
        }
    }
};

class Decoder : public files::ByteDecoder {
public:
    using ByteDecoder::ByteDecoder;

    NirNode node(int depth) {
        NirNode node;
        node.name = text();
        node.path = text();
        node.padding = text();
        const std::uint64_t type = number();
        if (!require(type <= static_cast<std::uint64_t>(NirType::graph) &&
                     (node.padding.empty() || node.padding == "same" || node.padding == "valid"))) {
            return node;
        }
        node.type = static_cast<NirType>(type);
        const std::uint64_t count = number();
        for (std::uint64_t index = 0; index < count && !failed(); ++index) {
            std::string name = text();
            NirArray array;
            array.shape = numbers<std::uint64_t>();
            array.values = numbers<double>();
            node.parameters.emplace(std::move(name), std::move(array));
        }
        require(keeps_rules(node));
        if (node.type == NirType::graph) {
            node.graph.push_back(graph(depth + 1));
        }
        return node;
    }

    NirGraph graph(int depth) {
        NirGraph graph;
        graph.path = text();
        if (!require(depth <= deepest)) {
            return graph;
        }
        const std::uint64_t nodes = number();
        for (std::uint64_t index = 0; index < nodes && !failed(); ++index) {
            graph.nodes.push_back(node(depth));
        }
        const std::uint64_t edges = number();
        for (std::uint64_t index = 0; index < edges && !failed(); ++index) {
            const NirEdge edge{.from = number(), .to = number()};
            if (require(edge.from < graph.nodes.size() && edge.to < graph.nodes.size())) {
                graph.edges.push_back(edge);
            }
        }
        return graph;
    }

private:
    /// What parse_nir makes sure of: required parameters are there, sizes and values are as the table says.
    static bool keeps_rules(const NirNode& node) {
        for (const NirParameterRule& rule : nir_primitive(node.type).parameters) {
            const NirArray* array = node.find(rule.name);
            const bool word = rule.domain == NirDomain::padding && !node.padding.empty();
            if (array == nullptr) {
                if (rule.required && !word) {
                    return false;
                }
                continue;
            }
            std::uint64_t count = 1;
            for (const std::uint64_t extent : array->shape) {
                if (extent != 0 && count > std::numeric_limits<std::uint64_t>::max() / extent) {
                    return false;
                }
                count *= extent;
            }
            const bool whole = rule.domain >= NirDomain::extent;
            if (count != array->values.size() || (count == 0 && std::string_view(rule.name) != "shape") ||
                !std::ranges::all_of(array->values, [&](double value) {
                    return in_domain(rule.domain, value) && (!whole || std::floor(value) == value);
                })) {
                return false;
            }
        }
        return true;
    }
};

}  // namespace

std::string encode_nir(const Result<NirFile>& file) {
    Encoder encoder;
    if (!encoder.outcome(file)) {
        return encoder.take();
    }
    encoder.text(file->origin);
    encoder.text(file->version);
    encoder.diagnostics(file->remarks);
    encoder.graph(file->root);
    return encoder.take();
}

std::optional<Result<NirFile>> decode_nir(std::string_view bytes) {
    Decoder decoder(bytes);
    if (!decoder.value_follows()) {
        return decoder.refusal<NirFile>();
    }
    NirFile file;
    file.origin = decoder.text();
    file.version = decoder.text();
    file.remarks = decoder.diagnostics();
    file.root = decoder.graph(0);
    if (decoder.failed() || !decoder.at_end()) {
        return std::nullopt;
    }
    return Result<NirFile>(std::move(file));
}

}  // namespace spikeloom::compiler
