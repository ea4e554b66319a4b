#include "compiler/placement/tabu_search.hpp"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "compiler/placement/random_words.hpp"
#include "compiler/placement/swap_state.hpp"

namespace spikeloom::compiler {
namespace {

constexpr std::uint32_t most_slots_for_tabu = 256;

class TabuSearch {
public:
    TabuSearch(const PlacementProblem& problem, const Arrangement& start, const TabuPlan& plan,
               const SearchOptions& options)
        : problem_(problem),
          size_(problem.slots()),
          cores_(problem.cores()),
          slot_of_(start),
          best_(start),
          options_(options),
          words_(options.seed, plan.run, 4),
          steps_(plan.steps),
          flow_(size_ * size_, 0),
          change_(size_ * size_, 0),
          tabu_until_(size_ * size_, 0),
          w_(size_),
          z_(size_) {
        for (std::uint32_t core = 0; core < cores_; ++core) {
            for (const FlowGraph::Neighbour& neighbour : problem.flows.of(core)) {
                flow_[core * size_ + neighbour.core] = neighbour.flow;
            }
        }
        for (std::uint32_t a = 0; a < cores_; ++a) {
            for (std::uint32_t b = a + 1; b < size_; ++b) {
                change_[a * size_ + b] = recomputed(a, b);
            }
        }
    }

    [[nodiscard]] Arrangement run() {
        constexpr std::uint64_t steps_between_questions = 256;
        for (step_ = 1; step_ <= steps_; ++step_) {
            if (step_ % steps_between_questions == 0 && options_.stop && options_.stop()) {
                break;
            }
            const auto [a, b] = choose();
            if (a == size_) {
                continue;
            }
            tabu_until_[a * size_ + slot_of_[a]] = step_ + tenure();
            tabu_until_[b * size_ + slot_of_[b]] = step_ + tenure();
            now_ += change_[a * size_ + b];
            swap(a, b);
            if (now_ < least_) {
                least_ = now_;
                best_ = slot_of_;
            }
        }
        return best_;
    }

private:
    /// Around the number of slots: 0.9 to 1.1 of it.
    std::uint64_t tenure() {
        const auto size = static_cast<std::uint32_t>(size_);
        return size - size / 10 + words_.below(2 * (size / 10) + 3).index;
    }

    /// The best swap that is allowed; (size, size): none.
    [[nodiscard]] std::pair<std::size_t, std::size_t> choose() const {
        std::pair<std::size_t, std::size_t> chosen{size_, size_};
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t a = 0; a < cores_; ++a) {
            const double* change = &change_[a * size_];
            for (std::size_t b = a + 1; b < size_; ++b) {
                if (change[b] < least && may(a, b, change[b])) {
                    least = change[b];
                    chosen = {a, b};
                }
            }
        }
        return chosen;
    }
    [[nodiscard]] bool may(std::size_t a, std::size_t b, double change) const {
        const std::uint32_t p = slot_of_[a];
        const std::uint32_t q = slot_of_[b];
        const bool forbidden = tabu_until_[a * size_ + q] >= step_ && tabu_until_[b * size_ + p] >= step_;
        return (!forbidden || now_ + change < least_) && problem_.metric.distance(p, q) > 0 &&
               problem_.permissions.may(a, q) && problem_.permissions.may(b, p);
    }

    [[nodiscard]] double recomputed(std::size_t a, std::size_t b) const {
        double change = 0;
        const double* flow_a = &flow_[a * size_];
        const double* flow_b = &flow_[b * size_];
        const SlotMetric::Point p = problem_.metric.point(slot_of_[a]);
        const SlotMetric::Point q = problem_.metric.point(slot_of_[b]);
        for (std::size_t c = 0; c < cores_; ++c) {
            const SlotMetric::Point there = problem_.metric.point(slot_of_[c]);
            change +=
                (flow_a[c] - flow_b[c]) * (problem_.metric.distance(q, there) - problem_.metric.distance(p, there));
        }
        return change + 2 * flow_a[b] * problem_.metric.distance(p, q);
    }

    void swap(std::size_t a, std::size_t b) {
        const SlotMetric::Point p = problem_.metric.point(slot_of_[a]);
        const SlotMetric::Point q = problem_.metric.point(slot_of_[b]);
        for (std::size_t c = 0; c < size_; ++c) {
            const SlotMetric::Point there = problem_.metric.point(slot_of_[c]);
            w_[c] = flow_[a * size_ + c] - flow_[b * size_ + c];
            z_[c] = problem_.metric.distance(q, there) - problem_.metric.distance(p, there);
        }
        std::swap(slot_of_[a], slot_of_[b]);
        for (std::size_t u = 0; u < cores_; ++u) {
            double* change = &change_[u * size_];
            const double w = w_[u];
            const double z = z_[u];
            for (std::size_t v = u + 1; v < size_; ++v) {
                change[v] += (w - w_[v]) * (z_[v] - z);
            }
        }
        for (const std::size_t moved : {a, b}) {
            for (std::size_t c = 0; c < size_; ++c) {
                if (c != moved && std::min(c, moved) < cores_) {
                    change_[std::min(c, moved) * size_ + std::max(c, moved)] =
                        recomputed(std::min(c, moved), std::max(c, moved));
                }
            }
        }
    }

    const PlacementProblem& problem_;
    std::size_t size_;
    std::size_t cores_;
    Arrangement slot_of_;
    Arrangement best_;
    const SearchOptions& options_;
    RandomWords words_;
    std::uint64_t steps_;
    std::uint64_t step_ = 0;
    std::vector<double> flow_;               ///< [item][item]
    std::vector<double> change_;             ///< [item][item], above the diagonal
    std::vector<std::uint64_t> tabu_until_;  ///< [item][slot]
    std::vector<double> w_;
    std::vector<double> z_;
    double now_ = 0;  ///< against the start
    double least_ = 0;
};

}  // namespace

bool tabu_serves(const PlacementProblem& problem) {
    return problem.slots() <= most_slots_for_tabu && PotentialState::exact(problem);
}

Arrangement tabu_search(const PlacementProblem& problem, const Arrangement& start, const TabuPlan& plan,
                        const SearchOptions& options) {
    return TabuSearch(problem, start, plan, options).run();
}

}  // namespace spikeloom::compiler
