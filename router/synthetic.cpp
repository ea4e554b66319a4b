#include "router/synthetic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/base/random.hpp"

namespace spikeloom::router {
namespace {

/// Draws of one packet.
enum Draw : std::uint32_t { gap_draw = 0, destination_draw = 1 };

RandomKey key_of(std::uint64_t seed, std::uint32_t source, std::uint64_t packet, Draw draw) {
    return {.seed = seed, .purpose = RandomPurpose::synthetic_traffic, .step = packet, .core = source, .draw = draw};
}

std::uint32_t nodes_of(const Mesh& mesh) {
    return static_cast<std::uint32_t>(mesh.cores());
}

/// Puts messages together, endpoint by endpoint; `make(node, emit)` calls emit(destination node, cycle) in order.
template <class Make>
Workload assembled(const Mesh& mesh, const Make& make) {
    Workload workload;
    const std::uint32_t nodes = nodes_of(mesh);
    workload.first.reserve(std::size_t{nodes} + 1);
    workload.first.push_back(0);
    workload.rest.assign(nodes, 0);
    for (std::uint32_t endpoint = 0; endpoint < nodes; ++endpoint) {
        Cycle now = 0;
        make(node_of_endpoint(mesh, endpoint), [&](std::uint32_t destination, Cycle cycle) {
            workload.messages.push_back({.destination = endpoint_of_node(mesh, destination),
                                         .service = 0,
                                         .work = static_cast<std::uint32_t>(cycle - now)});
            now = cycle;
        });
        workload.first.push_back(workload.messages.size());
    }
    return workload;
}

}  // namespace

std::uint32_t endpoint_of_node(const Mesh& mesh, std::uint32_t node) {
    const int tile = static_cast<int>(node) / mesh.cores_per_tile;
    const int at = mesh.tile_at(tile % mesh.board_columns(), tile / mesh.board_columns());
    return static_cast<std::uint32_t>(at * mesh.cores_per_tile + static_cast<int>(node) % mesh.cores_per_tile);
}

std::uint32_t node_of_endpoint(const Mesh& mesh, std::uint32_t endpoint) {
    const auto core = static_cast<int>(endpoint);
    const int tile = mesh.row(core) * mesh.board_columns() + mesh.column(core);
    return static_cast<std::uint32_t>(tile * mesh.cores_per_tile + core % mesh.cores_per_tile);
}

TrafficSource::TrafficSource(Traffic traffic, const Mesh& mesh, std::uint64_t seed)
    : traffic_(std::move(traffic)), mesh_(mesh), seed_(seed) {
    const std::uint32_t nodes = nodes_of(mesh_);
    if (traffic_.pattern == Pattern::hotspot) {
        weight_before_.assign(nodes, 1);
        for (const HotNode& hot : traffic_.hot) {
            weight_before_[hot.node] = hot.weight;
        }
        for (std::size_t node = 1; node < nodes; ++node) {
            weight_before_[node] += weight_before_[node - 1];
        }
    }
    if (traffic_.pattern == Pattern::listed) {
        of_source_ = traffic_.list;
        std::stable_sort(of_source_.begin(), of_source_.end(), [](const ListedPacket& a, const ListedPacket& b) {
            return a.source != b.source ? a.source < b.source : a.cycle < b.cycle;
        });
        first_.assign(std::size_t{nodes} + 1, 0);
        for (const ListedPacket& packet : of_source_) {
            ++first_[packet.source + 1];
        }
        for (std::size_t node = 0; node < nodes; ++node) {
            first_[node + 1] += first_[node];
        }
    }
}

bool TrafficSource::sends(std::uint32_t node) const {
    return traffic_.pattern != Pattern::listed || first_[node + 1] > first_[node];
}

std::uint32_t TrafficSource::permuted(std::uint32_t source) const {
    const auto cores = static_cast<std::uint32_t>(mesh_.cores_per_tile);
    const auto columns = static_cast<std::uint32_t>(mesh_.board_columns());
    const auto rows = static_cast<std::uint32_t>(mesh_.board_rows());
    const std::uint32_t tile = source / cores;
    const std::uint32_t column = tile % columns;
    const std::uint32_t row = tile / columns;
    const auto moved = [&](std::uint32_t by_columns, std::uint32_t by_rows) {
        return (row + by_rows) % rows * columns + (column + by_columns) % columns;
    };
    const std::uint32_t last = columns * rows - 1;  // its bits are those of a tile's number
    const int bits = std::bit_width(last);
    const auto to_tile = [&]() -> std::uint32_t {
        switch (traffic_.pattern) {
        case Pattern::transpose:
            return column * columns + row;
        case Pattern::bit_complement:
            return ~tile & last;
        case Pattern::bit_reverse: {
            std::uint32_t reversed = 0;
            for (int bit = 0; bit < bits; ++bit) {
                reversed = reversed << 1 | (tile >> bit & 1);
            }
            return reversed;
        }
        case Pattern::shuffle:
            return bits == 0 ? tile : (tile << 1 & last) | tile >> (bits - 1);
        case Pattern::neighbor:
            return moved(1, 1);
        case Pattern::tornado:
            return moved((columns + 1) / 2 - 1, (rows + 1) / 2 - 1);
        case Pattern::uniform:
        case Pattern::hotspot:
        case Pattern::all_to:
        case Pattern::listed:
            break;
        }
        return tile;
    };
    return to_tile() * cores + source % cores;
}

std::uint32_t TrafficSource::destination(std::uint32_t source, std::uint64_t packet) const {
    const auto drawn = [&](std::uint64_t bound) {
        return random_below(key_of(seed_, source, packet, destination_draw), bound);
    };
    switch (traffic_.pattern) {
    case Pattern::uniform:
        return static_cast<std::uint32_t>(drawn(nodes_of(mesh_)));
    case Pattern::hotspot: {
        const auto at = std::upper_bound(weight_before_.begin(), weight_before_.end(), drawn(weight_before_.back()));
        return static_cast<std::uint32_t>(at - weight_before_.begin());
    }
    case Pattern::all_to:
        return traffic_.target;
    case Pattern::listed:
        return of_source_[first_[source] + drawn(first_[source + 1] - first_[source])].destination;
    case Pattern::transpose:
    case Pattern::bit_complement:
    case Pattern::bit_reverse:
    case Pattern::shuffle:
    case Pattern::neighbor:
    case Pattern::tornado:
        return permuted(source);
    }
    return source;
}

Workload TrafficSource::batch(std::uint32_t packets) const {
    if (traffic_.pattern != Pattern::listed) {
        return assembled(mesh_, [&](std::uint32_t node, const auto& emit) {
            for (std::uint32_t packet = 0; packet < packets; ++packet) {
                emit(destination(node, packet), packet);
            }
        });
    }
    return assembled(mesh_, [&](std::uint32_t node, const auto& emit) {
        Cycle cycle = 0;
        for (std::uint32_t round = 0; round < (traffic_.timed ? 1 : packets); ++round) {
            for (std::uint64_t at = first_[node]; at < first_[node + 1]; ++at) {
                emit(of_source_[at].destination, traffic_.timed ? of_source_[at].cycle : cycle++);
            }
        }
    });
}

Workload TrafficSource::bernoulli(double probability, Cycle horizon) const {
    const double log_none = std::log1p(-probability);  // of no packet in a cycle; at 1: minus infinity, no gaps
    return assembled(mesh_, [&](std::uint32_t node, const auto& emit) {
        Cycle cycle = 0;
        for (std::uint64_t packet = 0; sends(node); ++packet) {
            const double gap =
                std::floor(std::log1p(-random_uniform(key_of(seed_, node, packet, gap_draw))) / log_none);
            if (gap >= static_cast<double>(horizon - cycle)) {
                return;
            }
            cycle += static_cast<Cycle>(gap);
            emit(destination(node, packet), cycle);
            ++cycle;
        }
    });
}

}  // namespace spikeloom::router
