#include "compiler/placement/slot_metric.hpp"

#include <algorithm>
#include <utility>

namespace spikeloom::compiler {
namespace {

constexpr std::uint32_t most_tabulated_tiles = 1024;  // of a tree: 4 MiB of distances

/// The distinct values, ascending.
std::vector<std::uint32_t> distinct(std::vector<std::uint32_t> values) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    return values;
}

std::uint32_t index_in(const std::vector<std::uint32_t>& sorted, std::uint32_t value) {
    return static_cast<std::uint32_t>(std::lower_bound(sorted.begin(), sorted.end(), value) - sorted.begin());
}

std::int32_t largest_of(const std::vector<std::int32_t>& table) {
    return table.empty() ? 0 : *std::max_element(table.begin(), table.end());
}

}  // namespace

SlotMetric::SlotMetric(std::span<const std::uint32_t> slots, const router::Mesh& mesh,
                       const router::NetworkParameters& network)
    : narrow_(network.between_chips.interval - 1) {
    const router::Ways ways(mesh, network);
    if (network.topology != router::Topology::tree) {
        tabulate_grid(ways, mesh, slots);
        largest_ = largest_of(u_table_) + largest_of(v_table_);
        return;
    }
    const auto per_tile = static_cast<std::uint32_t>(mesh.cores_per_tile);
    std::vector<std::uint32_t> tiles;
    for (const std::uint32_t slot : slots) {
        tiles.push_back(slot / per_tile);
    }
    tiles = distinct(std::move(tiles));
    for (const std::uint32_t slot : slots) {
        points_.push_back({.u = index_in(tiles, slot / per_tile), .v = 0});
    }
    if (tiles.size() > most_tabulated_tiles) {
        add_levels(ways, tiles);
        return;
    }
    for (std::uint32_t& tile : tiles) {
        tile *= per_tile;
    }
    tabulate_tree(ways, tiles);
    largest_ = largest_of(u_table_);
}

SlotMetric::SlotMetric(std::vector<std::int32_t> matrix, std::uint32_t size)
    : u_size_(size), u_table_(std::move(matrix)), largest_(largest_of(u_table_)) {
    for (std::uint32_t slot = 0; slot < size; ++slot) {
        points_.push_back({.u = slot, .v = 0});
    }
}

/// Half-way round a ring the two directions may differ in the borders that they cross.
std::int32_t SlotMetric::cost(const router::Ways& ways, std::uint32_t from, std::uint32_t to) const {
    const auto one_way = [&](std::uint32_t a, std::uint32_t b) {
        const router::Distance way = ways.distance(a, b);
        return static_cast<std::int32_t>(way.hops()) + narrow_ * static_cast<std::int32_t>(way.between_chips);
    };
    return (one_way(from, to) + one_way(to, from) + 1) / 2;
}

void SlotMetric::tabulate_grid(const router::Ways& ways, const router::Mesh& mesh,
                               std::span<const std::uint32_t> slots) {
    std::vector<std::uint32_t> columns;
    std::vector<std::uint32_t> rows;
    for (const std::uint32_t slot : slots) {
        columns.push_back(static_cast<std::uint32_t>(mesh.column(static_cast<int>(slot))));
        rows.push_back(static_cast<std::uint32_t>(mesh.row(static_cast<int>(slot))));
        points_.push_back({.u = columns.back(), .v = rows.back()});
    }
    columns = distinct(std::move(columns));
    rows = distinct(std::move(rows));
    for (Point& point : points_) {
        point = {.u = index_in(columns, point.u), .v = index_in(rows, point.v)};
    }
    const auto first_core = [&](std::uint32_t column, std::uint32_t row) {
        const int tile = mesh.tile_at(static_cast<int>(column), static_cast<int>(row));
        return static_cast<std::uint32_t>(tile * mesh.cores_per_tile);
    };
    u_size_ = static_cast<std::uint32_t>(columns.size());
    v_size_ = static_cast<std::uint32_t>(rows.size());
    v_table_.clear();
    for (const std::uint32_t from : columns) {
        for (const std::uint32_t to : columns) {
            u_table_.push_back(cost(ways, first_core(from, rows[0]), first_core(to, rows[0])));
        }
    }
    for (const std::uint32_t from : rows) {
        for (const std::uint32_t to : rows) {
            v_table_.push_back(cost(ways, first_core(columns[0], from), first_core(columns[0], to)));
        }
    }
}

void SlotMetric::tabulate_tree(const router::Ways& ways, std::span<const std::uint32_t> first_core) {
    u_size_ = static_cast<std::uint32_t>(first_core.size());
    u_table_.reserve(std::size_t{u_size_} * u_size_);
    for (const std::uint32_t from : first_core) {
        for (const std::uint32_t to : first_core) {
            u_table_.push_back(cost(ways, from, to));
        }
    }
}

void SlotMetric::add_levels(const router::Ways& ways, std::span<const std::uint32_t> tiles) {
    constexpr std::uint32_t up = 0;  // the port of a tree's router to its parent
    std::vector<std::uint32_t> here(tiles.begin(), tiles.end());
    for (auto link = ways.neighbour(here[0], up); link; link = ways.neighbour(here[0], up)) {
        const std::int32_t step = 2 * (1 + (link->between_chips ? narrow_ : 0));
        levels_.push_back({.ancestor = here, .step = step});
        largest_ += step;
        for (std::uint32_t& router : here) {
            router = ways.neighbour(router, up)->router;
        }
    }
}

}  // namespace spikeloom::compiler
