// Who sends how much to whom: messages between cores, sparse (a board of 100,000 cores has 10^10 pairs, but a core
// talks to hundreds). CoreFlows says it directed, once for counting and once for weighing (by spike rates);
// FlowGraph is what placement works on: both directions of a pair added, neighbours in compressed rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace spikeloom::compiler {

struct CoreFlow {
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    std::uint32_t messages = 0;  ///< if every neuron spikes once; below 2^31
    std::uint32_t weight = 0;    ///< what placement makes short: the messages, or rate-weighted; below 2^31
    friend bool operator==(const CoreFlow&, const CoreFlow&) = default;
};

struct CoreFlows {
    std::uint32_t cores = 0;
    std::vector<CoreFlow> flows;  ///< ascending by (from, to), each pair once, from != to

    friend bool operator==(const CoreFlows&, const CoreFlows&) = default;
};

/// Of a row-major [from][to] table of messages, which also are the weights. The diagonal is left out.
[[nodiscard]] CoreFlows flows_of_table(std::span<const std::uint32_t> messages, std::uint32_t cores);

/// Messages between different cores.
[[nodiscard]] std::uint64_t total_messages(const CoreFlows& flows);

struct FlowGraph {
    struct Neighbour {
        std::uint32_t core = 0;
        std::uint32_t flow = 0;  ///< both ways
    };
    std::vector<std::uint64_t> begin{0};  ///< cores + 1
    std::vector<Neighbour> neighbours;    ///< of each core, ascending

    [[nodiscard]] std::uint32_t cores() const { return static_cast<std::uint32_t>(begin.size() - 1); }
    [[nodiscard]] std::span<const Neighbour> of(std::size_t core) const {
        return std::span(neighbours).subspan(begin[core], begin[core + 1] - begin[core]);
    }
    /// Between two cores, both ways.
    [[nodiscard]] std::uint32_t between(std::uint32_t a, std::uint32_t b) const;
};

/// The weights of both directions of each pair.
[[nodiscard]] FlowGraph both_ways(const CoreFlows& flows);

}  // namespace spikeloom::compiler
