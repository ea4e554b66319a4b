#include "compiler/partition/multilevel.hpp"

#include <algorithm>
#include <numeric>
#include <queue>
#include <utility>

#include "compiler/partition/anneal.hpp"
#include "compiler/partition/coarsen.hpp"

namespace spikeloom::compiler {
namespace {

constexpr std::uint64_t fewest_proposals = 8'000;

struct Level {
    GroupedNets nets;
    Clusters clusters;  ///< of the next finer level's vertices
};

class Multilevel {
public:
    Multilevel(const GroupedNets& nets, const MultilevelOptions& options)
        : nets_(nets), options_(options), draws_(options.seed, options.stream) {}

    void coarsen(std::vector<std::uint32_t> apart);
    /// The partition of the finest level; empty if a part stays above the capacity.
    [[nodiscard]] std::vector<std::uint32_t> refine(std::vector<std::uint32_t> part_of);
    [[nodiscard]] const GroupedNets& coarsest() const { return levels_.empty() ? nets_ : levels_.back().nets; }
    [[nodiscard]] std::vector<std::uint32_t> on_coarsest(std::span<const std::uint32_t> part_of) const;

private:
    [[nodiscard]] std::vector<std::uint64_t> level_capacity(const GroupedNets& nets) const;
    [[nodiscard]] bool refine_level(const GroupedNets& nets, bool is_coarsest, std::vector<std::uint32_t>& part_of);

    const GroupedNets& nets_;
    const MultilevelOptions& options_;
    Draws draws_;
    std::vector<Level> levels_;
};

void Multilevel::coarsen(std::vector<std::uint32_t> apart) {
    constexpr std::uint32_t vertices_a_part = 20;
    const std::uint64_t least_capacity = *std::ranges::min_element(options_.capacity);
    CoarsenOptions coarsen{.heaviest = std::max<std::uint64_t>(least_capacity / options_.clusters_a_part, 1),
                           .fewest = options_.parts * vertices_a_part,
                           .seed = options_.seed,
                           .level = options_.stream << 6U};
    for (;;) {
        const GroupedNets& nets = coarsest();
        coarsen.apart = apart;
        ++coarsen.level;
        Clusters clusters = find_clusters(nets, coarsen);
        if (clusters.count + clusters.count / 20 >= nets.vertices()) {
            return;
        }
        if (!apart.empty()) {
            std::vector<std::uint32_t> coarser(clusters.count);
            for (std::uint32_t v = 0; v < nets.vertices(); ++v) {
                coarser[clusters.of[v]] = apart[v];
            }
            apart = std::move(coarser);
        }
        GroupedNets contracted = contract(nets, clusters.of, clusters.count);
        levels_.push_back({std::move(contracted), std::move(clusters)});
    }
}

std::vector<std::uint32_t> Multilevel::on_coarsest(std::span<const std::uint32_t> part_of) const {
    std::vector<std::uint32_t> parts(part_of.begin(), part_of.end());
    for (const Level& level : levels_) {
        std::vector<std::uint32_t> coarser(level.nets.vertices());
        for (std::uint32_t v = 0; v < parts.size(); ++v) {
            coarser[level.clusters.of[v]] = parts[v];
        }
        parts = std::move(coarser);
    }
    return parts;
}

/// Where there is little slack, clusters don't pack: coarse parts may be fuller by half a cluster.
std::vector<std::uint64_t> Multilevel::level_capacity(const GroupedNets& nets) const {
    std::vector<std::uint64_t> capacity = options_.capacity;
    if (&nets == &nets_ || nets.vertices() == 0) {
        return capacity;
    }
    const std::uint64_t heaviest = *std::ranges::max_element(nets.vertex_weight);
    const std::uint64_t total = std::accumulate(nets.vertex_weight.begin(), nets.vertex_weight.end(), std::uint64_t{0});
    const std::uint64_t whole = std::accumulate(capacity.begin(), capacity.end(), std::uint64_t{0});
    const std::uint64_t slack = (whole - std::min(whole, total)) / capacity.size();
    for (std::uint64_t& room : capacity) {
        room += slack < heaviest / 2 ? heaviest / 2 - slack : 0;
    }
    return capacity;
}

bool Multilevel::refine_level(const GroupedNets& nets, bool is_coarsest, std::vector<std::uint32_t>& part_of) {
    GainTable table(nets, options_.parts, std::move(part_of));
    const std::vector<std::uint64_t> capacity = level_capacity(nets);
    static_cast<void>(unload(table, nets, capacity));  // tried again when vertices lie better
    const double change = typical_change(table, nets, draws_);
    const double hot = change * (is_coarsest ? options_.coarse_heat : options_.fine_heat);
    const std::uint64_t vertices =
        options_.slow_coarse ? std::max(nets.vertices(), nets_.vertices() / 2) : nets.vertices();
    anneal(table, nets, draws_,
           {.capacity = capacity,
            .hot = hot,
            .cold = std::min(0.03 * change, 0.3 * hot),
            .proposals = std::max<std::uint64_t>(options_.proposals * vertices, fewest_proposals),
            .work = std::max<std::uint64_t>(options_.work, 1),
            .stop = options_.stop});
    const bool within = unload(table, nets, capacity);
    part_of = table.part_of();
    return within;
}

std::vector<std::uint32_t> Multilevel::refine(std::vector<std::uint32_t> part_of) {
    bool within = refine_level(coarsest(), true, part_of);
    for (std::size_t i = levels_.size(); i-- > 0;) {
        const GroupedNets& finer = i == 0 ? nets_ : levels_[i - 1].nets;
        std::vector<std::uint32_t> parts(finer.vertices());
        for (std::uint32_t v = 0; v < finer.vertices(); ++v) {
            parts[v] = part_of[levels_[i].clusters.of[v]];
        }
        part_of = std::move(parts);
        within = refine_level(finer, false, part_of);
    }
    return within ? part_of : std::vector<std::uint32_t>{};
}

}  // namespace

std::vector<std::uint32_t> spread(const GroupedNets& nets, std::span<const std::uint64_t> capacity) {
    std::vector<std::uint32_t> order(nets.vertices());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::stable_sort(order, std::ranges::greater{}, [&](std::uint32_t v) { return nets.vertex_weight[v]; });
    // Room, and what breaks ties: the lower part first.
    using Room = std::pair<std::int64_t, std::int64_t>;
    std::priority_queue<Room> rooms;
    for (std::size_t part = 0; part < capacity.size(); ++part) {
        constexpr std::uint64_t ample = std::uint64_t{1} << 62;
        rooms.emplace(static_cast<std::int64_t>(std::min(capacity[part], ample)), -static_cast<std::int64_t>(part));
    }
    std::vector<std::uint32_t> part_of(nets.vertices());
    for (const std::uint32_t v : order) {
        const auto [room, part] = rooms.top();
        rooms.pop();
        part_of[v] = static_cast<std::uint32_t>(-part);
        rooms.emplace(room - static_cast<std::int64_t>(nets.vertex_weight[v]), part);
    }
    return part_of;
}

std::vector<std::uint32_t> multilevel(const GroupedNets& nets, const MultilevelOptions& options) {
    Multilevel search(nets, options);
    search.coarsen({});
    return search.refine(spread(search.coarsest(), options.capacity));
}

std::vector<std::uint32_t> combine(const GroupedNets& nets, std::span<const std::uint32_t> better,
                                   std::span<const std::uint32_t> other, const MultilevelOptions& options) {
    std::vector<std::uint32_t> apart(nets.vertices());
    for (std::uint32_t v = 0; v < nets.vertices(); ++v) {
        apart[v] = better[v] * options.parts + other[v];
    }
    Multilevel search(nets, options);
    search.coarsen(std::move(apart));
    std::vector<std::uint32_t> child = search.refine(search.on_coarsest(better));
    if (child.empty() || copies(nets, child) > copies(nets, better)) {
        child.assign(better.begin(), better.end());
    }
    return child;
}

}  // namespace spikeloom::compiler
