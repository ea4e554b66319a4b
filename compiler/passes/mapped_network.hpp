// MappedNetwork: the Network after quantisation, still one flat graph: registers for every neuron, and every synapse
// as a mantissa and a format (fan_in_table.hpp). The later passes only decide where it all lies.
// Nodes are numbered through: neurons first, population by population, then the channels of the inputs, port by
// port; so the number of a neuron as a source and as a target is the same.
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

#include "chip/image/image.hpp"
#include "compiler/network.hpp"
#include "compiler/passes/fan_in_table.hpp"

namespace spikeloom::compiler {

/// What a compartment is programmed with, its bias aside.
struct NeuronRegisters {
    std::int32_t current_decay = 4095;
    std::int32_t voltage_decay = 0;
    std::int32_t threshold_mantissa = 0;
    std::int32_t refractory = 1;
    bool spikes = true;
    NeuronModel model = NeuronModel::leaky;
    ModelParameters parameters{};

    friend auto operator<=>(const NeuronRegisters&, const NeuronRegisters&) = default;
};

struct MappedPopulation {
    std::vector<NeuronRegisters> registers;      ///< 1 (equal for all) or one a neuron
    std::vector<chip::BiasRegister> biases;      ///< one a neuron, or empty: all zero
    std::vector<std::int32_t> initial_currents;  ///< one a neuron, or empty: all zero
    double voltage_per_unit = 1;
    double current_per_unit = 1;

    [[nodiscard]] const NeuronRegisters& of(std::size_t neuron) const {
        return registers[registers.size() == 1 ? 0 : neuron];
    }
};

struct MappedNetwork {
    std::vector<std::uint32_t> population_first;  ///< populations + 1: node of each population's first neuron
    std::vector<std::uint32_t> input_first;       ///< inputs + 1: node of each port's first channel
    std::vector<MappedPopulation> populations;
    /// By population: neurons of one channel, so that neurons whose numbers differ by a multiple of it look at the same
    /// pixel; 1 if it is no picture.
    std::vector<std::uint32_t> map_size{};
    FanInTable table;
    std::vector<chip::ProjectionLoss> losses;
    std::vector<chip::LearningProfile> learning;  ///< one a plastic projection, in their order

    [[nodiscard]] std::uint32_t neurons() const { return population_first.back(); }
    [[nodiscard]] std::uint32_t nodes() const { return input_first.back(); }
    [[nodiscard]] std::uint32_t source_first(const Source& source) const {
        return source.kind == Source::Kind::population ? population_first[source.index] : input_first[source.index];
    }
    /// The population of a neuron node.
    [[nodiscard]] std::uint32_t population_of(std::uint32_t node) const {
        std::uint32_t low = 0;
        auto high = static_cast<std::uint32_t>(populations.size());
        while (high - low > 1) {
            const std::uint32_t middle = low + (high - low) / 2;
            (population_first[middle] <= node ? low : high) = middle;
        }
        return low;
    }
};

}  // namespace spikeloom::compiler
