#include "chip/spec/network_proto.hpp"

#include <fmt/format.h>

#include "chip/spec/cost_table_proto.hpp"
#include "router/ways.hpp"

namespace spikeloom::chip {
namespace {

using Proto = proto::SpikeNetworkProto;
using router::LinkTiming;
using router::NetworkParameters;

/// The schema's names count from 1, the enumerations from 0.
template <class Enum>
Enum from_number(int number) {
    return static_cast<Enum>(number - 1);
}

template <class Enum, class Value>
Enum to_number(Value value) {
    return static_cast<Enum>(static_cast<int>(value) + 1);
}

LinkTiming from(const proto::LinkTimingProto& message) {
    return {.latency = message.latency(), .interval = message.interval()};
}

void to(const LinkTiming& timing, proto::LinkTimingProto& message) {
    message.set_latency(timing.latency);
    message.set_interval(timing.interval);
}

bool several_chips(const proto::MeshProto& mesh) {
    return mesh.chip_columns() > 1 || mesh.chip_rows() > 1;
}

}  // namespace

Mesh from_proto(const proto::MeshProto& message) {
    return {.columns = message.columns(),
            .rows = message.rows(),
            .cores_per_tile = message.cores_per_tile(),
            .chip_columns = message.has_chip_columns() ? message.chip_columns() : 1,
            .chip_rows = message.has_chip_rows() ? message.chip_rows() : 1};
}

void to_proto(const Mesh& mesh, proto::MeshProto& message) {
    message.set_columns(mesh.columns);
    message.set_rows(mesh.rows);
    message.set_cores_per_tile(mesh.cores_per_tile);
    if (mesh.chip_columns != 1) {
        message.set_chip_columns(mesh.chip_columns);
    }
    if (mesh.chip_rows != 1) {
        message.set_chip_rows(mesh.chip_rows);
    }
}

SpikeNetwork from_proto(const Proto& message) {
    NetworkParameters parameters{
        .topology = from_number<router::Topology>(message.topology()),
        .order = message.has_order() ? from_number<router::DimensionOrder>(message.order()) : NetworkParameters{}.order,
        .cast = from_number<router::Cast>(message.cast()),
        .allocation = from_number<router::Allocation>(message.allocation()),
        .tree_arity = message.has_tree_arity() ? message.tree_arity() : NetworkParameters{}.tree_arity,
        .planes = message.planes(),
        .virtual_channels = message.virtual_channels(),
        .packet_flits = message.packet_flits(),
        .buffer_flits = message.buffer_flits(),
        .source_queue = message.source_queue(),
        .router_cycles = message.router_cycles(),
        .credit_cycles = message.credit_cycles(),
        .local = from(message.local())};
    if (message.has_east_west()) {
        parameters.east_west = from(message.east_west());
    }
    if (message.has_north_south()) {
        parameters.north_south = from(message.north_south());
    }
    if (message.has_vertical()) {
        parameters.vertical = from(message.vertical());
    }
    if (message.has_between_chips()) {
        parameters.between_chips = from(message.between_chips());
    }
    return {.parameters = parameters,
            .cycle_ns = from_proto(message.cycle_ns()),
            .address_range = message.has_address_range() ? message.address_range() : 0};
}

void to_proto(const SpikeNetwork& network, const Mesh& mesh, Proto& message) {
    const NetworkParameters& parameters = network.parameters;
    const NetworkParameters usual;
    const bool tree = parameters.topology == router::Topology::tree;
    message.set_topology(to_number<Proto::Topology>(parameters.topology));
    if (!tree || parameters.order != usual.order) {
        message.set_order(to_number<Proto::Order>(parameters.order));
    }
    message.set_cast(to_number<Proto::Cast>(parameters.cast));
    if (tree || parameters.tree_arity != usual.tree_arity) {
        message.set_tree_arity(parameters.tree_arity);
    }
    message.set_planes(parameters.planes);
    message.set_virtual_channels(parameters.virtual_channels);
    message.set_packet_flits(parameters.packet_flits);
    message.set_buffer_flits(parameters.buffer_flits);
    message.set_source_queue(parameters.source_queue);
    message.set_allocation(to_number<Proto::Allocation>(parameters.allocation));
    message.set_router_cycles(parameters.router_cycles);
    message.set_credit_cycles(parameters.credit_cycles);
    if (!tree || parameters.east_west != usual.east_west) {
        to(parameters.east_west, *message.mutable_east_west());
    }
    if (!tree || parameters.north_south != usual.north_south) {
        to(parameters.north_south, *message.mutable_north_south());
    }
    if (tree || parameters.vertical != usual.vertical) {
        to(parameters.vertical, *message.mutable_vertical());
    }
    to(parameters.local, *message.mutable_local());
    if (mesh.chips() > 1 || parameters.between_chips != usual.between_chips) {
        to(parameters.between_chips, *message.mutable_between_chips());
    }
    to_proto(network.cycle_ns, *message.mutable_cycle_ns());
    if (network.address_range != 0) {
        message.set_address_range(network.address_range);
    }
}

void check_network(SchemaCheck& check, const proto::MeshProto& mesh, const Proto& network) {
    const auto needed = [&](bool needs, bool has, const char* field, const char* why) {
        if (needs && !has) {
            check.report("network", fmt::format("the network lacks '{}'", field),
                         fmt::format("'{}', because {}", field, why));
        }
    };
    if (!check.sound("network", network)) {
        return;
    }
    const bool tree = network.topology() == Proto::TREE;
    needed(!tree, network.has_order(), "order", "the topology has columns and rows");
    needed(!tree, network.has_east_west(), "east_west", "the topology has columns");
    needed(!tree, network.has_north_south(), "north_south", "the topology has rows");
    needed(tree, network.has_tree_arity(), "tree_arity", "the topology is a tree");
    needed(tree, network.has_vertical(), "vertical", "the topology is a tree");
    needed(several_chips(mesh), network.has_between_chips(), "between_chips", "the board has several chips");
    if (tree && network.has_address_range()) {
        check.report("network.address_range", "relative addresses in a tree", "none, or MESH or TORUS",
                     "relative addresses count columns and rows");
    }
    if (!(network.cycle_ns().value() > 0)) {
        check.report("network.cycle_ns.value", "a cycle takes no time", "above 0");
    }
    if (!check.clean("network")) {
        return;
    }
    for (const Diagnostic& finding : router::check_network(from_proto(mesh), from_proto(network).parameters)) {
        check.report("network", finding.found, finding.allowed, finding.help);
    }
}

}  // namespace spikeloom::chip
