#include "compiler/passes/fan_in_table.hpp"

#include <algorithm>

namespace spikeloom::compiler {

bool FanInTable::equal(const Row& known, std::span<const FanInSynapse> synapses, std::uint32_t base) const {
    if (known.count != synapses.size()) {
        return false;
    }
    const auto list = std::span(lists_).subspan(known.first, known.count);
    return std::ranges::equal(list, synapses, [&](const FanInSynapse& a, const FanInSynapse& b) {
        return a.source + base == b.source && same_kind(a, b);
    });
}

void FanInTable::add(std::span<const FanInSynapse> synapses) {
    synapses_ += synapses.size();
    if (synapses.empty()) {
        rows_.push_back({});
        return;
    }
    const auto base = static_cast<std::uint32_t>(synapses.front().source);
    std::uint64_t hash = synapses.size();
    for (const FanInSynapse& synapse : synapses) {
        const std::uint64_t word = (std::uint64_t{synapse.source} - base) << 38U |
                                   std::uint64_t{synapse.format} << 24U | std::uint64_t{synapse.delay} << 16U |
                                   static_cast<std::uint16_t>(synapse.weight);
        hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
        hash ^= hash >> 29U;
    }
    const auto [known, added] = known_.try_emplace(hash, neurons());
    if (!added && equal(rows_[known->second], synapses, base)) {
        rows_.push_back({.first = rows_[known->second].first, .count = rows_[known->second].count, .base = base});
        return;
    }
    rows_.push_back({.first = lists_.size(), .count = static_cast<std::uint32_t>(synapses.size()), .base = base});
    for (FanInSynapse synapse : synapses) {
        synapse.source -= base;
        lists_.push_back(synapse);
    }
}

void FanInTable::renumber(std::span<const std::uint16_t> number) {
    for (FanInSynapse& synapse : lists_) {
        synapse.format = number[synapse.format];
    }
    known_ = {};
}

std::vector<bool> FanInTable::formats_in_use() const {
    std::vector<bool> used(formats.size(), false);
    for (const FanInSynapse& synapse : lists_) {
        used[synapse.format] = true;
    }
    return used;
}

std::vector<std::uint32_t> FanInTable::fan_out(std::uint32_t nodes) const {
    std::vector<std::uint32_t> count(nodes, 0);
    for (std::uint32_t neuron = 0; neuron < neurons(); ++neuron) {
        for_each(neuron, [&](std::uint32_t source, const FanInSynapse& /*synapse*/) { ++count[source]; });
    }
    return count;
}

}  // namespace spikeloom::compiler
