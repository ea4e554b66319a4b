#include "compiler/nir/nir_shapes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "compiler/nir/nir_node_shape.hpp"
#include "compiler/nir/nir_parameters.hpp"

namespace spikeloom::compiler {
namespace {

/// Two shapes of as many dimensions, extents of 1 apart, whose extents differ: (4, 8) and (8, 4), but not (32).
bool crosses(const Shape& a, const Shape& b) {
    const auto dimensions = [](const Shape& shape) {
        Shape kept;
        std::ranges::copy_if(shape, std::back_inserter(kept), [](std::uint32_t extent) { return extent != 1; });
        return kept;
    };
    const Shape first = dimensions(a);
    const Shape second = dimensions(b);
    return first.size() == second.size() && first != second;
}

class Inference {
public:
    Inference(const NirFile& file, const NirFlatGraph& graph, const NirShapeOptions& options)
        : file_(file),
          graph_(graph),
          nodes_(file, options, findings_, result_.remarks),
          say_(file, findings_, result_.remarks) {
        in_.resize(graph.nodes.size());
        out_.resize(graph.nodes.size());
        result_.old_flatten.resize(graph.nodes.size(), false);
    }

    Result<NirShapes> run() {
        for (const NirFlatNode& node : graph_.nodes) {
            check_parameters(file_, *node.node, findings_, result_.remarks);
        }
        while (findings_.empty() && (carry() || (findings_.empty() && guess()))) {
        }
        if (findings_.empty()) {
            check_joins();
        }
        if (!findings_.empty()) {
            return fail(std::move(findings_));
        }
        for (std::size_t index = 0; index < graph_.nodes.size(); ++index) {
            result_.in.push_back(*in_[index]);
            result_.out.push_back(*out_[index]);
        }
        return std::move(result_);
    }

private:
    /// One round along the edges. True if something new became known.
    bool carry() {
        bool news = false;
        for (const std::size_t index : graph_.order) {
            if (out_[index]) {
                continue;
            }
            const NirFlatNode& flat = graph_.nodes[index];
            if (flat.is_source()) {
                const auto own = own_shape(*flat.node);
                if (!own) {
                    say_.complain(*flat.node, "",
                                  "nothing feeds this node, and its parameters do not say what it takes", "",
                                  "add an Input node with a shape before it");
                    return false;
                }
                settle(index, *own);
                news = true;
                continue;
            }
            for (const std::size_t before : flat.before) {
                if (out_[before]) {
                    settle(index, *out_[before]);
                    news = true;
                    break;
                }
            }
        }
        return news && findings_.empty();
    }

    /// Where a cycle waits for itself: starts it with what the parameters of a node say.
    bool guess() {
        bool all_known = true;
        for (const std::size_t index : graph_.order) {
            if (!out_[index]) {
                all_known = false;
                if (const auto own = own_shape(*graph_.nodes[index].node)) {
                    settle(index, *own);
                    return findings_.empty();
                }
            }
        }
        if (!all_known) {
            say_.complain(*graph_.nodes[graph_.order.back()].node, "",
                          "the shape of what this node takes can't be inferred");
        }
        return false;
    }

    void settle(std::size_t index, const Shape& in) {
        in_[index] = in;
        std::vector<const NirNode*> after;
        for (const std::size_t next : graph_.nodes[index].after) {
            after.push_back(graph_.nodes[next].node);
        }
        if (auto out = nodes_.output(*graph_.nodes[index].node, in, after)) {
            out_[index] = std::move(out->shape);
            result_.old_flatten[index] = out->old_flatten;
        }
    }

    /// All that arrives at a node must have as many elements as what the node was settled with.
    void check_joins() {
        for (std::size_t index = 0; index < graph_.nodes.size(); ++index) {
            for (const std::size_t before : graph_.nodes[index].before) {
                const NirNode& node = *graph_.nodes[index].node;
                const std::string found =
                    fmt::format("'{}' gives {}, but '{}' takes {}", graph_.nodes[before].name,
                                shape_text(*out_[before]), graph_.nodes[index].name, shape_text(*in_[index]));
                if (element_count(*out_[before]) != element_count(*in_[index])) {
                    say_.complain(node, "", found, "equal numbers of elements from all that feed a node");
                } else if (crosses(*out_[before], *in_[index])) {
                    say_.remark(node, found + "; the elements are as many, and are summed in C order");
                }
            }
        }
    }

    const NirFile& file_;
    const NirFlatGraph& graph_;
    NirShapes result_;
    Diagnostics findings_;
    NirNodeShapes nodes_;
    NirNodeFindings say_;
    std::vector<std::optional<Shape>> in_;
    std::vector<std::optional<Shape>> out_;
};

}  // namespace

Result<NirShapes> infer_shapes(const NirFile& file, const NirFlatGraph& graph, const NirShapeOptions& options) {
    return Inference(file, graph, options).run();
}

}  // namespace spikeloom::compiler
