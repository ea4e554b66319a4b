#include "compiler/partition/multilevel.hpp"

#include <algorithm>
#include <numeric>
#include <queue>
#include <utility>

#include "compiler/partition/anneal.hpp"
#include "compiler/partition/coarsen.hpp"
#include "compiler/partition/grow.hpp"

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
    /// A partition of the coarsest level, from nothing or from one of the finest.
    [[nodiscard]] std::vector<std::uint32_t> start();
    [[nodiscard]] std::vector<std::uint32_t> start(std::span<const std::uint32_t> part_of);
    /// From a partition of the coarsest level that of the finest; empty if a part stays above the capacity.
    [[nodiscard]] std::vector<std::uint32_t> descend(std::vector<std::uint32_t> part_of);
    [[nodiscard]] const GroupedNets& coarsest() const { return levels_.empty() ? nets_ : levels_.back().nets; }

private:
    [[nodiscard]] std::vector<std::uint64_t> level_capacity(const GroupedNets& nets) const;
    void refine_level(const GroupedNets& nets, double heat, std::vector<std::uint32_t>& part_of);

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

void Multilevel::refine_level(const GroupedNets& nets, double heat, std::vector<std::uint32_t>& part_of) {
    GainTable table(nets, options_.parts, std::move(part_of));
    const std::vector<std::uint64_t> capacity = level_capacity(nets);
    static_cast<void>(unload(table, nets, capacity));  // tried again when vertices lie better
    const double change = typical_change(table, nets, draws_);
    const double hot = change * heat;
    const std::uint64_t vertices =
        options_.slow_coarse ? std::max(nets.vertices(), nets_.vertices() / 2) : nets.vertices();
    anneal(table, nets, draws_,
           {.capacity = capacity,
            .hot = hot,
            .cold = std::min(0.03 * change, 0.3 * hot),
            .proposals = std::max<std::uint64_t>(options_.proposals * vertices, fewest_proposals),
            .work = std::max<std::uint64_t>(options_.work, 1),
            .stop = options_.stop});
    static_cast<void>(unload(table, nets, capacity));  // descend() looks at the end
    part_of = table.part_of();
}

std::vector<std::uint32_t> Multilevel::start() {
    const GroupedNets& nets = coarsest();
    constexpr std::uint64_t most_steps = 100'000'000;
    const bool grows = options_.start != CoarseStart::annealed && growing_steps(nets, options_.parts) <= most_steps;
    std::vector<std::uint32_t> best;
    if (!grows || options_.start == CoarseStart::better) {
        best = spread(nets, options_.capacity);
        refine_level(nets, options_.coarse_heat, best);
    }
    if (grows) {
        const std::uint32_t first = Draws::below(draws_.block()[0], nets.vertices());
        std::vector<std::uint32_t> grown = grow_parts(nets, level_capacity(nets), first);
        refine_level(nets, options_.fine_heat, grown);
        if (best.empty() || copies(nets, grown) < copies(nets, best)) {
            best = std::move(grown);
        }
    }
    return best;
}

std::vector<std::uint32_t> Multilevel::start(std::span<const std::uint32_t> part_of) {
    std::vector<std::uint32_t> parts(part_of.begin(), part_of.end());
    for (const Level& level : levels_) {
        std::vector<std::uint32_t> coarser(level.nets.vertices());
        for (std::uint32_t v = 0; v < parts.size(); ++v) {
            coarser[level.clusters.of[v]] = parts[v];
        }
        parts = std::move(coarser);
    }
    refine_level(coarsest(), options_.coarse_heat, parts);
    return parts;
}

std::vector<std::uint32_t> Multilevel::descend(std::vector<std::uint32_t> part_of) {
    for (std::size_t i = levels_.size(); i-- > 0;) {
        const GroupedNets& finer = i == 0 ? nets_ : levels_[i - 1].nets;
        std::vector<std::uint32_t> parts(finer.vertices());
        for (std::uint32_t v = 0; v < finer.vertices(); ++v) {
            parts[v] = part_of[levels_[i].clusters.of[v]];
        }
        part_of = std::move(parts);
        refine_level(finer, options_.fine_heat, part_of);
    }
    std::vector<std::uint64_t> load(options_.parts, 0);
    for (std::uint32_t v = 0; v < nets_.vertices(); ++v) {
        load[part_of[v]] += nets_.vertex_weight[v];
    }
    const bool within = std::ranges::equal(load, options_.capacity, std::ranges::less_equal{});
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
    return search.descend(search.start());
}

std::vector<std::uint32_t> combine(const GroupedNets& nets, std::span<const std::uint32_t> better,
                                   std::span<const std::uint32_t> other, const MultilevelOptions& options) {
    std::vector<std::uint32_t> apart(nets.vertices());
    for (std::uint32_t v = 0; v < nets.vertices(); ++v) {
        apart[v] = better[v] * options.parts + other[v];
    }
    Multilevel search(nets, options);
    search.coarsen(std::move(apart));
    std::vector<std::uint32_t> child = search.descend(search.start(better));
    if (child.empty() || copies(nets, child) > copies(nets, better)) {
        child.assign(better.begin(), better.end());
    }
    return child;
}

}  // namespace spikeloom::compiler
