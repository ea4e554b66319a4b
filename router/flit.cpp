// The network cycle by cycle. A cycle: flits and credits that travelled arrive; cores make messages and take them;
// cores inject; routers that have something to do allocate and send (flit_routers.hpp). Cycles in which nothing can
// happen are skipped.
//
// At the ends of the network: a core injects a flit a cycle and plane, while the router's buffer has room; flits that
// arrive wait in the core's buffer until the core takes their packet, and then give their room back. Packets whose
// service is 0 are taken as they come.
#include <fmt/format.h>

#include <algorithm>
#include <queue>
#include <tuple>

#include "core/base/diagnostics.hpp"
#include "router/flit_routers.hpp"
#include "router/models.hpp"
#include "router/multicast.hpp"
#include "router/time_wheel.hpp"

namespace spikeloom::router {
namespace {

constexpr std::uint32_t none = 0xFFFFFFFF;

/// What may lie far ahead: a core finishes a message, or the work on one.
struct FarEvent {
    Cycle at = 0;
    bool receiver = false;
    std::uint32_t endpoint = 0;
    friend bool operator>(const FarEvent& a, const FarEvent& b) {
        return std::tie(a.at, a.receiver, a.endpoint) > std::tie(b.at, b.receiver, b.endpoint);
    }
};

struct Source {
    std::uint64_t next = 0;  ///< message that is being made
    std::uint64_t last = 0;
    std::uint32_t held = 0;  ///< made, and not all of it injected
    bool stalled = false;    ///< no room for the message that it has made
};

/// A core's side of its inject link on one plane.
struct Injector {
    std::vector<std::uint32_t> waiting;  ///< packets, from `first` on
    std::size_t first = 0;
    std::uint32_t packet = none;  ///< going in
    std::uint32_t sent = 0;       ///< flits of it
    Cycle free_at = 0;
    bool active = false;
};

/// A core's buffer at the end of one channel of its eject link.
struct Arrivals {
    std::uint32_t begin = 0;
    std::uint32_t count = 0;
    std::uint32_t drained = 0;  ///< flits of the front packet that were taken
};

struct Receiver {
    Cycle busy_until = 0;
    std::uint32_t open = none;  ///< channel whose packet it is taking
    bool asked = false;         ///< it looks at its buffers at the end of this cycle's arrivals
};

class FlitModel final : public NetworkModel {
public:
    explicit FlitModel(const Graph& graph);
    std::uint32_t add_group(std::uint32_t source, std::span<const GroupMember> members) override {
        return trees_.add(graph_, source, members) | group_flag;
    }
    void run(const Workload& workload, bool trace, Outcome& outcome) override;

private:
    void start(const Workload& workload, bool trace, Outcome& outcome);
    void finish(std::uint64_t expected);
    void take_events();
    void make(std::uint32_t endpoint);
    void plan_next(std::uint32_t endpoint, Cycle from);
    void inject();
    bool inject(std::uint32_t port);
    void activate(std::uint32_t port);
    void arrive(std::uint32_t channel, std::uint32_t packet);
    void ask_to_receive(std::uint32_t endpoint);
    void receive(std::uint32_t endpoint);
    void drain(std::uint32_t channel, std::uint32_t endpoint);
    void complete(std::uint32_t packet, std::uint32_t endpoint, Cycle processed);
    [[nodiscard]] std::uint32_t service(std::uint32_t packet);
    [[nodiscard]] std::uint32_t channel_of(std::uint32_t plane, std::uint32_t endpoint, std::uint32_t channel) const {
        return (plane * graph_.endpoints() + endpoint) * channels_ + channel;
    }

    const Graph& graph_;
    MulticastTrees trees_;
    FlitPackets packets_;
    FlitRouters routers_;
    TimeWheel<FlitEvent> wheel_;
    std::priority_queue<FarEvent, std::vector<FarEvent>, std::greater<>> far_;
    std::uint32_t planes_, channels_, depth_, flits_, source_queue_;

    std::vector<Source> sources_;
    std::vector<Injector> injectors_;            ///< by (plane, endpoint)
    std::vector<std::uint32_t> inject_credits_;  ///< by (plane, endpoint, channel)
    std::vector<std::uint32_t> injecting_, still_injecting_;
    std::vector<Receiver> receivers_;
    std::vector<std::uint32_t> receiving_;
    std::vector<Arrivals> arrivals_;         ///< by (plane, endpoint, channel)
    std::vector<std::uint32_t> core_rings_;  ///< packets of the flits in each of these buffers

    Cycle now_ = 0;
    const Workload* workload_ = nullptr;
    Outcome* outcome_ = nullptr;
    bool trace_ = false;
    std::vector<std::uint64_t> first_passage_;  ///< by message, when traced
};

FlitModel::FlitModel(const Graph& graph)
    : graph_(graph),
      routers_(graph, trees_, packets_),
      wheel_(routers_.reach()),
      planes_(static_cast<std::uint32_t>(graph.parameters().planes)),
      channels_(routers_.channels()),
      depth_(static_cast<std::uint32_t>(graph.parameters().buffer_flits)),
      flits_(static_cast<std::uint32_t>(graph.parameters().packet_flits)),
      source_queue_(static_cast<std::uint32_t>(graph.parameters().source_queue)) {
    const std::size_t ports = std::size_t{planes_} * graph.endpoints();
    injectors_.resize(ports);
    inject_credits_.assign(ports * channels_, depth_);
    arrivals_.resize(ports * channels_);
    core_rings_.resize(ports * channels_ * depth_);
}

void FlitModel::run(const Workload& workload, bool trace, Outcome& outcome) {
    start(workload, trace, outcome);
    while (true) {
        take_events();
        inject();
        routers_.step(now_, wheel_, outcome.links);
        if (routers_.awake() || !injecting_.empty()) {
            ++now_;
            continue;
        }
        if (wheel_.empty() && far_.empty()) {
            break;
        }
        const Cycle near = wheel_.empty() ? far_.top().at : wheel_.next(now_ + 1);
        now_ = far_.empty() ? near : std::min(near, far_.top().at);
    }
    std::uint64_t expected = 0;
    for (const Message& message : workload.messages) {
        expected += trees_.copies(message.destination);
    }
    finish(expected);
}

void FlitModel::start(const Workload& workload, bool trace, Outcome& outcome) {
    SPIKELOOM_ASSERT(workload.first.size() == graph_.endpoints() + std::size_t{1}, "a workload of another network");
    now_ = 0;
    workload_ = &workload;
    outcome_ = &outcome;
    trace_ = trace;
    routers_.reset();
    clear(outcome, graph_, 0);
    first_passage_.clear();
    if (trace) {
        std::uint64_t passages = 0;
        for (const Message& message : workload.messages) {
            first_passage_.push_back(passages);
            passages += trees_.copies(message.destination);
        }
        outcome.passages.resize(passages);
    }
    receivers_.assign(graph_.endpoints(), Receiver{});
    for (Injector& injector : injectors_) {
        injector.free_at = 0;
    }
    sources_.assign(graph_.endpoints(), Source{});
    for (std::uint32_t endpoint = 0; endpoint < graph_.endpoints(); ++endpoint) {
        sources_[endpoint].next = workload.first[endpoint];
        sources_[endpoint].last = workload.first[endpoint + 1];
        plan_next(endpoint, 0);
        if (!workload.busy.empty() && workload.busy[endpoint] > 0) {
            receivers_[endpoint].busy_until = workload.busy[endpoint];
            outcome.processed[endpoint] = workload.busy[endpoint];
            far_.push({.at = workload.busy[endpoint], .receiver = true, .endpoint = endpoint});
        }
    }
}

void FlitModel::finish(std::uint64_t expected) {
    Outcome& outcome = *outcome_;
    SPIKELOOM_ASSERT(outcome.arrivals == expected,
                     fmt::format("{} of {} messages arrived: a deadlock", outcome.arrivals, expected));
    outcome.end = outcome.last_arrival;
    for (std::uint32_t endpoint = 0; endpoint < graph_.endpoints(); ++endpoint) {
        outcome.end = std::max({outcome.end, outcome.sent[endpoint], outcome.processed[endpoint]});
    }
}

/// The source works on its next message, or on what is left, from `from` on.
void FlitModel::plan_next(std::uint32_t endpoint, Cycle from) {
    const Source& source = sources_[endpoint];
    if (source.next == source.last) {
        outcome_->sent[endpoint] = from + (workload_->rest.empty() ? 0 : workload_->rest[endpoint]);
        return;
    }
    far_.push({.at = from + workload_->messages[source.next].work, .receiver = false, .endpoint = endpoint});
}

void FlitModel::take_events() {
    for (const FlitEvent& event : wheel_.take(now_)) {
        switch (event.kind) {
        case FlitEvent::Kind::flit_to_router:
            routers_.flit_arrives(event.place, event.packet, now_, outcome_->links);
            break;
        case FlitEvent::Kind::flit_to_core:
            arrive(event.place, event.packet);
            break;
        case FlitEvent::Kind::credit_to_router:
            routers_.credit_arrives(event.place);
            break;
        case FlitEvent::Kind::credit_to_core:
            ++inject_credits_[event.place];
            activate(event.place / channels_);
            break;
        case FlitEvent::Kind::wake_router:
            routers_.wake(event.place);
            break;
        }
    }
    while (!far_.empty() && far_.top().at == now_) {
        const FarEvent event = far_.top();
        far_.pop();
        if (event.receiver) {
            ask_to_receive(event.endpoint);
        } else {
            make(event.endpoint);
        }
    }
    // Only now, when all that arrives in this cycle is there: the order of events within it must not matter.
    for (const std::uint32_t endpoint : receiving_) {
        receivers_[endpoint].asked = false;
        receive(endpoint);
    }
    receiving_.clear();
}

void FlitModel::ask_to_receive(std::uint32_t endpoint) {
    if (!receivers_[endpoint].asked) {
        receivers_[endpoint].asked = true;
        receiving_.push_back(endpoint);
    }
}

/// The source has made its next message: it hands it over, or stalls.
void FlitModel::make(std::uint32_t endpoint) {
    Source& source = sources_[endpoint];
    if (source_queue_ != 0 && source.held == source_queue_) {
        source.stalled = true;
        return;
    }
    const Message& message = workload_->messages[source.next];
    const std::uint32_t plane = plane_of(endpoint, message.destination, graph_.parameters());
    const bool group = (message.destination & group_flag) != 0;
    FlitPacket packet;
    packet.message = static_cast<std::uint32_t>(source.next);
    packet.route = group ? trees_.root(message.destination & ~group_flag) | group_flag : message.destination;
    packet.lane = lane_of(endpoint, message.destination, graph_.parameters());
    packet.made = now_;
    const std::uint32_t port = plane * graph_.endpoints() + endpoint;
    injectors_[port].waiting.push_back(packets_.add(packet));
    activate(port);
    ++source.held;
    ++source.next;
    plan_next(endpoint, now_);
}

void FlitModel::activate(std::uint32_t port) {
    Injector& injector = injectors_[port];
    const bool has_work = injector.packet != none || injector.first < injector.waiting.size();
    if (has_work && !injector.active) {
        injector.active = true;
        injecting_.push_back(port);
    }
}

void FlitModel::inject() {
    still_injecting_.clear();
    for (const std::uint32_t port : injecting_) {
        if (inject(port)) {
            still_injecting_.push_back(port);
        } else {
            injectors_[port].active = false;
        }
    }
    injecting_.swap(still_injecting_);
}

/// One flit, if there is room for it. Returns whether the next cycle may have more to do.
bool FlitModel::inject(std::uint32_t port) {
    Injector& injector = injectors_[port];
    if (injector.free_at > now_) {
        return true;
    }
    const bool starts = injector.packet == none;
    const std::uint32_t packet = starts ? injector.waiting[injector.first] : injector.packet;
    const std::uint32_t channel = packets_[packet].lane;
    std::uint32_t& credits = inject_credits_[std::size_t{port} * channels_ + channel];
    if (credits == 0) {
        return false;
    }
    if (starts) {
        injector.packet = packet;
        injector.sent = 0;
        packets_[packet].injected = now_;
        if (++injector.first == injector.waiting.size()) {
            injector.waiting.clear();
            injector.first = 0;
        }
    }
    const std::uint32_t plane = port / graph_.endpoints();
    const std::uint32_t endpoint = port % graph_.endpoints();
    const std::uint32_t index = graph_.inject_link(endpoint);
    const LinkTiming timing = graph_.links()[index].timing;
    --credits;
    ++outcome_->links[index].flits;
    wheel_.push(now_ + timing.latency + graph_.parameters().router_cycles - 1,
                {.kind = FlitEvent::Kind::flit_to_router,
                 .place = routers_.inject_channel(plane, endpoint) + channel,
                 .packet = packet});
    injector.free_at = now_ + timing.interval;
    if (++injector.sent == flits_) {
        injector.packet = none;
        Source& source = sources_[endpoint];
        --source.held;
        if (source.stalled) {
            source.stalled = false;
            far_.push({.at = now_ + 1, .receiver = false, .endpoint = endpoint});
        }
    }
    return injector.packet != none || injector.first < injector.waiting.size();
}

/// A flit reaches a core's buffer.
void FlitModel::arrive(std::uint32_t channel, std::uint32_t packet) {
    Arrivals& queue = arrivals_[channel];
    SPIKELOOM_ASSERT(queue.count < depth_, "a flit without room");
    core_rings_[std::size_t{channel} * depth_ + (queue.begin + queue.count) % depth_] = packet;
    const std::uint32_t place = (queue.drained + queue.count) % flits_;  // of the flit in its packet
    if (place == 0) {
        packets_[packet].head_since = now_;
    }
    ++queue.count;
    const std::uint32_t endpoint = channel / channels_ % graph_.endpoints();
    LinkUse& link = outcome_->links[graph_.eject_link(endpoint)];
    link.peak = std::max(link.peak, queue.count);
    if (place + 1 == flits_) {
        const FlitPacket& arrived = packets_[packet];
        outcome_->last_arrival = now_;
        outcome_->latency_sum += static_cast<std::uint64_t>(now_ - arrived.made);
        ++outcome_->arrivals;
        if (trace_) {
            const bool group = (arrived.route & group_flag) != 0;
            const std::uint32_t destination = workload_->messages[arrived.message].destination & ~group_flag;
            const std::uint64_t member = group ? arrived.member - trees_.first_member(destination) : 0;
            const auto source = static_cast<std::uint32_t>(
                std::upper_bound(workload_->first.begin(), workload_->first.end(), arrived.message) -
                workload_->first.begin() - 1);
            outcome_->passages[first_passage_[arrived.message] + member] = {.source = source,
                                                                            .destination = endpoint,
                                                                            .made = arrived.made,
                                                                            .injected = arrived.injected,
                                                                            .arrived = now_,
                                                                            .processed = now_,
                                                                            .hops = arrived.hops,
                                                                            .stalled_link = arrived.stalled_link,
                                                                            .stalled = arrived.stalled};
        }
    }
    ask_to_receive(endpoint);
}

std::uint32_t FlitModel::service(std::uint32_t packet) {
    const FlitPacket& taken = packets_[packet];
    return (taken.route & group_flag) != 0 ? trees_.member(taken.member).service
                                           : workload_->messages[taken.message].service;
}

/// The core takes what it can: packets without service at once, one other at a time, first come, first served.
void FlitModel::receive(std::uint32_t endpoint) {
    Receiver& receiver = receivers_[endpoint];
    const auto front = [&](std::uint32_t channel) {
        return core_rings_[std::size_t{channel} * depth_ + arrivals_[channel].begin];
    };
    bool taken = true;
    while (taken) {
        taken = false;
        std::uint32_t first = none;
        for (std::uint32_t plane = 0; plane < planes_; ++plane) {
            for (std::uint32_t c = 0; c < channels_; ++c) {
                const std::uint32_t channel = channel_of(plane, endpoint, c);
                if (arrivals_[channel].count == 0) {
                    continue;
                }
                if (channel == receiver.open || service(front(channel)) == 0) {
                    drain(channel, endpoint);
                    taken = true;
                } else if (arrivals_[channel].drained == 0 &&
                           (first == none || packets_[front(channel)].head_since < packets_[front(first)].head_since)) {
                    first = channel;
                }
            }
        }
        if (!taken && first != none && receiver.open == none && receiver.busy_until <= now_) {
            receiver.open = first;
            taken = true;
        }
    }
}

/// Takes the flits of the packet at a channel's front; once it is whole, the core works on it.
void FlitModel::drain(std::uint32_t channel, std::uint32_t endpoint) {
    Arrivals& queue = arrivals_[channel];
    const std::uint32_t packet = core_rings_[std::size_t{channel} * depth_ + queue.begin];
    const std::uint32_t work = service(packet);
    const LinkTiming timing = graph_.links()[graph_.eject_link(endpoint)].timing;
    const std::uint32_t plane = channel / channels_ / graph_.endpoints();
    const std::uint32_t output = routers_.eject_channel(plane, endpoint, channel % channels_);
    while (queue.count > 0 && queue.drained < flits_) {
        queue.begin = (queue.begin + 1) % depth_;
        --queue.count;
        ++queue.drained;
        wheel_.push(now_ + timing.latency + graph_.parameters().credit_cycles,
                    {.kind = FlitEvent::Kind::credit_to_router, .place = output});
    }
    if (queue.drained < flits_) {
        return;
    }
    queue.drained = 0;
    if (work > 0) {
        Receiver& receiver = receivers_[endpoint];
        receiver.open = none;
        receiver.busy_until = now_ + work;
        far_.push({.at = receiver.busy_until, .receiver = true, .endpoint = endpoint});
    }
    complete(packet, endpoint, now_ + work);
}

void FlitModel::complete(std::uint32_t packet, std::uint32_t endpoint, Cycle processed) {
    outcome_->processed[endpoint] = std::max(outcome_->processed[endpoint], processed);
    if (trace_) {
        const FlitPacket& done = packets_[packet];
        const std::uint32_t destination = workload_->messages[done.message].destination & ~group_flag;
        const bool group = (done.route & group_flag) != 0;
        const std::uint64_t member = group ? done.member - trees_.first_member(destination) : 0;
        outcome_->passages[first_passage_[done.message] + member].processed = processed;
    }
    packets_.remove(packet);
}

}  // namespace

std::unique_ptr<NetworkModel> make_flit_model(const Graph& graph) {
    return std::make_unique<FlitModel>(graph);
}

}  // namespace spikeloom::router
