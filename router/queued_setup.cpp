// What of the fast model is no event: the queues that it makes of a graph, and how a step begins and ends.
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "core/base/diagnostics.hpp"
#include "router/models.hpp"
#include "router/queued.hpp"

namespace spikeloom::router {

QueuedModel::QueuedModel(const Graph& graph)
    : graph_(graph),
      routes_(graph),
      planes_(static_cast<std::uint32_t>(graph.parameters().planes)),
      channels_(graph.channel_classes() * static_cast<std::uint32_t>(graph.parameters().virtual_channels)),
      per_class_(static_cast<std::uint32_t>(graph.parameters().virtual_channels)),
      depth_(static_cast<std::uint32_t>(graph.parameters().buffer_flits)),
      flits_(static_cast<std::uint32_t>(graph.parameters().packet_flits)),
      need_(1),
      whole_(flits_ == 1 || graph.parameters().cast == Cast::multicast),
      allocation_(graph.parameters().allocation == Allocation::two_cycles ? 1 : 0),
      ring_size_(std::bit_ceil(depth_)),
      packet_ring_size_(std::bit_ceil(depth_ + 1)),
      events_(2 * std::size_t{planes_} * channels_ * graph.links().size()) {
    need_ = whole_ ? flits_ : 1;
    if (QueuedSingle::fits(graph)) {
        single_.emplace(graph_, routes_);
    }
    build_queues();
    feeders_.resize(std::size_t{graph.endpoints()} * planes_);
    receiver_free_.resize(graph.endpoints());
}

void QueuedModel::build_queues() {
    const NetworkParameters& parameters = graph_.parameters();
    for (std::uint32_t l = 0; l < graph_.links().size(); ++l) {
        const Link& link = graph_.links()[l];
        for (std::uint32_t plane = 0; plane < planes_; ++plane) {
            Wire wire;
            wire.forward = link.timing.latency + parameters.router_cycles;
            wire.credit = link.timing.latency + parameters.credit_cycles;
            if (link.kind == LinkKind::inject) {  // a core needs no crossbar, and sees a credit a cycle earlier
                --wire.forward;
                --wire.credit;
                wire.source = link.from * planes_ + plane;
            }
            wire.interval = link.timing.interval;
            longest_interval_ = std::max(longest_interval_, wire.interval);
            wire.link = l;
            wire.lane = l * planes_ + plane;
            wire.to = link.to;
            wire.plane = plane;
            wire.eject = link.kind == LinkKind::eject;
            wires_.insert(wires_.end(), channels_, wire);
        }
    }
    queues_.resize(wires_.size());
    lanes_.resize(graph_.links().size() * planes_);
    times_.resize(wires_.size() * ring_size_);
    packet_ring_.resize(wires_.size() * packet_ring_size_);
    branch_left_.resize(graph_.parameters().cast == Cast::multicast ? wires_.size() * flits_ : 0);
    requests_.resize(wires_.size());
    for (std::uint32_t q = 0; q < requests_.size(); ++q) {
        requests_[q].queue = q;
    }
}

void QueuedModel::start(const Workload& workload, bool trace, Outcome& outcome) {
    workload_ = &workload;
    outcome_ = &outcome;
    trace_ = trace;
    now_ = base_;
    last_ = base_;
    events_.start(base_);
    for (Lane& lane : lanes_) {
        lane.turn = 0;
    }
    clear(outcome, graph_, base_);
    first_passage_.clear();
    expected_ = 0;
    for (const Message& message : workload.messages) {
        if (trace) {
            first_passage_.push_back(expected_);
        }
        expected_ += trees_.copies(message.destination);
    }
    outcome.passages.resize(trace ? expected_ : 0);
    for (std::uint32_t endpoint = 0; endpoint < graph_.endpoints(); ++endpoint) {
        receiver_free_[endpoint] = base_ + (workload.busy.empty() ? 0 : workload.busy[endpoint]);
        outcome.processed[endpoint] = receiver_free_[endpoint];
        for (std::uint32_t plane = 0; plane < planes_; ++plane) {
            feeders_[endpoint * planes_ + plane] = {
                .next = workload.first[endpoint], .clock = base_, .link_free = base_, .flit = 0};
        }
    }
    if (graph_.parameters().source_queue > 0) {
        makers_.resize(graph_.endpoints());
        made_.resize(workload.messages.size());
        injected_.assign(workload.messages.size(), never);
        for (std::uint32_t endpoint = 0; endpoint < graph_.endpoints(); ++endpoint) {
            makers_[endpoint] = {.next = workload.first[endpoint], .clock = base_};
            make(endpoint);
        }
    } else {
        for (std::uint32_t endpoint = 0; endpoint < graph_.endpoints(); ++endpoint) {
            Cycle& sent = outcome.sent[endpoint];
            for (std::uint64_t m = workload.first[endpoint]; m < workload.first[endpoint + 1]; ++m) {
                sent += workload.messages[m].work;
            }
            sent += workload.rest.empty() ? 0 : workload.rest[endpoint];
        }
    }
}

void QueuedModel::finish(Outcome& outcome) {
    SPIKELOOM_ASSERT(outcome.arrivals == expected_,
                     fmt::format("{} of {} messages arrived: a deadlock", outcome.arrivals, expected_));
    outcome.end = outcome.last_arrival;
    for (std::uint32_t endpoint = 0; endpoint < graph_.endpoints(); ++endpoint) {
        outcome.end = std::max({outcome.end, outcome.sent[endpoint], outcome.processed[endpoint]});
    }
    const Cycle base = base_;
    base_ = std::max(outcome.end, last_) + longest_interval_ + 1;
    outcome.end -= base;
    outcome.last_arrival -= base;
    for (std::uint32_t endpoint = 0; endpoint < graph_.endpoints(); ++endpoint) {
        outcome.sent[endpoint] -= base;
        outcome.processed[endpoint] -= base;
    }
    for (Passage& passage : outcome.passages) {
        passage.made -= base;
        passage.injected -= base;
        passage.arrived -= base;
        passage.processed -= base;
    }
}

std::unique_ptr<NetworkModel> make_queued_model(const Graph& graph) {
    return std::make_unique<QueuedModel>(graph);
}

}  // namespace spikeloom::router
