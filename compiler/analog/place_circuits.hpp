// Place: the neurons of one run onto columns. A neuron of one circuit takes a column of one hemisphere; one of c = 2,
// 4, 8, ... joined circuits takes c / hemispheres neighbouring columns of every hemisphere. Blocks are placed widest
// first at multiples of their width, so that no column is lost between them.
//
// Which column a neuron speaks from decides the bus that its spikes take. A target circuit has drivers_per_bus drivers
// on each bus, so the sources of a neuron have to be spread evenly over the buses.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chip/image/analog_image.hpp"
#include "compiler/analog/fabric.hpp"
#include "compiler/analog/flat_synapses.hpp"

namespace spikeloom::compiler::analog {

/// The neurons of a run, numbered by their place in `neurons`, and how they depend on each other.
struct RunDemand {
    std::vector<std::uint32_t> neurons;       ///< of the network
    std::vector<int> circuits;                ///< one a neuron: a power of two
    std::vector<std::int32_t> run_index;      ///< of every neuron of the network; -1: not of this run
    std::vector<std::uint64_t> target_begin;  ///< neurons + 1: the targets within the run of every neuron of it
    std::vector<std::uint32_t> targets;
};
[[nodiscard]] RunDemand run_demand(const FanIn& fan_in, std::vector<std::uint32_t> neurons);

/// Circuits that a neuron of so many signed inputs joins: the least power of two.
[[nodiscard]] int circuits_for(std::size_t inputs, const Fabric& fabric);
/// Columns (of every hemisphere) that blocks of these sizes take.
[[nodiscard]] int columns_for(std::span<const int> circuits, const Fabric& fabric);

struct Block {
    int hemisphere = 0;  ///< the first; blocks of several circuits cover all hemispheres
    int hemispheres = 1;
    int column = 0;
    int width = 1;
    chip::Circuit speaker;  ///< the circuit whose spikes leave
};

/// One block a neuron of the demand; columns_for(demand.circuits) <= columns.
[[nodiscard]] std::vector<Block> place_circuits(const RunDemand& demand, const Fabric& fabric);

}  // namespace spikeloom::compiler::analog
