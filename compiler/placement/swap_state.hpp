// An arrangement under swaps, in two forms of one interface. PotentialState keeps for every core what it would cost
// everywhere on the board: on a mesh one number a column and one a row, since the metric is their sum. A proposal then
// is a handful of look-ups, and only a swap that is done costs the degree times (columns + rows). SparseState keeps
// nothing: a proposal costs the degrees of the two. The first serves where most proposals fail and memory allows.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "compiler/placement/placement_problem.hpp"

namespace spikeloom::compiler {

class SparseState {
public:
    SparseState(const PlacementProblem& problem, Arrangement slot_of);

    [[nodiscard]] double change(std::uint32_t a, std::uint32_t b) const;
    void swap(std::uint32_t a, std::uint32_t b) {
        std::swap(slot_of_[a], slot_of_[b]);
        std::swap(point_of_[a], point_of_[b]);
    }
    [[nodiscard]] bool apart(std::uint32_t a, std::uint32_t b) const { return !(point_of_[a] == point_of_[b]); }
    [[nodiscard]] const Arrangement& slot_of() const { return slot_of_; }
    [[nodiscard]] const PlacementProblem& problem() const { return *problem_; }

private:
    const PlacementProblem* problem_;
    Arrangement slot_of_;
    std::vector<SlotMetric::Point> point_of_;  ///< by item
};

class PotentialState {
public:
    PotentialState(const PlacementProblem& problem, Arrangement slot_of);

    /// Bytes of its tables; whether all sums are whole numbers that a double holds.
    [[nodiscard]] static std::uint64_t bytes(const PlacementProblem& problem);
    [[nodiscard]] static bool exact(const PlacementProblem& problem);

    [[nodiscard]] double change(std::uint32_t a, std::uint32_t b) const {
        const SlotMetric::Point p = point_of_[a];
        const SlotMetric::Point q = point_of_[b];
        const double* of_a = &potential_[a * stride_];
        const double* of_b = &potential_[(b < cores_ ? b : cores_) * stride_];
        double change = of_a[q.u] + of_a[u_size_ + q.v] - of_a[p.u] - of_a[u_size_ + p.v] + of_b[p.u] +
                        of_b[u_size_ + p.v] - of_b[q.u] - of_b[u_size_ + q.v];
        if (b < cores_) {
            change += 2.0 * mutual(a, b) * problem_->metric.distance(p, q);
        }
        return change;
    }
    void swap(std::uint32_t a, std::uint32_t b);
    [[nodiscard]] bool apart(std::uint32_t a, std::uint32_t b) const { return !(point_of_[a] == point_of_[b]); }
    [[nodiscard]] const Arrangement& slot_of() const { return slot_of_; }
    [[nodiscard]] const PlacementProblem& problem() const { return *problem_; }

private:
    [[nodiscard]] double mutual(std::uint32_t a, std::uint32_t b) const {
        return dense_.empty() ? problem_->flows.between(a, b) : dense_[std::size_t{a} * cores_ + b];
    }

    const PlacementProblem* problem_;
    std::uint32_t cores_;
    std::size_t u_size_;
    std::size_t stride_;
    Arrangement slot_of_;
    std::vector<SlotMetric::Point> point_of_;  ///< by item
    std::vector<double> potential_;            ///< [core][columns, then rows]; a row of 0 for the empties
    std::vector<float> dense_;                 ///< flows [core][core], if there are few cores
    std::vector<double> step_;                 ///< what a unit of flow to the moved item changes, by column and row
};

}  // namespace spikeloom::compiler
