#include "router/flit_routers.hpp"

#include <algorithm>

namespace spikeloom::router {
namespace {

/// How far `index` lies behind `first`, going round.
constexpr std::uint32_t behind(std::uint32_t first, std::uint32_t index, std::uint32_t size) {
    return index >= first ? index - first : index + size - first;
}

}  // namespace

std::uint32_t FlitPackets::add(const FlitPacket& packet) {
    if (free_.empty()) {
        packets_.push_back(packet);
        return static_cast<std::uint32_t>(packets_.size() - 1);
    }
    const std::uint32_t id = free_.back();
    free_.pop_back();
    packets_[id] = packet;
    return id;
}

FlitRouters::FlitRouters(const Graph& graph, const MulticastTrees& trees, FlitPackets& packets)
    : graph_(graph),
      trees_(trees),
      packets_(packets),
      planes_(static_cast<std::uint32_t>(graph.parameters().planes)),
      routers_(graph.routers()),
      ports_(graph.ports()),
      channels_(graph.channel_classes() * static_cast<std::uint32_t>(graph.parameters().virtual_channels)),
      per_class_(static_cast<std::uint32_t>(graph.parameters().virtual_channels)),
      depth_(static_cast<std::uint32_t>(graph.parameters().buffer_flits)),
      flits_(static_cast<std::uint32_t>(graph.parameters().packet_flits)),
      most_readers_(graph.parameters().cast == Cast::multicast ? ports_ : 1),
      upstream_(std::size_t{routers_} * ports_, no_link),
      channel_asks_(std::size_t{ports_} * channels_),
      channel_wins_(std::size_t{ports_} * channels_),
      switch_asks_(ports_),
      switch_wins_(ports_) {
    for (std::uint32_t l = 0; l < graph.links().size(); ++l) {
        const Link& link = graph.links()[l];
        if (link.kind != LinkKind::eject) {
            upstream_[std::size_t{link.to} * ports_ + link.to_port] = l;
        }
    }
    reset();
}

void FlitRouters::reset() {
    const std::size_t ports = std::size_t{planes_} * routers_ * ports_;
    inputs_.assign(ports * channels_, Input{});
    outputs_.assign(ports * channels_, Output{.credits = depth_, .taken = false});
    rings_.assign(inputs_.size() * depth_, 0);
    readers_.assign(inputs_.size() * most_readers_, Reader{});
    output_free_.assign(ports, 0);
    channel_grant_.assign(ports * channels_, 0);
    channel_accept_.assign(ports * channels_, 0);
    switch_grant_.assign(ports, 0);
    switch_accept_.assign(ports, 0);
    switch_channel_.assign(ports, 0);
    occupied_.assign(std::size_t{planes_} * routers_, {});
    active_.clear();
    is_active_.assign(std::size_t{planes_} * routers_, 0);
}

Cycle FlitRouters::reach() const {
    const NetworkParameters& parameters = graph_.parameters();
    Cycle reach = 1;
    for (const LinkTiming timing : {parameters.east_west, parameters.north_south, parameters.vertical, parameters.local,
                                    parameters.between_chips}) {
        reach = std::max({reach, Cycle{timing.latency} + parameters.router_cycles,
                          Cycle{timing.latency} + parameters.credit_cycles, Cycle{timing.interval}});
    }
    return reach + 1;
}

std::uint32_t FlitRouters::inject_channel(std::uint32_t plane, std::uint32_t endpoint) const {
    const Link& link = graph_.links()[graph_.inject_link(endpoint)];
    return ((plane * routers_ + link.to) * ports_ + link.to_port) * channels_;
}

std::uint32_t FlitRouters::eject_channel(std::uint32_t plane, std::uint32_t endpoint, std::uint32_t channel) const {
    const Link& link = graph_.links()[graph_.eject_link(endpoint)];
    return ((plane * routers_ + link.from) * ports_ + link.from_port) * channels_ + channel;
}

void FlitRouters::wake(std::uint32_t router) {
    if (is_active_[router] == 0) {
        is_active_[router] = 1;
        active_.push_back(router);
    }
}

void FlitRouters::flit_arrives(std::uint32_t input, std::uint32_t packet, Cycle now, std::vector<LinkUse>& links) {
    Input& in = inputs_[input];
    SPIKELOOM_ASSERT(in.count < depth_, "a flit without room");
    std::uint32_t place = in.begin + in.count;
    place -= place >= depth_ ? depth_ : 0;
    rings_[std::size_t{input} * depth_ + place] = packet;
    const bool heads_a_packet = (in.freed + in.count) % flits_ == 0;
    if (heads_a_packet) {
        packets_[packet].head_since = now;
    }
    if (in.count == 0) {
        in.front_since = now;
        std::vector<std::uint32_t>& occupied = occupied_[router_of_channel(input)];
        in.listed = static_cast<std::uint32_t>(occupied.size());
        occupied.push_back(input);
        if (in.readers == 0) {
            open_front(input);
        }
    }
    ++in.count;
    LinkUse& link = links[upstream_[router_of_channel(input) % routers_ * ports_ + input_port(input)]];
    link.peak = std::max(link.peak, in.count);
    wake(router_of_channel(input));
}

void FlitRouters::credit_arrives(std::uint32_t output) {
    ++outputs_[output].credits;
    if (!occupied_[router_of_channel(output)].empty()) {
        wake(router_of_channel(output));
    }
}

/// The packet at the front gets its readers: one, or one a branch.
void FlitRouters::open_front(std::uint32_t input) {
    Input& in = inputs_[input];
    const std::uint32_t id = rings_[std::size_t{input} * depth_ + in.begin];
    const FlitPacket packet = packets_[id];
    const std::uint32_t ports_before = router_of_channel(input) * ports_;
    const std::uint32_t router = router_of_channel(input) % routers_;
    const auto output = [&](Hop hop) {
        return (ports_before + hop.port) * channels_ + hop.channel_class * per_class_ + packet.lane;
    };
    if ((packet.route & group_flag) == 0) {
        const auto came = Hop{.port = static_cast<std::uint16_t>(input_port(input)),
                              .channel_class = static_cast<std::uint8_t>(input % channels_ / per_class_)};
        in.readers = 1;
        reader(input, 0) = {.packet = id, .output = output(graph_.next(router, packet.route, came))};
        return;
    }
    in.readers = 0;
    for (const MulticastTrees::Branch& branch : trees_.branches(packet.route & ~group_flag)) {
        FlitPacket copy = packet;
        const bool last = graph_.links()[graph_.link(router, branch.hop.port)].kind == LinkKind::eject;
        copy.route = last ? packet.route : (branch.next | group_flag);
        copy.member = branch.next;
        reader(input, in.readers++) = {.packet = packets_.add(copy), .output = output(branch.hop)};
    }
}

void FlitRouters::step(Cycle now, TimeWheel<FlitEvent>& wheel, std::vector<LinkUse>& links) {
    stepping_.clear();
    stepping_.swap(active_);
    for (const std::uint32_t router : stepping_) {
        is_active_[router] = 0;
    }
    for (const std::uint32_t router : stepping_) {
        step_router(router, now, wheel, links);
    }
}

void FlitRouters::step_router(std::uint32_t router, Cycle now, TimeWheel<FlitEvent>& wheel,
                              std::vector<LinkUse>& links) {
    ++stamp_;
    asked_channels_.clear();
    granted_inputs_.clear();
    asked_ports_.clear();
    granted_ports_.clear();
    for (const std::uint32_t input : occupied_[router]) {
        request(input, now);
    }
    const bool got_channels = grant_channels();
    accept_switch();
    bool sent = false;
    for (const std::uint32_t port : granted_ports_) {
        const Request& win = switch_wins_[port];
        const Reader& wins = reader(win.input, win.reader);
        if (wins.has_channel) {
            send(win.input, win.reader, now, wheel, links);
            sent = true;
        }
    }
    if (got_channels || sent) {
        wake(router);
    }
}

/// What the readers of a channel's front packet ask for in this cycle.
void FlitRouters::request(std::uint32_t input, Cycle now) {
    const Input& in = inputs_[input];
    const std::uint32_t front = std::min(in.count, flits_ - in.freed);  // flits of the front packet in the buffer
    for (std::uint32_t r = 0; r < in.readers; ++r) {
        const Reader& asks = reader(input, r);
        const Output& output = outputs_[asks.output];
        const std::uint32_t port = asks.output / channels_;
        const bool waits_for_flit = asks.sent == flits_ || asks.sent >= in.freed + front;
        const bool can_send = !waits_for_flit && output.credits > 0 && output_free_[port] <= now;
        if (asks.has_channel) {
            if (can_send) {
                request_switch(input, r, port);
            }
        } else if (!output.taken && asks.sent == 0) {
            request_channel(input, r);
            if (can_send && graph_.parameters().allocation == Allocation::one_cycle) {
                request_switch(input, r, port);
            }
        }
    }
}

void FlitRouters::request_channel(std::uint32_t input, std::uint32_t index) {
    const std::uint32_t size = ports_ * channels_;
    const std::uint32_t output = reader(input, index).output;
    Request& best = channel_asks_[output % size];
    const std::uint32_t rank = behind(channel_grant_[output], input % size, size);
    if (best.stamp != stamp_) {
        asked_channels_.push_back(output);
    } else if (best.rank <= rank) {
        return;
    }
    best = {.input = input, .reader = index, .rank = rank, .stamp = stamp_, .output = output};
}

/// Each input that was granted accepts one channel. Returns whether any did.
bool FlitRouters::grant_channels() {
    const std::uint32_t size = ports_ * channels_;
    for (const std::uint32_t output : asked_channels_) {
        const Request& grant = channel_asks_[output % size];
        Request& best = channel_wins_[grant.input % size];
        const std::uint32_t rank = behind(channel_accept_[grant.input], output % size, size);
        if (best.stamp != stamp_) {
            granted_inputs_.push_back(grant.input);
        } else if (best.rank <= rank) {
            continue;
        }
        best = grant;
        best.rank = rank;
    }
    for (const std::uint32_t input : granted_inputs_) {
        const Request& win = channel_wins_[input % size];
        Reader& wins = reader(input, win.reader);
        wins.has_channel = true;
        outputs_[win.output].taken = true;
        channel_grant_[win.output] = (input % size + 1) % size;
        channel_accept_[input] = (win.output % size + 1) % size;
    }
    return !granted_inputs_.empty();
}

/// `port`: the output, counted over all routers.
void FlitRouters::request_switch(std::uint32_t input, std::uint32_t index, std::uint32_t port) {
    const std::uint32_t in_port = input_port(input);
    const std::uint32_t across = behind(switch_grant_[port], in_port, ports_);
    const std::uint32_t within =
        behind(switch_channel_[input / channels_], input % channels_, channels_) * most_readers_ + index;
    const std::uint32_t rank = across * channels_ * most_readers_ + within;
    Request& best = switch_asks_[port % ports_];
    if (best.stamp != stamp_) {
        asked_ports_.push_back(port % ports_);
    } else if (best.rank <= rank) {
        return;
    }
    best = {.input = input, .reader = index, .rank = rank, .stamp = stamp_, .output = port};
}

void FlitRouters::accept_switch() {
    for (const std::uint32_t port : asked_ports_) {
        const Request& grant = switch_asks_[port];
        const std::uint32_t in_port = input_port(grant.input);
        Request& best = switch_wins_[in_port];
        const std::uint32_t rank = behind(switch_accept_[grant.input / channels_], port, ports_);
        if (best.stamp != stamp_) {
            granted_ports_.push_back(in_port);
        } else if (best.rank <= rank) {
            continue;
        }
        best = grant;
        best.rank = rank;
    }
    for (const std::uint32_t in_port : granted_ports_) {
        const Request& win = switch_wins_[in_port];
        const std::uint32_t input = win.input / channels_;
        switch_grant_[win.output] = (in_port + 1) % ports_;
        switch_accept_[input] = (win.output % ports_ + 1) % ports_;
        switch_channel_[input] = (win.input % channels_ + 1) % channels_;
    }
}

void FlitRouters::send(std::uint32_t input, std::uint32_t index, Cycle now, TimeWheel<FlitEvent>& wheel,
                       std::vector<LinkUse>& links) {
    Input& in = inputs_[input];
    Reader& sends = reader(input, index);
    const std::uint32_t port = sends.output / channels_;
    const std::uint32_t plane = port / ports_ / routers_;
    const std::uint32_t router = port / ports_ % routers_;
    const std::uint32_t in_link = upstream_[std::size_t{router} * ports_ + input_port(input)];
    const std::uint32_t out_link = graph_.link(router, port % ports_);
    const Link& link = graph_.links()[out_link];

    FlitPacket& packet = packets_[sends.packet];
    if (sends.sent == 0) {
        const Cycle waited = now - packets_[rings_[std::size_t{input} * depth_ + in.begin]].head_since;
        packet.hops += link.kind == LinkKind::eject ? 0 : 1;
        if (waited > packet.stalled) {
            packet.stalled = waited;
            packet.stalled_link = in_link;
        }
    }
    links[in_link].waited += static_cast<std::uint64_t>(std::max<Cycle>(now - in.front_since, 0));
    links[out_link].flits += 1;
    --outputs_[sends.output].credits;
    ++sends.sent;
    if (sends.sent == flits_) {
        outputs_[sends.output].taken = false;
    }
    output_free_[port] = now + link.timing.interval;
    if (link.timing.interval > 1) {
        wheel.push(now + link.timing.interval, {.kind = FlitEvent::Kind::wake_router, .place = port / ports_});
    }
    const Cycle arrival = now + graph_.parameters().router_cycles + link.timing.latency;
    const std::uint32_t channel = sends.output % channels_;
    if (link.kind == LinkKind::eject) {
        wheel.push(arrival, {.kind = FlitEvent::Kind::flit_to_core,
                             .place = (plane * graph_.endpoints() + link.to) * channels_ + channel,
                             .packet = sends.packet});
    } else {
        wheel.push(arrival, {.kind = FlitEvent::Kind::flit_to_router,
                             .place = ((plane * routers_ + link.to) * ports_ + link.to_port) * channels_ + channel,
                             .packet = sends.packet});
    }
    free_flits(input, now, wheel);
}

/// Flits that every reader has are gone: their room is credited upstream, and a packet that is gone makes way.
void FlitRouters::free_flits(std::uint32_t input, Cycle now, TimeWheel<FlitEvent>& wheel) {
    Input& in = inputs_[input];
    std::uint32_t least = flits_;
    for (std::uint32_t r = 0; r < in.readers; ++r) {
        least = std::min(least, reader(input, r).sent);
    }
    const std::uint32_t router = router_of_channel(input);
    const Link& link = graph_.links()[upstream_[std::size_t{router % routers_} * ports_ + input_port(input)]];
    const std::uint32_t channel = input % channels_;
    for (; in.freed < least; ++in.freed) {
        const std::uint32_t id = rings_[std::size_t{input} * depth_ + in.begin];
        if (in.freed + 1 == flits_ && (packets_[id].route & group_flag) != 0) {
            packets_.remove(id);
        }
        in.begin = in.begin + 1 == depth_ ? 0 : in.begin + 1;
        --in.count;
        in.front_since = now + 1;
        const std::uint32_t plane = router / routers_;
        const Cycle wire = link.timing.latency + graph_.parameters().credit_cycles;
        if (link.kind == LinkKind::inject) {
            wheel.push(now + wire - 1, {.kind = FlitEvent::Kind::credit_to_core,
                                        .place = (plane * graph_.endpoints() + link.from) * channels_ + channel});
        } else {
            wheel.push(now + wire,
                       {.kind = FlitEvent::Kind::credit_to_router,
                        .place = ((plane * routers_ + link.from) * ports_ + link.from_port) * channels_ + channel});
        }
    }
    if (in.freed == flits_) {
        in.freed = 0;
        in.readers = 0;
        if (in.count > 0) {
            open_front(input);
        }
    }
    if (in.count == 0) {
        std::vector<std::uint32_t>& occupied = occupied_[router];
        const std::uint32_t moved = occupied.back();
        occupied[in.listed] = moved;
        inputs_[moved].listed = in.listed;
        occupied.pop_back();
        in.listed = none;
    }
}

}  // namespace spikeloom::router
