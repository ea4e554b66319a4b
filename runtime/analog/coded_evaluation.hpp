// A labelled set as chips with steps get it (runtime/evaluation.hpp), through an analog image: the encoder's spikes of
// step k come at k * step, the trial lasts as long as the steps, and the answer follows from the output's spikes or
// membranes by the same rules. So a network that was made for steps can stand on both kinds of chip, side by side.
//
// Membranes are read as the chip reads them: by its slow converter, in its codes; on an ideal chip as they are. Samples
// are independent, so any number of threads gives the same numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "chip/analog/analog_chip.hpp"
#include "core/base/diagnostics.hpp"
#include "runtime/evaluation.hpp"

namespace spikeloom::runtime {

struct CodedEvaluationOptions {
    EvaluationOptions
        steps;          ///< encoder, first, limit, drain_steps, decision, output; no teacher, no passes, no labels
    double step_s = 0;  ///< what one of them is on the chip
    int threads = 1;
    std::function<void(std::uint64_t done, std::uint64_t samples)> progress{};  ///< on the caller's thread
    std::function<bool()> stop{};                                               ///< true: no further sample begins
};

struct CodedEvaluation {
    std::uint64_t samples = 0;
    std::uint64_t correct = 0;
    std::uint64_t silent = 0;           ///< without an answer, and so wrong
    double mean_first_spike_s = never;  ///< of the neuron that answers, chip time, over the samples that have one
    std::uint64_t steps = 0;            ///< of one sample
    chip::analog::AnalogCounts counts;  ///< of all samples
    bool interrupted = false;
    friend bool operator==(const CodedEvaluation&, const CodedEvaluation&) = default;
};

/// Errors: an encoder that doesn't fit the set, values for graded ports, channels that are no input's, an unknown
/// output, a decision that it can't give, labels beyond its neurons, nothing to run.
[[nodiscard]] Result<CodedEvaluation> evaluate_coded(const chip::analog::AnalogChip& chip, const LabelledSet& set,
                                                     const CodedEvaluationOptions& options);

}  // namespace spikeloom::runtime
