#include "compiler/passes/core_synapses.hpp"

#include <algorithm>

namespace spikeloom::compiler {

void CoreSynapses::gather(std::span<const std::uint32_t> neurons) {
    sources_.clear();
    for (const std::uint32_t neuron : neurons) {
        table_->for_each(neuron, [&](std::uint32_t source, const FanInSynapse& /*synapse*/) {
            if (count_[source]++ == 0) {
                sources_.push_back(source);
            }
        });
    }
    sort_sources();
    row_begin_.assign(1, 0);
    for (const std::uint32_t source : sources_) {
        row_begin_.push_back(row_begin_.back() + count_[source]);
    }
    synapses_.resize(row_begin_.back());
    for (std::size_t i = 0; i < sources_.size(); ++i) {
        slot_[sources_[i]] = row_begin_[i];
        count_[sources_[i]] = 0;
    }
    for (std::uint32_t target = 0; target < neurons.size(); ++target) {
        table_->for_each(neurons[target], [&](std::uint32_t source, const FanInSynapse& synapse) {
            synapses_[slot_[source]++] = {
                .target = target, .weight = synapse.weight, .format = synapse.format, .delay = synapse.delay};
        });
    }
}

/// Where many nodes are sources, asking each node is quicker than sorting.
void CoreSynapses::sort_sources() {
    if (sources_.size() < count_.size() / 64) {
        std::ranges::sort(sources_);
        return;
    }
    sources_.clear();
    for (std::uint32_t node = 0; node < count_.size(); ++node) {
        if (count_[node] > 0) {
            sources_.push_back(node);
        }
    }
}

}  // namespace spikeloom::compiler
