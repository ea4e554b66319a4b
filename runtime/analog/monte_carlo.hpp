// Monte-Carlo over chip instances: the same image and the same samples on chip 0, 1, 2, ... What a batch of chips
// would do: mean and spread of the accuracy, and the yield, the share of chips that reach a given accuracy.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "chip/analog/analog_chip.hpp"
#include "runtime/analog/timed_evaluation.hpp"

namespace spikeloom::runtime {

struct InstanceScore {
    std::uint32_t instance = 0;
    std::uint64_t samples = 0;
    std::uint64_t correct = 0;
    std::uint64_t silent = 0;
    std::uint64_t missing = 0;  ///< output neurons without a spike
    double decision_s = never;  ///< mean
    double spikes = 0;          ///< of neurons, a sample
    [[nodiscard]] double accuracy() const {
        return samples == 0 ? 0 : static_cast<double>(correct) / static_cast<double>(samples);
    }
    friend bool operator==(const InstanceScore&, const InstanceScore&) = default;
};
[[nodiscard]] InstanceScore score_of(std::uint32_t instance, const TimedEvaluation& evaluation);

struct InstanceSpread {
    double mean = 0;       ///< of the accuracies
    double deviation = 0;  ///< standard deviation over chips (n - 1); 0 below two
    double least = 0;
    double most = 0;
    friend bool operator==(const InstanceSpread&, const InstanceSpread&) = default;
};
[[nodiscard]] InstanceSpread spread_of(const std::vector<InstanceScore>& scores);
/// Share of the chips whose accuracy is at least `accuracy`.
[[nodiscard]] double yield_at(const std::vector<InstanceScore>& scores, double accuracy);

struct MonteCarlo {
    std::vector<InstanceScore> scores;  ///< of the instances that were run whole
    TimedEvaluation first;              ///< of the first instance
    bool interrupted = false;
};

/// Instances instance.instance .. + count - 1. Threads work on the samples of one chip after the other.
[[nodiscard]] Result<MonteCarlo> evaluate_instances(const chip::AnalogImage& image,
                                                    chip::analog::InstanceOptions instance, std::uint32_t count,
                                                    const TimedSet& set, const TimedEvaluationOptions& options);

}  // namespace spikeloom::runtime
