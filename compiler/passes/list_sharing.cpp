#include "compiler/passes/list_sharing.hpp"

#include <algorithm>

namespace spikeloom::compiler {

std::uint32_t base_of(std::uint32_t lowest, const chip::SynapseMemory& memory) {
    const std::int64_t multiple = std::max<std::int64_t>(memory.shared_base_multiple, 1);
    const std::int64_t most = memory.shared_base_most - memory.shared_base_most % multiple;
    return static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(lowest - lowest % multiple, 0, std::max<std::int64_t>(most, 0)));
}

bool ListSharing::equal(std::span<const CoreSynapse> a, std::span<const CoreSynapse> b) const {
    const std::uint32_t shift = base(b) - base(a);  // wraps, as the sums below do
    return std::ranges::equal(a, b, [&](const CoreSynapse& x, const CoreSynapse& y) {
        return static_cast<std::uint32_t>(x.target) + shift == y.target && x.weight == y.weight &&
               x.format == y.format && x.delay == y.delay;
    });
}

std::optional<std::uint32_t> ListSharing::find_or_add(std::span<const CoreSynapse> list, std::uint32_t number) {
    const std::uint32_t start = base(list);
    std::uint64_t hash = list.size();
    for (const CoreSynapse& synapse : list) {
        if (formats_.learning_of(synapse.format).profile > 0) {
            return std::nullopt;
        }
        const std::uint64_t word = std::uint64_t{synapse.target - start} << 40U | std::uint64_t{synapse.format} << 24U |
                                   std::uint64_t{synapse.delay} << 16U | static_cast<std::uint16_t>(synapse.weight);
        hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
        hash ^= hash >> 29U;
    }
    const auto [known, added] = known_.try_emplace(hash, Known{.list = list, .number = number});
    if (added || !equal(known->second.list, list)) {
        return std::nullopt;
    }
    return known->second.number;
}

}  // namespace spikeloom::compiler
