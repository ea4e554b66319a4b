// Hops only: a message is at its receiver after as many cycles as its way takes in an empty network, whatever else is
// on its way. Senders never stall. Receivers work off what arrives, first come, first served.
#include <algorithm>
#include <tuple>

#include "core/base/diagnostics.hpp"
#include "router/models.hpp"
#include "router/multicast.hpp"
#include "router/route_table.hpp"

namespace spikeloom::router {
namespace {

/// When a packet's first and last flit reach a place. (Flits between them are never later than either makes the last.)
struct Progress {
    Cycle head = 0;
    Cycle tail = 0;
    std::uint32_t hops = 0;
};

struct Arrival {
    Cycle at = 0;
    std::uint64_t passage = 0;
    std::uint32_t destination = 0;
    std::uint32_t service = 0;
};

class FreeModel final : public NetworkModel {
public:
    explicit FreeModel(const Graph& graph) : graph_(graph), routes_(graph) {}
    std::uint32_t add_group(std::uint32_t source, std::span<const GroupMember> members) override {
        return trees_.add(graph_, source, members) | group_flag;
    }
    void run(const Workload& workload, bool trace, Outcome& outcome) override;

private:
    [[nodiscard]] Progress cross(std::uint32_t link, Progress before);
    void send(std::uint32_t endpoint, const Message& message, Cycle made);
    void copy(std::uint32_t node, std::uint32_t router, std::uint32_t first_member, Progress progress);
    void arrive(std::uint32_t endpoint, std::uint32_t service, std::uint64_t passage, Progress progress);
    void receive(const Workload& workload);

    const Graph& graph_;
    RouteTable routes_;
    MulticastTrees trees_;
    std::vector<Arrival> arrivals_;
    std::vector<Arrival> sorted_;
    std::vector<std::uint64_t> first_arrival_;  ///< by endpoint

    Outcome* outcome_ = nullptr;
    bool trace_ = false;
    std::uint32_t source_ = 0;
    Cycle made_ = 0;
};

void FreeModel::run(const Workload& workload, bool trace, Outcome& outcome) {
    SPIKELOOM_ASSERT(workload.first.size() == graph_.endpoints() + std::size_t{1}, "a workload of another network");
    outcome_ = &outcome;
    trace_ = trace;
    arrivals_.clear();
    clear(outcome, graph_, 0);
    for (std::uint32_t endpoint = 0; endpoint < graph_.endpoints(); ++endpoint) {
        Cycle clock = 0;
        for (std::uint64_t m = workload.first[endpoint]; m < workload.first[endpoint + 1]; ++m) {
            clock += workload.messages[m].work;
            send(endpoint, workload.messages[m], clock);
        }
        outcome.sent[endpoint] = clock + (workload.rest.empty() ? 0 : workload.rest[endpoint]);
    }
    receive(workload);
    outcome.arrivals = arrivals_.size();
    outcome.end = outcome.last_arrival;
    for (std::uint32_t endpoint = 0; endpoint < graph_.endpoints(); ++endpoint) {
        outcome.end = std::max({outcome.end, outcome.sent[endpoint], outcome.processed[endpoint]});
    }
}

Progress FreeModel::cross(std::uint32_t link, Progress before) {
    const Link& wire = graph_.links()[link];
    const NetworkParameters& parameters = graph_.parameters();
    LinkUse& use = outcome_->links[link];
    use.flits += static_cast<std::uint32_t>(parameters.packet_flits);
    use.peak = 1;
    Cycle travel = wire.timing.latency + parameters.router_cycles;
    if (wire.kind == LinkKind::inject) {
        --travel;
    } else {
        before.head += parameters.allocation == Allocation::two_cycles ? 1 : 0;
        before.hops += wire.kind == LinkKind::eject ? 0 : 1;
    }
    before.tail = std::max(before.tail, before.head + (parameters.packet_flits - 1) * Cycle{wire.timing.interval});
    before.head += travel;
    before.tail += travel;
    return before;
}

void FreeModel::send(std::uint32_t endpoint, const Message& message, Cycle made) {
    source_ = endpoint;
    made_ = made;
    const std::uint32_t inject = graph_.inject_link(endpoint);
    Progress progress = cross(inject, {.head = made, .tail = made});
    std::uint32_t router = graph_.router_of(endpoint);
    if ((message.destination & group_flag) != 0) {
        const std::uint32_t group = message.destination & ~group_flag;
        const std::uint64_t first = arrivals_.size();
        copy(trees_.root(group), router, trees_.first_member(group), progress);
        // In the order of the members, which need not be that of the branches.
        std::sort(arrivals_.begin() + static_cast<std::ptrdiff_t>(first), arrivals_.end(),
                  [](const Arrival& a, const Arrival& b) { return a.passage < b.passage; });
        for (std::uint64_t i = first; i < arrivals_.size(); ++i) {
            arrivals_[i].passage = i;
        }
        if (trace_) {
            std::sort(outcome_->passages.begin() + static_cast<std::ptrdiff_t>(first), outcome_->passages.end(),
                      [](const Passage& a, const Passage& b) { return a.processed < b.processed; });
        }
        return;
    }
    RouteTable::Step step{.link = inject, .channel_class = 0};
    while (true) {
        step = routes_.next(router, message.destination, step.link, step.channel_class);
        progress = cross(step.link, progress);
        if (router == graph_.router_of(message.destination)) {
            arrive(message.destination, message.service, arrivals_.size(), progress);
            return;
        }
        router = graph_.links()[step.link].to;
    }
}

/// The message at a node of its tree goes all ways from there.
void FreeModel::copy(std::uint32_t node, std::uint32_t router, std::uint32_t first_member, Progress progress) {
    for (const MulticastTrees::Branch& branch : trees_.branches(node)) {
        const std::uint32_t link = graph_.link(router, branch.hop.port);
        const Progress beyond = cross(link, progress);
        if (graph_.links()[link].kind == LinkKind::eject) {
            arrive(graph_.links()[link].to, trees_.member(branch.next).service, branch.next - first_member, beyond);
        } else {
            copy(branch.next, graph_.links()[link].to, first_member, beyond);
        }
    }
}

/// `order`: of a group's arrivals, that of its members.
void FreeModel::arrive(std::uint32_t endpoint, std::uint32_t service, std::uint64_t order, Progress progress) {
    const Cycle tail = progress.tail;
    outcome_->last_arrival = std::max(outcome_->last_arrival, tail);
    outcome_->latency_sum += static_cast<std::uint64_t>(tail - made_);
    arrivals_.push_back({.at = tail, .passage = order, .destination = endpoint, .service = service});
    if (trace_) {
        outcome_->passages.push_back({.source = source_,
                                      .destination = endpoint,
                                      .made = made_,
                                      .injected = made_,
                                      .arrived = tail,
                                      .processed = static_cast<Cycle>(order),  // until receive()
                                      .hops = progress.hops});
    }
}

/// Each receiver's arrivals in order of time, then of the workload.
void FreeModel::receive(const Workload& workload) {
    first_arrival_.assign(graph_.endpoints() + std::size_t{1}, 0);
    for (const Arrival& arrival : arrivals_) {
        ++first_arrival_[arrival.destination + 1];
    }
    for (std::uint32_t endpoint = 0; endpoint < graph_.endpoints(); ++endpoint) {
        first_arrival_[endpoint + 1] += first_arrival_[endpoint];
    }
    sorted_.resize(arrivals_.size());
    for (const Arrival& arrival : arrivals_) {
        sorted_[first_arrival_[arrival.destination]++] = arrival;
    }
    auto begin = sorted_.begin();
    for (std::uint32_t endpoint = 0; endpoint < graph_.endpoints(); ++endpoint) {
        const auto end = sorted_.begin() + static_cast<std::ptrdiff_t>(first_arrival_[endpoint]);
        std::sort(begin, end, [](const Arrival& a, const Arrival& b) {
            return std::tie(a.at, a.passage) < std::tie(b.at, b.passage);
        });
        Cycle free = workload.busy.empty() ? 0 : workload.busy[endpoint];
        outcome_->processed[endpoint] = free;
        for (; begin != end; ++begin) {
            Cycle processed = begin->at;
            if (begin->service > 0) {
                free = std::max(free, begin->at) + begin->service;
                processed = free;
            }
            Cycle& last = outcome_->processed[endpoint];
            last = std::max(last, processed);
            if (trace_) {
                outcome_->passages[begin->passage].processed = processed;
            }
        }
    }
}

}  // namespace

std::unique_ptr<NetworkModel> make_free_model(const Graph& graph) {
    return std::make_unique<FreeModel>(graph);
}

}  // namespace spikeloom::router
