// Fills cores with neurons in a given order: each core takes neurons until some limit would be passed. Exact
// accounting of every limit (core_plan.hpp); the output axons, which depend on how the targets were cut, settle over
// a few rounds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/passes/core_plan.hpp"
#include "compiler/passes/fan_in_table.hpp"

namespace spikeloom::compiler {

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

[[nodiscard]] Filling fill_cores(const FanInTable& table, const NeuronOrder& order, const CoreFacts& facts,
                                 const chip::ChipSpec& chip, const FillOptions& options);

[[nodiscard]] std::vector<std::uint32_t> inverse(const std::vector<std::uint32_t>& neuron_at);

}  // namespace spikeloom::compiler
