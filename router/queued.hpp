// The fast model: an event a message and router, none for a cycle, none for a flit.
//
// A queue is a virtual channel's buffer at the end of a link, with room for `buffer_flits`. When a flit leaves it, and
// when its successor may take its place, follows from a maximum of sums: of the flit's arrival, the flit before it,
// the room in the next buffer (the departure of the flit `buffer_flits` places earlier, and the credit's way back) and
// the link. What no formula can know is who comes first where ways join: so heads ask for their link in order of time
// (EventRing), and a link serves those that wait first come, first served. All that does not join is computed ahead:
// sources fill the buffer at their router as far as room is known, receivers take packets as they leave the network.
//
// Body flits follow their head without events: their times are computed as soon as arrival and room are known, which
// one of the two neighbouring queues always finds out.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "router/event_ring.hpp"
#include "router/model.hpp"
#include "router/multicast.hpp"
#include "router/queued_single.hpp"
#include "router/route_table.hpp"

namespace spikeloom::router {

class QueuedModel final : public NetworkModel {
public:
    explicit QueuedModel(const Graph& graph);

    std::uint32_t add_group(std::uint32_t source, std::span<const GroupMember> members) override;
    void run(const Workload& workload, bool trace, Outcome& outcome) override;

private:
    static constexpr std::uint32_t none = 0xFFFFFFFF;
    static constexpr Cycle never = -1;

    /// A link's virtual channel and the buffer at its end. Flits are numbered from the first that ever came.
    struct Queue {
        Cycle head_free = 0;              ///< from when the next head may take the channel
        Cycle last_left = 0;              ///< the last departure from the buffer
        Cycle input_free = 0;             ///< when the next branch of the front packet can go
        std::uint32_t entered = 0;        ///< flits whose arrival is known
        std::uint32_t left = 0;           ///< flits whose departure is known
        std::uint32_t seen = 0;           ///< flits that had arrived when the last one left
        std::uint32_t first = 0;          ///< packet at the front, counted from the first that ever came
        std::uint32_t last = 0;           ///< behind the last packet
        std::uint32_t asks_first = none;  ///< requests that wait for the channel
        std::uint32_t asks_last = none;
        std::uint32_t holder = none;  ///< the queue whose front packet is crossing
        std::uint32_t out = none;     ///< the channel that the front packet crosses
        std::uint32_t flit = 0;       ///< of the front packet: the next to leave
        std::uint32_t branches = 0;   ///< of the front packet: still to be served
        bool wake_set = false;
        bool source_waits = false;  ///< the source before it waits for room
    };
    /// What of a queue never changes.
    struct Wire {
        Cycle forward = 0;  ///< from leaving the buffer before to arriving here
        Cycle credit = 0;   ///< from leaving here to the room's use upstream
        Cycle interval = 0;
        std::uint32_t link = 0;
        std::uint32_t lane = 0;  ///< link and plane: what virtual channels share
        std::uint32_t to = 0;    ///< router, or endpoint of an eject link
        std::uint32_t plane = 0;
        std::uint32_t source = none;  ///< feeder before an inject link
        bool eject = false;
    };
    struct Lane {
        Cycle free = 0;          ///< when the next flit may leave
        std::uint32_t turn = 0;  ///< the virtual channel to favour
    };
    struct Packet {
        Cycle made = 0;
        std::uint32_t route = 0;  ///< endpoint; with `group_flag`: node of its tree
        std::uint32_t service = 0;
        std::uint32_t source = 0;
    };
    /// What only a trace needs, by packet.
    struct Track {
        Cycle injected = 0;
        Cycle stalled = 0;
        std::uint32_t stalled_link = no_link;
        std::uint32_t hops = 0;
        std::uint64_t passage = 0;
    };
    /// Asks for a channel. The first ones belong to the queues (for a front packet with one way), the rest to branches.
    struct Request {
        std::uint32_t next = none;
        std::uint32_t queue = 0;
        std::uint32_t packet = 0;  ///< the copy that takes the branch
    };
    /// A core as a maker of messages, where it can stall.
    struct Maker {
        std::uint64_t next = 0;  ///< message
        Cycle clock = 0;         ///< made the one before it
    };
    /// A core before one plane.
    struct Feeder {
        std::uint64_t next = 0;  ///< message; those of other planes are passed over
        Cycle clock = 0;         ///< made the one before it
        Cycle link_free = 0;
        std::uint32_t flit = 0;  ///< of the message: the next to go in
    };

    void build_queues();
    void start(const Workload& workload, bool trace, Outcome& outcome);
    void finish(Outcome& outcome);

    void make(std::uint32_t endpoint);
    void feed_all(std::uint32_t endpoint);
    void feed(std::uint32_t port);
    [[nodiscard]] bool feed_message(Feeder& feeder, std::uint32_t endpoint, std::uint32_t plane);
    void enter(std::uint32_t channel, std::uint32_t packet, Cycle arrival);
    void enter_body(std::uint32_t channel, Cycle arrival);
    void next_front(std::uint32_t queue);
    void head_asks(std::uint32_t queue);
    void branches_ask(std::uint32_t queue, std::uint32_t packet);
    void ask(std::uint32_t channel, std::uint32_t request);
    [[nodiscard]] bool room_known(const Queue& queue) const { return queue.entered + need_ - queue.left <= depth_; }
    [[nodiscard]] Cycle ready(std::uint32_t channel) const;
    void set_wake(std::uint32_t channel);
    [[nodiscard]] std::uint32_t choose(std::uint32_t channel);
    void serve(std::uint32_t channel);
    void grant(std::uint32_t channel, std::uint32_t request);
    void grant_whole(std::uint32_t channel, std::uint32_t request);
    void work_off();
    void follow(std::uint32_t queue);
    void depart(std::uint32_t queue, Cycle at);
    void room_made(std::uint32_t queue);
    void receive(std::uint32_t channel, std::uint32_t packet, Cycle arrival, std::uint32_t flit);

    std::uint32_t new_packet();
    std::uint32_t new_request();
    [[nodiscard]] std::uint32_t front(std::uint32_t queue) const {
        return packet_ring_[std::size_t{queue} * packet_ring_size_ + (queues_[queue].first & (packet_ring_size_ - 1))];
    }
    [[nodiscard]] Cycle& time(std::uint32_t queue, std::uint32_t flit) {
        return times_[std::size_t{queue} * ring_size_ + (flit & (ring_size_ - 1))];
    }
    [[nodiscard]] Cycle time(std::uint32_t queue, std::uint32_t flit) const {
        return times_[std::size_t{queue} * ring_size_ + (flit & (ring_size_ - 1))];
    }

    const Graph& graph_;
    RouteTable routes_;
    std::optional<QueuedSingle> single_;
    MulticastTrees trees_;
    bool groups_ = false;
    std::uint32_t planes_, channels_, per_class_, depth_, flits_;
    std::uint32_t need_;       ///< flits of room that must be known before a head goes
    bool whole_;               ///< packets cross at once: all their flits' times are known with the head's
    Cycle allocation_;         ///< cycles from a head's asking to its leaving
    std::uint32_t ring_size_;  ///< powers of two
    std::uint32_t packet_ring_size_;

    std::vector<Queue> queues_;  ///< (link * planes + plane) * channels + channel
    std::vector<Wire> wires_;
    std::vector<Lane> lanes_;
    std::vector<Cycle>
        times_;  ///< by queue and flit: of a flit inside its arrival, of one that left: when its room is free
    std::vector<std::uint32_t> packet_ring_;
    std::vector<Cycle> branch_left_;  ///< by queue and flit of the front packet: the latest branch so far
    std::vector<Packet> packets_;
    std::vector<Track> tracks_;
    std::vector<std::uint32_t> free_packets_;
    std::vector<Request> requests_;
    std::vector<std::uint32_t> free_requests_;
    std::vector<Feeder> feeders_;  ///< endpoint * planes + plane
    std::vector<Maker> makers_;    ///< by endpoint, with a bounded source queue
    std::vector<Cycle> receiver_free_;
    std::vector<Cycle> made_;      ///< by message, with a bounded source queue
    std::vector<Cycle> injected_;  ///< likewise; before that, `never`
    std::vector<std::uint64_t> first_passage_;
    std::vector<std::uint32_t> to_do_;  ///< queues whose front packet can go on; behind them, feeders
    EventRing events_;                  ///< heads of queues, then wake-ups of channels

    const Workload* workload_ = nullptr;
    Outcome* outcome_ = nullptr;
    bool trace_ = false;
    std::uint64_t expected_ = 0;  ///< arrivals
    Cycle longest_interval_ = 1;
    Cycle base_ = 0;  ///< the step's start: rooms freed in earlier steps lie before it
    Cycle now_ = 0;
    Cycle last_ = 0;  ///< the last thing that happened, so far
};

}  // namespace spikeloom::router
