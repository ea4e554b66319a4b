#include "router/queued_single.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "core/base/diagnostics.hpp"

namespace spikeloom::router {

bool QueuedSingle::fits(const Graph& graph) {
    const NetworkParameters& parameters = graph.parameters();
    return parameters.packet_flits == 1 && parameters.virtual_channels == 1 && graph.channel_classes() == 1 &&
           RouteTable::fits(graph);
}

QueuedSingle::QueuedSingle(const Graph& graph, const RouteTable& routes)
    : graph_(graph),
      routes_(routes),
      planes_(static_cast<std::uint32_t>(graph.parameters().planes)),
      depth_(static_cast<std::uint32_t>(graph.parameters().buffer_flits)),
      ring_bits_(static_cast<std::uint32_t>(std::bit_width(depth_ - 1))),
      mask_((1U << ring_bits_) - 1),
      source_queue_(static_cast<std::uint32_t>(graph.parameters().source_queue)),
      allocation_(graph.parameters().allocation == Allocation::two_cycles ? 1 : 0),
      feeders_(std::size_t{graph.endpoints()} * planes_),
      receiver_free_(graph.endpoints()),
      events_(2 * std::size_t{planes_} * graph.links().size()) {
    build();
}

void QueuedSingle::build() {
    const NetworkParameters& parameters = graph_.parameters();
    const auto links = static_cast<std::uint32_t>(graph_.links().size());
    for (std::uint32_t plane = 0; plane < planes_; ++plane) {
        for (std::uint32_t l = 0; l < links; ++l) {
            const Link& link = graph_.links()[l];
            Queue queue;
            queue.forward = static_cast<std::uint32_t>(link.timing.latency + parameters.router_cycles);
            queue.credit = static_cast<std::uint32_t>(link.timing.latency + parameters.credit_cycles);
            queue.hold =
                std::max(static_cast<std::uint32_t>(link.timing.interval), 1 + static_cast<std::uint32_t>(allocation_));
            queue.eject = link.kind == LinkKind::eject;
            if (link.kind == LinkKind::inject) {  // a core needs no crossbar, and sees a credit a cycle earlier
                --queue.forward;
                --queue.credit;
                queue.hold = static_cast<std::uint32_t>(link.timing.interval);
                queue.feeder = link.from * planes_ + plane;
                feeders_[queue.feeder] = {.endpoint = link.from, .plane = plane, .queue = plane * links + l};
            }
            longest_ = std::max({longest_, Cycle{queue.hold}, Cycle{queue.credit}});
            queue.to = link.to;
            queue.routes = routes_.row(link.kind == LinkKind::eject ? 0 : link.to);
            queue.first_of_plane = plane * links;
            queues_.push_back(queue);
        }
    }
    slots_.resize(queues_.size() << ring_bits_);
}

void QueuedSingle::run(const Workload& workload, Outcome& outcome) {
    workload_ = &workload;
    outcome_ = &outcome;
    start();
    for (std::uint32_t endpoint = 0; endpoint < graph_.endpoints(); ++endpoint) {
        feed_all(endpoint);
    }
    while (events_.advance()) {
        now_ = events_.now();
        // Nothing that is done now brings forth another event of this cycle, so the list stands.
        std::uint32_t next = none;
        for (std::uint32_t event = events_.take(); event != none; event = next) {
            next = events_.after(event);
            if (next != none) {
                prefetch(next / 2);
            }
            if (event % 2 == 0) {
                head_asks(event / 2);
            } else {
                serve(event / 2);
            }
        }
    }
    finish();
}

void QueuedSingle::start() {
    now_ = base_;
    last_arrival_ = base_;
    arrivals_ = 0;
    arrival_sum_ = 0;
    made_sum_ = 0;
    events_.start(base_);
    outcome_->sent.assign(graph_.endpoints(), base_);
    for (std::uint32_t endpoint = 0; endpoint < graph_.endpoints(); ++endpoint) {
        receiver_free_[endpoint] = base_ + (workload_->busy.empty() ? 0 : workload_->busy[endpoint]);
    }
    processed_ = receiver_free_;
    for (Queue& queue : queues_) {
        queue.entered_before = queue.entered;
        queue.peak = 0;
        queue.waited = 0;
    }
    for (Feeder& feeder : feeders_) {
        feeder.next = workload_->first[feeder.endpoint];
        feeder.end = workload_->first[feeder.endpoint + 1];
        feeder.clock = base_;
        feeder.link_free = base_;
    }
    if (source_queue_ > 0) {
        made_.resize(workload_->messages.size());
        injected_.assign(workload_->messages.size(), never);
        makers_.resize(graph_.endpoints());
        for (std::uint32_t endpoint = 0; endpoint < graph_.endpoints(); ++endpoint) {
            makers_[endpoint] = {.next = workload_->first[endpoint], .clock = base_};
            make(endpoint);
        }
    }
}

void QueuedSingle::finish() {
    Outcome& outcome = *outcome_;
    SPIKELOOM_ASSERT(arrivals_ == workload_->messages.size(),
                     fmt::format("{} of {} messages arrived: a deadlock", arrivals_, workload_->messages.size()));
    outcome.arrivals = arrivals_;
    outcome.latency_sum = arrival_sum_ - made_sum_;
    outcome.passages.clear();
    outcome.processed.resize(graph_.endpoints());
    outcome.links.assign(graph_.links().size(), LinkUse{});
    for (std::size_t q = 0; q < queues_.size(); ++q) {
        const Queue& queue = queues_[q];
        const std::uint32_t packets = queue.entered - queue.entered_before;
        LinkUse& use = outcome.links[q % outcome.links.size()];
        use.flits += packets;
        use.peak = std::max(use.peak, queue.peak);
        use.waited +=
            queue.waited + (queue.eject ? 0 : std::uint64_t{packets} * static_cast<std::uint64_t>(allocation_));
    }
    Cycle end = last_arrival_;
    for (std::uint32_t endpoint = 0; endpoint < graph_.endpoints(); ++endpoint) {
        if (source_queue_ == 0) {
            outcome.sent[endpoint] = feeders_[endpoint * planes_].clock;
        } else {
            outcome.sent[endpoint] = makers_[endpoint].clock;
        }
        outcome.sent[endpoint] += workload_->rest.empty() ? 0 : workload_->rest[endpoint];
        end = std::max({end, outcome.sent[endpoint], processed_[endpoint]});
        outcome.sent[endpoint] -= base_;
        outcome.processed[endpoint] = processed_[endpoint] - base_;
    }
    outcome.end = end - base_;
    outcome.last_arrival = last_arrival_ - base_;
    base_ = end + longest_ + 1;
}

/// Makes messages as long as it is known when the core has a place for the next one.
void QueuedSingle::make(std::uint32_t endpoint) {
    Maker& maker = makers_[endpoint];
    const std::uint64_t first = workload_->first[endpoint];
    const std::uint64_t end = workload_->first[endpoint + 1];
    for (; maker.next < end; ++maker.next) {
        Cycle made = maker.clock + workload_->messages[maker.next].work;
        if (maker.next >= first + source_queue_) {
            const Cycle place = injected_[maker.next - source_queue_];
            if (place == never) {
                return;
            }
            made = std::max(made, place + 1);
        }
        maker.clock = made;
        made_[maker.next] = made;
    }
}

void QueuedSingle::feed_all(std::uint32_t endpoint) {
    // A packet that goes in on one plane may make the place that a message for another plane waits for.
    bool again = true;
    while (again) {
        const std::uint64_t before = source_queue_ > 0 ? makers_[endpoint].next : 0;
        for (std::uint32_t plane = 0; plane < planes_; ++plane) {
            feed(feeders_[endpoint * planes_ + plane]);
        }
        again = source_queue_ > 0 && makers_[endpoint].next != before;
    }
}

/// Fills the buffer at the core's router as far as room is known.
inline void QueuedSingle::feed(Feeder& feeder) {
    Queue& queue = queues_[feeder.queue];
    Slot* const slots = ring(feeder.queue);
    for (; feeder.next < feeder.end; ++feeder.next) {
        const Message& message = workload_->messages[feeder.next];
        if (source_queue_ > 0 && feeder.next == makers_[feeder.endpoint].next) {
            return;
        }
        Cycle made = feeder.clock + message.work;
        if (planes_ > 1 && plane_of(feeder.endpoint, message.destination, graph_.parameters()) != feeder.plane) {
            feeder.clock = made;
            continue;
        }
        if (queue.entered - queue.left >= depth_) {
            queue.source_waits = true;
            return;
        }
        feeder.clock = made;
        if (source_queue_ > 0) {
            made = made_[feeder.next];
        }
        const Cycle at = std::max({made, feeder.link_free, slots[(queue.entered - depth_) & mask_].time});
        feeder.link_free = at + queue.hold;
        made_sum_ += static_cast<std::uint64_t>(made - base_);
        const bool empty = queue.entered == queue.left;
        const std::uint32_t channel = next_queue(queue, message.destination);
        slots[queue.entered & mask_] = {.time = at + queue.forward,
                                        .channel = channel,
                                        .destination = message.destination,
                                        .service = message.service};
        ++queue.entered;
        queue.front = empty ? channel : queue.front;
        events_.push_if(empty, at + queue.forward + allocation_, 2 * feeder.queue);
        if (source_queue_ > 0) {
            injected_[feeder.next] = at;
            ++feeder.next;
            make(feeder.endpoint);
            --feeder.next;
        }
    }
}

inline void QueuedSingle::head_asks(std::uint32_t q) {
    Queue& queue = queues_[q];
    const std::uint32_t channel = queue.front;
    Queue& asked = queues_[channel];
    if (asked.ready <= now_ && asked.asks_first == none) {
        cross(queue, q, asked, channel);
        return;
    }
    if (asked.asks_first == none) {
        asked.asks_first = q;
    } else {
        queues_[asked.asks_last].asks_next = q;
    }
    asked.asks_last = q;
    queue.asks_next = none;
    queue.since = now_;
    set_wake(asked, channel);
}

/// Sees to it that a link that someone waits for is served; without known room, whoever makes room does.
inline void QueuedSingle::set_wake(Queue& queue, std::uint32_t channel) {
    if (queue.asks_first != none && !queue.wake_set && queue.ready != unknown) {
        queue.wake_set = true;
        events_.push(std::max(queue.ready, now_ + 1), 2 * channel + 1);
    }
}

inline void QueuedSingle::serve(std::uint32_t channel) {
    Queue& asked = queues_[channel];
    asked.wake_set = false;
    const std::uint32_t q = asked.asks_first;
    Queue& queue = queues_[q];
    asked.asks_first = queue.asks_next;
    queue.waited += static_cast<std::uint64_t>(now_ - queue.since);
    cross(queue, q, asked, channel);
    set_wake(asked, channel);
}

/// The front packet of queue `q` goes over link `channel`, now.
inline void QueuedSingle::cross(Queue& from, std::uint32_t q, Queue& to, std::uint32_t channel) {
    Slot* const left = ring(q);
    Slot* const entered = ring(channel);
    Slot& packet = left[from.left & mask_];
    const Cycle arrival = now_ + to.forward;
    to.free = now_ + to.hold;
    if (to.eject) {
        receive(to, entered, arrival, packet);
    } else {
        const bool empty = to.entered == to.left;
        const std::uint32_t beyond = next_queue(to, packet.destination);
        entered[to.entered & mask_] = {
            .time = arrival, .channel = beyond, .destination = packet.destination, .service = packet.service};
        ++to.entered;
        to.front = empty ? beyond : to.front;
        events_.push_if(empty, arrival + allocation_, 2 * channel);
    }
    set_ready(to, entered);

    if (from.entered - from.left > from.peak) {
        note_peak(from, left);
    }
    packet.time = now_ + from.credit;
    if (from.ready == unknown) {
        from.ready = std::max(from.free, packet.time);
    }
    ++from.left;
    const Slot& behind = left[from.left & mask_];
    from.front = behind.channel;
    events_.push_if(from.left != from.entered, std::max(behind.time, now_ + 1) + allocation_, 2 * q);
    if (from.source_waits) {
        from.source_waits = false;
        Feeder& feeder = feeders_[from.feeder];
        if (source_queue_ > 0 && planes_ > 1) {
            feed_all(feeder.endpoint);
        } else {
            feed(feeder);
        }
    } else {
        set_wake(from, q);
    }
}

/// Packets in a buffer when its front packet is about to leave.
void QueuedSingle::note_peak(Queue& queue, const Slot* slots) const {
    std::uint32_t count = queue.peak;
    while (count < queue.entered - queue.left && slots[(queue.left + count) & mask_].time <= now_) {
        ++count;
    }
    queue.peak = count;
}

/// A packet reaches a core, which takes it as soon as it is done with those before it.
inline void QueuedSingle::receive(Queue& queue, Slot* slots, Cycle arrival, const Slot& packet) {
    Cycle& free = receiver_free_[queue.to];
    // One more than ever if the packet so many places ahead is not taken yet.
    while (queue.peak < depth_ &&
           (queue.peak == 0 || slots[(queue.entered - queue.peak) & mask_].time - queue.credit >= arrival)) {
        ++queue.peak;
    }
    Cycle taken = std::max(arrival, queue.since);
    if (packet.service > 0) {
        taken = std::max(taken, free);
        free = taken + packet.service;
    }
    slots[queue.entered & mask_].time = taken + queue.credit;
    ++queue.entered;
    queue.left = queue.entered;
    queue.since = taken;
    ++arrivals_;
    arrival_sum_ += static_cast<std::uint64_t>(arrival - base_);
    last_arrival_ = std::max(last_arrival_, arrival);
    processed_[queue.to] = std::max(processed_[queue.to], taken + packet.service);
}

}  // namespace spikeloom::router
