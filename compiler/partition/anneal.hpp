// Simulated annealing on a gain table: a random vertex considers the part of a random neighbour, alone or, where that
// part is full, in exchange for one of its vertices. Metropolis acceptance under a falling temperature.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "compiler/partition/draws.hpp"
#include "compiler/partition/gain_table.hpp"

namespace spikeloom::compiler {

struct AnnealOptions {
    std::span<const std::uint64_t> capacity{};    ///< by part
    double hot = 1;                               ///< temperature at first, in units of the objective
    double cold = 0.1;                            ///< at last, before moves that cost are refused
    std::uint64_t proposals = 0;                  ///< the schedule ends after so many,
    std::uint64_t work = 0;                       ///< or so many entries changed (GainTable::work)
    const std::function<bool()>* stop = nullptr;  ///< may be null
};

/// Leaves the best partition seen at the end of a temperature. No part grows above its capacity.
void anneal(GainTable& table, const GroupedNets& nets, Draws& draws, const AnnealOptions& options);

/// Mean size of what proposed moves would change: the unit of temperature.
[[nodiscard]] double typical_change(const GainTable& table, const GroupedNets& nets, Draws& draws);

/// Moves vertices out of parts above their capacity, the cheapest first. False if some stay above.
[[nodiscard]] bool unload(GainTable& table, const GroupedNets& nets, std::span<const std::uint64_t> capacity);

}  // namespace spikeloom::compiler
