// A labelled set through an analog image: every sample encoded, run from rest on a chip instance, and answered by the
// output neuron that spikes first (of equals the lower). Without an output spike there is no answer: the sample counts
// as silent, and as wrong. Samples are independent, so any number of threads gives the same numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "chip/analog/analog_chip.hpp"
#include "core/base/diagnostics.hpp"
#include "runtime/analog/timed_encoder.hpp"
#include "runtime/analog/timed_set.hpp"

namespace spikeloom::runtime {

struct TimedEvaluationOptions {
    TimedEncoderOptions encoder;
    std::uint64_t first = 0;  ///< sample to begin with
    std::uint64_t limit = 0;  ///< samples at most; 0: all
    int threads = 1;
    std::string output;                ///< population that answers; "": the image's first output
    bool stop_at_first_spike = false;  ///< a sample ends with its answer
    bool keep_spikes = false;          ///< of all neurons, in TimedEvaluation::spikes
    /// In steps (core/analog/stepped.hpp, stepped_preset) and not from event to event; .steps is set to the window's.
    std::optional<core::analog::SteppedOptions> stepped{};
    std::function<void(std::uint64_t done, std::uint64_t samples)> progress{};  ///< on the caller's thread
    std::function<bool()> stop{};                                               ///< true: no further sample begins
};

struct TimedSample {
    std::int32_t label = -1;
    std::int32_t answer = -1;   ///< -1: silent
    double decision_s = never;  ///< time of the first output spike
    chip::analog::AnalogCounts counts;
    friend bool operator==(const TimedSample&, const TimedSample&) = default;
};

struct TimedEvaluation {
    std::uint64_t first = 0;  ///< number of the first sample within the set
    std::vector<TimedSample> samples;
    std::size_t outputs = 0;
    std::vector<double> first_spikes;              ///< s, samples x outputs; `never`: none
    std::vector<std::uint64_t> population_spikes;  ///< of all samples
    chip::analog::AnalogCounts counts;             ///< of all samples
    std::uint64_t correct = 0;
    std::uint64_t silent = 0;
    std::uint64_t missing = 0;                             ///< output neurons without a spike, of samples x outputs
    std::vector<std::vector<core::analog::Spike>> spikes;  ///< a sample's, by network neuron; empty unless kept
    bool interrupted = false;

    [[nodiscard]] double accuracy() const {
        return samples.empty() ? 0 : static_cast<double>(correct) / static_cast<double>(samples.size());
    }
    /// Over the samples with an answer; `never` where none has.
    [[nodiscard]] double mean_decision_s() const;
    friend bool operator==(const TimedEvaluation&, const TimedEvaluation&) = default;
};

/// Errors: an encoder or steps that don't fit, an unknown output, labels beyond the output's neurons, nothing to run.
[[nodiscard]] Result<TimedEvaluation> evaluate_timed(const chip::analog::AnalogChip& chip, const TimedSet& set,
                                                     const TimedEvaluationOptions& options);

/// The population that answers, by name ("": the first output).
[[nodiscard]] Result<std::uint32_t> timed_output(const chip::AnalogImage& image, const std::string& name);

}  // namespace spikeloom::runtime
