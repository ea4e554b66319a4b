#include "router/flit_routers.hpp"

#include <algorithm>

namespace spikeloom::router {
namespace {

/// How far `index` lies behind `first`, going round.
constexpr std::uint32_t behind(std::uint32_t first, std::uint32_t index, std::uint32_t size) {
    return index >= first ? index - first : index + size - first;
}

constexpr std::uint32_t after(std::uint32_t index, std::uint32_t size) {
    return index + 1 == size ? 0 : index + 1;
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
      one_cycle_(graph.parameters().allocation == Allocation::one_cycle),
      most_readers_(graph.parameters().cast == Cast::multicast ? ports_ : 1),
      channel_asks_(std::size_t{ports_} * channels_),
      channel_wins_(std::size_t{ports_} * channels_),
      switch_asks_(ports_),
      switch_wins_(ports_) {
    place_channels();
    reset();
}

void FlitRouters::place_channels() {
    const std::uint32_t of_router = ports_ * channels_;
    input_places_.resize(std::size_t{planes_} * routers_ * of_router);
    output_places_.resize(input_places_.size());
    const NetworkParameters& parameters = graph_.parameters();
    const auto wait = [](int cycles) { return static_cast<std::uint32_t>(cycles); };
    for (std::uint32_t plane = 0; plane < planes_; ++plane) {
        for (std::uint32_t l = 0; l < graph_.links().size(); ++l) {
            const Link& link = graph_.links()[l];
            const bool injects = link.kind == LinkKind::inject;
            const bool ejects = link.kind == LinkKind::eject;
            const std::uint32_t from = plane * (injects ? graph_.endpoints() : routers_) + link.from;
            const std::uint32_t to = plane * (ejects ? graph_.endpoints() : routers_) + link.to;
            for (std::uint32_t c = 0; c < channels_; ++c) {
                const std::uint32_t out =
                    injects ? from * channels_ + c : from * of_router + link.from_port * channels_ + c;
                const std::uint32_t in = ejects ? to * channels_ + c : to * of_router + link.to_port * channels_ + c;
                if (!ejects) {
                    InputPlace& place = input_places_[in];
                    place = {.router = to, .port = link.to_port, .channel = c, .link = l, .credit = {}};
                    // A core sees a credit a cycle before a router would.
                    place.credit = {
                        .kind = injects ? FlitEvent::Kind::credit_to_core : FlitEvent::Kind::credit_to_router,
                        .place = out};
                    place.credit_delay = wait(link.timing.latency + parameters.credit_cycles - (injects ? 1 : 0));
                }
                if (!injects) {
                    OutputPlace& place = output_places_[out];
                    place = {
                        .router = from, .port = link.from_port, .index = out - from * of_router, .link = l, .flit = {}};
                    place.flit = {.kind = ejects ? FlitEvent::Kind::flit_to_core : FlitEvent::Kind::flit_to_router,
                                  .place = in};
                    place.delay = wait(link.timing.latency + parameters.router_cycles);
                    place.interval = wait(link.timing.interval);
                }
            }
        }
    }
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
    const InputPlace& place = input_places_[input];
    SPIKELOOM_ASSERT(in.count < depth_, "a flit without room");
    std::uint32_t slot = in.begin + in.count;
    slot -= slot >= depth_ ? depth_ : 0;
    rings_[std::size_t{input} * depth_ + slot] = packet;
    const bool heads_a_packet = flits_ == 1 || (in.freed + in.count) % flits_ == 0;
    if (heads_a_packet) {
        packets_[packet].head_since = now;
    }
    if (in.count == 0) {
        in.front_since = now;
        std::vector<std::uint32_t>& occupied = occupied_[place.router];
        in.listed = static_cast<std::uint32_t>(occupied.size());
        occupied.push_back(input);
        if (in.readers == 0) {
            open_front(input);
        }
    }
    ++in.count;
    LinkUse& link = links[place.link];
    link.peak = std::max(link.peak, in.count);
    wake(place.router);
}

void FlitRouters::credit_arrives(std::uint32_t output) {
    ++outputs_[output].credits;
    const std::uint32_t router = output_places_[output].router;
    if (!occupied_[router].empty()) {
        wake(router);
    }
}

/// The packet at the front gets its readers: one, or one a branch.
void FlitRouters::open_front(std::uint32_t input) {
    Input& in = inputs_[input];
    const std::uint32_t id = rings_[std::size_t{input} * depth_ + in.begin];
    const FlitPacket packet = packets_[id];
    const InputPlace& place = input_places_[input];
    const std::uint32_t ports_before = place.router * ports_;
    const std::uint32_t router = planes_ == 1 ? place.router : place.router % routers_;
    const auto output = [&](Hop hop) {
        return (ports_before + hop.port) * channels_ + hop.channel_class * per_class_ + packet.lane;
    };
    if ((packet.route & group_flag) == 0) {
        const auto came = Hop{.port = static_cast<std::uint16_t>(place.port),
                              .channel_class = static_cast<std::uint8_t>(place.channel / per_class_)};
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
    accept_switch(router);
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
        const OutputPlace& place = output_places_[asks.output];
        const bool waits_for_flit = asks.sent == flits_ || asks.sent >= in.freed + front;
        const bool can_send =
            !waits_for_flit && output.credits > 0 && output_free_[place.router * ports_ + place.port] <= now;
        if (asks.has_channel) {
            if (can_send) {
                request_switch(input, r);
            }
        } else if (!output.taken && asks.sent == 0) {
            request_channel(input, r);
            if (can_send && one_cycle_) {
                request_switch(input, r);
            }
        }
    }
}

void FlitRouters::request_channel(std::uint32_t input, std::uint32_t index) {
    const std::uint32_t output = reader(input, index).output;
    Request& best = channel_asks_[output_places_[output].index];
    const InputPlace& place = input_places_[input];
    const std::uint32_t rank =
        behind(channel_grant_[output], place.port * channels_ + place.channel, ports_ * channels_);
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
    const auto index = [&](std::uint32_t input) {
        return input_places_[input].port * channels_ + input_places_[input].channel;
    };
    for (const std::uint32_t output : asked_channels_) {
        const std::uint32_t place = output_places_[output].index;
        const Request& grant = channel_asks_[place];
        Request& best = channel_wins_[index(grant.input)];
        const std::uint32_t rank = behind(channel_accept_[grant.input], place, size);
        if (best.stamp != stamp_) {
            granted_inputs_.push_back(grant.input);
        } else if (best.rank <= rank) {
            continue;
        }
        best = grant;
        best.rank = rank;
    }
    for (const std::uint32_t input : granted_inputs_) {
        const Request& win = channel_wins_[index(input)];
        reader(input, win.reader).has_channel = true;
        outputs_[win.output].taken = true;
        channel_grant_[win.output] = after(index(input), size);
        channel_accept_[input] = after(output_places_[win.output].index, size);
    }
    return !granted_inputs_.empty();
}

void FlitRouters::request_switch(std::uint32_t input, std::uint32_t index) {
    const std::uint32_t output = reader(input, index).output;
    const OutputPlace& to = output_places_[output];
    const InputPlace& from = input_places_[input];
    const std::uint32_t port = to.router * ports_ + to.port;
    const std::uint32_t across = behind(switch_grant_[port], from.port, ports_);
    const std::uint32_t within =
        behind(switch_channel_[to.router * ports_ + from.port], from.channel, channels_) * most_readers_ + index;
    const std::uint32_t rank = across * channels_ * most_readers_ + within;
    Request& best = switch_asks_[to.port];
    if (best.stamp != stamp_) {
        asked_ports_.push_back(to.port);
    } else if (best.rank <= rank) {
        return;
    }
    best = {.input = input, .reader = index, .rank = rank, .stamp = stamp_, .output = to.port};
}

void FlitRouters::accept_switch(std::uint32_t router) {
    for (const std::uint32_t port : asked_ports_) {
        const Request& grant = switch_asks_[port];
        const std::uint32_t in_port = input_places_[grant.input].port;
        Request& best = switch_wins_[in_port];
        const std::uint32_t rank = behind(switch_accept_[router * ports_ + in_port], port, ports_);
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
        switch_grant_[router * ports_ + win.output] = after(in_port, ports_);
        switch_accept_[router * ports_ + in_port] = after(win.output, ports_);
        switch_channel_[router * ports_ + in_port] = after(input_places_[win.input].channel, channels_);
    }
}

void FlitRouters::send(std::uint32_t input, std::uint32_t index, Cycle now, TimeWheel<FlitEvent>& wheel,
                       std::vector<LinkUse>& links) {
    Input& in = inputs_[input];
    Reader& sends = reader(input, index);
    const OutputPlace& place = output_places_[sends.output];
    const std::uint32_t in_link = input_places_[input].link;
    if (sends.sent == 0) {
        FlitPacket& packet = packets_[sends.packet];
        const Cycle waited = now - packets_[rings_[std::size_t{input} * depth_ + in.begin]].head_since;
        packet.hops += place.flit.kind == FlitEvent::Kind::flit_to_core ? 0 : 1;
        if (waited > packet.stalled) {
            packet.stalled = waited;
            packet.stalled_link = in_link;
        }
    }
    links[in_link].waited += static_cast<std::uint64_t>(std::max<Cycle>(now - in.front_since, 0));
    links[place.link].flits += 1;
    Output& output = outputs_[sends.output];
    --output.credits;
    ++sends.sent;
    if (sends.sent == flits_) {
        output.taken = false;
    }
    output_free_[place.router * ports_ + place.port] = now + place.interval;
    if (place.interval > 1) {
        wheel.push(now + place.interval, {.kind = FlitEvent::Kind::wake_router, .place = place.router});
    }
    FlitEvent flit = place.flit;
    flit.packet = sends.packet;
    wheel.push(now + place.delay, flit);
    free_flits(input, now, wheel);
}

/// Flits that every reader has are gone: their room is credited upstream, and a packet that is gone makes way.
void FlitRouters::free_flits(std::uint32_t input, Cycle now, TimeWheel<FlitEvent>& wheel) {
    Input& in = inputs_[input];
    std::uint32_t least = flits_;
    for (std::uint32_t r = 0; r < in.readers; ++r) {
        least = std::min(least, reader(input, r).sent);
    }
    const InputPlace& place = input_places_[input];
    for (; in.freed < least; ++in.freed) {
        const std::uint32_t id = rings_[std::size_t{input} * depth_ + in.begin];
        if (in.freed + 1 == flits_ && (packets_[id].route & group_flag) != 0) {
            packets_.remove(id);
        }
        in.begin = in.begin + 1 == depth_ ? 0 : in.begin + 1;
        --in.count;
        in.front_since = now + 1;
        wheel.push(now + place.credit_delay, place.credit);
    }
    if (in.freed == flits_) {
        in.freed = 0;
        in.readers = 0;
        if (in.count > 0) {
            open_front(input);
        }
    }
    if (in.count == 0) {
        std::vector<std::uint32_t>& occupied = occupied_[place.router];
        const std::uint32_t moved = occupied.back();
        occupied[in.listed] = moved;
        inputs_[moved].listed = in.listed;
        occupied.pop_back();
        in.listed = none;
    }
}

}  // namespace spikeloom::router
