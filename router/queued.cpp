#include "router/queued.hpp"

#include <algorithm>

#include "core/base/diagnostics.hpp"

namespace spikeloom::router {

std::uint32_t QueuedModel::add_group(std::uint32_t source, std::span<const GroupMember> members) {
    SPIKELOOM_ASSERT(graph_.parameters().cast == Cast::multicast, "a group in a network without multicast");
    groups_ = true;
    return trees_.add(graph_, source, members) | group_flag;
}

void QueuedModel::run(const Workload& workload, bool trace, Outcome& outcome) {
    SPIKELOOM_ASSERT(workload.first.size() == graph_.endpoints() + std::size_t{1}, "a workload of another network");
    if (single_ && !trace && !groups_) {
        single_->run(workload, outcome);
        return;
    }
    start(workload, trace, outcome);
    for (std::uint32_t endpoint = 0; endpoint < graph_.endpoints(); ++endpoint) {
        feed_all(endpoint);
    }
    work_off();
    const auto queues = static_cast<std::uint32_t>(queues_.size());
    while (events_.advance()) {
        now_ = events_.now();
        std::uint32_t next = none;
        for (std::uint32_t event = events_.take(); event != none; event = next) {
            next = events_.after(event);
            if (event < queues) {
                head_asks(event);
            } else {
                queues_[event - queues].wake_set = false;
                serve(event - queues);
            }
        }
    }
    finish(outcome);
}

/// Makes messages as long as it is known when the core has a place for the next one.
void QueuedModel::make(std::uint32_t endpoint) {
    Maker& maker = makers_[endpoint];
    const std::uint64_t first = workload_->first[endpoint];
    const std::uint64_t end = workload_->first[endpoint + 1];
    const auto places = static_cast<std::uint64_t>(graph_.parameters().source_queue);
    for (; maker.next < end; ++maker.next) {
        maker.clock += workload_->messages[maker.next].work;
        if (maker.next >= first + places) {
            const Cycle place = injected_[maker.next - places];
            if (place == never) {
                maker.clock -= workload_->messages[maker.next].work;
                return;
            }
            maker.clock = std::max(maker.clock, place + 1);
        }
        made_[maker.next] = maker.clock;
    }
    outcome_->sent[endpoint] = maker.clock + (workload_->rest.empty() ? 0 : workload_->rest[endpoint]);
}

void QueuedModel::feed_all(std::uint32_t endpoint) {
    // A packet that goes in on one plane may make the place that a message for another plane waits for.
    const bool bounded = graph_.parameters().source_queue > 0;
    bool again = true;
    while (again) {
        const std::uint64_t before = bounded ? makers_[endpoint].next : 0;
        for (std::uint32_t plane = 0; plane < planes_; ++plane) {
            feed(endpoint * planes_ + plane);
        }
        again = bounded && makers_[endpoint].next != before;
    }
}

/// Fills the buffer at the core's router as far as room is known.
void QueuedModel::feed(std::uint32_t port) {
    Feeder& feeder = feeders_[port];
    const std::uint32_t endpoint = port / planes_;
    const std::uint32_t plane = port % planes_;
    const bool bounded = graph_.parameters().source_queue > 0;
    const std::uint64_t end = workload_->first[endpoint + 1];
    while (feeder.next < end) {
        const Message& message = workload_->messages[feeder.next];
        if (bounded && feeder.next == makers_[endpoint].next) {
            return;
        }
        if (planes_ > 1 && plane_of(endpoint, message.destination, graph_.parameters()) != plane) {
            feeder.clock += message.work;
            ++feeder.next;
            continue;
        }
        if (!feed_message(feeder, endpoint, plane)) {
            return;
        }
        if (bounded) {
            injected_[feeder.next] = feeder.link_free - graph_.parameters().local.interval;
            ++feeder.next;
            make(endpoint);
        } else {
            feeder.clock += message.work;
            ++feeder.next;
        }
    }
}

/// Flits of the feeder's message go in as long as room is known; returns whether all of them did.
bool QueuedModel::feed_message(Feeder& feeder, std::uint32_t endpoint, std::uint32_t plane) {
    const Message& message = workload_->messages[feeder.next];
    const bool group = (message.destination & group_flag) != 0;
    const std::uint32_t channel = (graph_.inject_link(endpoint) * planes_ + plane) * channels_ +
                                  lane_of(endpoint, message.destination, graph_.parameters());
    Queue& queue = queues_[channel];
    const Wire& wire = wires_[channel];
    const Cycle made = graph_.parameters().source_queue > 0 ? made_[feeder.next] : feeder.clock + message.work;
    for (; feeder.flit < flits_; ++feeder.flit) {
        const std::uint32_t room = feeder.flit == 0 ? need_ : 1;
        if (queue.entered + room - queue.left > depth_) {
            queue.source_waits = true;
            return false;
        }
        // A packet that had to wait for all of its room goes no earlier than now, though its first flit could have.
        const Cycle at = std::max({made, feeder.link_free, time(channel, queue.entered - depth_), now_});
        feeder.link_free = at + wire.interval;
        if (feeder.flit == 0) {
            const std::uint32_t packet = new_packet();
            packets_[packet] = {
                .made = made,
                .route = group ? trees_.root(message.destination & ~group_flag) | group_flag : message.destination,
                .service = message.service,
                .source = endpoint};
            if (trace_) {
                tracks_[packet] = {.injected = at, .passage = first_passage_[feeder.next]};
                if (group) {
                    tracks_[packet].passage -= trees_.first_member(message.destination & ~group_flag);
                }
            }
            enter(channel, packet, at + wire.forward);
        } else {
            enter_body(channel, at + wire.forward);
        }
        ++outcome_->links[wire.link].flits;
    }
    feeder.flit = 0;
    return true;
}

/// The head of a packet is on its way to a channel's buffer.
void QueuedModel::enter(std::uint32_t channel, std::uint32_t packet, Cycle arrival) {
    Queue& queue = queues_[channel];
    time(channel, queue.entered) = arrival;
    ++queue.entered;
    packet_ring_[std::size_t{channel} * packet_ring_size_ + (queue.last & (packet_ring_size_ - 1))] = packet;
    if (queue.last++ == queue.first) {
        events_.push(arrival + allocation_, channel);
    }
}

void QueuedModel::enter_body(std::uint32_t channel, Cycle arrival) {
    Queue& queue = queues_[channel];
    time(channel, queue.entered) = arrival;
    ++queue.entered;
    if (queue.out != none) {
        to_do_.push_back(channel);
    }
}

/// The packet at the front has gone: the next one asks as soon as it is there.
void QueuedModel::next_front(std::uint32_t q) {
    Queue& queue = queues_[q];
    if (++queue.first != queue.last) {
        events_.push(std::max(time(q, queue.left), queue.last_left + 1) + allocation_, q);
    }
}

void QueuedModel::head_asks(std::uint32_t q) {
    const Wire& wire = wires_[q];
    const std::uint32_t packet = front(q);
    const std::uint32_t route = packets_[packet].route;
    if ((route & group_flag) != 0) {
        branches_ask(q, packet);
        return;
    }
    const std::uint32_t channel_class = channels_ > 1 ? q % channels_ / per_class_ : 0;
    const RouteTable::Step step = routes_.next(wire.to, route, wire.link, channel_class);
    std::uint32_t channel = (step.link * planes_ + wire.plane) * channels_;
    if (channels_ > 1) {
        channel += step.channel_class * per_class_ + q % per_class_;
    }
    queues_[q].branches = 1;
    requests_[q].packet = packet;
    ask(channel, q);
}

void QueuedModel::branches_ask(std::uint32_t q, std::uint32_t packet) {
    const Wire wire = wires_[q];
    const std::span<const MulticastTrees::Branch> branches = trees_.branches(packets_[packet].route & ~group_flag);
    queues_[q].branches = static_cast<std::uint32_t>(branches.size());
    for (std::uint32_t flit = 0; flit < flits_; ++flit) {
        branch_left_[std::size_t{q} * flits_ + flit] = 0;
    }
    for (const MulticastTrees::Branch& branch : branches) {
        const std::uint32_t link = graph_.link(wire.to, branch.hop.port);
        const std::uint32_t copy = new_packet();
        packets_[copy] = packets_[packet];
        if (trace_) {
            tracks_[copy] = tracks_[packet];
        }
        if (graph_.links()[link].kind == LinkKind::eject) {
            packets_[copy].route = graph_.links()[link].to;
            packets_[copy].service = trees_.member(branch.next).service;
            if (trace_) {
                tracks_[copy].passage += branch.next;
            }
        } else {
            packets_[copy].route = branch.next | group_flag;
        }
        const std::uint32_t request = new_request();
        requests_[request].queue = q;
        requests_[request].packet = copy;
        const std::uint32_t channel =
            (link * planes_ + wire.plane) * channels_ + branch.hop.channel_class * per_class_ + q % per_class_;
        ask(channel, request);
    }
}

void QueuedModel::ask(std::uint32_t channel, std::uint32_t request) {
    Queue& queue = queues_[channel];
    if (queue.asks_first == none) {
        if (queue.holder == none && room_known(queue) && ready(channel) <= now_) {
            grant(channel, request);
            return;
        }
        queue.asks_first = request;
    } else {
        requests_[queue.asks_last].next = request;
    }
    queue.asks_last = request;
    requests_[request].next = none;
    set_wake(channel);
}

/// When the channel can take the next head: the link, the channel itself, room for a flit. Room must be known.
Cycle QueuedModel::ready(std::uint32_t channel) const {
    const Queue& queue = queues_[channel];
    return std::max({queue.head_free, lanes_[wires_[channel].lane].free, time(channel, queue.entered - depth_)});
}

/// Sees to it that a channel that someone waits for is served; without known room, whoever makes room does.
void QueuedModel::set_wake(std::uint32_t channel) {
    Queue& queue = queues_[channel];
    if (queue.asks_first == none || queue.wake_set || queue.holder != none || !room_known(queue)) {
        return;
    }
    queue.wake_set = true;
    events_.push(std::max(ready(channel), now_), static_cast<std::uint32_t>(queues_.size()) + channel);
}

/// The channel that the link serves now: of those that could go, the next in turn; none if none can.
std::uint32_t QueuedModel::choose(std::uint32_t channel) {
    Lane& lane = lanes_[wires_[channel].lane];
    const std::uint32_t first = channel - channel % channels_;
    for (std::uint32_t i = 0; i < channels_; ++i) {
        const std::uint32_t c = first + (lane.turn + i) % channels_;
        const Queue& queue = queues_[c];
        if (queue.asks_first != none && queue.holder == none && room_known(queue) && ready(c) <= now_) {
            lane.turn = (c - first + 1) % channels_;
            return c;
        }
    }
    return none;
}

void QueuedModel::serve(std::uint32_t channel) {
    Queue& queue = queues_[channel];
    std::uint32_t chosen = channel;
    if (channels_ > 1) {
        chosen = choose(channel);
    } else if (queue.asks_first == none || queue.holder != none || !room_known(queue) || ready(channel) > now_) {
        chosen = none;
    }
    if (chosen != none) {
        Queue& serves = queues_[chosen];
        const std::uint32_t request = serves.asks_first;
        serves.asks_first = requests_[request].next;
        grant(chosen, request);
    }
    set_wake(channel);
}

void QueuedModel::grant(std::uint32_t channel, std::uint32_t request) {
    const std::uint32_t q = requests_[request].queue;
    if (trace_) {
        Track& track = tracks_[requests_[request].packet];
        const Cycle at = request == q ? now_ : std::max(now_, queues_[q].input_free);
        const Cycle waited = at - time(q, queues_[q].left);
        if (waited > track.stalled) {
            track.stalled = waited;
            track.stalled_link = wires_[q].link;
        }
        track.hops += wires_[channel].eject ? 0 : 1;
    }
    if (whole_) {
        grant_whole(channel, request);
    } else {
        queues_[channel].holder = q;
        queues_[q].out = channel;
        to_do_.push_back(q);
    }
    work_off();
}

/// All flits of the packet, or of the branch, cross.
void QueuedModel::grant_whole(std::uint32_t channel, std::uint32_t request) {
    const std::uint32_t q = requests_[request].queue;
    const std::uint32_t packet = requests_[request].packet;
    Queue& from = queues_[q];
    const Wire& wire = wires_[channel];
    const bool alone = request == q;  // no branches
    // An input sends a flit a cycle, to its branches in turn.
    const Cycle interval = alone ? wire.interval : std::max(wire.interval, Cycle{from.branches});
    Cycle at = now_;
    if (!alone) {
        at = std::max(now_, from.input_free);
        from.input_free = at + 1;
    }
    for (std::uint32_t flit = 0; flit < flits_; ++flit) {
        if (flit > 0) {
            at = std::max({at + interval, time(q, from.left + (alone ? 0 : flit)),
                           time(channel, queues_[channel].entered - depth_)});
        }
        if (wire.eject) {
            receive(channel, packet, at + wire.forward, flit);
        } else if (flit == 0) {
            enter(channel, packet, at + wire.forward);
        } else {
            enter_body(channel, at + wire.forward);
        }
        if (alone) {
            depart(q, at);
        } else {
            Cycle& latest = branch_left_[std::size_t{q} * flits_ + flit];
            latest = std::max(latest, at);
        }
    }
    outcome_->links[wire.link].flits += flits_;
    Lane& lane = lanes_[wire.lane];
    lane.free = channels_ == 1 ? at + wire.interval : std::max(lane.free, now_) + flits_ * wire.interval;
    queues_[channel].head_free = at + 1 + allocation_;
    if (!alone) {
        free_requests_.push_back(request);
        if (--from.branches > 0) {
            return;
        }
        for (std::uint32_t flit = 0; flit < flits_; ++flit) {
            depart(q, branch_left_[std::size_t{q} * flits_ + flit]);
        }
        free_packets_.push_back(front(q));
    }
    next_front(q);
    room_made(q);
}

void QueuedModel::work_off() {
    while (!to_do_.empty()) {
        const std::uint32_t next = to_do_.back();
        to_do_.pop_back();
        if (next < queues_.size()) {
            follow(next);
        } else {
            const std::uint32_t port = next - static_cast<std::uint32_t>(queues_.size());
            if (planes_ > 1 && graph_.parameters().source_queue > 0) {
                feed_all(port / planes_);
            } else {
                feed(port);
            }
        }
    }
}

/// Flits of the front packet leave as far as their arrival and the room for them are known.
void QueuedModel::follow(std::uint32_t q) {
    Queue& from = queues_[q];
    if (from.out == none) {
        return;
    }
    const std::uint32_t channel = from.out;
    Queue& to = queues_[channel];
    const Wire& wire = wires_[channel];
    Lane& lane = lanes_[wire.lane];
    for (; from.flit < flits_; ++from.flit) {
        if (from.left == from.entered || to.entered - to.left >= depth_) {
            return;
        }
        Cycle at = now_;
        if (from.flit > 0) {
            at = std::max({time(q, from.left), from.last_left + 1, time(channel, to.entered - depth_),
                           channels_ == 1 ? lane.free : to.head_free});
        }
        lane.free = (channels_ == 1 ? at : std::max(lane.free, now_)) + wire.interval;
        to.head_free = at + wire.interval;
        ++outcome_->links[wire.link].flits;
        if (wire.eject) {
            receive(channel, front(q), at + wire.forward, from.flit);
        } else if (from.flit == 0) {
            enter(channel, front(q), at + wire.forward);
        } else {
            enter_body(channel, at + wire.forward);
        }
        depart(q, at);
        room_made(q);
    }
    from.flit = 0;
    from.out = none;
    to.holder = none;
    to.head_free = from.last_left + 1 + allocation_;
    next_front(q);
    set_wake(channel);
}

/// A flit leaves its buffer.
void QueuedModel::depart(std::uint32_t q, Cycle at) {
    Queue& queue = queues_[q];
    const Wire& wire = wires_[q];
    LinkUse& use = outcome_->links[wire.link];
    Cycle& slot = time(q, queue.left);
    use.waited += static_cast<std::uint64_t>(at - std::max(slot, queue.last_left + 1));
    while (queue.seen != queue.entered && time(q, queue.seen) <= at) {
        ++queue.seen;
    }
    use.peak = std::max(use.peak, queue.seen - queue.left);
    slot = at + wire.credit;
    queue.last_left = at;
    ++queue.left;
    last_ = std::max(last_, slot);
}

/// Whoever waited for room in a buffer goes on.
void QueuedModel::room_made(std::uint32_t q) {
    Queue& queue = queues_[q];
    if (queue.source_waits) {
        queue.source_waits = false;
        to_do_.push_back(static_cast<std::uint32_t>(queues_.size()) + wires_[q].source);
    } else if (queue.holder != none) {
        to_do_.push_back(queue.holder);
    } else {
        set_wake(q);
    }
}

/// A flit reaches a core, which takes it as soon as it is done with the packets before it.
void QueuedModel::receive(std::uint32_t channel, std::uint32_t packet, Cycle arrival, std::uint32_t flit) {
    Queue& queue = queues_[channel];
    const Wire& wire = wires_[channel];
    const Packet& arrives = packets_[packet];
    Cycle& free = receiver_free_[wire.to];
    LinkUse& use = outcome_->links[wire.link];
    while (queue.seen != queue.entered && time(channel, queue.seen) - wire.credit < arrival) {
        ++queue.seen;
    }
    const Cycle taken = std::max({arrival, queue.last_left, arrives.service > 0 ? free : arrival});
    time(channel, queue.entered) = taken + wire.credit;
    ++queue.entered;
    queue.left = queue.entered;
    queue.last_left = taken;
    last_ = std::max(last_, taken + wire.credit);
    use.peak = std::max(use.peak, queue.entered - queue.seen);
    if (flit + 1 < flits_) {
        return;
    }
    const Cycle processed = taken + arrives.service;
    if (arrives.service > 0) {
        free = processed;
    }
    ++outcome_->arrivals;
    outcome_->latency_sum += static_cast<std::uint64_t>(arrival - arrives.made);
    outcome_->last_arrival = std::max(outcome_->last_arrival, arrival);
    outcome_->processed[wire.to] = std::max(outcome_->processed[wire.to], processed);
    if (trace_) {
        const Track& track = tracks_[packet];
        outcome_->passages[track.passage] = {.source = arrives.source,
                                             .destination = wire.to,
                                             .made = arrives.made,
                                             .injected = track.injected,
                                             .arrived = arrival,
                                             .processed = processed,
                                             .hops = track.hops,
                                             .stalled_link = track.stalled_link,
                                             .stalled = track.stalled};
    }
    free_packets_.push_back(packet);
}

std::uint32_t QueuedModel::new_packet() {
    if (free_packets_.empty()) {
        packets_.emplace_back();
        tracks_.emplace_back();
        return static_cast<std::uint32_t>(packets_.size() - 1);
    }
    const std::uint32_t packet = free_packets_.back();
    free_packets_.pop_back();
    return packet;
}

std::uint32_t QueuedModel::new_request() {
    if (free_requests_.empty()) {
        requests_.emplace_back();
        return static_cast<std::uint32_t>(requests_.size() - 1);
    }
    const std::uint32_t request = free_requests_.back();
    free_requests_.pop_back();
    return request;
}

}  // namespace spikeloom::router
