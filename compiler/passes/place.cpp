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

class Placer {
public:
    Placer(const std::vector<std::uint32_t>& traffic, std::size_t cores, const chip::Mesh& mesh)
        : cores_(cores),
          mesh_(mesh),
          slots_(compact_places(cores, mesh)),
          flow_(cores * cores),
          slot_of_(slots_.size()) {
        for (std::size_t a = 0; a < cores; ++a) {
            for (std::size_t b = 0; b < cores; ++b) {
                flow_[a * cores + b] = a == b ? 0 : std::int64_t{traffic[a * cores + b]} + traffic[b * cores + a];
            }
        }
        std::iota(slot_of_.begin(), slot_of_.end(), 0U);
    }

    [[nodiscard]] std::uint64_t hops() const {
        std::int64_t sum = 0;
        for (std::size_t a = 0; a < cores_; ++a) {
            for (std::size_t b = a + 1; b < cores_; ++b) {
                sum += flow_[a * cores_ + b] * distance(slot_of_[a], slot_of_[b]);
            }
        }
        return static_cast<std::uint64_t>(sum);
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
    [[nodiscard]] std::int64_t distance(std::uint32_t a, std::uint32_t b) const {
        const auto p = static_cast<int>(slots_[a]);
        const auto q = static_cast<int>(slots_[b]);
        return std::abs(mesh_.column(p) - mesh_.column(q)) + std::abs(mesh_.row(p) - mesh_.row(q));
    }
    /// Change of hops if a and b (b may be an empty slot, numbered from cores_ on) trade places.
    [[nodiscard]] std::int64_t swap_gain(std::size_t a, std::size_t b) const {
        std::int64_t change = 0;
        for (std::size_t c = 0; c < cores_; ++c) {
            if (c != a && c != b) {
                const std::int64_t flow_a = a < cores_ ? flow_[a * cores_ + c] : 0;
                const std::int64_t flow_b = b < cores_ ? flow_[b * cores_ + c] : 0;
                if (flow_a != flow_b) {
                    change +=
                        (flow_a - flow_b) * (distance(slot_of_[b], slot_of_[c]) - distance(slot_of_[a], slot_of_[c]));
                }
            }
        }
        return change;
    }

    std::size_t cores_;
    chip::Mesh mesh_;
    std::vector<std::uint32_t> slots_;
    std::vector<std::int64_t> flow_;
    std::vector<std::uint32_t> slot_of_;  ///< by core; entries beyond cores_ are the empty slots
};

void Placer::anneal(std::uint64_t seed) {
    const std::uint64_t moves = std::min<std::uint64_t>(200'000, 400 * slots_.size() * slots_.size());
    const std::vector<std::uint32_t> start = slot_of_;
    const std::uint64_t before = hops();
    double temperature = static_cast<double>(before) / static_cast<double>(std::max<std::size_t>(cores_, 1)) / 4.0;
    const double cooling = std::pow(1e-4, 1.0 / static_cast<double>(std::max<std::uint64_t>(moves, 1)));
    for (std::uint64_t move = 0; move < moves; ++move, temperature *= cooling) {
        const RandomKey key{.seed = seed, .purpose = RandomPurpose::placement, .step = move};
        const auto block = random_block(key);
        const std::size_t a = block[0] % slots_.size();
        const std::size_t b = block[1] % slots_.size();
        if (a == b || (a >= cores_ && b >= cores_)) {
            continue;
        }
        const std::int64_t change = swap_gain(a, b);
        if (change <= 0 ||
            std::exp(-static_cast<double>(change) / temperature) > static_cast<double>(block[2]) * 0x1.0p-32) {
            std::swap(slot_of_[a], slot_of_[b]);
        }
    }
    if (hops() > before) {
        slot_of_ = start;
    }
}

void Placer::descend() {
    for (bool improved = true; improved;) {
        improved = false;
        for (std::size_t a = 0; a < cores_; ++a) {
            for (std::size_t b = a + 1; b < slots_.size(); ++b) {
                if (swap_gain(a, b) < 0) {
                    std::swap(slot_of_[a], slot_of_[b]);
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
    placement.hops_unplaced = placer.hops();
    placer.anneal(seed);
    constexpr std::size_t most_for_descent = 512;  // a sweep is cubic in the cores
    if (cores <= most_for_descent) {
        placer.descend();
    }
    placement.hops = placer.hops();
    placement.place = placer.places();
    return placement;
}

}  // namespace spikeloom::compiler
