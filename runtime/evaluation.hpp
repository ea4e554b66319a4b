// A labelled set through a network: each sample encoded, run from rest, and answered by the output population.
//
// The answer is the class with the most output spikes; of equals the one that spiked first, then the lower class. Or
// the class that spikes first (of equals the one with more spikes, then the lower class). Or, of outputs that don't
// spike, the class with the largest voltage. Without an output spike there is no answer: the sample counts as silent
// (and as wrong). By argmax, which takes the lowest of equal classes, a silent sample is answered with class 0.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "runtime/decision.hpp"
#include "runtime/pipeline.hpp"
#include "runtime/recording.hpp"
#include "runtime/session.hpp"
#include "runtime/stimulus.hpp"

namespace spikeloom::runtime {

struct EvaluationOptions {
    EncoderOptions encoder;
    std::uint64_t first = 0;  ///< sample to begin with
    std::uint64_t limit = 0;  ///< samples at most; 0: all
    /// How often the samples are gone through, each time in the same order: plastic weights stay from sample to sample.
    std::uint32_t passes = 1;
    /// Steps without input after a sample, so that late layers answer; pipeline_depth() says how many they need.
    std::uint32_t drain_steps = 0;
    Decision decision = Decision::automatic;
    std::string output;  ///< population that answers; "": the image's first output
    /// The class that each output neuron stands for (neuron_labels.hpp; -1: none); the class with the most spikes of
    /// its neurons answers. Empty: neuron i is class i.
    std::vector<std::int32_t> neuron_labels{};
    /// Input port that is told the label: in every step of the sample its channel `label` spikes with this payload (a
    /// teacher, or a third factor of learning). "": nobody is told.
    std::string teacher{};
    std::int32_t teacher_payload = 0;
};

struct EvaluationCallbacks {
    std::function<void(std::uint64_t done, std::uint64_t samples)> progress;
    /// Before a sample's first step; what the sinks see next belongs to it.
    std::function<void(std::uint64_t sample)> sample_begins;
    /// After a sample; false ends the evaluation.
    std::function<bool(std::uint64_t sample, const SampleOutcome& outcome)> sample_done;
    std::function<bool()> stop;    ///< asked after every step
    std::span<Sink* const> sinks;  ///< see every step, besides the recorder: the spike trains of all populations
};

struct Evaluation {
    std::vector<SampleOutcome> outcomes;
    std::uint64_t correct = 0;
    std::uint64_t silent = 0;
    double mean_first_spike_step = -1;  ///< over the samples with an output spike; -1: none
    std::uint64_t steps = 0;            ///< of all samples
    bool interrupted = false;

    [[nodiscard]] std::uint64_t samples() const { return outcomes.size(); }
    [[nodiscard]] double accuracy() const {
        return outcomes.empty() ? 0 : static_cast<double>(correct) / static_cast<double>(outcomes.size());
    }
};

/// The session is left as after its last sample. Errors before the first step: an encoder that doesn't fit the set
/// (check_encoder), channels that aren't the port's, labels without an output neuron, no output; then the sinks'.
[[nodiscard]] Result<Evaluation> evaluate(Session& session, const LabelledSet& set, const EvaluationOptions& options,
                                          Recorder* recorder = nullptr, const EvaluationCallbacks& callbacks = {});

/// Steps that evaluate() runs if nobody stops it: steps a sample, times samples, times passes. 0 where
/// options.first lies beyond the set.
[[nodiscard]] std::uint64_t evaluation_steps(const LabelledSet& set, const EvaluationOptions& options);

/// The population that answers, by name ("": the first output).
[[nodiscard]] Result<PopulationId> output_population(const chip::Image& image, const std::string& name);

}  // namespace spikeloom::runtime
