#include "compiler/placement/annealing.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "compiler/placement/random_words.hpp"
#include "compiler/placement/slot_grid.hpp"
#include "compiler/placement/swap_state.hpp"

namespace spikeloom::compiler {
namespace {

bool stopped(const SearchOptions& options) {
    return options.stop && options.stop();
}

/// -log of the middles of 4096 equal parts of (0, 1).
std::vector<double> exponential_quantiles() {
    constexpr int parts = 4096;
    std::vector<double> quantiles(parts);
    for (int i = 0; i < parts; ++i) {
        quantiles[static_cast<std::size_t>(i)] = -std::log((i + 0.5) / parts);
    }
    return quantiles;
}

bool permitted(const Permissions& permissions, const Arrangement& slot_of, std::uint32_t a, std::uint32_t b) {
    return permissions.all() || (permissions.may(a, slot_of[b]) && permissions.may(b, slot_of[a]));
}

template <class State>
class Annealer {
public:
    Annealer(const PlacementProblem& problem, const Arrangement& start, const AnnealingPlan& plan,
             const SearchOptions& options)
        : state_(problem, start),
          problem_(problem),
          plan_(plan),
          options_(options),
          words_(options.seed, plan.run, 2),
          grid_(problem.metric),
          item_at_(items_of(start)),
          best_(start) {}

    void run() {
        const double typical = typical_change();
        if (typical <= 0) {
            return;
        }
        const std::vector<double> quantiles = exponential_quantiles();
        const std::uint64_t sweeps = std::max<std::uint64_t>(2, plan_.proposals / problem_.cores());
        const double cooling = std::pow(plan_.cold / plan_.hot, 1.0 / static_cast<double>(sweeps - 1));
        double temperature = plan_.hot * typical;
        std::uint64_t asked = 0;
        for (std::uint64_t sweep = 0; sweep < sweeps; ++sweep, temperature *= cooling) {
            for (std::uint32_t a = 0; a < problem_.cores(); ++a) {
                const Partner partner = draw_partner(a);
                if (partner.item == a || !state_.apart(a, partner.item) ||
                    !permitted(problem_.permissions, state_.slot_of(), a, partner.item)) {
                    continue;
                }
                const double change = state_.change(a, partner.item);
                if (change <= 0 || change < temperature * quantiles[partner.chance >> 20]) {
                    swap(a, partner.item);
                    now_ += change;
                }
            }
            keep_if_best();
            asked += problem_.cores();
            if (asked >= (1U << 18)) {
                asked = 0;
                if (stopped(options_)) {
                    return;
                }
            }
        }
    }

    [[nodiscard]] const Arrangement& best() const { return best_; }

private:
    struct Partner {
        std::uint32_t item = 0;
        std::uint32_t chance = 0;
    };

    Partner draw_partner(std::uint32_t a) {
        if (plan_.reach == 0) {
            const auto choice = words_.below(problem_.slots());
            return {.item = choice.index, .chance = choice.rest};
        }
        // Near itself, or near one that it talks to.
        const auto row = problem_.flows.of(a);
        const std::uint32_t word = words_.next();
        std::uint32_t near = a;
        if ((word & 1U) != 0 && !row.empty()) {
            near = row[std::size_t{word >> 1} * row.size() >> 31].core;
        }
        const std::uint32_t slot = grid_.near(state_.slot_of()[near], plan_.reach, words_.next());
        return {.item = item_at_[slot], .chance = words_.next()};
    }

    void swap(std::uint32_t a, std::uint32_t b) {
        state_.swap(a, b);
        if (plan_.reach != 0) {
            item_at_[state_.slot_of()[a]] = a;
            item_at_[state_.slot_of()[b]] = b;
        }
    }

    void keep_if_best() {
        if (now_ < least_) {
            least_ = now_;
            best_ = state_.slot_of();
        }
    }

    /// Mean size of what a proposal would change.
    double typical_change() {
        constexpr std::uint32_t draws = 2000;
        double sum = 0;
        std::uint32_t counted = 0;
        for (std::uint32_t draw = 0; draw < draws; ++draw) {
            const std::uint32_t a = words_.below(problem_.cores()).index;
            const std::uint32_t b = draw_partner(a).item;
            if (a != b && state_.apart(a, b)) {
                sum += std::abs(state_.change(a, b));
                ++counted;
            }
        }
        return counted > 0 ? sum / counted : 0;
    }

    State state_;
    const PlacementProblem& problem_;
    AnnealingPlan plan_;
    const SearchOptions& options_;
    RandomWords words_;
    SlotGrid grid_;
    std::vector<std::uint32_t> item_at_;
    double now_ = 0;  ///< against the start
    double least_ = 0;
    Arrangement best_;
};

template <class State>
Arrangement descend_in(const PlacementProblem& problem, const Arrangement& start, std::uint64_t proposals,
                       const SearchOptions& options) {
    State state(problem, start);
    std::uint64_t tried = 0;
    for (bool improved = true; improved && tried < proposals && !stopped(options);) {
        improved = false;
        for (std::uint32_t a = 0; a < problem.cores() && tried < proposals; ++a) {
            for (std::uint32_t b = a + 1; b < problem.slots(); ++b) {
                if (state.change(a, b) < 0 && permitted(problem.permissions, state.slot_of(), a, b)) {
                    state.swap(a, b);
                    improved = true;
                }
            }
            tried += problem.slots() - a;
        }
    }
    return state.slot_of();
}

/// Where memory allows, and where a swap done is not too much dearer than a proposal.
bool potentials_serve(const PlacementProblem& problem) {
    constexpr std::uint32_t most_places = 128;  // columns + rows
    if (problem.metric.u_size() + problem.metric.v_size() > most_places) {
        return false;
    }
    constexpr std::uint64_t most_bytes = std::uint64_t{64} << 20;
    return PotentialState::exact(problem) && PotentialState::bytes(problem) <= most_bytes;
}

}  // namespace

Arrangement anneal(const PlacementProblem& problem, const Arrangement& start, const AnnealingPlan& plan,
                   const SearchOptions& options) {
    const auto run = [&](auto annealer) {
        annealer.run();
        return annealer.best();
    };
    return potentials_serve(problem) ? run(Annealer<PotentialState>(problem, start, plan, options))
                                     : run(Annealer<SparseState>(problem, start, plan, options));
}

Arrangement descend(const PlacementProblem& problem, const Arrangement& start, std::uint64_t proposals,
                    const SearchOptions& options) {
    return potentials_serve(problem) ? descend_in<PotentialState>(problem, start, proposals, options)
                                     : descend_in<SparseState>(problem, start, proposals, options);
}

Arrangement anneal_plainly(const PlacementProblem& problem, const Arrangement& start, std::uint64_t moves,
                           std::uint64_t seed) {
    SparseState state(problem, start);
    RandomWords words(seed, 0, 3);
    const std::uint32_t slots = problem.slots();
    double sum = 0;
    constexpr int draws = 256;
    for (int draw = 0; draw < draws; ++draw) {
        const std::uint32_t a = words.below(problem.cores()).index;
        const std::uint32_t b = words.below(slots).index;
        sum += a == b ? 0 : std::abs(state.change(a, b));
    }
    double temperature = sum / draws / 2;
    const double cooling = std::pow(0.01, 1.0 / static_cast<double>(std::max<std::uint64_t>(moves, 1)));
    Arrangement best = start;
    double now = 0;
    double least = 0;
    for (std::uint64_t move = 0; move < moves; ++move, temperature *= cooling) {
        const std::uint32_t a = words.below(problem.cores()).index;
        const auto choice = words.below(slots);
        if (a == choice.index || !permitted(problem.permissions, state.slot_of(), a, choice.index)) {
            continue;
        }
        const double change = state.change(a, choice.index);
        if (change > 0 && std::exp(-change / temperature) <= static_cast<double>(choice.rest) * 0x1.0p-32) {
            continue;
        }
        state.swap(a, choice.index);
        now += change;
        if (now < least) {
            least = now;
            best = state.slot_of();
        }
    }
    return best;
}

}  // namespace spikeloom::compiler
