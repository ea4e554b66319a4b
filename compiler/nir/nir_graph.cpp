#include "compiler/nir/nir_graph.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "compiler/nir/nir_primitives.hpp"

namespace spikeloom::compiler {
namespace {

constexpr std::size_t most_nodes = 1U << 16;
constexpr int deepest = 32;                        ///< levels of nested graphs
constexpr std::uint64_t most_elements = 1U << 27;  ///< of one parameter
constexpr std::uint64_t most_edges = 1U << 20;
constexpr std::size_t most_dangling = 20;        ///< told one by one
constexpr std::size_t longest_compared = 64;     ///< letters of a name, in the search for what was meant
constexpr std::size_t most_compared = 1U << 12;  ///< nodes in that search

/// How many single-character changes lead from one word to the other.
std::size_t edit_distance(const std::string& from, const std::string& to) {
    std::vector<std::size_t> row(to.size() + 1);
    for (std::size_t column = 0; column < row.size(); ++column) {
        row[column] = column;
    }
    for (std::size_t i = 0; i < from.size(); ++i) {
        std::size_t diagonal = row[0]++;
        for (std::size_t j = 0; j < to.size(); ++j) {
            const std::size_t substituted = diagonal + (from[i] == to[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({substituted, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

/// What to do about layers of deep learning that NIR doesn't have.
std::string unknown_type_help(const std::string& type) {
    const auto has = [&](const char* part) { return type.find(part) != std::string::npos; };
    if (has("MaxPool")) {
        return "the largest of several spike trains has no linear form: train with average pooling, or with strides";
    }
    if (has("BatchNorm")) {
        return "fold it into the weights and biases of the layer before it";
    }
    return has("ReLU") ? "leave it out: spikeloom convert reads a ReLU after every weight layer" : "";
}

class Parser {
public:
    Parser(const files::Hdf5Reader& file, const std::string& origin) : file_(file) { result_.origin = origin; }

    Result<NirFile> run() {
        read_version();
        if (!findings_.empty()) {
            return fail(std::move(findings_));
        }
        auto root = read_node("node", "/node", 0);
        if (has_error(findings_)) {
            return fail(std::move(findings_));
        }
        if (root->type == NirType::graph) {
            result_.root = std::move(root->graph.front());
        } else {
            remark("/node", fmt::format("the file holds a single {}, not a graph", nir_type_name(root->type)));
            result_.root.path = "/node";
            result_.root.nodes.push_back(std::move(*root));
        }
        return std::move(result_);
    }

private:
    void complain(const std::string& path, std::string found, std::string allowed = "", std::string help = "") {
        findings_.push_back({.where = file_.where(path),
                             .found = std::move(found),
                             .allowed = std::move(allowed),
                             .help = std::move(help)});
    }
    void complain(const Diagnostics& all) { findings_.insert(findings_.end(), all.begin(), all.end()); }
    void remark(const std::string& path, std::string found, Severity severity = Severity::warning) {
        result_.remarks.push_back({.severity = severity, .where = file_.where(path), .found = std::move(found)});
    }

    void read_version() {
        if (file_.kind("/node") != files::Hdf5Kind::group) {
            complain("/", "this HDF5 file is not a NIR file: it has no group /node", "",
                     file_.has("/layer") ? "it looks like a lava-dl netx file, which is not NIR" : "");
            return;
        }
        if (!file_.has("/version")) {
            remark("/version", "the file does not say which version of NIR wrote it");
            return;
        }
        if (auto version = file_.read_text("/version")) {
            result_.version = std::move(*version);
        } else {
            complain(version.error());
        }
    }

    std::optional<NirNode> read_node(const std::string& name, const std::string& path, int depth) {
        const auto members = file_.members(path);
        if (!members) {
            complain(members.error());
            return std::nullopt;
        }
        const auto type_name = file_.read_text(path + "/type");
        if (!type_name) {
            complain(type_name.error());
            return std::nullopt;
        }
        const auto type = nir_type(*type_name);
        if (!type) {
            complain(path + "/type",
                     fmt::format("the node is of type '{}', which is not a primitive of NIR", *type_name),
                     nir_type_names(), unknown_type_help(*type_name));
            return std::nullopt;
        }
        NirNode node{.name = name, .path = path, .type = *type, .parameters = {}, .padding = {}, .graph = {}};
        if (*type == NirType::graph) {
            if (auto graph = read_graph(path, depth)) {
                node.graph.push_back(std::move(*graph));
            } else {
                return std::nullopt;
            }
            return node;
        }
        const bool sound = read_parameters(node);
        remark_unknown(node, *members);
        return sound ? std::optional(std::move(node)) : std::nullopt;
    }

    void remark_unknown(const NirNode& node, const std::vector<files::Hdf5Member>& members) {
        const auto rules = nir_primitive(node.type).parameters;
        for (const files::Hdf5Member& member : members) {
            const bool known =
                member.name == "type" || member.name == "metadata" || member.name == "input_type" ||
                member.name == "output_type" ||
                std::any_of(rules.begin(), rules.end(), [&](const auto& rule) { return member.name == rule.name; });
            if (!known) {
                remark(node.path + "/" + member.name,
                       fmt::format("{} has no parameter '{}': it is ignored", nir_type_name(node.type), member.name));
            }
        }
    }

    bool read_parameters(NirNode& node) {
        bool sound = true;
        for (const NirParameterRule& rule : nir_primitive(node.type).parameters) {
            const std::string path = node.path + "/" + rule.name;
            if (!rule.required && !file_.has(path)) {
                continue;
            }
            if (rule.domain == NirDomain::padding && read_padding_word(node, path)) {
                continue;
            }
            if (auto array = read_array(path, rule)) {
                node.parameters.emplace(rule.name, std::move(*array));
            } else {
                sound = false;
            }
        }
        return sound;
    }

    /// True if the padding is a word; whether that word is known is told as a finding.
    bool read_padding_word(NirNode& node, const std::string& path) {
        const auto info = file_.describe(path);
        if (!info || info->type != files::Hdf5Class::text) {
            return false;
        }
        const auto word = file_.read_text(path);
        if (!word) {
            complain(word.error());
        } else if (*word != "same" && *word != "valid") {
            complain(path, fmt::format("the padding is '{}'", *word), describe(NirDomain::padding));
        } else {
            node.padding = *word;
        }
        return true;
    }

    std::optional<NirArray> read_array(const std::string& path, const NirParameterRule& rule) {
        auto read = file_.read<double>(path, most_elements);
        if (!read) {
            complain(read.error());
            return std::nullopt;
        }
        const bool whole = rule.domain >= NirDomain::extent;
        for (const double value : read->values) {
            if (!in_domain(rule.domain, value) || (whole && std::floor(value) != value)) {
                complain(path, fmt::format("{} holds {}", rule.name, value), describe(rule.domain));
                return std::nullopt;
            }
        }
        const bool may_be_empty = std::string_view(rule.name) == "shape";
        if (read->values.empty() && !may_be_empty) {
            complain(path, fmt::format("{} is empty", rule.name));
            return std::nullopt;
        }
        return NirArray{std::move(read->shape), std::move(read->values)};
    }

    std::optional<NirGraph> read_graph(const std::string& path, int depth) {
        if (depth >= deepest) {
            complain(path, fmt::format("graphs are nested more than {} deep", deepest));
            return std::nullopt;
        }
        const auto members = file_.members(path + "/nodes");
        if (!members) {
            complain(members.error());
            return std::nullopt;
        }
        NirGraph graph{.path = path, .nodes = {}, .edges = {}};
        bool sound = true;
        std::vector<std::string> broken;
        for (const files::Hdf5Member& member : *members) {
            const std::string node_path = path + "/nodes/" + member.name;
            if (++nodes_ > most_nodes) {
                complain(path, fmt::format("there are more than {} nodes", most_nodes));
                return std::nullopt;
            }
            if (member.kind == files::Hdf5Kind::group && !seen_.insert(member.object).second) {
                complain(node_path, "the group is linked from more than one place", "one place for every node");
                sound = false;
                continue;
            }
            if (auto node = read_node(member.name, node_path, depth + 1)) {
                graph.nodes.push_back(std::move(*node));
            } else {
                broken.push_back(member.name);
                sound = false;
            }
        }
        sound = read_edges(graph, broken) && sound;
        return sound ? std::optional(std::move(graph)) : std::nullopt;
    }

    /// `broken` nodes have findings of their own: edges to them are not dangling.
    bool read_edges(NirGraph& graph, const std::vector<std::string>& broken) {
        const std::string path = graph.path + "/edges";
        const auto info = file_.describe(path);
        if (!info) {
            complain(info.error());
            return false;
        }
        if (info->count == 0) {
            return true;  // numpy writes an empty list of edges as float64 of shape (0)
        }
        const auto rows = file_.read_texts(path, 2 * most_edges);
        if (!rows) {
            complain(rows.error());
            return false;
        }
        if (rows->shape.size() != 2 || rows->shape[1] != 2) {
            complain(path, fmt::format("the edges have the shape ({})", fmt::join(rows->shape, ", ")),
                     "(N, 2): source and target of each edge");
            return false;
        }
        std::map<std::string, std::size_t> index_of;
        for (std::size_t index = 0; index < graph.nodes.size(); ++index) {
            index_of.emplace(graph.nodes[index].name, index);
        }
        std::set<std::pair<std::size_t, std::size_t>> known;
        bool sound = true;
        std::size_t dangling = 0;
        for (std::size_t row = 0; row + 1 < rows->values.size(); row += 2) {
            const std::string& from = rows->values[row];
            const std::string& to = rows->values[row + 1];
            const auto source = index_of.find(from);
            const auto target = index_of.find(to);
            if (source == index_of.end() || target == index_of.end()) {
                if (++dangling > most_dangling) {
                    continue;
                }
                for (const auto& [end, found] : {std::pair(&from, source), std::pair(&to, target)}) {
                    const bool told = std::find(broken.begin(), broken.end(), *end) != broken.end();
                    if (found == index_of.end() && !told) {
                        complain_dangling(graph, row / 2, from, to, *end);
                    }
                }
                sound = false;
            } else if (!known.emplace(source->second, target->second).second) {
                remark(path,
                       fmt::format("row {}: the edge '{}' -> '{}' is there twice; it counts once", row / 2, from, to));
            } else {
                graph.edges.push_back({source->second, target->second});
            }
        }
        if (dangling > most_dangling) {
            complain(path, fmt::format("{} more edges name nodes that are not there", dangling - most_dangling));
        }
        return sound;
    }

    void complain_dangling(const NirGraph& graph, std::size_t row, const std::string& from, const std::string& to,
                           const std::string& missing) {
        std::string nearest;
        std::size_t least = missing.size() < 3 ? 2 : missing.size();
        for (const NirNode& node : graph.nodes) {
            if (node.name.size() < longest_compared && missing.size() < longest_compared &&
                graph.nodes.size() < most_compared) {
                const std::size_t distance = edit_distance(missing, node.name);
                if (distance < least) {
                    least = distance;
                    nearest = node.name;
                }
            }
        }
        std::vector<std::string> names;
        for (const NirNode& node : graph.nodes) {
            names.push_back(node.name);
        }
        complain(
            graph.path + "/edges",
            fmt::format("row {}: the edge '{}' -> '{}' names a node '{}' that is not there", row, from, to, missing),
            names.size() <= 32 ? fmt::format("{}", fmt::join(names, ", ")) : "a node of this graph",
            nearest.empty() ? "" : fmt::format("did you mean '{}'?", nearest));
    }

    const files::Hdf5Reader& file_;
    NirFile result_;
    Diagnostics findings_;
    std::set<std::uint64_t> seen_;
    std::size_t nodes_ = 0;
};

}  // namespace

const NirArray* NirNode::find(const std::string& parameter) const {
    const auto found = parameters.find(parameter);
    return found == parameters.end() ? nullptr : &found->second;
}

const NirArray& NirNode::at(const std::string& parameter) const {
    const NirArray* found = find(parameter);
    SPIKELOOM_ASSERT(found != nullptr, path + "/" + parameter);
    return *found;
}

Result<NirFile> parse_nir(const files::Hdf5Reader& file, const std::string& origin) {
    return Parser(file, origin).run();
}

}  // namespace spikeloom::compiler
