// What loading makes of an image, for the trials: per run the flat net, where inputs and earlier runs' spikes enter,
// and what leaves. Parts that don't depend on weights are shared between chips that differ in nothing else.
#pragma once

#include <memory>
#include <vector>

#include "chip/analog/analog_chip.hpp"
#include "chip/analog/mismatch.hpp"
#include "chip/analog/routes.hpp"

namespace spikeloom::chip::analog {

/// Offsets and values by key: values[begin[k] .. begin[k + 1]).
struct Lists {
    std::vector<std::uint32_t> begin;
    std::vector<std::uint32_t> values;
    [[nodiscard]] std::span<const std::uint32_t> of(std::uint32_t key) const {
        return std::span(values).subspan(begin[key], begin[key + 1] - begin[key]);
    }
};

/// Of one run, all but the weights.
struct RunTables {
    std::vector<std::uint32_t> neurons;  ///< of the network, ascending; a net's neuron is the position
    Routes routes;                       ///< empty on ideal chips
    Lists channel_sources;               ///< host sources by input channel; empty on ideal chips: the channel itself
    Lists neuron_sources;                ///< host sources by neuron of the network
    std::vector<Lif> lifs;               ///< as this instance has them
    std::vector<float> cell_factors;     ///< by cell: what this instance makes of its weight; empty: all 1
};

/// Of an instance, all but the weights.
struct InstanceTables {
    InstanceOptions options;
    Spread spread;
    std::vector<RunTables> runs;
    /// Spikes of inputs with constant times: of every channel, in order of time.
    std::vector<core::analog::InputSpike> constant_spikes;
    bool time_stamps = false;
};

struct AnalogChip::Tables {
    AnalogImage image;
    std::shared_ptr<const InstanceTables> instance;
    std::vector<core::analog::Net> nets;
    /// Where the weights are plastic (frozen_weights = false): by run, the cell of every synapse of its net, an index
    /// into AnalogRun::cells. A net then has one synapse for every cell that a source reaches; otherwise those of one
    /// source and neuron are one, and none is zero.
    std::vector<std::vector<std::uint32_t>> synapse_cells;
};

/// Synapses of a run with the weights of `run`.
[[nodiscard]] core::analog::Net build_net(const AnalogImage& image, const AnalogRun& run, const RunTables& tables,
                                          bool merge, std::vector<std::uint32_t>* synapse_cells);

}  // namespace spikeloom::chip::analog
