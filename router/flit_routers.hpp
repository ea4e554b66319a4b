// The routers of all planes as the flit model sees them: input buffers, virtual channels, credits, and the two
// allocators. One cycle of a router is order-free: it reads what has arrived by then, and what it sends arrives in
// later cycles, so the order in which routers are stepped changes nothing.
//
// A router's cycle (as BookSim 2's input-queued router with iSLIP allocators of one iteration):
//     heads without a virtual channel ask for one; heads (with Allocation::one_cycle those without a channel, too)
//     ask for the switch if there is a credit; each output grants one input, each input accepts one output, both
//     round-robin from behind the last one accepted; a switch grant without a channel is lost.
// A multicast packet has a reader for each of its branches; a flit leaves its buffer when all readers have it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "router/graph.hpp"
#include "router/model.hpp"
#include "router/multicast.hpp"
#include "router/time_wheel.hpp"

namespace spikeloom::router {

/// Something that reaches its place in a later cycle. `place` is a number as FlitRouters counts them.
struct FlitEvent {
    enum class Kind : std::uint8_t {
        flit_to_router,    ///< place: input channel
        flit_to_core,      ///< place: (plane * endpoints + endpoint) * channels + channel
        credit_to_router,  ///< place: output channel
        credit_to_core,    ///< place: as flit_to_core
        wake_router,       ///< place: plane * routers + router
    };
    Kind kind = Kind::wake_router;
    std::uint32_t place = 0;
    std::uint32_t packet = 0;
};

/// A packet on its way; a multicast packet's copy from one branching to the next.
struct FlitPacket {
    std::uint32_t message = 0;
    std::uint32_t route = 0;   ///< endpoint, or with group_flag: node of its tree
    std::uint32_t member = 0;  ///< of a multicast copy that is on its last link
    std::uint32_t lane = 0;    ///< virtual channel within its class
    std::uint32_t hops = 0;
    std::uint32_t stalled_link = no_link;
    Cycle stalled = 0;
    Cycle head_since = 0;  ///< its head is in the present buffer since
    Cycle made = 0;
    Cycle injected = 0;
};

class FlitPackets {
public:
    std::uint32_t add(const FlitPacket& packet);
    void remove(std::uint32_t id) { free_.push_back(id); }
    FlitPacket& operator[](std::uint32_t id) { return packets_[id]; }

private:
    std::vector<FlitPacket> packets_;
    std::vector<std::uint32_t> free_;
};

class FlitRouters {
public:
    FlitRouters(const Graph& graph, const MulticastTrees& trees, FlitPackets& packets);

    void reset();
    [[nodiscard]] Cycle reach() const;  ///< the farthest that an event lies ahead
    [[nodiscard]] std::uint32_t channels() const { return channels_; }

    /// The input channel behind an endpoint's inject link.
    [[nodiscard]] std::uint32_t inject_channel(std::uint32_t plane, std::uint32_t endpoint) const;
    void flit_arrives(std::uint32_t input, std::uint32_t packet, Cycle now, std::vector<LinkUse>& links);
    void credit_arrives(std::uint32_t output);
    void wake(std::uint32_t router);
    /// The output channel that leads to an endpoint's buffer.
    [[nodiscard]] std::uint32_t eject_channel(std::uint32_t plane, std::uint32_t endpoint, std::uint32_t channel) const;

    [[nodiscard]] bool awake() const { return !active_.empty(); }
    /// All routers that are awake do their cycle.
    void step(Cycle now, TimeWheel<FlitEvent>& wheel, std::vector<LinkUse>& links);

private:
    static constexpr std::uint32_t none = 0xFFFFFFFF;

    /// One branch of the packet at a channel's front.
    struct Reader {
        std::uint32_t packet = 0;  ///< the copy that goes this way
        bool has_channel = false;
        std::uint32_t output = 0;  ///< output channel that it asks for, or has
        std::uint32_t sent = 0;    ///< flits
    };
    struct Input {
        std::uint32_t begin = 0;  ///< of the ring
        std::uint32_t count = 0;  ///< flits in the buffer
        std::uint32_t freed = 0;  ///< flits of the front packet that are gone
        std::uint32_t readers = 0;
        std::uint32_t listed = none;  ///< position among the router's occupied inputs
        Cycle front_since = 0;
    };
    /// Where an input channel is, and where its credits go.
    struct InputPlace {
        std::uint32_t router = 0;   ///< plane * routers + router
        std::uint32_t port = 0;     ///< within the router
        std::uint32_t channel = 0;  ///< within the port
        std::uint32_t link = no_link;
        FlitEvent credit;
        std::uint32_t credit_delay = 0;
    };
    struct Output {
        std::uint32_t credits = 0;
        bool taken = false;  ///< by a packet whose tail has not gone
    };
    /// Where an output channel is, and where its flits go.
    struct OutputPlace {
        std::uint32_t router = 0;
        std::uint32_t port = 0;   ///< within the router
        std::uint32_t index = 0;  ///< of the channel among the router's
        std::uint32_t link = no_link;
        FlitEvent flit;
        std::uint32_t delay = 0;
        std::uint32_t interval = 1;
    };
    struct Request {
        std::uint32_t input = 0;   ///< channel
        std::uint32_t reader = 0;  ///< of the input
        std::uint32_t rank = 0;    ///< the least wins
        std::uint32_t stamp = 0;
        std::uint32_t output = 0;
    };

    void place_channels();
    void step_router(std::uint32_t router, Cycle now, TimeWheel<FlitEvent>& wheel, std::vector<LinkUse>& links);
    void open_front(std::uint32_t input);
    void request(std::uint32_t input, Cycle now);
    void request_channel(std::uint32_t input, std::uint32_t reader);
    void request_switch(std::uint32_t input, std::uint32_t reader);
    bool grant_channels();
    void accept_switch(std::uint32_t router);
    void send(std::uint32_t input, std::uint32_t reader, Cycle now, TimeWheel<FlitEvent>& wheel,
              std::vector<LinkUse>& links);
    void free_flits(std::uint32_t input, Cycle now, TimeWheel<FlitEvent>& wheel);
    [[nodiscard]] Reader& reader(std::uint32_t input, std::uint32_t index) {
        return readers_[std::size_t{input} * most_readers_ + index];
    }

    const Graph& graph_;
    const MulticastTrees& trees_;
    FlitPackets& packets_;
    std::uint32_t planes_, routers_, ports_, channels_, per_class_, depth_, flits_;
    bool one_cycle_;
    std::uint32_t most_readers_;
    std::vector<Input> inputs_;         ///< ((plane * routers + router) * ports + port) * channels + channel
    std::vector<Output> outputs_;       ///< likewise
    std::vector<std::uint32_t> rings_;  ///< packets of the flits in each input's buffer
    std::vector<Reader> readers_;
    std::vector<Cycle> output_free_;             ///< by (plane, router, port): when the next flit may leave
    std::vector<std::uint32_t> channel_grant_;   ///< by output channel: the input to favour
    std::vector<std::uint32_t> channel_accept_;  ///< by input channel: the output to favour
    std::vector<std::uint32_t> switch_grant_;    ///< by (plane, router, port)
    std::vector<std::uint32_t> switch_accept_;   ///< likewise
    std::vector<std::uint32_t> switch_channel_;  ///< by input port: the channel to favour
    std::vector<InputPlace> input_places_;       ///< as inputs_
    std::vector<OutputPlace> output_places_;
    std::vector<std::vector<std::uint32_t>> occupied_;  ///< by (plane, router): input channels with flits
    std::vector<std::uint32_t> active_, stepping_;      ///< routers to step
    std::vector<std::uint8_t> is_active_;
    // scratch of one router's cycle, by port or channel within the router
    std::uint32_t stamp_ = 0;
    std::vector<Request> channel_asks_, channel_wins_, switch_asks_, switch_wins_;
    std::vector<std::uint32_t> asked_channels_, granted_inputs_, asked_ports_, granted_ports_;
};

}  // namespace spikeloom::router
