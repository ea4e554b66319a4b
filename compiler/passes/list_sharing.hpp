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
    /// Of one core, whose compartment 0 is position `origin`. Plastic lists are never shared.
    ListSharing(const SynapseTable& table, const chip::SynapseMemory& memory, std::uint32_t origin)
        : table_(table), memory_(memory), origin_(origin) {}

    /// The number of an earlier slice whose list this one can read; else nothing, and the slice is remembered as
    /// `number`.
    [[nodiscard]] std::optional<std::uint32_t> find_or_add(const AxonSlice& slice, std::uint32_t number);

private:
    [[nodiscard]] std::uint32_t base(const AxonSlice& slice) const {
        return base_of(table_.synapses[slice.first].target - origin_, memory_);
    }
    [[nodiscard]] bool equal(const AxonSlice& a, const AxonSlice& b) const;

    const SynapseTable& table_;
    const chip::SynapseMemory& memory_;
    std::uint32_t origin_;
    struct Known {
        AxonSlice slice;
        std::uint32_t number = 0;
    };
    std::unordered_map<std::uint64_t, Known> known_;  ///< by hash; a second list of the same hash stays unshared
};

}  // namespace spikeloom::compiler
