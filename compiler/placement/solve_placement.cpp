#include <algorithm>
#include <utility>

#include "compiler/placement/annealing.hpp"
#include "compiler/placement/local_search.hpp"
#include "compiler/placement/placement_problem.hpp"
#include "compiler/placement/starts.hpp"
#include "compiler/placement/tabu_search.hpp"

namespace spikeloom::compiler {
namespace {

constexpr std::uint32_t most_for_descent = 512;  // a sweep over all pairs
constexpr std::uint32_t fewest_to_bisect = 128;  // below, annealing from hot is enough
constexpr std::uint32_t most_from_hot = 2048;    // beyond, annealing all of it takes too long to pay

/// An arrangement with its cost; the cheapest is kept.
class Best {
public:
    Best(const PlacementProblem& problem, const Arrangement& start)
        : problem_(problem), slot_of_(start), cost_(cost_of(problem, start)) {}

    void offer(Arrangement candidate) {
        const std::int64_t cost = cost_of(problem_, candidate);
        if (cost < cost_) {
            cost_ = cost;
            slot_of_ = std::move(candidate);
        }
    }
    [[nodiscard]] const Arrangement& slot_of() const { return slot_of_; }

private:
    const PlacementProblem& problem_;
    Arrangement slot_of_;
    std::int64_t cost_;
};

struct Effort {
    std::uint32_t runs;
    std::uint64_t proposals;  ///< of all runs together, at most
    std::uint64_t a_pair;     ///< proposals for each pair of slots, at most
    std::uint32_t tabu_runs;
    std::uint64_t tabu_steps;
};

/// Annealing serves better than tabu steps from some 40 slots on; tabu search finds the last gains of small boards.
Effort effort_of(const SearchOptions& options, std::uint32_t slots) {
    constexpr std::uint32_t few_slots = 40;
    const std::uint64_t steps = slots;
    switch (std::clamp(options.effort, 0, 3)) {
    case 0:
        return {.runs = 1, .proposals = 300'000, .a_pair = 100, .tabu_runs = 0, .tabu_steps = 0};
    case 1:
        return {.runs = slots <= few_slots ? 4U : (slots <= 64 ? 2U : 1U),
                .proposals = 5'000'000,
                .a_pair = 2000,
                .tabu_runs = slots <= few_slots ? 1U : 0U,
                .tabu_steps = 100 * steps};
    case 2:
        return {.runs = slots <= few_slots ? 8U : 4U,
                .proposals = 100'000'000,
                .a_pair = 20'000,
                .tabu_runs = slots <= few_slots ? 2U : 1U,
                .tabu_steps = 200 * steps};
    default:
        return {.runs = slots <= few_slots ? 16U : 8U,
                .proposals = 2'400'000'000,
                .a_pair = 200'000,
                .tabu_runs = 2,
                .tabu_steps = 2000 * steps};
    }
}

/// Boards whose traffic has a shape of its own (layers of a picture) are laid out by bisection better than by
/// annealing from hot; then the places around each core and its partners are searched.
void solve_from_bisection(const PlacementProblem& problem, const SearchOptions& options, std::uint64_t proposals,
                          Best& best) {
    const int effort = std::clamp(options.effort, 0, 3);
    constexpr std::uint64_t most_flows_at_once = 8'000'000;  // beyond, effort 0 does without bisection
    Best here(problem, best.slot_of());
    if (problem.permissions.all()) {
        here.offer(hilbert_start(problem));
        // Cuts at the top that go astray spoil all below: several tries.
        const int tries = effort > 0 ? 1 + effort : (problem.flows.neighbours.size() <= most_flows_at_once ? 1 : 0);
        for (int i = 0; i < tries; ++i) {
            SearchOptions again = options;
            again.seed += static_cast<std::uint64_t>(i) << 32;
            here.offer(bisection_start(problem, again));
        }
    }
    const int passes = effort > 0 ? 20 : 6;
    here.offer(search_near_medians(problem, here.slot_of(), passes, options));
    if (effort > 0) {
        here.offer(anneal(problem, here.slot_of(),
                          {.proposals = proposals, .hot = 0.1, .cold = 0.01, .run = 100, .reach = 3}, options));
        here.offer(search_near_medians(problem, here.slot_of(), passes, options));
    }
    best.offer(here.slot_of());
}

}  // namespace

Arrangement solve_placement(const PlacementProblem& problem, const Arrangement& start, const SearchOptions& options) {
    Best best(problem, start);
    const std::uint32_t slots = problem.slots();
    if (problem.cores() < 2 || slots < 2) {
        return start;
    }
    const Effort effort = effort_of(options, slots);
    const std::uint64_t proposals = std::min(effort.proposals, effort.a_pair * slots * slots) / effort.runs;
    if (slots <= most_from_hot) {
        for (std::uint32_t run = 0; run < effort.runs; ++run) {
            best.offer(anneal(problem, start, {.proposals = proposals, .run = run}, options));
        }
    }
    if (slots > fewest_to_bisect) {
        const std::uint64_t visits = std::uint64_t{100'000'000} << (4 * std::clamp(options.effort - 1, 0, 2));
        const std::uint64_t degree = problem.flows.neighbours.size() / problem.cores() + 1;
        solve_from_bisection(problem, options, visits / (2 * degree), best);
    }
    if (tabu_serves(problem)) {
        for (std::uint32_t run = 0; run < effort.tabu_runs; ++run) {
            best.offer(tabu_search(problem, best.slot_of(), {.steps = effort.tabu_steps, .run = run}, options));
        }
    }
    if (slots <= most_for_descent) {
        best.offer(descend(problem, best.slot_of(), std::uint64_t{100} * slots * slots, options));
    }
    return best.slot_of();
}

}  // namespace spikeloom::compiler
