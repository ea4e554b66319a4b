// Small problems for the tests of placement.
#pragma once

#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "compiler/placement/placement_problem.hpp"
#include "support/networks.hpp"

namespace spikeloom::compiler::test_placement {

/// Each ordered pair talks with a probability of `percent`.
inline CoreFlows random_flows(test::Draws& draws, std::uint32_t cores, int percent) {
    CoreFlows flows{.cores = cores, .flows = {}};
    for (std::uint32_t from = 0; from < cores; ++from) {
        for (std::uint32_t to = 0; to < cores; ++to) {
            if (from != to && draws.integer(0, 99) < percent) {
                const auto messages = static_cast<std::uint32_t>(draws.integer(1, 30));
                const auto weight = static_cast<std::uint32_t>(draws.integer(1, 30));
                flows.flows.push_back({.from = from, .to = to, .messages = messages, .weight = weight});
            }
        }
    }
    return flows;
}

struct Board {
    std::string name;
    router::Mesh mesh;
    router::NetworkParameters network;
};

/// Every topology, with one chip and with several, links between chips narrow.
inline std::vector<Board> boards() {
    std::vector<Board> all;
    for (const auto topology : {router::Topology::mesh, router::Topology::torus, router::Topology::tree}) {
        const std::string name =
            topology == router::Topology::mesh ? "mesh" : (topology == router::Topology::torus ? "torus" : "tree");
        all.push_back({name, {.columns = 4, .rows = 3, .cores_per_tile = 2}, {.topology = topology}});
        all.push_back({name + " of chips",
                       {.columns = 3, .rows = 2, .cores_per_tile = 1, .chip_columns = 2, .chip_rows = 2},
                       {.topology = topology, .between_chips = {.latency = 30, .interval = 7}}});
    }
    return all;
}

inline std::vector<std::uint32_t> all_places(const router::Mesh& mesh) {
    std::vector<std::uint32_t> places(static_cast<std::size_t>(mesh.cores()));
    std::iota(places.begin(), places.end(), 0U);
    return places;
}

/// Any permutation.
inline Arrangement random_arrangement(test::Draws& draws, std::uint32_t slots) {
    Arrangement slot_of(slots);
    std::iota(slot_of.begin(), slot_of.end(), 0U);
    for (std::uint32_t i = slots; i > 1; --i) {
        std::swap(slot_of[i - 1], slot_of[static_cast<std::size_t>(draws.integer(0, static_cast<int>(i) - 1))]);
    }
    return slot_of;
}

}  // namespace spikeloom::compiler::test_placement
