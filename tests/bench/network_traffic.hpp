// What mapped networks send, step by step, as workloads of the spike network: on Loihi's mesh with the network block of
// models/chips/loihi1.textproto, and with the silicon-fitted times of PERFORMANCE, section 1.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "router/graph.hpp"
#include "router/model.hpp"

namespace spikeloom::bench {

struct NetworkTraffic {
    std::string name;
    router::Mesh mesh;
    router::NetworkParameters parameters;
    std::vector<router::Workload> steps;

    [[nodiscard]] std::uint64_t messages() const;
};

/// `net`: A32, B128, W1 or W4. `speed`: how many times faster than Loihi's cores work, next to the same network.
[[nodiscard]] NetworkTraffic network_traffic(const std::string& net, std::uint64_t first_step, std::uint64_t steps,
                                             double speed);

}  // namespace spikeloom::bench
