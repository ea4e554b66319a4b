// The spike network of an analog chip, as the mapping passes need it: which bus a circuit's spikes reach, which lanes
// reach all buses, and how the bits of a label are shared out.
//
// A spike's label, from bit 0: synapse label | row select | spare bits. A neuron's address fills the synapse label and
// the lowest `free_select_bits` of the row select; its event output fills the rest. The host sets every bit, and the
// spare ones choose the bus and the hemisphere at the crossbar (BRAINSCALES2_TTFS facts 3).
#pragma once

#include <cstdint>
#include <vector>

#include "chip/spec/analog_spec.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler::analog {

struct Fabric {
    int hemispheres = 2;
    int columns = 256;
    int buses = 4;             ///< a hemisphere
    int drivers_per_bus = 32;  ///< driver d is number d / buses on bus d % buses
    int labels = 64;
    int label_bits = 6;
    int select_bits = 5;
    int free_select_bits = 2;
    int bus_bits = 2;              ///< spare label bits that name the bus; one more names the hemisphere
    int columns_per_output = 32;   ///< a power of two, as `columns`
    std::vector<int> output_bus;   ///< bus of every event output, the same in each hemisphere
    std::vector<int> output_lane;  ///< L2 lane to the outside of every event output
    std::vector<int> lanes;        ///< L2 lanes from the outside that reach all buses
    int first_lane_input = 8;      ///< crossbar input of lane 0
    int first_lane_output = 8;     ///< crossbar output of lane 0

    [[nodiscard]] int signed_inputs() const { return buses * drivers_per_bus; }
    [[nodiscard]] int circuits() const { return hemispheres * columns; }
    [[nodiscard]] int output_of(int column) const { return column / columns_per_output; }
    [[nodiscard]] int bus_of(int column) const { return output_bus[static_cast<std::size_t>(output_of(column))]; }
    [[nodiscard]] int padi(int hemisphere, int bus) const { return hemisphere * buses + bus; }
    /// Row-select bits in which the event outputs of one bus differ: drivers that are to hear neurons ignore them.
    [[nodiscard]] int output_select_bits(int bus) const;
};

/// Refuses chips whose array or crossbar is built otherwise than the passes assume (a neuron's spikes reach exactly one
/// bus a hemisphere; two rows a driver; powers of two; label bits enough to name the bus).
[[nodiscard]] Result<Fabric> fabric_of(const chip::AnalogSpec& chip);

}  // namespace spikeloom::compiler::analog
