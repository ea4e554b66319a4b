// What inspect says of a chip with steps.
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "tools/descriptions.hpp"

namespace spikeloom::tools {

namespace {

namespace json = boost::json;

/// The spike network in the words of the chip file.
json::object describe_network(const chip::ChipSpec& chip) {
    const router::NetworkParameters& network = chip.network.parameters;
    const bool tree = network.topology == router::Topology::tree;
    const auto link = [](const router::LinkTiming& timing) {
        return fmt::format("{} cycles, a flit every {}", timing.latency, timing.interval);
    };
    json::object described{{"topology", std::string(topology_name(network.topology))}};
    if (tree) {
        described["tree_arity"] = network.tree_arity;
    } else {
        described["order"] = network.order == router::DimensionOrder::x_first ? "x first" : "y first";
    }
    described["cast"] = network.cast == router::Cast::unicast ? "unicast" : "multicast";
    described["planes"] = network.planes;
    described["virtual_channels"] = network.virtual_channels;
    described["packet_flits"] = network.packet_flits;
    described["buffer_flits"] = network.buffer_flits;
    if (tree) {
        described["vertical"] = link(network.vertical);
    } else {
        described["east_west"] = link(network.east_west);
        described["north_south"] = link(network.north_south);
    }
    if (chip.mesh.chips() > 1) {
        described["between_chips"] = link(network.between_chips);
    }
    described["router_cycles"] = network.router_cycles;
    described["cycle_ns"] = chip.network.cycle_ns.value;
    if (chip.network.address_range > 0) {
        described["address_range"] = chip.network.address_range;
    }
    return described;
}

json::object learning_limits(const chip::LearningFormat& learning) {
    return {{"rules_per_core", learning.profiles_per_core},   {"traced_axons_per_core", learning.plastic_axons},
            {"longest_epoch", learning.epoch.most},           {"trace_bits", learning.arithmetic.trace_bits},
            {"weight_bits", learning.arithmetic.weight_bits}, {"tag_bits", learning.arithmetic.tag_bits}};
}

json::object cost_row(const chip::CostTable& table) {
    return {{"costs", table.name}, {"title", table.title}};
}

}  // namespace

std::string_view topology_name(router::Topology topology) {
    switch (topology) {
    case router::Topology::mesh:
        return "mesh";
    case router::Topology::torus:
        return "torus";
    case router::Topology::tree:
        return "tree";
    }
    return "";
}

json::array model_names(const chip::NeuronFormat& neuron) {
    json::array names;
    for (const NeuronModel model : neuron.models) {
        names.push_back(json::value(std::string(name_of(model))));
    }
    return names;
}

json::object describe(const chip::ChipSpec& chip) {
    json::array costs;
    for (const chip::CostTable& table : chip.costs) {
        costs.push_back(cost_row(table));
    }
    json::object described{
        {"kind", "chip description"},
        {"name", chip.name},
        {"title", chip.title},
        {"cores", chip.mesh.cores()},
        {"mesh", fmt::format("{} x {} tiles of {} cores", chip.mesh.columns, chip.mesh.rows, chip.mesh.cores_per_tile)},
        {"network", describe_network(chip)},
        {"limits_per_core", json::object{{"compartments", chip.limits.compartments},
                                         {"input_axons", chip.limits.input_axons},
                                         {"output_axons", chip.limits.output_axons},
                                         {"compartment_profiles", chip.limits.compartment_profiles},
                                         {"threshold_profiles", chip.limits.threshold_profiles},
                                         {"synapse_words", chip.synapses.words},
                                         {"word_bits", chip.synapses.word_bits},
                                         {"synapse_formats", chip.synapses.synapse_formats},
                                         {"longest_delay", chip.synapses.max_delay}}},
        {"cost_tables", std::move(costs)}};
    json::object neuron{
        {"models", model_names(chip.neuron)},
        {"payload_bits", chip.neuron.payload_bits},
        {"soft_reset_compartments", chip.neuron.soft_reset_compartments},
        {"current_decay", fmt::format("{}..{}", chip.neuron.current_decay.least + chip.neuron.current_decay_offset,
                                      chip.neuron.current_decay.most + chip.neuron.current_decay_offset)},
        {"voltage_decay", fmt::format("{}..{}", chip.neuron.voltage_decay.least + chip.neuron.voltage_decay_offset,
                                      chip.neuron.voltage_decay.most + chip.neuron.voltage_decay_offset)}};
    described["neuron"] = std::move(neuron);
    json::object& limits = described["limits_per_core"].as_object();
    if (chip.synapses.shared_lists) {
        limits["shared_lists"] = fmt::format("moved by up to {}, in steps of {}", chip.synapses.shared_base_most,
                                             chip.synapses.shared_base_multiple);
    }
    if (chip.synapses.crossbar_types > 0) {
        limits["crossbar_types"] = chip.synapses.crossbar_types;
    }
    if (chip.limits.destinations_per_compartment > 0) {
        limits["destinations_per_compartment"] = chip.limits.destinations_per_compartment;
    }
    if (chip.mesh.chips() > 1) {
        described["board"] = fmt::format("{} x {} chips", chip.mesh.chip_columns, chip.mesh.chip_rows);
    }
    if (chip.learning.present) {
        described["learning"] = learning_limits(chip.learning);
    }
    return described;
}

}  // namespace spikeloom::tools
