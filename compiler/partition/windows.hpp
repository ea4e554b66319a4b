// Refinement of partitions whose gain tables would be too large: a window is a set of parts that share many nets, and
// its vertices are partitioned anew among them. The nets cut down to a window's vertices are a hypergraph whose copies
// change exactly as those of the whole, so every search serves unchanged. The windows of one round are disjoint and
// searched side by side; each round cuts the parts into other windows.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "compiler/partition/hypergraph.hpp"

namespace spikeloom::compiler {

struct WindowOptions {
    std::uint32_t parts = 2;
    std::uint64_t capacity = 0;
    std::uint64_t seed = 0;
    std::uint64_t table_room = 0;  ///< entries that the tables of one window may have
    int rounds = 1;
    std::uint64_t proposals = 0;  ///< a vertex, on each level of a search
    std::uint64_t work = 0;       ///< table entries changed: a vertex, on each level
    bool anew = true;             ///< the first round also partitions each window from nothing
    std::size_t threads = 1;
    const std::function<bool()>* stop = nullptr;  ///< may be null; asked from any of the threads
};

/// A partition no worse than part_of, within the capacity as that is. A function of all but the threads.
[[nodiscard]] std::vector<std::uint32_t> refine_in_windows(const Hypergraph& graph, std::vector<std::uint32_t> part_of,
                                                           const WindowOptions& options);

/// The parts, each in one window of at most `size`, those that share nets together. For the windows' round `round`.
[[nodiscard]] std::vector<std::vector<std::uint32_t>> choose_windows(const Hypergraph& graph,
                                                                     const std::vector<std::uint32_t>& part_of,
                                                                     const WindowOptions& options, std::uint32_t size,
                                                                     int round);

}  // namespace spikeloom::compiler
