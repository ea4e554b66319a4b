// The runs that a comparison is made of: one network, one stimulus, several ways to compute. A course is what a run
// leaves behind: its weights at some steps, and all of its spikes.
#pragma once

#include <cstdint>
#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "compiler/network.hpp"
#include "compiler/reference/reference_learner.hpp"
#include "core/base/diagnostics.hpp"
#include "runtime/session.hpp"
#include "runtime/stimulus.hpp"

namespace spikeloom::tools {

/// Spikes of the network in one step, ascending: population and neuron.
using StepSpikes = std::vector<runtime::NetworkSpike>;
using WeightSets = std::vector<std::vector<double>>;  ///< [plastic projection][synapse], network's units

/// What a run leaves behind.
struct Course {
    std::vector<WeightSets> snapshots;
    std::vector<StepSpikes> spikes;  ///< by step
    /// Of the chip: network's weight that a unit of the register stands for, by plastic projection.
    std::vector<double> weight_per_unit;
};

/// A network's plastic projections, and where their synapses are.
struct Plastic {
    std::vector<std::uint32_t> projections;
    std::vector<std::vector<compiler::PlasticPlace>> places;
};

[[nodiscard]] Plastic plastic_of(const compiler::Network& network);

using Inputs = std::vector<std::vector<chip::InputSpike>>;  ///< by step
[[nodiscard]] Inputs inputs_of(runtime::Stimulus& stimulus, std::uint64_t steps);

/// What all courses share.
struct Setting {
    const compiler::Network* network = nullptr;
    const Plastic* plastic = nullptr;
    const Inputs* inputs = nullptr;
    const std::vector<std::uint64_t>* snapshots = nullptr;  ///< steps done at each, ascending; the last: all
};

/// Neurons in float.
[[nodiscard]] Course run_reference(const Setting& setting, const compiler::ReferenceLearning& learning);
/// The whole chip, `trials` times; or why it can't be compiled.
[[nodiscard]] Result<std::vector<Course>> run_chip(const Setting& setting, const chip::ChipSpec& chip, int trials,
                                                   std::uint64_t seed);

/// What synapses learn from the spikes of another run: no feedback from weights to spikes.
struct Learned {
    WeightSets weights;                  ///< final
    std::vector<double> highest_traces;  ///< by plastic projection
};
[[nodiscard]] Learned learned_from(const Course& course, const Setting& setting,
                                   const compiler::ReferenceLearning& learning);

}  // namespace spikeloom::tools
