#include "compiler/placement/local_search.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "compiler/placement/slot_grid.hpp"
#include "compiler/placement/swap_state.hpp"

namespace spikeloom::compiler {
namespace {

/// The weighted median of small numbers.
class Median {
public:
    void add(std::uint32_t value, std::uint64_t weight) {
        entries_.emplace_back(value, weight);
        total_ += weight;
    }
    [[nodiscard]] std::uint32_t take() {
        std::sort(entries_.begin(), entries_.end());
        std::uint64_t sum = 0;
        std::uint32_t median = 0;
        for (const auto& [value, weight] : entries_) {
            sum += weight;
            median = value;
            if (2 * sum >= total_) {
                break;
            }
        }
        entries_.clear();
        total_ = 0;
        return median;
    }

private:
    std::vector<std::pair<std::uint32_t, std::uint64_t>> entries_;
    std::uint64_t total_ = 0;
};

class MedianSearch {
public:
    MedianSearch(const PlacementProblem& problem, const Arrangement& start)
        : problem_(problem), state_(problem, start), grid_(problem.metric), item_at_(items_of(start)) {}

    /// The gain of a pass.
    double pass() {
        double gain = 0;
        for (std::uint32_t core = 0; core < problem_.cores(); ++core) {
            gain += offer(core);
        }
        return gain;
    }

    [[nodiscard]] const Arrangement& slot_of() const { return state_.slot_of(); }

private:
    double offer(std::uint32_t core) {
        for (const FlowGraph::Neighbour& neighbour : problem_.flows.of(core)) {
            const SlotMetric::Point there = problem_.metric.point(state_.slot_of()[neighbour.core]);
            us_.add(there.u, neighbour.flow);
            vs_.add(there.v, neighbour.flow);
        }
        const std::int64_t u = us_.take();
        const std::int64_t v = vs_.take();
        if (problem_.flows.of(core).empty()) {
            return 0;
        }
        constexpr std::array<std::pair<int, int>, 5> around{{{0, 0}, {1, 0}, {-1, 0}, {0, 1}, {0, -1}}};
        double least = 0;
        std::uint32_t partner = core;
        for (const auto& [du, dv] : around) {
            if (u + du < 0 || v + dv < 0 || u + du >= grid_.columns() || v + dv >= grid_.rows()) {
                continue;
            }
            for (const std::uint32_t slot :
                 grid_.cell(static_cast<std::uint32_t>(u + du), static_cast<std::uint32_t>(v + dv))) {
                const std::uint32_t item = item_at_[slot];
                const bool may =
                    problem_.permissions.may(core, slot) && problem_.permissions.may(item, state_.slot_of()[core]);
                if (item == core || !may) {
                    continue;
                }
                if (const double change = state_.change(core, item); change < least) {
                    least = change;
                    partner = item;
                }
            }
        }
        if (partner != core) {
            state_.swap(core, partner);
            item_at_[state_.slot_of()[core]] = core;
            item_at_[state_.slot_of()[partner]] = partner;
        }
        return -least;
    }

    const PlacementProblem& problem_;
    SparseState state_;
    SlotGrid grid_;
    std::vector<std::uint32_t> item_at_;
    Median us_;
    Median vs_;
};

}  // namespace

Arrangement search_near_medians(const PlacementProblem& problem, const Arrangement& start, int passes,
                                const SearchOptions& options) {
    constexpr double worth_a_pass = 0.002;  // of the cost
    MedianSearch search(problem, start);
    auto cost = static_cast<double>(cost_of(problem, start));
    for (int pass = 0; pass < passes && !(options.stop && options.stop()); ++pass) {
        const double gain = search.pass();
        cost -= gain;
        if (gain <= worth_a_pass * cost) {
            break;
        }
    }
    return search.slot_of();
}

}  // namespace spikeloom::compiler
