// Which axons of a core can read one list of synapses, moved by a base of their own: those whose lists are equal but
// for a shift of all targets. So a convolution costs memory by kernel, not by synapse, and nobody has to say that it is
// one. Found by hashing, settled by comparing.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/passes/core_use.hpp"
#include "compiler/passes/mapped_network.hpp"

namespace spikeloom::compiler {

/// The base of a list whose lowest target is compartment `lowest`.
[[nodiscard]] std::uint32_t base_of(std::uint32_t lowest, const chip::SynapseMemory& memory);

class ListSharing {
public:
    /// Of one core. Plastic lists are never shared.
    ListSharing(const FanInTable& formats, const chip::SynapseMemory& memory) : formats_(formats), memory_(memory) {}

    /// The number of an earlier list that an axon with these synapses can read; else nothing, and the list, which must
    /// stay where it is, is remembered as `number`.
    [[nodiscard]] std::optional<std::uint32_t> find_or_add(std::span<const CoreSynapse> list, std::uint32_t number);

private:
    [[nodiscard]] std::uint32_t base(std::span<const CoreSynapse> list) const {
        return base_of(static_cast<std::uint32_t>(list.front().target), memory_);
    }
    [[nodiscard]] bool equal(std::span<const CoreSynapse> a, std::span<const CoreSynapse> b) const;

    const FanInTable& formats_;
    const chip::SynapseMemory& memory_;
    struct Known {
        std::span<const CoreSynapse> list;
        std::uint32_t number = 0;
    };
    std::unordered_map<std::uint64_t, Known> known_;  ///< by hash; a second list of the same hash stays unshared
};

}  // namespace spikeloom::compiler
