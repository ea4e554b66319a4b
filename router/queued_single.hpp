// QueuedModel's rules for the common case, and nothing else: packets of one flit, one virtual channel, one destination
// a message, no trace. A packet is then its flit, so it lives in its slot of the buffer, and a hop touches two queues.
// Gives what the general model gives, to the cycle; a test holds them together.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "router/event_ring.hpp"
#include "router/model.hpp"
#include "router/route_table.hpp"

namespace spikeloom::router {

class QueuedSingle {
public:
    /// `routes` outlive this.
    QueuedSingle(const Graph& graph, const RouteTable& routes);
    /// Whether a network is such a case.
    [[nodiscard]] static bool fits(const Graph& graph);

    /// Messages have one destination each.
    void run(const Workload& workload, Outcome& outcome);

private:
    static constexpr std::uint32_t none = 0xFFFFFFFF;
    static constexpr Cycle never = -1;
    static constexpr Cycle unknown = std::numeric_limits<Cycle>::max();

    /// A packet inside a buffer; once it has left, `time` is when its room can be used upstream.
    struct Slot {
        Cycle time = 0;             ///< of arrival
        std::uint32_t channel = 0;  ///< the queue it goes to next
        std::uint32_t destination = 0;
        std::uint32_t service = 0;
    };
    /// A link and the buffer at its end. Packets are numbered from the first that ever came. What a hop touches comes
    /// first, in one line of the cache.
    struct alignas(64) Queue {
        Cycle ready = 0;  ///< when the link can take the next packet, its room included; `unknown`: no room known
        Cycle free = 0;   ///< likewise without room
        Cycle since = 0;  ///< the front packet waits for its link; eject link: the last packet was taken
        std::uint64_t waited = 0;
        std::uint32_t entered = 0;  ///< packets whose arrival is known
        std::uint32_t left = 0;     ///< packets whose departure is known
        std::uint32_t front = 0;    ///< the queue that the front packet goes to
        std::uint32_t peak = 0;
        std::uint32_t asks_first = none;  ///< queues whose front packet waits for the link
        std::uint32_t asks_last = none;
        std::uint32_t asks_next = none;  ///< behind this queue's front packet, where that waits
        bool wake_set = false;
        bool source_waits = false;
        bool eject = false;
        std::uint32_t entered_before = 0;  ///< this step
        // what never changes
        std::uint32_t forward = 0;  ///< cycles from leaving the buffer before to arriving here
        std::uint32_t credit = 0;   ///< cycles from leaving here to the room's use upstream
        std::uint32_t hold = 0;     ///< cycles that a packet takes the link
        std::uint32_t to = 0;       ///< router, or endpoint of an eject link
        std::uint32_t first_of_plane = 0;
        const std::uint32_t* routes = nullptr;  ///< of the router: links by destination
        std::uint32_t feeder = none;            ///< before an inject link
    };
    /// A core before one plane.
    struct Feeder {
        std::uint64_t next = 0;  ///< message; those of other planes are passed over
        std::uint64_t end = 0;
        Cycle clock = 0;  ///< made the one before it
        Cycle link_free = 0;
        std::uint32_t endpoint = 0;
        std::uint32_t plane = 0;
        std::uint32_t queue = 0;
    };
    struct Maker {
        std::uint64_t next = 0;
        Cycle clock = 0;
    };

    void build();
    void start();
    void finish();
    void make(std::uint32_t endpoint);
    void feed(Feeder& feeder);
    void feed_all(std::uint32_t endpoint);
    void head_asks(std::uint32_t q);
    void serve(std::uint32_t channel);
    void cross(Queue& from, std::uint32_t q, Queue& to, std::uint32_t channel);
    void receive(Queue& queue, Slot* ring, Cycle arrival, const Slot& packet);
    void set_wake(Queue& queue, std::uint32_t channel);
    void note_peak(Queue& queue, const Slot* ring) const;
    [[nodiscard]] Slot* ring(std::uint32_t q) { return slots_.data() + (std::size_t{q} << ring_bits_); }
    [[nodiscard]] static std::uint32_t next_queue(const Queue& queue, std::uint32_t destination) {
        return queue.routes[destination] + queue.first_of_plane;
    }
    /// A packet has entered: when the next one can.
    void set_ready(Queue& queue, const Slot* slots) const {
        const Cycle room = slots[(queue.entered - depth_) & mask_].time;
        const Cycle later = queue.free > room ? queue.free : room;
        queue.ready = queue.entered - queue.left < depth_ ? later : unknown;
    }
    void prefetch(std::uint32_t q) const {
        __builtin_prefetch(&queues_[q].ready);
        __builtin_prefetch(&queues_[q].forward);
    }

    const Graph& graph_;
    const RouteTable& routes_;
    std::uint32_t planes_, depth_, ring_bits_, mask_;
    std::uint32_t source_queue_;
    Cycle allocation_;
    std::vector<Queue> queues_;    ///< plane * links + link
    std::vector<Slot> slots_;      ///< by queue, as rings
    std::vector<Feeder> feeders_;  ///< endpoint * planes + plane
    std::vector<Maker> makers_;
    std::vector<Cycle> receiver_free_;
    std::vector<Cycle> processed_;
    std::vector<Cycle> made_;      ///< by message, with a bounded source queue
    std::vector<Cycle> injected_;  ///< likewise
    EventRing events_;             ///< of each queue its head (even), its link's wake-up (odd)

    const Workload* workload_ = nullptr;
    Outcome* outcome_ = nullptr;
    Cycle longest_ = 1;  ///< of what a packet leaves behind
    Cycle base_ = 0;
    Cycle now_ = 0;
    Cycle last_arrival_ = 0;
    std::uint64_t arrivals_ = 0;
    std::uint64_t arrival_sum_ = 0;  ///< cycles since the start
    std::uint64_t made_sum_ = 0;     ///< likewise
};

}  // namespace spikeloom::router
