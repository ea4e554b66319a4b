#include "tools/net_graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "tools/network_source.hpp"

namespace spikeloom::tools {

namespace {

std::string pair_text(const std::array<std::uint32_t, 2>& pair) {
    return pair[0] == pair[1] ? std::to_string(pair[0]) : fmt::format("{}x{}", pair[0], pair[1]);
}

std::string convolution_text(const compiler::ConvolutionWeights& convolution) {
    std::string text;
    if (convolution.pooling) {
        text = fmt::format("pooling {}x{}, ", convolution.pooling->kernel[0], convolution.pooling->kernel[1]);
    }
    text += fmt::format("convolution {}x{}", convolution.kernel_size[0], convolution.kernel_size[1]);
    const std::array<std::uint32_t, 2> one{1, 1};
    const std::array<std::uint32_t, 2> none{0, 0};
    if (convolution.stride != one) {
        text += ", stride " + pair_text(convolution.stride);
    }
    if (convolution.padding != none) {
        text += ", padding " + pair_text(convolution.padding);
    }
    if (convolution.dilation != one) {
        text += ", dilation " + pair_text(convolution.dilation);
    }
    return convolution.groups == 1 ? text : text + fmt::format(", {} groups", convolution.groups);
}

std::size_t weight_count(const compiler::Weights& weights) {
    struct Visitor {
        std::size_t operator()(const compiler::DenseWeights& dense) const { return dense.weights.size(); }
        std::size_t operator()(const compiler::SparseWeights& sparse) const { return sparse.weights.size(); }
        std::size_t operator()(const compiler::ConvolutionWeights& convolution) const {
            return convolution.kernel.size();
        }
        std::size_t operator()(const compiler::OneToOneWeights& one) const { return one.weights.size(); }
    };
    return std::visit(Visitor{}, weights);
}

std::size_t parameter_count(const compiler::Population& population) {
    if (population.fixed) {
        return 3 + population.fixed->biases.size();
    }
    std::size_t count = population.bias.values.size();
    if (compiler::has_synaptic_current(population.kind)) {
        count += population.tau_syn_s.values.size() + population.w_in.values.size();
    }
    if (compiler::leaks(population.kind)) {
        count += population.tau_mem_s.values.size() + population.v_leak.values.size();
    }
    if (compiler::spikes(population.kind)) {
        count += population.v_threshold.values.size();
    }
    return count;
}

/// Edges that close a cycle, found depth first in the order of nodes and edges; without recursion, which long chains
/// would exhaust.
void mark_back_edges(NetGraph& graph, const std::vector<std::vector<std::size_t>>& leaving) {
    enum class State : std::uint8_t { fresh, open, done };
    std::vector<State> state(graph.nodes.size(), State::fresh);
    std::vector<std::pair<std::size_t, std::size_t>> way;  // node, edges tried
    for (std::size_t root = 0; root < graph.nodes.size(); ++root) {
        if (state[root] != State::fresh) {
            continue;
        }
        way.emplace_back(root, 0);
        state[root] = State::open;
        while (!way.empty()) {
            auto& [node, tried] = way.back();
            if (tried == leaving[node].size()) {
                state[node] = State::done;
                way.pop_back();
                continue;
            }
            GraphEdge& edge = graph.edges[leaving[node][tried++]];
            if (state[edge.to] == State::open) {
                edge.back = true;
            } else if (state[edge.to] == State::fresh) {
                state[edge.to] = State::open;
                way.emplace_back(edge.to, 0);
            }
        }
    }
}

/// Every node below all that feed it over edges that close no cycle.
void choose_layers(NetGraph& graph, const std::vector<std::vector<std::size_t>>& leaving) {
    std::vector<std::size_t> waits(graph.nodes.size(), 0);
    for (const GraphEdge& edge : graph.edges) {
        waits[edge.to] += edge.back ? 0 : 1;
    }
    std::vector<std::size_t> ready;
    for (std::size_t node = 0; node < graph.nodes.size(); ++node) {
        graph.nodes[node].layer = graph.nodes[node].input ? 0 : 1;
        if (waits[node] == 0) {
            ready.push_back(node);
        }
    }
    for (std::size_t i = 0; i < ready.size(); ++i) {
        for (const std::size_t e : leaving[ready[i]]) {
            const GraphEdge& edge = graph.edges[e];
            if (edge.back) {
                continue;
            }
            GraphNode& target = graph.nodes[edge.to];
            target.layer = std::max(target.layer, graph.nodes[ready[i]].layer + 1);
            if (--waits[edge.to] == 0) {
                ready.push_back(edge.to);
            }
        }
    }
    for (const GraphNode& node : graph.nodes) {
        graph.layers = std::max(graph.layers, node.layer + 1);
    }
}

std::string count_text(std::uint64_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string edge_text(const GraphEdge& edge, const std::string& source, bool itself) {
    std::string text = fmt::format("      {} {}: {}, {}", edge.back ? "<~" : "<-", itself ? "itself" : source,
                                   edge.kind, count_text(edge.weights, "weight"));
    if (edge.synapses != edge.weights) {
        text += ", " + count_text(edge.synapses, "synapse");
    }
    if (edge.delay > 0) {
        text += fmt::format(", delay {}", edge.delay);
    }
    text += edge.back ? ", recurrent" : "";
    text += edge.plastic ? ", plastic" : "";
    return text + "\n";
}

}  // namespace

std::string_view kind_text(compiler::NeuronKind kind) {
    switch (kind) {
    case compiler::NeuronKind::integrate_fire:
        return "integrate and fire";
    case compiler::NeuronKind::leaky:
        return "leaky integrate and fire";
    case compiler::NeuronKind::current_based:
        return "current-based leaky integrate and fire";
    case compiler::NeuronKind::integrator:
        return "integrator";
    case compiler::NeuronKind::leaky_integrator:
        return "leaky integrator";
    case compiler::NeuronKind::current_based_integrator:
        return "current-based leaky integrator";
    case compiler::NeuronKind::threshold:
        return "threshold";
    }
    return "";
}

std::string kind_text(const compiler::Weights& weights) {
    struct Visitor {
        std::string operator()(const compiler::DenseWeights&) const { return "dense"; }
        std::string operator()(const compiler::SparseWeights&) const { return "sparse"; }
        std::string operator()(const compiler::ConvolutionWeights& convolution) const {
            return convolution_text(convolution);
        }
        std::string operator()(const compiler::OneToOneWeights&) const { return "one to one"; }
    };
    return std::visit(Visitor{}, weights);
}

NetGraph net_graph(const compiler::Network& network) {
    NetGraph graph{.name = network.name, .step_s = network.step_s, .nodes = {}, .edges = {}};
    for (const compiler::InputPort& input : network.inputs) {
        graph.nodes.push_back({.name = input.name,
                               .shape = shape_text(input.shape),
                               .kind = input.graded ? "input, graded" : "input",
                               .size = input.size(),
                               .input = true});
    }
    for (const compiler::Population& population : network.populations) {
        graph.nodes.push_back({.name = population.name,
                               .shape = shape_text(population.shape),
                               .kind = std::string(kind_text(population.kind)),
                               .size = population.size(),
                               .parameters = parameter_count(population),
                               .spikes = compiler::spikes(population.kind)});
    }
    for (const compiler::OutputPort& output : network.outputs) {
        graph.nodes[network.inputs.size() + output.population.value()].output = true;
    }
    std::vector<std::vector<std::size_t>> leaving(graph.nodes.size());
    for (const compiler::Projection& projection : network.projections) {
        const bool from_input = projection.source.kind == compiler::Source::Kind::input;
        const std::size_t from = projection.source.index + (from_input ? 0 : network.inputs.size());
        leaving[from].push_back(graph.edges.size());
        graph.edges.push_back({.from = from,
                               .to = network.inputs.size() + projection.target.value(),
                               .name = projection.name,
                               .kind = kind_text(projection.weights),
                               .weights = weight_count(projection.weights),
                               .synapses = compiler::connection_count(network, projection),
                               .delay = projection.delay_steps,
                               .plastic = projection.learning.has_value()});
    }
    mark_back_edges(graph, leaving);
    choose_layers(graph, leaving);
    return graph;
}

std::string graph_text(const NetGraph& graph) {
    std::size_t neurons = 0;
    std::uint64_t synapses = 0;
    std::size_t weights = 0;
    for (const GraphNode& node : graph.nodes) {
        neurons += node.input ? 0 : node.size;
    }
    for (const GraphEdge& edge : graph.edges) {
        synapses += edge.synapses;
        weights += edge.weights;
    }
    std::string text = fmt::format("{}: {}, {}, {}, steps of {:g} ms\n", graph.name, count_text(neurons, "neuron"),
                                   count_text(weights, "weight"), count_text(synapses, "synapse"), graph.step_s * 1e3);
    for (std::size_t layer = 0; layer < graph.layers; ++layer) {
        for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
            const GraphNode& node = graph.nodes[n];
            if (node.layer != layer) {
                continue;
            }
            text += fmt::format("  {:>3} [{}] {}, {}", layer, node.name, node.shape, node.kind);
            text += node.input ? "" : ", " + count_text(node.parameters, "parameter");
            text += node.output ? "  => output\n" : "\n";
            for (const GraphEdge& edge : graph.edges) {
                if (edge.to == n) {
                    text += edge_text(edge, graph.nodes[edge.from].name, edge.from == edge.to);
                }
            }
        }
    }
    return text;
}

}  // namespace spikeloom::tools
