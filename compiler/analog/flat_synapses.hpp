// The projections of a TimedNetwork as one table. Neurons are numbered over all populations in order, sources as in
// core/analog/net.hpp: the channels of all inputs, then the neurons.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chip/image/analog_image.hpp"
#include "compiler/timed/timed_network.hpp"

namespace spikeloom::compiler::analog {

class Numbering {
public:
    explicit Numbering(const TimedNetwork& network);

    [[nodiscard]] std::uint32_t channels() const { return first_channel_.back(); }
    [[nodiscard]] std::uint32_t neurons() const { return first_neuron_.back(); }
    [[nodiscard]] std::uint32_t sources() const { return channels() + neurons(); }
    [[nodiscard]] std::uint32_t first_channel(std::size_t input) const { return first_channel_[input]; }
    [[nodiscard]] std::uint32_t first_neuron(std::size_t population) const { return first_neuron_[population]; }
    [[nodiscard]] std::uint32_t first_of(const Source& source) const;
    [[nodiscard]] std::uint32_t population_of(std::uint32_t neuron) const;

private:
    std::vector<std::uint32_t> first_channel_;  ///< inputs + 1
    std::vector<std::uint32_t> first_neuron_;   ///< populations + 1
};

/// Every synapse of the network, by source; those of a source in the order of the projections.
[[nodiscard]] chip::IdealSynapses flat_synapses(const TimedNetwork& network);

/// By target: the distinct sources of every neuron, ascending. Several synapses between a pair are one of the summed
/// weight, which is the same as long as nothing has a delay.
struct FanIn {
    std::uint32_t channels = 0;
    std::vector<std::uint64_t> begin;  ///< neurons + 1
    std::vector<std::uint32_t> sources;
    std::vector<double> weights;

    [[nodiscard]] std::size_t size(std::uint32_t neuron) const { return begin[neuron + 1] - begin[neuron]; }
    [[nodiscard]] std::span<const std::uint32_t> of(std::uint32_t neuron) const {
        return std::span(sources).subspan(begin[neuron], size(neuron));
    }
    friend bool operator==(const FanIn&, const FanIn&) = default;
};
[[nodiscard]] FanIn fan_in(const TimedNetwork& network);

}  // namespace spikeloom::compiler::analog
