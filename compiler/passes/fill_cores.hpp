// Fills cores with neurons in a given order: each core takes neurons until some limit would be passed. Exact
// accounting of every limit (core_use.hpp); the output axons, which depend on how the targets were cut, settle over
// a few rounds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/passes/core_use.hpp"
#include "compiler/passes/crossbar.hpp"
#include "compiler/passes/mapped_network.hpp"

namespace spikeloom::compiler {

struct CorePlan {
    std::uint32_t first = 0;         ///< position of compartment 0
    std::uint32_t count = 0;         ///< neurons
    std::vector<AxonSlice> axons{};  ///< by source
    std::uint32_t lists = 0;         ///< of synapses; fewer than axons where some share one
    chip::SynapseMemory memory{};    ///< as this core uses it
    CoreUse use{};
    std::optional<Limit> stopped_by{};  ///< what kept the next neuron out; nothing at the end of the order
};

/// What does not change with the order: profile numbers of the neurons, the skip width.
struct CoreFacts {
    std::vector<std::uint32_t> compartment_profile;  ///< by neuron
    std::vector<std::uint32_t> threshold_profile;
    std::vector<std::uint8_t> compartments;  ///< that each neuron takes
    std::uint32_t compartment_profiles = 0;
    std::uint32_t threshold_profiles = 0;
    Crossbar crossbar;  ///< of what the weights take, where the chip has one
    int skip_bits = 0;  ///< at which run-length lists are shortest over a sample of rows; 0: none
};
[[nodiscard]] CoreFacts core_facts(const MappedNetwork& mapped, const chip::ChipSpec& chip);

/// An order of the neurons, and positions (ascending) where a core must end.
struct NeuronOrder {
    std::string name;
    std::vector<std::uint32_t> neuron_at;
    std::vector<std::uint32_t> cuts{};
};

/// A neuron that fits no core, alone on one.
struct Misfit {
    std::uint32_t neuron = 0;
    CoreUse use{};
};

struct Filling {
    std::vector<CorePlan> cores;
    std::vector<Misfit> misfits;
    bool gave_up = false;        ///< at `most_cores`
    std::uint64_t messages = 0;  ///< if every node spikes once
};

struct FillOptions {
    double tightness = 1.0;  ///< share of the divisible limits that may be used, (0, 1]
    std::size_t most_cores = 0;
};

/// `table`: synapses whose targets are positions of the order.
[[nodiscard]] Filling fill_cores(const SynapseTable& table, const NeuronOrder& order, const CoreFacts& facts,
                                 const chip::ChipSpec& chip, const FillOptions& options);

/// The table with neurons as targets becomes one with positions.
[[nodiscard]] SynapseTable reorder_targets(const SynapseTable& table, const std::vector<std::uint32_t>& position_of);
[[nodiscard]] std::vector<std::uint32_t> inverse(const std::vector<std::uint32_t>& neuron_at);

}  // namespace spikeloom::compiler
