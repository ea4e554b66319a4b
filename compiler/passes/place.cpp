#include "compiler/passes/place.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <utility>

#include "core/base/random.hpp"
#include "router/ways.hpp"

namespace spikeloom::compiler {
namespace {

/// Physical cores of the first tiles of a serpentine through a block, about square, of one chip.
std::vector<std::uint32_t> compact_places_on_chip(std::size_t cores, const chip::Mesh& mesh) {
    const auto per_tile = static_cast<std::size_t>(mesh.cores_per_tile);
    const std::size_t tiles = (cores + per_tile - 1) / per_tile;
    const auto rows = static_cast<std::size_t>(mesh.rows);
    const auto columns = static_cast<std::size_t>(mesh.columns);
    std::size_t width = std::min(columns, static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(tiles)))));
    width = std::max(width, (tiles + rows - 1) / rows);
    const std::size_t height = width > 0 ? (tiles + width - 1) / width : 0;
    std::vector<std::uint32_t> places;
    for (std::size_t x = 0; x < width; ++x) {
        for (std::size_t i = 0; i < height; ++i) {
            const std::size_t y = x % 2 == 0 ? i : height - 1 - i;
            for (std::size_t slot = 0; slot < per_tile && places.size() < tiles * per_tile; ++slot) {
                places.push_back(static_cast<std::uint32_t>((x * rows + y) * per_tile + slot));
            }
        }
    }
    return places;
}

/// Chip by chip: all places of the first chips, and those of a block on the last.
std::vector<std::uint32_t> compact_places(std::size_t cores, const chip::Mesh& mesh) {
    const auto of_chip = static_cast<std::size_t>(mesh.tiles_per_chip() * mesh.cores_per_tile);
    std::vector<std::uint32_t> places;
    for (std::size_t first = 0; first < cores; first += of_chip) {
        for (const std::uint32_t place : compact_places_on_chip(std::min(cores - first, of_chip), mesh)) {
            places.push_back(static_cast<std::uint32_t>(first) + place);
        }
    }
    return places;
}

/// What a message from tile to tile costs where columns and rows do not say it: hops on a torus, in a tree; and a link
/// between chips costs as much as the flits that a link within a chip could have passed meanwhile.
class TileDistances {
public:
    TileDistances(const std::vector<std::uint32_t>& slots, const chip::Mesh& mesh,
                  const router::NetworkParameters& network)
        : cores_per_tile_(static_cast<std::uint32_t>(mesh.cores_per_tile)) {
        if (network.topology == router::Topology::mesh && mesh.chips() == 1) {
            return;
        }
        const router::Ways ways(mesh, network);
        std::vector<std::uint32_t> first_core;  // of each tile
        for (const std::uint32_t slot : slots) {
            const std::uint32_t tile = slot / cores_per_tile_;
            if (tile >= index_of_.size()) {
                index_of_.resize(tile + 1, none);
            }
            if (index_of_[tile] == none) {
                index_of_[tile] = static_cast<std::uint32_t>(first_core.size());
                first_core.push_back(slot);
            }
        }
        tiles_ = first_core.size();
        const auto narrow = static_cast<std::uint32_t>(network.between_chips.interval - 1);
        for (const std::uint32_t from : first_core) {
            for (const std::uint32_t to : first_core) {
                const router::Distance way = ways.distance(from, to);
                distance_.push_back(static_cast<std::int32_t>(way.hops() + narrow * way.between_chips));
            }
        }
    }

    [[nodiscard]] bool any() const { return !distance_.empty(); }
    /// The distances from a slot's tile, by index.
    [[nodiscard]] const std::int32_t* from(std::uint32_t slot) const { return &distance_[index(slot) * tiles_]; }
    [[nodiscard]] std::uint32_t index(std::uint32_t slot) const { return index_of_[slot / cores_per_tile_]; }

private:
    static constexpr std::uint32_t none = 0xFFFFFFFF;
    std::uint32_t cores_per_tile_;
    std::vector<std::uint32_t> index_of_;  ///< by tile, of those in use
    std::size_t tiles_ = 0;
    std::vector<std::int32_t> distance_;
};

/// Cores in slots. Entries beyond the cores are the empty slots, with no traffic.
class Placer {
public:
    Placer(const std::vector<std::uint32_t>& traffic, std::size_t cores, const chip::Mesh& mesh,
           const router::NetworkParameters& network)
        : cores_(cores),
          slots_(compact_places(cores, mesh)),
          distances_(slots_, mesh, network),
          slot_of_(slots_.size()),
          flow_(slots_.size() * cores) {
        for (std::size_t a = 0; a < cores; ++a) {
            for (std::size_t b = 0; b < cores; ++b) {
                flow_[a * cores + b] =
                    a == b ? 0 : static_cast<std::int32_t>(traffic[a * cores + b] + traffic[b * cores + a]);
            }
        }
        std::iota(slot_of_.begin(), slot_of_.end(), 0U);
        for (const std::uint32_t slot : slots_) {
            column_.push_back(mesh.column(static_cast<int>(slot)));
            row_.push_back(mesh.row(static_cast<int>(slot)));
            tile_.push_back(distances_.any() ? distances_.index(slot) : 0);
        }
    }

    /// What annealing makes small: hops, if TileDistances does not know better.
    [[nodiscard]] std::int64_t cost() const {
        std::int64_t sum = 0;
        for (std::size_t a = 0; a < cores_; ++a) {
            for (std::size_t b = a + 1; b < cores_; ++b) {
                sum += std::int64_t{flow_[a * cores_ + b]} * distance(a, b);
            }
        }
        return sum;
    }

    void anneal(std::uint64_t seed);
    void descend();
    [[nodiscard]] std::vector<std::uint32_t> places() const {
        std::vector<std::uint32_t> places(cores_);
        for (std::size_t c = 0; c < cores_; ++c) {
            places[c] = slots_[slot_of_[c]];
        }
        return places;
    }

private:
    [[nodiscard]] std::int32_t distance(std::size_t a, std::size_t b) const {
        return distances_.any() ? distances_.from(slots_[slot_of_[a]])[tile_[b]]
                                : std::abs(column_[a] - column_[b]) + std::abs(row_[a] - row_[b]);
    }
    [[nodiscard]] std::int64_t swap_gain(std::size_t a, std::size_t b) const;
    [[nodiscard]] std::int64_t flat_change(std::size_t a, std::size_t b) const;
    [[nodiscard]] std::int64_t looked_up_change(std::size_t a, std::size_t b) const;
    void swap(std::size_t a, std::size_t b) {
        std::swap(slot_of_[a], slot_of_[b]);
        std::swap(column_[a], column_[b]);
        std::swap(row_[a], row_[b]);
        std::swap(tile_[a], tile_[b]);
    }
    [[nodiscard]] double typical_change(std::uint64_t seed, std::uint32_t run) const;

    std::size_t cores_;
    std::vector<std::uint32_t> slots_;  ///< physical cores
    TileDistances distances_;
    std::vector<std::uint32_t> slot_of_;  ///< by core
    std::vector<std::int32_t> flow_;      ///< messages both ways, [core or empty slot][core]
    std::vector<std::int32_t> column_;    ///< by core, of its tile
    std::vector<std::int32_t> row_;
    std::vector<std::uint32_t> tile_;  ///< by core, of TileDistances
};

/// Change of the cost if a and b trade places.
std::int64_t Placer::swap_gain(std::size_t a, std::size_t b) const {
    const std::int64_t change = distances_.any() ? looked_up_change(a, b) : flat_change(a, b);
    // These took a and b themselves as if they stayed: their mutual distance does not change.
    const std::int64_t mutual = b < cores_ ? flow_[a * cores_ + b] : (a < cores_ ? flow_[b * cores_ + a] : 0);
    return change + 2 * mutual * distance(a, b);
}

std::int64_t Placer::flat_change(std::size_t a, std::size_t b) const {
    const std::int32_t* flow_a = &flow_[a * cores_];
    const std::int32_t* flow_b = &flow_[b * cores_];
    const std::int32_t column_a = column_[a];
    const std::int32_t column_b = column_[b];
    const std::int32_t row_a = row_[a];
    const std::int32_t row_b = row_[b];
    std::int64_t change = 0;
    for (std::size_t c = 0; c < cores_; ++c) {
        const std::int32_t to_a = std::abs(column_[c] - column_a) + std::abs(row_[c] - row_a);
        const std::int32_t to_b = std::abs(column_[c] - column_b) + std::abs(row_[c] - row_b);
        change += std::int64_t{flow_a[c] - flow_b[c]} * (to_b - to_a);
    }
    return change;
}

std::int64_t Placer::looked_up_change(std::size_t a, std::size_t b) const {
    const std::int32_t* flow_a = &flow_[a * cores_];
    const std::int32_t* flow_b = &flow_[b * cores_];
    const std::int32_t* to_a = distances_.from(slots_[slot_of_[a]]);
    const std::int32_t* to_b = distances_.from(slots_[slot_of_[b]]);
    std::int64_t change = 0;
    for (std::size_t c = 0; c < cores_; ++c) {
        change += std::int64_t{flow_a[c] - flow_b[c]} * (to_b[tile_[c]] - to_a[tile_[c]]);
    }
    return change;
}

/// Several runs from hot to cold, the best kept. The effort is bounded by core visits, not by time, so that the
/// result depends on the seed alone.
void Placer::anneal(std::uint64_t seed) {
    constexpr std::uint64_t visits = 60'000'000;
    const std::uint64_t size = slots_.size();
    const std::uint64_t runs = size < 64 ? 4 : 1;  // one long run serves large problems better
    const std::uint64_t moves = std::min(2000 * size * size, visits / size) / runs;
    std::vector<std::uint32_t> best = slot_of_;
    std::int64_t least = cost();
    for (std::uint32_t run = 0; run < runs; ++run) {
        const double hot = typical_change(seed, run);
        if (hot <= 0) {
            break;
        }
        const double cooling = std::pow(0.01, 1.0 / static_cast<double>(moves));
        double temperature = hot / 2;
        std::int64_t now = cost();
        for (std::uint64_t move = 0; move < moves; ++move, temperature *= cooling) {
            const auto block =
                random_block({.seed = seed, .purpose = RandomPurpose::placement, .step = move, .core = run, .draw = 1});
            const std::size_t a = block[0] % size;
            const std::size_t b = block[1] % size;
            if (a == b || (a >= cores_ && b >= cores_)) {
                continue;
            }
            const std::int64_t change = swap_gain(a, b);
            if (change > 0 &&
                std::exp(-static_cast<double>(change) / temperature) <= static_cast<double>(block[2]) * 0x1.0p-32) {
                continue;
            }
            swap(a, b);
            now += change;
            if (now < least) {
                least = now;
                best = slot_of_;
            }
        }
    }
    for (std::size_t a = 0; a < best.size(); ++a) {
        while (slot_of_[a] != best[a]) {
            swap(a, static_cast<std::size_t>(std::ranges::find(slot_of_, best[a]) - slot_of_.begin()));
        }
    }
}

/// Mean size of the change that a swap makes.
double Placer::typical_change(std::uint64_t seed, std::uint32_t run) const {
    constexpr std::uint64_t draws = 256;
    double sum = 0;
    for (std::uint64_t draw = 0; draw < draws; ++draw) {
        const auto block = random_block({.seed = seed, .purpose = RandomPurpose::placement, .step = draw, .core = run});
        const std::size_t a = block[0] % cores_;
        const std::size_t b = block[1] % slots_.size();
        sum += a == b ? 0.0 : std::abs(static_cast<double>(swap_gain(a, b)));
    }
    return sum / static_cast<double>(draws);
}

void Placer::descend() {
    for (bool improved = true; improved;) {
        improved = false;
        for (std::size_t a = 0; a < cores_; ++a) {
            for (std::size_t b = a + 1; b < slots_.size(); ++b) {
                if (swap_gain(a, b) < 0) {
                    swap(a, b);
                    improved = true;
                }
            }
        }
    }
}

}  // namespace

std::vector<std::uint32_t> core_traffic(const Partition& partition) {
    const std::size_t cores = partition.cores.size();
    std::vector<std::uint32_t> traffic(cores * cores, 0);
    for (std::size_t target = 0; target < cores; ++target) {
        for (const AxonSlice& slice : partition.cores[target].axons) {
            if (slice.source < partition.position_of.size()) {
                ++traffic[partition.core_of[partition.position_of[slice.source]] * cores + target];
            }
        }
    }
    return traffic;
}

namespace {

std::uint64_t hops_of(const std::vector<std::uint32_t>& traffic, const std::vector<std::uint32_t>& place,
                      const router::Ways& ways) {
    std::uint64_t hops = 0;
    for (std::size_t a = 0; a < place.size(); ++a) {
        for (std::size_t b = 0; b < place.size(); ++b) {
            if (const std::uint32_t messages = traffic[a * place.size() + b]; messages > 0) {
                hops += std::uint64_t{messages} * ways.distance(place[a], place[b]).hops();
            }
        }
    }
    return hops;
}

}  // namespace

Placement place_cores(const std::vector<std::uint32_t>& traffic, std::size_t cores, const chip::Mesh& mesh,
                      std::uint64_t seed, const router::NetworkParameters& network) {
    Placement placement;
    if (cores == 0) {
        return placement;
    }
    const router::Ways ways(mesh, network);
    Placer placer(traffic, cores, mesh, network);
    placement.hops_unplaced = hops_of(traffic, placer.places(), ways);
    placer.anneal(seed);
    constexpr std::size_t most_for_descent = 512;  // a sweep is cubic in the cores
    if (cores <= most_for_descent) {
        placer.descend();
    }
    placement.place = placer.places();
    placement.hops = hops_of(traffic, placement.place, ways);
    return placement;
}

}  // namespace spikeloom::compiler
