// The synapses that end at a stretch of an order of the neurons, sorted by source as a core's memory has them: gathered
// from the table by target, so that only as many are laid out at once as a core or two hold.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compiler/passes/fan_in_table.hpp"

namespace spikeloom::compiler {

/// Eight bytes, as FanInSynapse, which it mirrors.
struct CoreSynapse {
    std::uint64_t target : 26 = 0;  ///< compartment: neurons are counted from the beginning of the stretch
    std::int64_t weight : 16 = 0;   ///< mantissa
    std::uint64_t format : 14 = 0;
    std::uint64_t delay : 8 = 0;
};
static_assert(sizeof(CoreSynapse) == 8);

class CoreSynapses {
public:
    /// Of a table that outlives it; sources are numbered below `nodes`.
    CoreSynapses(const FanInTable& table, std::uint32_t nodes) : table_(&table), count_(nodes, 0), slot_(nodes) {}

    /// Those of the neurons, which are compartments 0, 1, ...
    void gather(std::span<const std::uint32_t> neurons);

    /// Nodes with a synapse here, ascending.
    [[nodiscard]] std::span<const std::uint32_t> sources() const { return sources_; }
    /// Of the i-th of them, ascending by target.
    [[nodiscard]] std::span<const CoreSynapse> row(std::size_t i) const {
        return std::span(synapses_).subspan(row_begin_[i], row_begin_[i + 1] - row_begin_[i]);
    }

private:
    void sort_sources();

    const FanInTable* table_;
    std::vector<std::uint32_t> count_;  ///< by node; zero between calls
    std::vector<std::uint64_t> slot_;   ///< by node: where its next synapse goes
    std::vector<std::uint32_t> sources_;
    std::vector<std::uint64_t> row_begin_;
    std::vector<CoreSynapse> synapses_;
};

}  // namespace spikeloom::compiler
