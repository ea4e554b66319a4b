// What synthetic traffic measures on a network: how long a batch takes to drain, and latency and throughput under a
// steady load. Definitions are those of BookSim 2 (commit 28f43299), so that figures can be compared.
//
// Packet latency counts from the cycle in which a packet is made, so the wait in its source's queue is in it; network
// latency from its head's entering the network; both to the arrival of its tail. Source queues hold any number.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "router/synthetic.hpp"

namespace spikeloom::router {

struct LatencyFigures {
    std::uint64_t packets = 0;
    double mean = 0;
    Cycle least = 0;
    Cycle most = 0;
    double network_mean = 0;
};

struct PairLatency {
    std::uint32_t source = 0;  ///< node, as in Traffic
    std::uint32_t destination = 0;
    LatencyFigures latency;
};

struct BatchResult {
    Cycle cycles = 0;  ///< to drain: the last arrival + 1, or 0
    LatencyFigures latency;
    std::uint64_t flits = 0;  ///< that arrived
    std::vector<LinkUse> links;
    std::vector<PairLatency> pairs;  ///< ascending; those with packets
};
/// Of a network without source queues' limits (NetworkParameters::source_queue 0).
[[nodiscard]] BatchResult run_batch(const Graph& graph, NetworkModel& model, const Workload& workload);

struct LoadOptions {
    Cycle warm_up = 6000;   ///< cycles that aren't measured
    Cycle measured = 9000;  ///< cycles that are
    /// Mean packet latency from which a load counts as saturated, whatever else holds.
    double latency_threshold = 300;
};

struct LoadPoint {
    double offered = 0;             ///< flits per node and cycle
    double accepted = 0;            ///< flits that arrived in the measured cycles, per node and cycle
    LatencyFigures latency;         ///< of the packets made in the measured cycles
    Cycle latency_p99 = 0;          ///< that 99 % of them don't exceed
    std::int64_t queue_growth = 0;  ///< packets made less packets arrived in the measured cycles
    /// The mean latency is above the threshold, or the queues grew by more than 32 packets and 1/400 of those made.
    bool saturated = false;
};
/// `rate`: flits per node and cycle, above 0, at most the packet's length.
[[nodiscard]] LoadPoint run_load(const Graph& graph, NetworkModel& model, const TrafficSource& source, double rate,
                                 const LoadOptions& options);

struct Saturation {
    double stable = 0;    ///< the highest rate tried that the network carried; 0: none
    double unstable = 0;  ///< the lowest tried that it didn't; 0: none, it carries all that nodes can send
    LoadPoint overload;   ///< at 1.25 times `unstable`: what it accepts beyond saturation (at `stable` if none)
    std::vector<LoadPoint> tried;  ///< in ascending order of rate, without the overload
};
/// Between `stable` and `unstable` lies at most `tolerance` of `unstable`.
[[nodiscard]] Saturation find_saturation(const Graph& graph, NetworkModel& model, const TrafficSource& source,
                                         const LoadOptions& options, double tolerance = 0.01);

/// Packets that run_load would hold at once, to be refused where memory is short.
[[nodiscard]] double packets_of_load(const Graph& graph, double rate, const LoadOptions& options);

}  // namespace spikeloom::router
