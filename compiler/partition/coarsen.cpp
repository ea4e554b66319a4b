#include "compiler/partition/coarsen.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "compiler/partition/draws.hpp"

namespace spikeloom::compiler {
namespace {

constexpr std::uint32_t nobody = std::numeric_limits<std::uint32_t>::max();
/// Pins looked at for one vertex; of a vertex with more, the larger groups are left out.
constexpr std::size_t most_visits = 20'000;

class Clusterer {
public:
    Clusterer(const GroupedNets& nets, const CoarsenOptions& options)
        : nets_(nets),
          options_(options),
          leader_(nets.vertices()),
          weight_(nets.vertex_weight),
          rating_(nets.vertices(), 0.0F) {
        std::iota(leader_.begin(), leader_.end(), 0U);
    }

    [[nodiscard]] Clusters run();

private:
    void rate(std::uint32_t v);
    void rate_pins(std::uint32_t group, float score);
    void rate_one(std::uint32_t u, float score);
    [[nodiscard]] std::uint32_t best_for(std::uint32_t v) const;

    const GroupedNets& nets_;
    const CoarsenOptions& options_;
    std::vector<std::uint32_t> leader_;   ///< of a vertex's cluster; leaders lead themselves
    std::vector<std::uint64_t> weight_;   ///< by leader
    std::vector<float> rating_;           ///< by leader, of the vertex at hand
    std::vector<std::uint32_t> touched_;  ///< leaders with a rating
    std::vector<std::uint32_t> groups_;
};

void Clusterer::rate_one(std::uint32_t u, float score) {
    const std::uint32_t leader = leader_[u];
    if (rating_[leader] == 0.0F) {
        touched_.push_back(leader);
    }
    rating_[leader] += score;
}

void Clusterer::rate_pins(std::uint32_t group, float score) {
    for (const std::uint32_t u : nets_.pins[group]) {
        rate_one(u, score);
    }
}

void Clusterer::rate(std::uint32_t v) {
    for (const std::uint32_t leader : touched_) {
        rating_[leader] = 0.0F;
    }
    touched_.clear();
    groups_.assign(nets_.groups_of[v].begin(), nets_.groups_of[v].end());
    std::size_t visits = 0;
    for (const std::uint32_t g : groups_) {
        visits += nets_.pins[g].size();
    }
    if (visits > most_visits) {
        std::ranges::stable_sort(groups_, {}, [&](std::uint32_t g) { return nets_.pins[g].size(); });
    }
    visits = 0;
    for (const std::uint32_t g : groups_) {
        const std::size_t size = nets_.pins[g].size();
        visits += size;
        if (visits > most_visits && visits > size) {
            break;
        }
        if (size > 1) {
            rate_pins(g, static_cast<float>(nets_.group_weight[g]) / static_cast<float>(size - 1));
        }
        for (const GroupSource& source : nets_.sources[g]) {
            rate_one(source.other, static_cast<float>(source.weight) / static_cast<float>(size));
        }
    }
    for (const GroupSource& sourced : nets_.sourced_by[v]) {
        const std::size_t size = nets_.pins[sourced.other].size();
        if (size <= most_visits) {
            rate_pins(sourced.other, static_cast<float>(sourced.weight) / static_cast<float>(size));
        }
    }
}

std::uint32_t Clusterer::best_for(std::uint32_t v) const {
    std::uint32_t best = nobody;
    double most = 0;
    const std::uint64_t own = nets_.vertex_weight[v];
    for (const std::uint32_t leader : touched_) {
        if (leader == v || weight_[leader] + own > options_.heaviest ||
            (!options_.apart.empty() && options_.apart[leader] != options_.apart[v])) {
            continue;
        }
        const double score =
            static_cast<double>(rating_[leader]) / static_cast<double>(std::max<std::uint64_t>(weight_[leader], 1));
        if (score > most || (score == most && leader < best)) {
            most = score;
            best = leader;
        }
    }
    return best;
}

Clusters Clusterer::run() {
    const std::uint32_t vertices = nets_.vertices();
    Draws draws(options_.seed, 0x10000U + options_.level);
    const std::vector<std::uint32_t> order = draws.permutation(vertices);
    std::vector<bool> joined(vertices, false);
    std::uint32_t left = vertices;
    for (const std::uint32_t v : order) {
        if (left <= options_.fewest) {
            break;
        }
        if (joined[v]) {
            continue;
        }
        rate(v);
        if (const std::uint32_t leader = best_for(v); leader != nobody) {
            leader_[v] = leader;
            weight_[leader] += nets_.vertex_weight[v];
            joined[v] = joined[leader] = true;
            --left;
        }
    }
    Clusters clusters{.of = std::vector<std::uint32_t>(vertices, nobody)};
    for (std::uint32_t v = 0; v < vertices; ++v) {
        std::uint32_t& number = clusters.of[leader_[v]];
        if (number == nobody) {
            number = clusters.count++;
        }
        clusters.of[v] = number;
    }
    return clusters;
}

}  // namespace

Clusters find_clusters(const GroupedNets& nets, const CoarsenOptions& options) {
    return Clusterer(nets, options).run();
}

}  // namespace spikeloom::compiler
