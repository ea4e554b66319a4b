// A network of analog neurons, flat: what the event-driven engine runs. Neurons and synapses of one chip (or of an
// ideal one) as plain numbers, with everything that a chip does to them (quantisation, mismatch, routes) already in.
// The equations stand in core/base/analog_neuron.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/analog_neuron.hpp"

namespace spikeloom::core::analog {

/// Neuron `neuron` of a Net follows `model`; its entry in Net::neurons is not used.
struct AdaptiveEntry {
    std::uint32_t neuron = 0;
    AdEx model;
    friend bool operator==(const AdaptiveEntry&, const AdaptiveEntry&) = default;
};

/// Sources are numbered: the inputs 0..inputs-1, then the neurons (neuron n is source inputs + n).
struct Net {
    std::uint32_t inputs = 0;
    std::vector<Lif> neurons;
    std::vector<AdaptiveEntry> adaptive;  ///< ascending by neuron; empty: all are Lif
    /// Synapses by source: row_begin[s] .. row_begin[s + 1]; sources() + 1 offsets.
    std::vector<std::uint64_t> row_begin;
    std::vector<std::uint32_t> targets;  ///< neuron; in a row in any order, several synapses between a pair allowed
    std::vector<double> weights;         ///< what the spike adds to the target's I
    std::vector<double> delays;          ///< s, >= 0, one a synapse; empty: none

    [[nodiscard]] std::size_t sources() const { return inputs + neurons.size(); }
    friend bool operator==(const Net&, const Net&) = default;
};

/// Why the net can't be run, in one sentence for each fault (sizes, indices, constants out of range); empty: it can. A
/// bug of the caller: users hear of their networks earlier.
[[nodiscard]] std::vector<std::string> faults_of(const Net& net);

/// A spike that enters through an input.
struct InputSpike {
    double time = 0;  ///< s
    std::uint32_t input = 0;
    friend auto operator<=>(const InputSpike&, const InputSpike&) = default;
};

struct Spike {
    double time = 0;  ///< s
    std::uint32_t neuron = 0;
    friend auto operator<=>(const Spike&, const Spike&) = default;
};

}  // namespace spikeloom::core::analog
