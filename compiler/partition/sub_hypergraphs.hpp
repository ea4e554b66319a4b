// A hypergraph cut into blocks of vertices. A net within a block keeps the pins that lie there: on any partition that
// does not cross the blocks, the copies inside them are those of the whole but for a constant.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compiler/partition/hypergraph.hpp"

namespace spikeloom::compiler {

struct SubHypergraph {
    Hypergraph graph{};                     ///< nets of two pins at least
    std::vector<std::uint32_t> vertices{};  ///< ascending: their numbers in the whole
};

[[nodiscard]] std::vector<SubHypergraph> cut_into_blocks(const Hypergraph& graph,
                                                         std::span<const std::uint32_t> block_of, std::uint32_t blocks);

}  // namespace spikeloom::compiler
