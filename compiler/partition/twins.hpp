// Twins are vertices that no net tells apart: all neurons of a dense layer. For them only the number of each kind on
// each part matters, a far smaller problem in which whole layers move at once; annealed here.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "compiler/partition/draws.hpp"
#include "compiler/partition/grouped_nets.hpp"

namespace spikeloom::compiler {

struct TwinKinds {
    std::vector<std::uint32_t> of;      ///< by vertex
    std::vector<std::uint32_t> size{};  ///< by kind
};
/// Kinds in the order of their first vertices; equal in groups, sources and weight.
[[nodiscard]] TwinKinds find_twins(const GroupedNets& nets);

struct TwinOptions {
    std::uint32_t parts = 1;
    std::uint64_t capacity = 0;
    std::uint64_t proposals = 0;  ///< of one start
    int starts = 1;
    const std::function<bool()>* stop = nullptr;  ///< may be null
};

/// The best partition found, kinds in ascending order of vertices over their parts; empty if no start could pack them.
[[nodiscard]] std::vector<std::uint32_t> partition_twins(const GroupedNets& nets, const TwinKinds& kinds, Draws& draws,
                                                         const TwinOptions& options);

}  // namespace spikeloom::compiler
