// Random boards and network parameters, for properties that hold for all of them.
#pragma once

#include <algorithm>
#include <cstdint>

#include "chip/spec/draws.hpp"
#include "router/graph.hpp"

namespace spikeloom::test {

struct RandomNetwork {
    router::Mesh mesh;
    router::NetworkParameters parameters;
};

/// `most`: tiles along a side of a chip, and chips along a side of the board.
inline RandomNetwork random_network(std::uint64_t seed, int most) {
    Draws draws(seed);
    const auto link = [&] {
        return router::LinkTiming{.latency = draws.integer(1, 9), .interval = draws.integer(1, 4)};
    };
    const bool several_chips = draws.chance();
    RandomNetwork network{.mesh = {.columns = draws.integer(1, most),
                                   .rows = draws.integer(1, most),
                                   .cores_per_tile = draws.integer(1, 3),
                                   .chip_columns = several_chips ? draws.integer(1, most) : 1,
                                   .chip_rows = several_chips ? draws.integer(1, most) : 1},
                          .parameters = {.topology = static_cast<router::Topology>(draws.integer(0, 2)),
                                         .order = static_cast<router::DimensionOrder>(draws.integer(0, 1)),
                                         .cast = static_cast<router::Cast>(draws.integer(0, 1)),
                                         .allocation = static_cast<router::Allocation>(draws.integer(0, 1)),
                                         .tree_arity = draws.integer(2, 5),
                                         .planes = draws.integer(1, 3),
                                         .virtual_channels = draws.integer(1, 3),
                                         .packet_flits = draws.integer(1, 4),
                                         .buffer_flits = draws.integer(1, 8),
                                         .source_queue = draws.integer(0, 3),
                                         .router_cycles = draws.integer(1, 4),
                                         .credit_cycles = draws.integer(1, 4),
                                         .east_west = link(),
                                         .north_south = link(),
                                         .vertical = link(),
                                         .local = link(),
                                         .between_chips = link()}};
    if (network.parameters.cast == router::Cast::multicast) {
        network.parameters.buffer_flits = std::max(network.parameters.buffer_flits, network.parameters.packet_flits);
    }
    return network;
}

}  // namespace spikeloom::test
