// Three models of one spike network, with one interface: what the cores of a step send goes in, when it arrived
// comes out. Which spikes arrive never depends on the model, nor on anything here.
//
//   free     hops only: nobody waits in the network. Receivers still work one message at a time.
//   queued   message by message: links, buffers and receivers are queues of finite length with back-pressure.
//   flit     cycle by cycle: input buffers, credits, virtual channels, switch allocation.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "router/graph.hpp"

namespace spikeloom::router {

enum class Model : std::uint8_t { free, queued, flit };
[[nodiscard]] std::string_view name_of(Model model);

using Cycle = std::int64_t;

/// A message from one core to another, or to a group of them.
struct Message {
    std::uint32_t destination = 0;  ///< endpoint; with `group_flag`: a group of the model
    std::uint32_t service = 0;      ///< cycles that the receiver works on it (a group: as the group says)
    std::uint32_t work = 0;         ///< cycles that the sender worked since its last message (or the start)
};
inline constexpr std::uint32_t group_flag = 0x80000000;

/// The plane that a message takes: always the same for a pair of cores, so that its messages stay in order.
[[nodiscard]] constexpr std::uint32_t plane_of(std::uint32_t source, std::uint32_t destination,
                                               const NetworkParameters& parameters) {
    const std::uint32_t key = parameters.cast == Cast::multicast ? source : source + destination;
    return key % static_cast<std::uint32_t>(parameters.planes);
}

/// The virtual channel of its class that a message takes on every link: likewise always the same for a pair.
[[nodiscard]] constexpr std::uint32_t lane_of(std::uint32_t source, std::uint32_t destination,
                                              const NetworkParameters& parameters) {
    const std::uint32_t key = parameters.cast == Cast::multicast ? source : source + destination;
    return key / static_cast<std::uint32_t>(parameters.planes) %
           static_cast<std::uint32_t>(parameters.virtual_channels);
}

/// What the cores of one step send. Messages of an endpoint are in the order in which it makes them.
struct Workload {
    std::vector<std::uint64_t> first;  ///< endpoints + 1: those of endpoint e are messages[first[e] .. first[e + 1])
    std::vector<Message> messages;
    std::vector<std::uint32_t> rest;  ///< by endpoint: cycles of work after its last message
    /// By endpoint: cycles that its receiver works before it takes the first message (inputs from outside, which don't
    /// cross the network). Empty: none.
    std::vector<std::uint32_t> busy{};
};

/// A member of a multicast group.
struct GroupMember {
    std::uint32_t endpoint = 0;
    std::uint32_t service = 0;
};

/// One link in one step: flits that crossed, the most flits that waited in the buffer at its end, and flit-cycles
/// that heads waited there for something else than the pipeline.
struct LinkUse {
    std::uint32_t flits = 0;
    std::uint32_t peak = 0;
    std::uint64_t waited = 0;
    friend bool operator==(const LinkUse&, const LinkUse&) = default;
};

/// A message's passage, if asked for: one a message and destination, in the workload's order (a group's members in
/// theirs). Cycles since the step's start.
struct Passage {
    std::uint32_t source = 0;
    std::uint32_t destination = 0;
    Cycle made = 0;       ///< the sender finished it
    Cycle injected = 0;   ///< its head entered the network
    Cycle arrived = 0;    ///< its tail left the network
    Cycle processed = 0;  ///< the receiver was done with it
    std::uint32_t hops = 0;
    std::uint32_t stalled_link = no_link;  ///< in whose buffer it waited longest; none: it never waited
    Cycle stalled = 0;                     ///< so long
    friend bool operator==(const Passage&, const Passage&) = default;
};

struct Outcome {
    Cycle end = 0;  ///< the last thing to happen
    Cycle last_arrival = 0;
    std::vector<Cycle> sent;       ///< by endpoint: its work is done, stalls included; 0 without work
    std::vector<Cycle> processed;  ///< by endpoint: the last message is done with; without messages: Workload::busy
    std::vector<LinkUse> links;    ///< by link; all planes together (peak: of the fullest)
    std::uint64_t arrivals = 0;
    std::uint64_t latency_sum = 0;  ///< cycles from made to arrived, over arrivals
    std::vector<Passage> passages;
};

class NetworkModel {
public:
    virtual ~NetworkModel() = default;
    /// Destinations of multicast; the returned id goes into Message::destination.
    virtual std::uint32_t add_group(std::uint32_t source, std::span<const GroupMember> members) = 0;
    /// One step, from an empty network to an empty network. Reuses the memory of `outcome`.
    virtual void run(const Workload& workload, bool trace, Outcome& outcome) = 0;
};

/// The graph outlives the model.
[[nodiscard]] std::unique_ptr<NetworkModel> make_model(Model model, const Graph& graph);

}  // namespace spikeloom::router
