#include "compiler/placement/placement_bounds.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <vector>

#include "compiler/placement/link_loads.hpp"
#include "router/ways.hpp"

namespace spikeloom::compiler {
namespace {

constexpr std::uint64_t most_steps_of_lawler = 50'000'000;

/// Of each core: flows to the others, both ways, the largest first.
std::vector<std::vector<std::int64_t>> sorted_flows(const FlowGraph& flows) {
    std::vector<std::vector<std::int64_t>> sorted(flows.cores());
    for (std::uint32_t core = 0; core < flows.cores(); ++core) {
        for (const FlowGraph::Neighbour& neighbour : flows.of(core)) {
            sorted[core].push_back(neighbour.flow);
        }
        std::sort(sorted[core].begin(), sorted[core].end(), std::greater<>());
    }
    return sorted;
}

/// The heaviest flows over the shortest distances.
std::int64_t nearest(const std::vector<std::int64_t>& flows, std::span<const std::int32_t> distances) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < flows.size(); ++i) {
        sum += flows[i] * distances[i];
    }
    return sum;
}

FlowGraph graph_of_messages(const CoreFlows& flows) {
    CoreFlows messages = flows;
    for (CoreFlow& flow : messages.flows) {
        flow.weight = flow.messages;
    }
    return both_ways(messages);
}

/// Ascending distances from a place to the others that a board with nothing forbidden has.
std::vector<std::int32_t> distances_from(std::uint32_t place, const router::Mesh& mesh, const router::Ways& ways) {
    std::vector<std::int32_t> distances;
    const auto per_tile = static_cast<std::uint32_t>(mesh.cores_per_tile);
    for (std::uint32_t tile = 0; tile < static_cast<std::uint32_t>(mesh.tiles()); ++tile) {
        const auto hops = static_cast<std::int32_t>(ways.distance(place, tile * per_tile).hops());
        distances.insert(distances.end(), tile == place / per_tile ? per_tile - 1 : per_tile, hops);
    }
    std::sort(distances.begin(), distances.end());
    return distances;
}

/// The middle of a mesh has at least as many places within every distance as any other place; on a torus all are
/// equal; in a tree the first tile's subtrees are the fullest.
std::uint64_t row_bound(const FlowGraph& graph, const router::Mesh& mesh, const router::NetworkParameters& network) {
    const router::Ways ways(mesh, network);
    const int middle =
        network.topology == router::Topology::tree ? 0 : mesh.tile_at(mesh.board_columns() / 2, mesh.board_rows() / 2);
    const auto distances = distances_from(static_cast<std::uint32_t>(middle * mesh.cores_per_tile), mesh, ways);
    std::int64_t twice = 0;
    for (const auto& flows : sorted_flows(graph)) {
        twice += nearest(flows, distances);
    }
    return static_cast<std::uint64_t>((twice + 1) / 2);
}

void bound_hops(const CoreFlows& flows, const router::Mesh& mesh, const router::NetworkParameters& network,
                std::span<const std::uint32_t> forbidden, PlacementBounds& bounds) {
    const FlowGraph graph = graph_of_messages(flows);
    bounds.hops_bound = row_bound(graph, mesh, network);
    std::vector<std::uint8_t> free(static_cast<std::size_t>(mesh.cores()), 1);
    for (const std::uint32_t place : forbidden) {
        free[place] = 0;
    }
    const auto slots = static_cast<std::uint64_t>(std::count(free.begin(), free.end(), 1));
    const std::uint64_t steps =
        slots * slots * 4 + slots * (graph.neighbours.size() + std::uint64_t{flows.cores} * flows.cores);
    if (slots > 4096 || steps > most_steps_of_lawler || slots < flows.cores) {
        return;
    }
    std::vector<std::uint32_t> places;
    for (std::uint32_t place = 0; place < free.size(); ++place) {
        if (free[place] != 0) {
            places.push_back(place);
        }
    }
    const router::Ways ways(mesh, network);
    std::vector<std::int32_t> distances;
    for (const std::uint32_t from : places) {
        for (const std::uint32_t to : places) {
            distances.push_back(static_cast<std::int32_t>(ways.distance(from, to).hops()));
        }
    }
    const std::uint64_t bound = gilmore_lawler_bound(graph, distances, static_cast<std::uint32_t>(slots));
    bounds.hops_bound = std::max(bounds.hops_bound, bound);
    bounds.hops_bound_by = HopsBound::gilmore_lawler;
}

std::uint64_t ceiling(std::uint64_t a, std::uint64_t b) {
    return b == 0 ? 0 : (a + b - 1) / b;
}

/// Messages over each line between columns (or rows), in each direction: [line][direction].
class Cuts {
public:
    explicit Cuts(int size) : change_(2 * (static_cast<std::size_t>(size) + 1), 0) {}
    void add(int from, int to, std::int64_t messages) {
        const std::size_t direction = from < to ? 0 : 1;
        change_[2 * static_cast<std::size_t>(std::min(from, to)) + direction] += messages;
        change_[2 * static_cast<std::size_t>(std::max(from, to)) + direction] -= messages;
    }
    [[nodiscard]] std::uint64_t largest() const {
        std::int64_t most = 0;
        for (std::size_t direction = 0; direction < 2; ++direction) {
            std::int64_t sum = 0;
            for (std::size_t i = direction; i < change_.size(); i += 2) {
                sum += change_[i];
                most = std::max(most, sum);
            }
        }
        return static_cast<std::uint64_t>(most);
    }

private:
    std::vector<std::int64_t> change_;
};

std::uint64_t cut_bound(const CoreFlows& flows, std::span<const std::uint32_t> place, const router::Mesh& mesh,
                        bool torus) {
    Cuts columns(mesh.board_columns());
    Cuts rows(mesh.board_rows());
    for (const CoreFlow& flow : flows.flows) {
        const auto from = static_cast<int>(place[flow.from]);
        const auto to = static_cast<int>(place[flow.to]);
        columns.add(mesh.column(from), mesh.column(to), flow.messages);
        rows.add(mesh.row(from), mesh.row(to), flow.messages);
    }
    // Round a ring, what is west of a line has a second way out, over the border.
    const auto width = [&](int lines, int across) {
        return static_cast<std::uint64_t>(across) * (torus && lines >= 3 ? 2 : 1);
    };
    return std::max(ceiling(columns.largest(), width(mesh.board_columns(), mesh.board_rows())),
                    ceiling(rows.largest(), width(mesh.board_rows(), mesh.board_columns())));
}

}  // namespace

std::string_view name_of(HopsBound bound) {
    switch (bound) {
    case HopsBound::rows:
        return "row bound";
    case HopsBound::gilmore_lawler:
        return "Gilmore-Lawler bound";
    }
    return "";
}

std::int64_t least_assignment(std::span<const std::int64_t> table, std::size_t rows, std::size_t columns) {
    // Shortest augmenting ways with potentials (Jonker and Volgenant 1987); row and column 0 are sentinels.
    constexpr std::int64_t infinite = std::numeric_limits<std::int64_t>::max();
    std::vector<std::int64_t> row_price(rows + 1, 0);
    std::vector<std::int64_t> column_price(columns + 1, 0);
    std::vector<std::size_t> row_of(columns + 1, 0);
    std::vector<std::size_t> came_from(columns + 1, 0);
    for (std::size_t row = 1; row <= rows; ++row) {
        std::vector<std::int64_t> least(columns + 1, infinite);
        std::vector<std::uint8_t> done(columns + 1, 0);
        row_of[0] = row;
        std::size_t column = 0;
        while (row_of[column] != 0) {
            done[column] = 1;
            const std::size_t here = row_of[column];
            std::int64_t step = infinite;
            std::size_t next = 0;
            for (std::size_t c = 1; c <= columns; ++c) {
                if (done[c] != 0) {
                    continue;
                }
                const std::int64_t reduced = table[(here - 1) * columns + c - 1] - row_price[here] - column_price[c];
                if (reduced < least[c]) {
                    least[c] = reduced;
                    came_from[c] = column;
                }
                if (least[c] < step) {
                    step = least[c];
                    next = c;
                }
            }
            for (std::size_t c = 0; c <= columns; ++c) {
                if (done[c] != 0) {
                    row_price[row_of[c]] += step;
                    column_price[c] -= step;
                } else if (least[c] != infinite) {
                    least[c] -= step;
                }
            }
            column = next;
        }
        while (column != 0) {
            row_of[column] = row_of[came_from[column]];
            column = came_from[column];
        }
    }
    std::int64_t sum = 0;
    for (std::size_t column = 1; column <= columns; ++column) {
        sum += row_of[column] != 0 ? table[(row_of[column] - 1) * columns + column - 1] : 0;
    }
    return sum;
}

std::uint64_t gilmore_lawler_bound(const FlowGraph& flows, std::span<const std::int32_t> distances,
                                   std::uint32_t slots) {
    const auto sorted = sorted_flows(flows);
    std::vector<std::int64_t> table(std::size_t{flows.cores()} * slots);
    for (std::uint32_t slot = 0; slot < slots; ++slot) {
        std::vector<std::int32_t> from_here;
        for (std::uint32_t other = 0; other < slots; ++other) {
            if (other != slot) {
                from_here.push_back(distances[std::size_t{slot} * slots + other]);
            }
        }
        std::sort(from_here.begin(), from_here.end());
        for (std::uint32_t core = 0; core < flows.cores(); ++core) {
            table[std::size_t{core} * slots + slot] = nearest(sorted[core], from_here);
        }
    }
    return static_cast<std::uint64_t>((least_assignment(table, flows.cores(), slots) + 1) / 2);
}

std::uint64_t row_bound(const FlowGraph& flows, std::span<const std::int32_t> distances, std::uint32_t slots) {
    // By rank, the least distance of any place to its first, second, ... neighbour.
    std::vector<std::int32_t> least(slots > 0 ? slots - 1 : 0, std::numeric_limits<std::int32_t>::max());
    std::vector<std::int32_t> from_here;
    for (std::uint32_t slot = 0; slot < slots; ++slot) {
        const auto row = distances.subspan(std::size_t{slot} * slots, slots);
        from_here.assign(row.begin(), row.end());
        from_here.erase(from_here.begin() + slot);
        std::sort(from_here.begin(), from_here.end());
        for (std::size_t rank = 0; rank < least.size(); ++rank) {
            least[rank] = std::min(least[rank], from_here[rank]);
        }
    }
    std::int64_t twice = 0;
    for (const auto& sorted : sorted_flows(flows)) {
        twice += nearest(sorted, least);
    }
    return static_cast<std::uint64_t>((twice + 1) / 2);
}

PlacementBounds placement_bounds(const CoreFlows& flows, std::span<const std::uint32_t> place, const router::Mesh& mesh,
                                 const router::NetworkParameters& network, std::span<const std::uint32_t> forbidden) {
    PlacementBounds bounds{.messages = total_messages(flows)};
    bound_hops(flows, mesh, network, forbidden, bounds);
    const LinkLoads loads = link_loads(flows, place, mesh, network);
    bounds.hops = static_cast<std::uint64_t>(loads.total());
    bounds.largest_link = static_cast<std::uint64_t>(loads.largest());
    if (network.topology == router::Topology::tree) {
        bounds.largest_link_bound = bounds.largest_link;  // there is one way only
    } else {
        bounds.largest_link_bound =
            std::max(ceiling(bounds.hops, loads.links()),
                     cut_bound(flows, place, mesh, network.topology == router::Topology::torus));
    }
    return bounds;
}

}  // namespace spikeloom::compiler
