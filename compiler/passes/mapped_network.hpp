// MappedNetwork: the Network after quantisation, still one flat graph: registers for every neuron, and every synapse
// as a mantissa and a format. The later passes only decide where it all lies.
// Nodes are numbered through: neurons first, population by population, then the channels of the inputs, port by
// port; so the number of a neuron as a source and as a target is the same.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "chip/image/image.hpp"
#include "chip/spec/weight_format.hpp"
#include "compiler/network.hpp"

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

/// Eight bytes, since networks have hundreds of millions. (All fields of one type, or they would not lie together.)
struct MappedSynapse {
    std::uint64_t target : 26 = 0;  ///< node
    std::int64_t weight : 16 = 0;   ///< mantissa
    std::uint64_t format : 14 = 0;  ///< index into SynapseTable::formats
    std::uint64_t delay : 8 = 0;    ///< steps
};
static_assert(sizeof(MappedSynapse) == 8);
inline constexpr std::uint64_t most_mapped_neurons = std::uint64_t{1} << 26;
inline constexpr std::size_t most_mapped_formats = std::size_t{1} << 14;

/// A list that is made once, then shared by all copies of its owner.
template <class T>
class SharedList {
public:
    SharedList() = default;
    SharedList(std::vector<T> items) : items_(std::make_shared<const std::vector<T>>(std::move(items))) {}  // NOLINT

    [[nodiscard]] std::size_t size() const { return items_ ? items_->size() : 0; }
    [[nodiscard]] const T& operator[](std::size_t i) const { return (*items_)[i]; }
    [[nodiscard]] const T* data() const { return items_ ? items_->data() : nullptr; }
    [[nodiscard]] const T* begin() const { return data(); }
    [[nodiscard]] const T* end() const { return data() + size(); }

private:
    std::shared_ptr<const std::vector<T>> items_;
};

/// What the synapses of a format learn. Two projections that learn never share a format.
struct FormatLearning {
    std::uint8_t profile = 0;  ///< as SynapseEntry::learning; 0: the weights stay
    std::uint8_t rule = 0;     ///< equal for profiles whose synapses can share a rule of the engine, and traces
    int tag_bits = 0;          ///< that a synapse takes beside its weight
    int longest_delay = 0;     ///< that the rule can reach; 0 if it leaves delays alone
};

/// Synapses by source node, each row ascending by target.
struct SynapseTable {
    std::vector<std::uint64_t> row_begin;  ///< nodes + 1
    SharedList<MappedSynapse> synapses;
    std::vector<chip::WeightFormat> formats;
    std::vector<FormatLearning> learning;  ///< one a format, or empty: all weights stay

    [[nodiscard]] FormatLearning learning_of(std::uint16_t format) const {
        return learning.empty() ? FormatLearning{} : learning[format];
    }
    [[nodiscard]] std::span<const MappedSynapse> row(std::size_t source) const {
        return std::span(synapses).subspan(row_begin[source], row_begin[source + 1] - row_begin[source]);
    }
};

struct MappedNetwork {
    std::vector<std::uint32_t> population_first;  ///< populations + 1: node of each population's first neuron
    std::vector<std::uint32_t> input_first;       ///< inputs + 1: node of each port's first channel
    std::vector<MappedPopulation> populations;
    SynapseTable table;
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
