#include "core/analog/layout.hpp"

#include <algorithm>
#include <numeric>

namespace spikeloom::core::analog {

namespace {

double delay_of(const Net& net, std::uint64_t synapse) {
    return net.delays.empty() ? 0 : net.delays[synapse];
}

}  // namespace

Layout::Layout(const Net& net)
    : blocks_(static_cast<std::uint32_t>((net.neurons.size() + block_lanes - 1) / block_lanes)),
      is_adaptive_(net.neurons.size()),
      adaptive_index_(net.adaptive.empty() ? 0 : net.neurons.size()),
      places_(net.targets.size()) {
    for (std::uint32_t i = 0; i < net.adaptive.size(); ++i) {
        is_adaptive_[net.adaptive[i].neuron] = true;
        adaptive_index_[net.adaptive[i].neuron] = i;
    }
    lay_parameters(net);
    weights_.reserve(net.targets.size());
    first_group_.reserve(net.sources() + 1);
    std::vector<std::uint64_t> order;
    for (std::uint32_t source = 0; source < net.sources(); ++source) {
        first_group_.push_back(groups_.size());
        order.resize(net.row_begin[source + 1] - net.row_begin[source]);
        std::iota(order.begin(), order.end(), net.row_begin[source]);
        std::ranges::stable_sort(order, [&net](std::uint64_t a, std::uint64_t b) {
            const double delay_a = delay_of(net, a);
            const double delay_b = delay_of(net, b);
            return delay_a != delay_b ? delay_a < delay_b : net.targets[a] < net.targets[b];
        });
        lay_row(net, source, order);
    }
    first_group_.push_back(groups_.size());
    groups_.push_back({.delay = 0, .first_segment = segments_.size(), .first_adaptive = adaptive_.size()});
}

void Layout::lay_parameters(const Net& net) {
    const std::size_t lanes = std::size_t{blocks_} * block_lanes;
    lanes_.tau_mem.assign(lanes, 1);
    lanes_.tau_syn.assign(lanes, 1);
    lanes_.threshold.assign(lanes, never);
    lanes_.reset.assign(lanes, 0);
    lanes_.refractory.assign(lanes, 0);
    for (std::size_t n = 0; n < net.neurons.size(); ++n) {
        if (is_adaptive_[n]) {
            continue;
        }
        const Lif& neuron = net.neurons[n];
        lanes_.tau_mem[n] = neuron.tau_mem;
        lanes_.tau_syn[n] = neuron.tau_syn;
        lanes_.threshold[n] = neuron.threshold - neuron.leak;
        lanes_.reset[n] = neuron.reset - neuron.leak;
        lanes_.refractory[n] = neuron.refractory;
    }
    // Lanes without a LIF neuron follow the block's first one, so that they don't spoil its uniformity.
    uniform_.assign(blocks_, true);
    for (std::uint32_t block = 0; block < blocks_; ++block) {
        const std::size_t begin = std::size_t{block} * block_lanes;
        const std::size_t end = std::min(begin + block_lanes, net.neurons.size());
        const auto lif = [this](std::size_t n) { return !is_adaptive_[n]; };
        std::size_t model = begin;
        while (model < end && !lif(model)) {
            ++model;
        }
        for (std::size_t n = begin; n < begin + block_lanes && model < end; ++n) {
            if (n >= end || !lif(n)) {
                lanes_.tau_mem[n] = lanes_.tau_mem[model];
                lanes_.tau_syn[n] = lanes_.tau_syn[model];
            } else if (lanes_.tau_mem[n] != lanes_.tau_mem[model] || lanes_.tau_syn[n] != lanes_.tau_syn[model]) {
                uniform_[block] = false;
            }
        }
    }
}

void Layout::lay_row(const Net& net, std::uint32_t source, std::span<const std::uint64_t> order) {
    for (const std::uint64_t synapse : order) {
        const double delay = delay_of(net, synapse);
        if (groups_.size() == first_group_[source] || groups_.back().delay != delay) {
            groups_.push_back({.delay = delay, .first_segment = segments_.size(), .first_adaptive = adaptive_.size()});
        }
        DeliveryGroup& group = groups_.back();
        ++group.synapses;
        const std::uint32_t target = net.targets[synapse];
        if (is_adaptive_[target]) {
            places_[synapse] = {.adaptive = true, .index = adaptive_.size()};
            adaptive_.push_back({adaptive_index_[target], net.weights[synapse]});
            continue;
        }
        const std::uint32_t block = target / block_lanes;
        const auto bit = static_cast<std::uint16_t>(1U << (target % block_lanes));
        // A second synapse onto the same neuron opens a segment of its own.
        if (segments_.size() == group.first_segment || segments_.back().block != block ||
            (segments_.back().mask & bit) != 0) {
            segments_.push_back({.block = block, .mask = 0, .first_weight = weights_.size()});
        }
        segments_.back().mask = static_cast<std::uint16_t>(segments_.back().mask | bit);
        places_[synapse] = {.adaptive = false, .index = weights_.size()};
        weights_.push_back(net.weights[synapse] * net.neurons[target].resistance);
    }
}

void Layout::set_weight(const Net& net, std::uint64_t synapse, double weight) {
    const SynapsePlace& place = places_[synapse];
    if (place.adaptive) {
        adaptive_[place.index].weight = weight;
    } else {
        weights_[place.index] = weight * net.neurons[net.targets[synapse]].resistance;
    }
}

}  // namespace spikeloom::core::analog
