// Networks and traffic on which the models of the spike network are held against one another.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "router/graph.hpp"
#include "router/model.hpp"

namespace spikeloom::test {

struct NetworkCase {
    std::string name;
    std::string traffic;  ///< as parse_traffic reads it
    router::Mesh mesh;
    int depth = 8;
    int flits = 1;
    int planes = 1;
    router::Topology topology = router::Topology::mesh;
    std::uint32_t service = 0;    ///< cycles a message
    double load = 0;              ///< packets a node and cycle; 0: a batch
    std::uint32_t packets = 100;  ///< of a node, on average
    bool saturated = false;       ///< more than the network takes: a batch is
};

/// Relative differences, queued against flit, with sign; of endpoints: the one that is farthest off, against the end.
struct Agreement {
    router::Cycle flit_end = 0;
    router::Cycle queued_end = 0;
    double end = 0;
    double sent = 0;
    double processed = 0;
};

[[nodiscard]] std::vector<NetworkCase> agreement_cases();
[[nodiscard]] std::vector<NetworkCase> speed_cases();
[[nodiscard]] router::Graph graph_of(const NetworkCase& one);
[[nodiscard]] router::Workload workload_of(const NetworkCase& one);
[[nodiscard]] Agreement compare(const NetworkCase& one);

}  // namespace spikeloom::test
