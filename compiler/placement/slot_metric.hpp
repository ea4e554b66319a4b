// What a message costs from slot to slot (a slot is a place that a core may get): hops, and a hop between chips counts
// as often as its link is narrower than one that takes a flit a cycle. On a mesh and a torus the cost is a sum of two
// tables, over columns and over rows, so that a board of 10^6 cores needs two small ones; in a small tree, and for
// any matrix, it is one table; in a large tree the way up is walked. Always symmetric: the mean of both directions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "router/ways.hpp"

namespace spikeloom::compiler {

class SlotMetric {
public:
    struct Point {
        std::uint32_t u = 0;  ///< column, tile of a tree, or row of a matrix
        std::uint32_t v = 0;  ///< row, or 0
        friend bool operator==(const Point&, const Point&) = default;
    };

    /// `slots`: physical cores of the board.
    SlotMetric(std::span<const std::uint32_t> slots, const router::Mesh& mesh,
               const router::NetworkParameters& network);
    /// Of a symmetric matrix, row-major, with a diagonal of 0.
    SlotMetric(std::vector<std::int32_t> matrix, std::uint32_t size);

    [[nodiscard]] std::uint32_t slots() const { return static_cast<std::uint32_t>(points_.size()); }
    [[nodiscard]] Point point(std::size_t slot) const { return points_[slot]; }
    [[nodiscard]] std::int32_t distance(Point a, Point b) const {
        return levels_.empty() ? u_table_[std::size_t{a.u} * u_size_ + b.u] + v_table_[std::size_t{a.v} * v_size_ + b.v]
                               : tree_distance(a.u, b.u);
    }
    [[nodiscard]] std::int32_t distance(std::size_t a, std::size_t b) const { return distance(points_[a], points_[b]); }
    [[nodiscard]] std::int32_t largest() const { return largest_; }

    /// Whether the cost is u_row(a.u)[b.u] + v_row(a.v)[b.v].
    [[nodiscard]] bool tabulated() const { return levels_.empty(); }
    [[nodiscard]] std::uint32_t u_size() const { return u_size_; }
    [[nodiscard]] std::uint32_t v_size() const { return v_size_; }
    [[nodiscard]] const std::int32_t* u_row(std::uint32_t u) const { return &u_table_[std::size_t{u} * u_size_]; }
    [[nodiscard]] const std::int32_t* v_row(std::uint32_t v) const { return &v_table_[std::size_t{v} * v_size_]; }

private:
    struct Level {
        std::vector<std::uint32_t> ancestor;  ///< by tile in use
        std::int32_t step = 0;                ///< up from here and down again
    };

    void tabulate_grid(const router::Ways& ways, const router::Mesh& mesh, std::span<const std::uint32_t> slots);
    void tabulate_tree(const router::Ways& ways, std::span<const std::uint32_t> first_core);
    void add_levels(const router::Ways& ways, std::span<const std::uint32_t> tiles);
    [[nodiscard]] std::int32_t tree_distance(std::uint32_t a, std::uint32_t b) const {
        std::int32_t sum = 0;
        for (const Level& level : levels_) {
            if (level.ancestor[a] == level.ancestor[b]) {
                break;
            }
            sum += level.step;
        }
        return sum;
    }
    [[nodiscard]] std::int32_t cost(const router::Ways& ways, std::uint32_t from, std::uint32_t to) const;

    std::vector<Point> points_;
    std::uint32_t u_size_ = 1;
    std::uint32_t v_size_ = 1;
    std::vector<std::int32_t> u_table_;
    std::vector<std::int32_t> v_table_{0};
    std::vector<Level> levels_;  ///< of a tree too large for a table
    std::int32_t narrow_ = 0;    ///< what a link between chips costs besides its hop
    std::int32_t largest_ = 0;
};

}  // namespace spikeloom::compiler
