#include "compiler/passes/list_sharing.hpp"

#include <algorithm>

namespace spikeloom::compiler {

std::uint32_t base_of(std::uint32_t lowest, const chip::SynapseMemory& memory) {
    const std::int64_t multiple = std::max<std::int64_t>(memory.shared_base_multiple, 1);
    const std::int64_t most = memory.shared_base_most - memory.shared_base_most % multiple;
    return static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(lowest - lowest % multiple, 0, std::max<std::int64_t>(most, 0)));
}

bool ListSharing::equal(const AxonSlice& a, const AxonSlice& b) const {
    if (a.last - a.first != b.last - b.first) {
        return false;
    }
    const std::uint32_t shift = base(b) - base(a);  // wraps, as the sums below do
    for (std::uint64_t i = 0; i < a.last - a.first; ++i) {
        const MappedSynapse& x = table_.synapses[a.first + i];
        const MappedSynapse& y = table_.synapses[b.first + i];
        if (x.target + shift != y.target || x.weight != y.weight || x.format != y.format || x.delay != y.delay) {
            return false;
        }
    }
    return true;
}

std::optional<std::uint32_t> ListSharing::find_or_add(const AxonSlice& slice, std::uint32_t number) {
    const std::uint32_t start = origin_ + base(slice);
    std::uint64_t hash = slice.last - slice.first;
    for (std::uint64_t i = slice.first; i < slice.last; ++i) {
        const MappedSynapse& synapse = table_.synapses[i];
        if (table_.learning_of(synapse.format).profile > 0) {
            return std::nullopt;
        }
        const std::uint64_t word = std::uint64_t{synapse.target - start} << 40 | std::uint64_t{synapse.format} << 24 |
                                   std::uint64_t{synapse.delay} << 16 | static_cast<std::uint16_t>(synapse.weight);
        hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
        hash ^= hash >> 29;
    }
    const auto [known, added] = known_.try_emplace(hash, Known{.slice = slice, .number = number});
    if (added || !equal(known->second.slice, slice)) {
        return std::nullopt;
    }
    return known->second.number;
}

}  // namespace spikeloom::compiler
