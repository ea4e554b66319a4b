#include "compiler/placement/congestion.hpp"

#include <span>
#include <utility>
#include <vector>

#include "compiler/placement/link_loads.hpp"
#include "compiler/placement/swap_state.hpp"

namespace spikeloom::compiler {
namespace {

constexpr std::uint32_t most_slots_to_ease = 512;
constexpr std::uint64_t most_visits = 20'000'000;  // of links, and of pairs

class CongestionSearch {
public:
    CongestionSearch(const PlacementProblem& problem, const CoreFlows& flows, std::span<const std::uint32_t> slots,
                     const Arrangement& start, LinkLoads loads)
        : problem_(problem),
          flows_(flows),
          slots_(slots),
          state_(problem, start),
          loads_(std::move(loads)),
          of_core_(flows.cores) {
        for (std::uint32_t i = 0; i < flows.flows.size(); ++i) {
            of_core_[flows.flows[i].from].push_back(i);
            of_core_[flows.flows[i].to].push_back(i);
        }
        for (const CoreFlow& flow : flows.flows) {
            loads_.add(place(flow.from), place(flow.to), flow.weight);
        }
        measure_ = measured();
    }

    [[nodiscard]] Arrangement run(const SearchOptions& options) {
        for (bool improved = true; improved && visits_ < most_visits;) {
            improved = false;
            for (std::uint32_t a = 0; a < problem_.cores() && visits_ < most_visits; ++a) {
                if (options.stop && options.stop()) {
                    return state_.slot_of();
                }
                for (std::uint32_t b = a + 1; b < problem_.slots(); ++b) {
                    improved = attempt(a, b) || improved;
                }
            }
        }
        return state_.slot_of();
    }

private:
    using Measure = std::pair<std::int64_t, double>;

    [[nodiscard]] std::uint32_t place(std::uint32_t core) const { return slots_[state_.slot_of()[core]]; }
    [[nodiscard]] Measure measured() const { return {loads_.largest(), loads_.unevenness()}; }

    bool attempt(std::uint32_t a, std::uint32_t b) {
        ++visits_;
        const auto& slot_of = state_.slot_of();
        const bool may = problem_.permissions.may(a, slot_of[b]) && problem_.permissions.may(b, slot_of[a]);
        if (!may || !state_.apart(a, b) || state_.change(a, b) != 0) {
            return false;
        }
        swap(a, b);
        visits_ += 2 * loads_.links();
        if (const Measure measure = measured(); measure < measure_) {
            measure_ = measure;
            return true;
        }
        swap(a, b);
        return false;
    }

    void swap(std::uint32_t a, std::uint32_t b) {
        charge(a, b, -1);
        state_.swap(a, b);
        charge(a, b, 1);
    }

    /// All flows of the two, each once.
    void charge(std::uint32_t a, std::uint32_t b, int sign) {
        for (const std::uint32_t i : of_core_[a]) {
            charge(flows_.flows[i], sign);
        }
        if (b >= problem_.cores()) {
            return;
        }
        for (const std::uint32_t i : of_core_[b]) {
            if (flows_.flows[i].from != a && flows_.flows[i].to != a) {
                charge(flows_.flows[i], sign);
            }
        }
    }
    void charge(const CoreFlow& flow, int sign) {
        loads_.add(place(flow.from), place(flow.to), sign * std::int64_t{flow.weight});
        ++visits_;
    }

    const PlacementProblem& problem_;
    const CoreFlows& flows_;
    std::span<const std::uint32_t> slots_;
    SparseState state_;
    LinkLoads loads_;
    std::vector<std::vector<std::uint32_t>> of_core_;  ///< flows from and to it
    Measure measure_;
    std::uint64_t visits_ = 0;
};

}  // namespace

Arrangement ease_congestion(const PlacementProblem& problem, const CoreFlows& flows,
                            std::span<const std::uint32_t> slots, const Arrangement& start, const router::Mesh& mesh,
                            const router::NetworkParameters& network, const SearchOptions& options) {
    constexpr int most_tiles = 4096;
    if (problem.slots() > most_slots_to_ease || mesh.tiles() > most_tiles) {
        return start;
    }
    return CongestionSearch(problem, flows, slots, start, LinkLoads(mesh, network)).run(options);
}

}  // namespace spikeloom::compiler
