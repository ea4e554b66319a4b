#include "compiler/placement/swap_state.hpp"

#include <algorithm>

namespace spikeloom::compiler {
namespace {

constexpr std::uint32_t most_dense_cores = 2048;      // 16 MiB of flows
constexpr double exact_in_float = 16'777'216;         // 2^24
constexpr double exact_in_double = 4503599627370496;  // 2^52: sums of two stay exact

std::vector<SlotMetric::Point> points_of(const PlacementProblem& problem, const Arrangement& slot_of) {
    std::vector<SlotMetric::Point> points;
    points.reserve(slot_of.size());
    for (const std::uint32_t slot : slot_of) {
        points.push_back(problem.metric.point(slot));
    }
    return points;
}

}  // namespace

SparseState::SparseState(const PlacementProblem& problem, Arrangement slot_of)
    : problem_(&problem), slot_of_(std::move(slot_of)), point_of_(points_of(problem, slot_of_)) {}

double SparseState::change(std::uint32_t a, std::uint32_t b) const {
    const SlotMetric& metric = problem_->metric;
    const SlotMetric::Point p = point_of_[a];
    const SlotMetric::Point q = point_of_[b];
    std::int64_t change = 0;
    std::int64_t mutual = 0;
    for (const FlowGraph::Neighbour& neighbour : problem_->flows.of(a)) {
        const SlotMetric::Point there = point_of_[neighbour.core];
        change += std::int64_t{neighbour.flow} * (metric.distance(q, there) - metric.distance(p, there));
        mutual = neighbour.core == b ? neighbour.flow : mutual;
    }
    if (b < problem_->cores()) {
        for (const FlowGraph::Neighbour& neighbour : problem_->flows.of(b)) {
            const SlotMetric::Point there = point_of_[neighbour.core];
            change += std::int64_t{neighbour.flow} * (metric.distance(p, there) - metric.distance(q, there));
        }
    }
    // Both sums took the other as if it stayed where it is.
    return static_cast<double>(change + 2 * mutual * metric.distance(p, q));
}

PotentialState::PotentialState(const PlacementProblem& problem, Arrangement slot_of)
    : problem_(&problem),
      cores_(problem.cores()),
      u_size_(problem.metric.u_size()),
      stride_(u_size_ + problem.metric.v_size()),
      slot_of_(std::move(slot_of)),
      point_of_(points_of(problem, slot_of_)),
      potential_((std::size_t{cores_} + 1) * stride_, 0),
      step_(stride_) {
    bool whole = cores_ <= most_dense_cores;
    for (const FlowGraph::Neighbour& neighbour : problem.flows.neighbours) {
        whole = whole && neighbour.flow <= exact_in_float;
    }
    if (whole) {
        dense_.assign(std::size_t{cores_} * cores_, 0);
    }
    for (std::uint32_t core = 0; core < cores_; ++core) {
        double* row = &potential_[core * stride_];
        for (const FlowGraph::Neighbour& neighbour : problem.flows.of(core)) {
            const SlotMetric::Point there = point_of_[neighbour.core];
            const std::int32_t* by_u = problem.metric.u_row(there.u);
            const std::int32_t* by_v = problem.metric.v_row(there.v);
            for (std::size_t u = 0; u < u_size_; ++u) {
                row[u] += static_cast<double>(neighbour.flow) * by_u[u];
            }
            for (std::size_t v = 0; u_size_ + v < stride_; ++v) {
                row[u_size_ + v] += static_cast<double>(neighbour.flow) * by_v[v];
            }
            if (whole) {
                dense_[std::size_t{core} * cores_ + neighbour.core] = static_cast<float>(neighbour.flow);
            }
        }
    }
}

std::uint64_t PotentialState::bytes(const PlacementProblem& problem) {
    const std::uint64_t cores = problem.cores();
    return (cores + 1) * (std::uint64_t{problem.metric.u_size()} + problem.metric.v_size()) * sizeof(double) +
           (cores <= most_dense_cores ? cores * cores * sizeof(float) : 0);
}

bool PotentialState::exact(const PlacementProblem& problem) {
    double most = 0;
    for (std::uint32_t core = 0; core < problem.cores(); ++core) {
        double sum = 0;
        for (const FlowGraph::Neighbour& neighbour : problem.flows.of(core)) {
            sum += neighbour.flow;
        }
        most = std::max(most, sum);
    }
    return problem.metric.tabulated() && 4 * most * problem.metric.largest() < exact_in_double;
}

void PotentialState::swap(std::uint32_t a, std::uint32_t b) {
    const SlotMetric::Point p = point_of_[a];
    const SlotMetric::Point q = point_of_[b];
    const SlotMetric& metric = problem_->metric;
    std::size_t first = 0;
    std::size_t last = stride_;
    if (p.u != q.u) {
        for (std::size_t u = 0; u < u_size_; ++u) {
            step_[u] = metric.u_row(q.u)[u] - metric.u_row(p.u)[u];
        }
    } else {
        first = u_size_;
    }
    if (p.v != q.v) {
        for (std::size_t v = 0; u_size_ + v < stride_; ++v) {
            step_[u_size_ + v] = metric.v_row(q.v)[v] - metric.v_row(p.v)[v];
        }
    } else {
        last = u_size_;
    }
    const auto add = [&](std::uint32_t core, double flow) {
        double* row = &potential_[core * stride_];
        const double* step = step_.data();
        for (std::size_t i = first; i < last; ++i) {
            row[i] += flow * step[i];
        }
    };
    for (const FlowGraph::Neighbour& neighbour : problem_->flows.of(a)) {
        add(neighbour.core, neighbour.flow);
    }
    if (b < cores_) {
        for (const FlowGraph::Neighbour& neighbour : problem_->flows.of(b)) {
            add(neighbour.core, -static_cast<double>(neighbour.flow));
        }
    }
    std::swap(slot_of_[a], slot_of_[b]);
    std::swap(point_of_[a], point_of_[b]);
}

}  // namespace spikeloom::compiler
