#include "compiler/passes/hypergraph_order.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace spikeloom::compiler {
namespace {

std::vector<std::uint32_t> weights_of_rates(std::span<const float> rates, std::span<const std::uint32_t> nodes) {
    double sum = 0;
    for (const std::uint32_t node : nodes) {
        sum += rates[node];
    }
    constexpr double mean_weight = 1000;
    constexpr double most = 1'000'000;
    const double scale = sum > 0 ? mean_weight * static_cast<double>(nodes.size()) / sum : 0;
    std::vector<std::uint32_t> weights;
    weights.reserve(nodes.size());
    for (const std::uint32_t node : nodes) {
        weights.push_back(static_cast<std::uint32_t>(std::clamp(std::round(rates[node] * scale), 1.0, most)));
    }
    return weights;
}

}  // namespace

Hypergraph neuron_hypergraph(const MappedNetwork& mapped, std::span<const float> rates) {
    Hypergraph graph{.vertices = mapped.neurons()};
    // A net holds its source, if that is a neuron, and the source's targets.
    std::vector<bool> speaks(mapped.nodes(), false);
    std::vector<std::uint64_t> next(mapped.nodes(), 0);  // other targets; then, where the next pin goes
    for (std::uint32_t neuron = 0; neuron < mapped.neurons(); ++neuron) {
        mapped.table.for_each_source(neuron, [&](std::uint32_t source) {
            speaks[source] = true;
            next[source] += source != neuron ? 1 : 0;
        });
    }
    std::vector<std::uint32_t> nodes;
    for (std::uint32_t node = 0; node < mapped.nodes(); ++node) {
        if (speaks[node]) {
            const std::uint64_t begin = graph.net_begin.back();
            graph.net_begin.push_back(begin + next[node] + (node < mapped.neurons() ? 1 : 0));
            next[node] = begin;
            nodes.push_back(node);
        }
    }
    graph.pins.resize(graph.net_begin.back());
    for (const std::uint32_t node : nodes) {
        if (node < mapped.neurons()) {
            graph.pins[next[node]++] = node;
        }
    }
    for (std::uint32_t neuron = 0; neuron < mapped.neurons(); ++neuron) {
        mapped.table.for_each_source(neuron, [&](std::uint32_t source) {
            if (source != neuron) {
                graph.pins[next[source]++] = neuron;
            }
        });
    }
    if (!rates.empty()) {
        graph.net_weight = weights_of_rates(rates, nodes);
    }
    return graph;
}

CoreShare core_shares(const MappedNetwork& mapped, const chip::ChipSpec& chip, const Filling& filling) {
    CoreUse use;
    double words = 0;
    double synapses = 0;
    for (const CorePlan& core : filling.cores) {
        use.longest_delay = std::max(use.longest_delay, core.use.longest_delay);
        words += static_cast<double>(core.use[Limit::synapse_words]);
        synapses += static_cast<double>(core.synapses);
    }
    const std::int64_t compartments = std::max<std::int64_t>(room(Limit::compartments, use, chip), 1);
    CoreShare share{.weight = {}, .capacity = static_cast<std::uint64_t>(compartments)};
    if (synapses == 0) {
        return share;
    }
    const double of_neuron = 1.0 / static_cast<double>(compartments);
    const double of_synapse =
        words / synapses / static_cast<double>(std::max<std::int64_t>(room(Limit::synapse_words, use, chip), 1));
    const double by_compartments = of_neuron * mapped.neurons();
    const double by_words = of_synapse * static_cast<double>(mapped.table.synapses());
    constexpr double clearly = 0.8;
    if (by_words < clearly * by_compartments) {
        return share;
    }
    constexpr double whole = 1 << 16;
    share.capacity = static_cast<std::uint64_t>(whole);
    share.weight.reserve(mapped.neurons());
    for (std::uint32_t neuron = 0; neuron < mapped.neurons(); ++neuron) {
        const double part = std::max(of_neuron, of_synapse * mapped.table.fan_in(neuron));
        share.weight.push_back(static_cast<std::uint32_t>(std::clamp(std::floor(part * whole), 1.0, whole)));
    }
    return share;
}

NeuronOrder order_of_parts(std::string name, std::span<const std::uint32_t> part_of) {
    NeuronOrder order{.name = std::move(name), .neuron_at = std::vector<std::uint32_t>(part_of.size())};
    constexpr std::uint32_t unseen = std::numeric_limits<std::uint32_t>::max();
    const std::uint32_t parts = part_of.empty() ? 0 : *std::ranges::max_element(part_of) + 1;
    std::vector<std::uint32_t> rank(parts, unseen);
    std::uint32_t ranks = 0;
    for (const std::uint32_t part : part_of) {
        if (rank[part] == unseen) {
            rank[part] = ranks++;
        }
    }
    std::iota(order.neuron_at.begin(), order.neuron_at.end(), 0U);
    std::ranges::stable_sort(order.neuron_at, {}, [&](std::uint32_t neuron) { return rank[part_of[neuron]]; });
    for (std::uint32_t position = 1; position <= part_of.size(); ++position) {
        if (position == part_of.size() ||
            part_of[order.neuron_at[position]] != part_of[order.neuron_at[position - 1]]) {
            order.cuts.push_back(position);
        }
    }
    return order;
}

}  // namespace spikeloom::compiler
