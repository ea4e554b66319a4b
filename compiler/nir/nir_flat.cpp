#include "compiler/nir/nir_flat.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <set>
#include <utility>

namespace spikeloom::compiler {
namespace {

/// Where edges to and from a node of a nested graph attach once it is dissolved.
struct Ends {
    std::vector<std::size_t> in;
    std::vector<std::size_t> out;
};

class Flattener {
public:
    explicit Flattener(const NirFile& file) : file_(file) {}

    Result<NirFlatGraph> run() {
        add_graph(file_.root, "");
        if (findings_.empty()) {
            refuse_cycles_without_neuron();
        }
        if (!findings_.empty()) {
            return fail(std::move(findings_));
        }
        order_nodes();
        return std::move(flat_);
    }

private:
    void complain(const NirNode& node, std::string found, std::string allowed = "", std::string help = "") {
        findings_.push_back({.where = file_.where(node),
                             .found = std::move(found),
                             .allowed = std::move(allowed),
                             .help = std::move(help)});
    }

    std::string unique_name(const std::string& wanted) {
        std::string name = wanted;
        for (int number = 2; !names_.insert(name).second; ++number) {
            name = fmt::format("{}_{}", wanted, number);
        }
        return name;
    }

    Ends add_graph(const NirGraph& graph, const std::string& prefix) {
        std::vector<Ends> ends;
        for (const NirNode& node : graph.nodes) {
            if (node.type == NirType::graph) {
                ends.push_back(add_graph(node.graph.front(), prefix + node.name + "."));
            } else {
                const std::size_t index = flat_.nodes.size();
                flat_.nodes.push_back(
                    {.node = &node, .name = unique_name(prefix + node.name), .before = {}, .after = {}});
                ends.push_back({{index}, {index}});
            }
        }
        std::vector<bool> entered(graph.nodes.size(), false);
        std::vector<bool> left(graph.nodes.size(), false);
        for (const NirEdge& edge : graph.edges) {
            connect(graph.nodes[edge.from], graph.nodes[edge.to], ends[edge.from].out, ends[edge.to].in);
            left[edge.from] = true;
            entered[edge.to] = true;
        }
        return ports(graph, ends, entered, left);
    }

    /// The Input and Output nodes of a graph; where it has none, what is open at its ends.
    static Ends ports(const NirGraph& graph, const std::vector<Ends>& ends, const std::vector<bool>& entered,
                      const std::vector<bool>& left) {
        Ends result;
        Ends open;
        for (std::size_t index = 0; index < graph.nodes.size(); ++index) {
            const auto append = [](std::vector<std::size_t>& to, const std::vector<std::size_t>& from) {
                to.insert(to.end(), from.begin(), from.end());
            };
            if (graph.nodes[index].type == NirType::input) {
                append(result.in, ends[index].in);
            } else if (!entered[index]) {
                append(open.in, ends[index].in);
            }
            if (graph.nodes[index].type == NirType::output) {
                append(result.out, ends[index].out);
            } else if (!left[index]) {
                append(open.out, ends[index].out);
            }
        }
        return {result.in.empty() ? open.in : result.in, result.out.empty() ? open.out : result.out};
    }

    void connect(const NirNode& from, const NirNode& to, const std::vector<std::size_t>& sources,
                 const std::vector<std::size_t>& targets) {
        if (from.type == NirType::output) {
            complain(from, fmt::format("an edge leads out of the Output '{}', to '{}'", from.name, to.name));
            return;
        }
        if (to.type == NirType::input) {
            complain(to, fmt::format("an edge leads into the Input '{}', from '{}'", to.name, from.name));
            return;
        }
        if (sources.size() != 1 || targets.size() != 1) {
            const bool at_source = sources.size() != 1;
            complain(at_source ? from : to,
                     fmt::format("the edge '{}' -> '{}' meets a graph with {} {}", from.name, to.name,
                                 at_source ? sources.size() : targets.size(), at_source ? "outputs" : "inputs"),
                     "one, since an edge of NIR can't name a port", "lift the nodes out of the graph");
            return;
        }
        flat_.nodes[sources[0]].after.push_back(targets[0]);
        flat_.nodes[targets[0]].before.push_back(sources[0]);
    }

    /// Removes nodes that nothing linear feeds, again and again; what stays is on a cycle, or behind one.
    void refuse_cycles_without_neuron() {
        const auto passes_on = [&](std::size_t index) { return !is_neuron(flat_.nodes[index].type()); };
        std::vector<std::size_t> feeding(flat_.nodes.size(), 0);
        std::deque<std::size_t> ready;
        for (std::size_t index = 0; index < flat_.nodes.size(); ++index) {
            const auto& before = flat_.nodes[index].before;
            feeding[index] = static_cast<std::size_t>(std::count_if(before.begin(), before.end(), passes_on));
            if (feeding[index] == 0 || !passes_on(index)) {
                feeding[index] = 0;
                ready.push_back(index);
            }
        }
        while (!ready.empty()) {
            const std::size_t index = ready.front();
            ready.pop_front();
            for (const std::size_t next : flat_.nodes[index].after) {
                if (passes_on(index) && passes_on(next) && --feeding[next] == 0) {
                    ready.push_back(next);
                }
            }
        }
        for (std::size_t index = 0; index < flat_.nodes.size(); ++index) {
            if (feeding[index] != 0) {
                complain_cycle(index, feeding);
                return;  // one cycle is enough to say
            }
        }
    }

    /// From a stuck node backwards along stuck nodes until one comes again.
    void complain_cycle(std::size_t start, const std::vector<std::size_t>& feeding) {
        std::vector<std::size_t> walk{start};
        std::vector<bool> seen(flat_.nodes.size(), false);
        while (!seen[walk.back()]) {
            seen[walk.back()] = true;
            const auto& before = flat_.nodes[walk.back()].before;
            walk.push_back(*std::find_if(before.begin(), before.end(), [&](std::size_t node) {
                return feeding[node] != 0 && !is_neuron(flat_.nodes[node].type());
            }));
        }
        std::vector<std::string> names;
        const auto first = std::find(walk.begin(), walk.end(), walk.back());
        for (auto at = walk.end() - 1; at >= first; --at) {
            names.push_back(flat_.nodes[*at].name);
            if (at == first) {
                break;
            }
        }
        complain(*flat_.nodes[walk.back()].node,
                 fmt::format("the nodes form a cycle without a neuron: {}", fmt::join(names, " -> ")),
                 "cycles that pass through a neuron, whose spikes travel in the next step");
    }

    void order_nodes() {
        constexpr std::size_t far = std::numeric_limits<std::size_t>::max();
        flat_.distance.assign(flat_.nodes.size(), far);
        std::deque<std::size_t> queue;
        for (std::size_t index = 0; index < flat_.nodes.size(); ++index) {
            if (flat_.nodes[index].is_source()) {
                flat_.distance[index] = 0;
                queue.push_back(index);
            }
        }
        while (!queue.empty()) {
            const std::size_t index = queue.front();
            queue.pop_front();
            for (const std::size_t next : flat_.nodes[index].after) {
                if (flat_.distance[next] == far) {
                    flat_.distance[next] = flat_.distance[index] + 1;
                    queue.push_back(next);
                }
            }
        }
        for (std::size_t index = 0; index < flat_.nodes.size(); ++index) {
            flat_.order.push_back(index);
        }
        std::ranges::sort(flat_.order, {}, [&](std::size_t index) { return std::pair(flat_.distance[index], index); });
    }

    const NirFile& file_;
    NirFlatGraph flat_;
    Diagnostics findings_;
    std::set<std::string> names_;
};

}  // namespace

Result<NirFlatGraph> flatten_nir(const NirFile& file) {
    return Flattener(file).run();
}

}  // namespace spikeloom::compiler
