// Where spikes go on the chip. A spike carries a label; a crossbar node passes it to a bus where the label masked is
// the node's target; drivers on that bus take it where its row select fits; in their rows the synapses take it whose
// own label is the spike's. Whatever is reached so is a synapse, intended or not.
#pragma once

#include <cstdint>
#include <vector>

#include "chip/image/analog_image.hpp"

namespace spikeloom::chip::analog {

/// What becomes of a source's spikes in the crossbar.
struct CrossbarRoute {
    std::uint16_t input = 0;      ///< of the crossbar
    std::uint16_t label = 0;      ///< 14 bits
    bool dropped = false;         ///< no node passes it
    std::uint16_t lanes_out = 0;  ///< number of L2 lanes on which it leaves the chip
    friend bool operator==(const CrossbarRoute&, const CrossbarRoute&) = default;
};

/// The routes of one configuration. Sources: its host sources, then the labels of its background sources, then its
/// neurons in the order of `neurons`.
struct Routes {
    std::vector<std::uint32_t> neurons;  ///< indices into AnalogRun::neurons, ascending by the network's neuron
    std::vector<std::uint32_t>
        neuron_at;  ///< by circuit (hemisphere * columns + column): index into `neurons`, or none
    std::vector<std::uint32_t> background;  ///< by background setting: its first source
    std::vector<CrossbarRoute> crossbar;    ///< by source
    std::vector<std::uint64_t> cell_begin;  ///< by source: cells[cell_begin[s] .. cell_begin[s + 1]) are reached
    std::vector<std::uint32_t> cells;       ///< indices into AnalogRun::cells, of columns with a neuron
    std::vector<std::int16_t> row_sign;     ///< by row (hemisphere * rows + row): 1, -1, or 0 where disabled

    static constexpr std::uint32_t none = 0xFFFFFFFF;
    friend bool operator==(const Routes&, const Routes&) = default;
};

/// Bits 6 and up of a label, as drivers compare them.
[[nodiscard]] std::uint32_t row_select(const AnalogArray& array, std::uint32_t label);
/// The label of a neuron's spikes: event output of its first circuit's column << address bits | address.
[[nodiscard]] std::uint16_t spike_label(const AnalogSpec& chip, const PlacedNeuron& neuron);

/// The run must have passed check_analog_image.
[[nodiscard]] Routes follow_routes(const AnalogSpec& chip, const AnalogRun& run);

}  // namespace spikeloom::chip::analog
