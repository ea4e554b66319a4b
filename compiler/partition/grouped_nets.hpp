// The hypergraph as the search holds it: nets that differ in one pin only (the sources of a dense layer, the channels
// of a pixel) are one group, whose common pins are stored once. With T the common pins, w the weight of a source and W
// that of all sources of the group, the copies are exactly
//     sum over cores c that hold a pin of T:  W - (weight of the sources on c),
// so a source's net costs nothing on its own core. A net without such relatives is a group without sources and an
// offset of -w. Contraction (coarsen.hpp) keeps the form, and merges groups that become equal.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compiler/partition/hypergraph.hpp"

namespace spikeloom::compiler {

/// Rows of equal type, one after another.
template <class T>
struct Rows {
    std::vector<std::uint64_t> begin{0};
    std::vector<T> items;

    [[nodiscard]] std::size_t size() const { return begin.size() - 1; }
    [[nodiscard]] std::span<const T> operator[](std::size_t i) const {
        return std::span(items).subspan(begin[i], begin[i + 1] - begin[i]);
    }
    void close_row() { begin.push_back(items.size()); }
};

/// A source of a group, seen from the group (`other` is a vertex) or from the vertex (`other` is a group).
struct GroupSource {
    std::uint32_t other = 0;
    std::int32_t weight = 0;
    friend bool operator==(const GroupSource&, const GroupSource&) = default;
};

struct GroupedNets {
    std::vector<std::uint64_t> vertex_weight;
    std::vector<std::int32_t> group_weight;  ///< W
    Rows<std::uint32_t> pins;                ///< T by group, ascending
    Rows<GroupSource> sources;               ///< by group, ascending; never a pin of the same group
    Rows<std::uint32_t> groups_of;           ///< by vertex, as pin
    Rows<GroupSource> sourced_by;            ///< by vertex: groups that it is a source of
    std::int64_t offset = 0;                 ///< part of the objective that no partition changes

    [[nodiscard]] std::uint32_t vertices() const { return static_cast<std::uint32_t>(vertex_weight.size()); }
    [[nodiscard]] std::size_t groups() const { return group_weight.size(); }
};

/// The same objective over the same vertices. Net weights whose sum passes 2^30 are scaled down (rounded up, at least
/// 1), so that sums fit 32 bits; then the objective is that of the scaled weights.
[[nodiscard]] GroupedNets group_nets(const Hypergraph& graph);

/// Vertices with equal cluster become one; clusters are numbered 0..clusters-1.
[[nodiscard]] GroupedNets contract(const GroupedNets& nets, std::span<const std::uint32_t> cluster_of,
                                   std::uint32_t clusters);

/// The objective, computed from nothing (tests, and assertions of running figures).
[[nodiscard]] std::int64_t copies(const GroupedNets& nets, std::span<const std::uint32_t> part_of);

}  // namespace spikeloom::compiler
