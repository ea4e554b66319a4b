// The rows of a layer's arrays become projections. First stands a row for each neuron of the layer before (or channel
// of the input), then a row for each bias; biases with the same time are one input, whose channels spike at that time.
#pragma once

#include <cstddef>
#include <vector>

#include "compiler/timed/timed_network.hpp"
#include "compiler/timed/ttfs.pb.h"

namespace spikeloom::compiler::ttfs {

struct LayerRows {
    std::size_t sources = 0;  ///< rows that are no biases
    std::size_t neurons = 0;
    std::vector<double> weights;  ///< [row][neuron]
    std::vector<double> delays;   ///< s; [row][delay_width]
    std::size_t delay_width = 0;  ///< 0: no delays; 1: one a row; else one a synapse
};

/// From numpy.repeat's order of the input's copies to numpy.tile's.
void uninterleave(LayerRows& rows, const proto::TtfsInputProto& input);

/// Appends the projections onto the network's last population, which is the layer's, and the inputs of its biases.
void project(TimedNetwork& network, const proto::TtfsLayerProto& block, const LayerRows& rows, double unit_s);

}  // namespace spikeloom::compiler::ttfs
