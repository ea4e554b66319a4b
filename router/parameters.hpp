// A spike network as data: how tiles are joined, how messages find their way, how routers are built. All times are in
// cycles of the network's clock; a chip description says how long a cycle is. Defaults are a router of the
// kind that BookSim 2 models: three cycles a hop, six from a flit's leaving a buffer to the credit's return.
#pragma once

#include <cstdint>

namespace spikeloom::router {

enum class Topology : std::uint8_t {
    mesh,   ///< each tile joined with its neighbours to the east, west, south and north
    torus,  ///< a mesh whose rows and columns are rings
    tree,   ///< tiles are leaves; switches of `tree_arity` children above them, up to one root
};

enum class DimensionOrder : std::uint8_t { x_first, y_first };

enum class Cast : std::uint8_t {
    unicast,    ///< one message for each destination core
    multicast,  ///< one message for all; routers copy it where the dimension-order ways of its destinations part
};

/// Whether a packet's head gets its virtual channel and the switch in one cycle, or in two after each other.
enum class Allocation : std::uint8_t { one_cycle, two_cycles };

struct LinkTiming {
    int latency = 1;   ///< cycles on the wire, at least 1
    int interval = 1;  ///< cycles from one flit to the next: 30 is a link thirty times narrower
    friend bool operator==(const LinkTiming&, const LinkTiming&) = default;
};

struct NetworkParameters {
    Topology topology = Topology::mesh;
    DimensionOrder order = DimensionOrder::x_first;
    Cast cast = Cast::unicast;
    Allocation allocation = Allocation::one_cycle;
    int tree_arity = 4;        ///< children of a switch
    int planes = 1;            ///< networks side by side; a pair of cores always uses the same one
    int virtual_channels = 1;  ///< of each class (a torus has two classes: before and after the ring's date line)
    int packet_flits = 1;
    int buffer_flits = 8;   ///< of each virtual channel at each input of a router or a core
    int source_queue = 0;   ///< packets that a core holds for the network before its work stalls; 0: any number
    int router_cycles = 2;  ///< from allocation to the wire
    int credit_cycles = 2;  ///< from a buffer's being freed to the credit's use upstream, besides the wire
    LinkTiming east_west{};
    LinkTiming north_south{};
    LinkTiming vertical{};       ///< of a tree
    LinkTiming local{};          ///< between a core and its router
    LinkTiming between_chips{};  ///< any link whose ends are on two chips
    friend bool operator==(const NetworkParameters&, const NetworkParameters&) = default;
};

}  // namespace spikeloom::router
