#include "compiler/passes/place.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <utility>

#include "core/base/random.hpp"

namespace spikeloom::compiler {
namespace {

/// Physical cores of the first tiles of a serpentine through a block that is about square.
std::vector<std::uint32_t> compact_places(std::size_t cores, const chip::Mesh& mesh) {
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

/// Cores in slots. Entries beyond the cores are the empty slots, with no traffic.
class Placer {
public:
    Placer(const std::vector<std::uint32_t>& traffic, std::size_t cores, const chip::Mesh& mesh)
        : cores_(cores), slots_(compact_places(cores, mesh)), slot_of_(slots_.size()), flow_(slots_.size() * cores) {
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
        }
    }

    [[nodiscard]] std::int64_t hops() const {
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
        return std::abs(column_[a] - column_[b]) + std::abs(row_[a] - row_[b]);
    }
    [[nodiscard]] std::int64_t swap_gain(std::size_t a, std::size_t b) const;
    void swap(std::size_t a, std::size_t b) {
        std::swap(slot_of_[a], slot_of_[b]);
        std::swap(column_[a], column_[b]);
        std::swap(row_[a], row_[b]);
    }
    [[nodiscard]] double typical_change(std::uint64_t seed, std::uint32_t run) const;

    std::size_t cores_;
    std::vector<std::uint32_t> slots_;    ///< physical cores
    std::vector<std::uint32_t> slot_of_;  ///< by core
    std::vector<std::int32_t> flow_;      ///< messages both ways, [core or empty slot][core]
    std::vector<std::int32_t> column_;    ///< by core, of its tile
    std::vector<std::int32_t> row_;
};

/// Change of hops if a and b trade places.
std::int64_t Placer::swap_gain(std::size_t a, std::size_t b) const {
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
    // The loop took a and b themselves as if they stayed: their mutual distance does not change.
    const std::int64_t mutual = b < cores_ ? flow_a[b] : (a < cores_ ? flow_b[a] : 0);
    return change + 2 * mutual * distance(a, b);
}

/// Several runs from hot to cold, the best kept. The effort is bounded by core visits, not by time, so that the
/// result depends on the seed alone.
void Placer::anneal(std::uint64_t seed) {
    constexpr std::uint64_t visits = 60'000'000;
    const std::uint64_t size = slots_.size();
    const std::uint64_t runs = size < 64 ? 4 : 1;  // one long run serves large problems better
    const std::uint64_t moves = std::min(2000 * size * size, visits / size) / runs;
    std::vector<std::uint32_t> best = slot_of_;
    std::int64_t least = hops();
    for (std::uint32_t run = 0; run < runs; ++run) {
        const double hot = typical_change(seed, run);
        if (hot <= 0) {
            break;
        }
        const double cooling = std::pow(0.01, 1.0 / static_cast<double>(moves));
        double temperature = hot / 2;
        std::int64_t now = hops();
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

Placement place_cores(const std::vector<std::uint32_t>& traffic, std::size_t cores, const chip::Mesh& mesh,
                      std::uint64_t seed) {
    Placement placement;
    if (cores == 0) {
        return placement;
    }
    Placer placer(traffic, cores, mesh);
    placement.hops_unplaced = static_cast<std::uint64_t>(placer.hops());
    placer.anneal(seed);
    constexpr std::size_t most_for_descent = 512;  // a sweep is cubic in the cores
    if (cores <= most_for_descent) {
        placer.descend();
    }
    placement.hops = static_cast<std::uint64_t>(placer.hops());
    placement.place = placer.places();
    return placement;
}

}  // namespace spikeloom::compiler
