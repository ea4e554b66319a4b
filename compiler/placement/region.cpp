#include "compiler/placement/region.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>

namespace spikeloom::compiler {
namespace {

constexpr std::uint32_t none = 0xFFFFFFFF;

std::size_t square_side(std::size_t area) {
    return static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(area))));
}

/// Tiles of a serpentine through a block, about square, of one chip.
std::vector<std::uint32_t> block_of_tiles(std::size_t tiles, const router::Mesh& mesh) {
    const auto rows = static_cast<std::size_t>(mesh.rows);
    const auto columns = static_cast<std::size_t>(mesh.columns);
    const std::size_t width = std::max(std::min(columns, square_side(tiles)), (tiles + rows - 1) / rows);
    const std::size_t height = width > 0 ? (tiles + width - 1) / width : 0;
    std::vector<std::uint32_t> block;
    for (std::size_t x = 0; x < width; ++x) {
        for (std::size_t i = 0; i < height; ++i) {
            const std::size_t y = x % 2 == 0 ? i : height - 1 - i;
            block.push_back(static_cast<std::uint32_t>(x * rows + y));
        }
    }
    return block;
}

/// Chips of a block of the board, about square, column by column.
std::vector<std::uint32_t> block_of_chips(std::size_t chips, const router::Mesh& mesh) {
    const auto rows = static_cast<std::size_t>(mesh.chip_rows);
    const auto columns = static_cast<std::size_t>(mesh.chip_columns);
    const std::size_t height = std::max(std::min(rows, square_side(chips)), (chips + columns - 1) / columns);
    std::vector<std::uint32_t> block;
    for (std::size_t x = 0; x * height < chips; ++x) {
        for (std::size_t y = 0; y < height && block.size() < chips; ++y) {
            block.push_back(static_cast<std::uint32_t>(x * rows + y));
        }
    }
    return block;
}

class Board {
public:
    Board(const router::Mesh& mesh, const router::NetworkParameters& network,
          const std::vector<std::uint32_t>& forbidden)
        : mesh_(mesh),
          tree_(network.topology == router::Topology::tree),
          per_tile_(static_cast<std::uint32_t>(mesh.cores_per_tile)),
          per_chip_(static_cast<std::uint32_t>(mesh.tiles_per_chip()) * per_tile_),
          free_(static_cast<std::size_t>(mesh.cores()), 1),
          free_on_chip_(static_cast<std::size_t>(mesh.chips()), per_chip_) {
        for (const std::uint32_t core : forbidden) {
            take(core);
        }
    }

    [[nodiscard]] bool free(std::uint32_t core) const { return free_[core] != 0; }
    [[nodiscard]] std::size_t free_places() const {
        return std::accumulate(free_on_chip_.begin(), free_on_chip_.end(), std::size_t{0});
    }
    void take(std::uint32_t core) {
        if (free_[core] != 0) {
            free_[core] = 0;
            --free_on_chip_[core / per_chip_];
        }
    }

    /// Free places for so many cores, whole tiles of them; there are as many.
    [[nodiscard]] std::vector<std::uint32_t> compact(std::size_t cores) const {
        std::vector<std::uint32_t> places;
        std::size_t left = cores;
        for (const std::uint32_t chip : chips_for(cores)) {
            const std::size_t here = std::min<std::size_t>(left, free_on_chip_[chip]);
            add_of_chip(chip, here, places);
            left -= here;
        }
        return places;
    }

    /// The same around given places: their chips first, near tiles first.
    [[nodiscard]] std::vector<std::uint32_t> around(const std::vector<std::uint32_t>& given, std::size_t cores) const;

private:
    [[nodiscard]] std::vector<std::uint32_t> chips_for(std::size_t cores) const {
        const auto all = static_cast<std::size_t>(mesh_.chips());
        for (std::size_t count = std::min(all, (cores + per_chip_ - 1) / per_chip_); count < all; ++count) {
            auto chips = tree_ ? first_chips(count) : block_of_chips(count, mesh_);
            std::size_t room = 0;
            for (const std::uint32_t chip : chips) {
                room += free_on_chip_[chip];
            }
            if (room >= cores) {
                return chips;
            }
        }
        return first_chips(all);
    }
    static std::vector<std::uint32_t> first_chips(std::size_t count) {
        std::vector<std::uint32_t> chips(count);
        std::iota(chips.begin(), chips.end(), 0U);
        return chips;
    }

    void add_of_chip(std::uint32_t chip, std::size_t cores, std::vector<std::uint32_t>& places) const {
        const auto all = static_cast<std::size_t>(mesh_.tiles_per_chip());
        const std::size_t before = places.size();
        for (std::size_t tiles = std::min(all, (cores + per_tile_ - 1) / per_tile_); cores > 0; ++tiles) {
            for (const std::uint32_t tile : tree_ ? first_chips(tiles) : block_of_tiles(tiles, mesh_)) {
                add_of_tile(chip * static_cast<std::uint32_t>(all) + tile, places);
                if (places.size() - before >= cores) {
                    return;
                }
            }
            places.resize(before);
        }
    }
    void add_of_tile(std::uint32_t tile, std::vector<std::uint32_t>& places) const {
        for (std::uint32_t slot = 0; slot < per_tile_; ++slot) {
            if (free(tile * per_tile_ + slot)) {
                places.push_back(tile * per_tile_ + slot);
            }
        }
    }

    router::Mesh mesh_;
    bool tree_;
    std::uint32_t per_tile_;
    std::uint32_t per_chip_;
    std::vector<std::uint8_t> free_;  ///< by physical core
    std::vector<std::uint32_t> free_on_chip_;
};

std::vector<std::uint32_t> Board::around(const std::vector<std::uint32_t>& given, std::size_t cores) const {
    std::int64_t column = 0;
    std::int64_t row = 0;
    std::vector<std::uint8_t> in_use(free_on_chip_.size(), 0);
    for (const std::uint32_t place : given) {
        column += mesh_.column(static_cast<int>(place));
        row += mesh_.row(static_cast<int>(place));
        in_use[place / per_chip_] = 1;
    }
    const auto count = static_cast<std::int64_t>(given.size());
    using Rank = std::tuple<bool, std::int64_t, std::uint32_t, std::int64_t, std::uint32_t>;
    const auto far = [&](std::int64_t x, std::int64_t y) {
        return std::abs(x * count - column) + std::abs(y * count - row);
    };
    std::vector<Rank> tiles;
    for (int tile = 0; tile < mesh_.tiles(); ++tile) {
        const auto chip = static_cast<std::uint32_t>(mesh_.chip_of_tile(tile));
        const auto middle = static_cast<int>(chip) * mesh_.tiles_per_chip() + mesh_.tiles_per_chip() / 2;
        tiles.emplace_back(in_use[chip] == 0,
                           in_use[chip] != 0 ? 0 : far(mesh_.tile_column(middle), mesh_.tile_row(middle)), chip,
                           far(mesh_.tile_column(tile), mesh_.tile_row(tile)), static_cast<std::uint32_t>(tile));
    }
    std::sort(tiles.begin(), tiles.end());
    std::vector<std::uint32_t> places;
    for (const Rank& tile : tiles) {
        if (places.size() >= cores) {
            break;
        }
        add_of_tile(std::get<4>(tile), places);
    }
    return places;
}

/// Cores that are restricted to the same places.
struct PinnedKind {
    std::vector<std::uint32_t> places;  ///< ascending, free
    std::vector<std::uint32_t> cores;
};

std::vector<PinnedKind> pinned_kinds(std::uint32_t cores, const Board& board, const PlaceRules& rules) {
    std::map<std::vector<std::uint32_t>, std::vector<std::uint32_t>> by_places;
    for (std::uint32_t core = 0; core < cores && core < rules.allowed_of_core.size(); ++core) {
        if (!rules.allowed_of_core[core].empty()) {
            auto places = rules.allowed_of_core[core];
            std::sort(places.begin(), places.end());
            places.erase(std::unique(places.begin(), places.end()), places.end());
            by_places[std::move(places)].push_back(core);
        }
    }
    std::vector<PinnedKind> kinds;
    for (auto& [places, members] : by_places) {
        PinnedKind kind{.places = {}, .cores = members};
        std::copy_if(places.begin(), places.end(), std::back_inserter(kind.places),
                     [&](std::uint32_t place) { return board.free(place); });
        kinds.push_back(std::move(kind));
    }
    return kinds;
}

std::string list_of(const std::vector<std::uint32_t>& numbers) {
    constexpr std::size_t most = 8;
    const std::size_t shown = std::min(most, numbers.size());
    std::string text =
        fmt::format("{}", fmt::join(numbers.begin(), numbers.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
    return numbers.size() > most ? text + ", ..." : text;
}

/// Kinds to places, each kind as many as it has cores: augmenting ways, shortest first.
class PinMatching {
public:
    explicit PinMatching(const std::vector<PinnedKind>& kinds) : kinds_(kinds) {}

    /// The kind that holds each place in use, or what stands in the way.
    [[nodiscard]] Result<std::map<std::uint32_t, std::uint32_t>> run() {
        for (std::uint32_t kind = 0; kind < kinds_.size(); ++kind) {
            for (std::size_t core = 0; core < kinds_[kind].cores.size(); ++core) {
                if (!augment(kind)) {
                    return fail(shortage());
                }
            }
        }
        return holder_;
    }

private:
    bool augment(std::uint32_t kind) {
        struct Step {
            std::uint32_t from_kind = none;
            std::uint32_t place = none;  ///< taken from the kind of this step for from_kind
        };
        reached_.assign(kinds_.size(), 0);
        std::vector<Step> step_of(kinds_.size());
        std::vector<std::uint32_t> queue{kind};
        reached_[kind] = 1;
        for (std::size_t i = 0; i < queue.size(); ++i) {
            for (const std::uint32_t place : kinds_[queue[i]].places) {
                const auto holder = holder_.find(place);
                if (holder != holder_.end()) {
                    if (reached_[holder->second] == 0) {
                        reached_[holder->second] = 1;
                        step_of[holder->second] = {.from_kind = queue[i], .place = place};
                        queue.push_back(holder->second);
                    }
                    continue;
                }
                holder_[place] = queue[i];
                for (std::uint32_t k = queue[i]; k != kind; k = step_of[k].from_kind) {
                    holder_[step_of[k].place] = step_of[k].from_kind;
                }
                return true;
            }
        }
        return false;
    }

    /// The kinds reached share too few places, all of them.
    [[nodiscard]] Diagnostic shortage() const {
        std::vector<std::uint32_t> places;
        std::size_t cores = 0;
        for (std::size_t kind = 0; kind < kinds_.size(); ++kind) {
            if (reached_[kind] != 0) {
                cores += kinds_[kind].cores.size();
                places.insert(places.end(), kinds_[kind].places.begin(), kinds_[kind].places.end());
            }
        }
        std::sort(places.begin(), places.end());
        places.erase(std::unique(places.begin(), places.end()), places.end());
        return {.where = "placement",
                .found = places.empty()
                             ? fmt::format("{} cores of the network are pinned to forbidden places alone", cores)
                             : fmt::format("{} cores of the network are pinned to the {} places {}", cores,
                                           places.size(), list_of(places)),
                .allowed = "a place for every core, none of them forbidden",
                .help = "pin to more places, forbid fewer, or let the pinned populations take fewer cores"};
    }

    const std::vector<PinnedKind>& kinds_;
    std::map<std::uint32_t, std::uint32_t> holder_;
    std::vector<std::uint8_t> reached_;
};

Diagnostics check_places(std::uint32_t cores, const router::Mesh& mesh, const PlaceRules& rules) {
    Diagnostics findings;
    const auto board = static_cast<std::uint32_t>(mesh.cores());
    const auto check = [&](const std::vector<std::uint32_t>& places, std::string_view what) {
        for (const std::uint32_t place : places) {
            if (place >= board) {
                findings.push_back({.where = "placement",
                                    .found = fmt::format("core {} is {}", place, what),
                                    .allowed = fmt::format("cores 0 to {} of the board", board - 1)});
                return;
            }
        }
    };
    check(rules.forbidden, "forbidden");
    for (std::size_t core = 0; core < rules.allowed_of_core.size() && core < cores; ++core) {
        check(rules.allowed_of_core[core], "pinned to");
    }
    return findings;
}

Diagnostic too_few_places(std::uint32_t cores, std::size_t free, const router::Mesh& mesh, std::size_t pinned) {
    const std::size_t forbidden = static_cast<std::size_t>(mesh.cores()) - free;
    return {.where = "placement",
            .found = fmt::format("{} cores are needed, {} of them pinned", cores, pinned),
            .allowed = fmt::format("{} places: the board has {}, {} are forbidden", free, mesh.cores(), forbidden),
            .help = forbidden > 0 ? "forbid fewer places" : "a board of more chips"};
}

/// Pinned kinds 0.., then one for all other cores, then one for the empties.
void add_permissions(const std::vector<PinnedKind>& kinds, const std::vector<std::uint32_t>& open, Region& region) {
    const std::size_t slots = region.slots.size();
    const auto slot_index = [&](std::uint32_t place) {
        return static_cast<std::size_t>(std::lower_bound(region.slots.begin(), region.slots.end(), place) -
                                        region.slots.begin());
    };
    const auto others = static_cast<std::uint32_t>(kinds.size());
    region.permissions.kind_of.assign(slots, others + 1);
    std::fill_n(region.permissions.kind_of.begin(), region.cores, others);
    region.permissions.allows.assign(kinds.size() + 2, std::vector<std::uint8_t>(slots, 0));
    for (std::uint32_t kind = 0; kind < kinds.size(); ++kind) {
        for (const std::uint32_t place : kinds[kind].places) {
            region.permissions.allows[kind][slot_index(place)] = 1;
        }
        for (const std::uint32_t core : kinds[kind].cores) {
            region.permissions.kind_of[core] = kind;
        }
    }
    for (const std::uint32_t place : open) {
        region.permissions.allows[others][slot_index(place)] = 1;
    }
    region.permissions.allows[others + 1].assign(slots, 1);
}

/// Pinned cores where the matching has them, the others over the open places, the empties over the rest.
void arrange(const std::vector<PinnedKind>& kinds, const std::map<std::uint32_t, std::uint32_t>& holder,
             Region& region) {
    const std::size_t slots = region.slots.size();
    region.slot_of.assign(slots, none);
    std::vector<std::uint8_t> taken(slots, 0);
    std::vector<std::size_t> next_of_kind(kinds.size(), 0);
    for (const auto& [place, kind] : holder) {
        const auto slot = static_cast<std::uint32_t>(std::lower_bound(region.slots.begin(), region.slots.end(), place) -
                                                     region.slots.begin());
        region.slot_of[kinds[kind].cores[next_of_kind[kind]++]] = slot;
        taken[slot] = 1;
    }
    const auto& open = region.permissions.allows[kinds.size()];
    std::uint32_t slot = 0;
    for (std::uint32_t item = 0; item < slots; ++item) {
        if (item == region.cores) {
            slot = 0;
        }
        if (region.slot_of[item] != none) {
            continue;
        }
        while (taken[slot] != 0 || (item < region.cores && open[slot] == 0)) {
            ++slot;
        }
        region.slot_of[item] = slot;
        taken[slot] = 1;
    }
}

}  // namespace

Result<Region> choose_region(std::uint32_t cores, const router::Mesh& mesh, const router::NetworkParameters& network,
                             const PlaceRules& rules) {
    if (Diagnostics findings = check_places(cores, mesh, rules); !findings.empty()) {
        return fail(std::move(findings));
    }
    Board board(mesh, network, rules.forbidden);
    const auto kinds = pinned_kinds(cores, board, rules);
    auto holder = PinMatching(kinds).run();
    if (!holder) {
        return fail(std::move(holder.error()));
    }
    if (board.free_places() < cores) {
        return fail(too_few_places(cores, board.free_places(), mesh, holder->size()));
    }
    Region region{.slots = {}, .slot_of = {}, .cores = cores, .permissions = {}};
    if (kinds.empty()) {
        region.slots = board.compact(cores);
        region.slot_of.resize(region.slots.size());
        std::iota(region.slot_of.begin(), region.slot_of.end(), 0U);
        return region;
    }
    std::vector<std::uint32_t> matched;
    for (const auto& [place, kind] : *holder) {
        matched.push_back(place);
        board.take(place);
    }
    std::vector<std::uint32_t> open = board.around(matched, cores - matched.size());
    open.insert(open.end(), matched.begin(), matched.end());
    region.slots = open;
    for (const PinnedKind& kind : kinds) {
        region.slots.insert(region.slots.end(), kind.places.begin(), kind.places.end());
    }
    std::sort(region.slots.begin(), region.slots.end());
    region.slots.erase(std::unique(region.slots.begin(), region.slots.end()), region.slots.end());
    add_permissions(kinds, open, region);
    arrange(kinds, *holder, region);
    return region;
}

}  // namespace spikeloom::compiler
