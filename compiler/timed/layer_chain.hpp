// A network in continuous time as what most TTFS networks are: layers, each receiving all of the one before and some
// spikes at constant times. Training works on it, and it can be written down as a TTFS text with its arrays again.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "compiler/timed/timed_network.hpp"
#include "core/base/diagnostics.hpp"

namespace spikeloom::compiler {

struct ChainLayer {
    std::size_t inputs = 0;       ///< channels of the data, or neurons of the layer before
    std::vector<double> biases;   ///< s; times of the constant spikes, one a further row of weights
    std::vector<double> weights;  ///< (inputs + biases) x neurons
    friend bool operator==(const ChainLayer&, const ChainLayer&) = default;
};

/// Layer i is the network's population i.
struct LayerChain {
    std::size_t input = 0;  ///< the data's
    std::vector<ChainLayer> layers;
    friend bool operator==(const LayerChain&, const LayerChain&) = default;
};

/// Refuses, with all reasons: a projection that is not all-to-all from the layer before or a constant input, several
/// from one, delays, neurons that differ within a layer or have no closed form, outputs other than the last layer.
[[nodiscard]] Result<LayerChain> layer_chain(const TimedNetwork& network);

/// Puts the chain's weights into the network that it was made of.
void set_weights(TimedNetwork& network, const LayerChain& chain);

/// Writes FOLDER/STEM.textproto (form: ttfs.proto) and the layers' weights FOLDER/W0.npy, W1.npy, ..., replacing what
/// is there. read_ttfs_text gives the same network again, to the bit, if the biases of a layer stand in order of time.
/// Errors: of layer_chain, numbers that the form has no field for, files.
[[nodiscard]] Result<void> write_ttfs(const TimedNetwork& network, const std::string& folder, const std::string& stem);
/// The text alone.
[[nodiscard]] Result<std::string> print_ttfs_text(const TimedNetwork& network);

}  // namespace spikeloom::compiler
