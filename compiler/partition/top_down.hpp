// A partition into many parts from few splits: all vertices onto a few blocks that each stand for many parts, each
// block onto smaller ones, until a block's parts are few enough to be found at once. Each split is a multilevel search
// whose blocks have the capacity of their parts together, so the capacity holds throughout.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "compiler/partition/hypergraph.hpp"

namespace spikeloom::compiler {

struct TopDownOptions {
    std::uint32_t parts = 2;
    std::uint64_t capacity = 0;
    std::uint64_t seed = 0;
    std::uint32_t most_at_once = 32;    ///< blocks or parts of one split
    std::uint64_t proposals = 0;        ///< a vertex, on each level of the last splits
    std::uint64_t early_proposals = 0;  ///< of the splits before them
    std::uint64_t work = 0;             ///< table entries changed: a vertex, on each level
    std::size_t threads = 1;
    const std::function<bool()>* stop = nullptr;  ///< may be null; asked from any of the threads
};

/// Empty if some block's vertices were not packed, or if the search was stopped. A function of all but the threads.
[[nodiscard]] std::vector<std::uint32_t> partition_top_down(const Hypergraph& graph, const TopDownOptions& options);

}  // namespace spikeloom::compiler
