#include "runtime/analog/monte_carlo.hpp"

#include <algorithm>
#include <cmath>

namespace spikeloom::runtime {

InstanceScore score_of(std::uint32_t instance, const TimedEvaluation& evaluation) {
    const std::size_t samples = evaluation.samples.size();
    return {.instance = instance,
            .samples = samples,
            .correct = evaluation.correct,
            .silent = evaluation.silent,
            .missing = evaluation.missing,
            .decision_s = evaluation.mean_decision_s(),
            .spikes = samples == 0 ? 0 : static_cast<double>(evaluation.counts.spikes) / static_cast<double>(samples)};
}

InstanceSpread spread_of(const std::vector<InstanceScore>& scores) {
    if (scores.empty()) {
        return {};
    }
    InstanceSpread spread{.mean = 0, .deviation = 0, .least = 1, .most = 0};
    const auto count = static_cast<double>(scores.size());
    for (const InstanceScore& score : scores) {
        spread.mean += score.accuracy() / count;
        spread.least = std::min(spread.least, score.accuracy());
        spread.most = std::max(spread.most, score.accuracy());
    }
    double squares = 0;
    for (const InstanceScore& score : scores) {
        squares += (score.accuracy() - spread.mean) * (score.accuracy() - spread.mean);
    }
    spread.deviation = scores.size() < 2 ? 0 : std::sqrt(squares / (count - 1));
    return spread;
}

double yield_at(const std::vector<InstanceScore>& scores, double accuracy) {
    const auto good = std::count_if(scores.begin(), scores.end(),
                                    [accuracy](const InstanceScore& score) { return score.accuracy() >= accuracy; });
    return scores.empty() ? 0 : static_cast<double>(good) / static_cast<double>(scores.size());
}

Result<MonteCarlo> evaluate_instances(const chip::AnalogImage& image, chip::analog::InstanceOptions instance,
                                      std::uint32_t count, const TimedSet& set, const TimedEvaluationOptions& options) {
    MonteCarlo result;
    const std::uint32_t first = instance.instance;
    for (std::uint32_t i = 0; i < count && !result.interrupted; ++i) {
        instance.instance = first + i;
        const auto chip = chip::analog::AnalogChip::load(image, instance);
        if (!chip) {
            return tl::unexpected(chip.error());
        }
        TimedEvaluationOptions mine = options;
        mine.keep_spikes = options.keep_spikes && i == 0;
        if (options.progress) {
            mine.progress = [&](std::uint64_t done, std::uint64_t samples) {
                options.progress(i * samples + done, count * samples);
            };
        }
        auto evaluation = evaluate_timed(*chip, set, mine);
        if (!evaluation) {
            return tl::unexpected(std::move(evaluation.error()));
        }
        result.interrupted = evaluation->interrupted || (options.stop && options.stop() && i + 1 < count);
        if (!evaluation->interrupted || i == 0) {
            result.scores.push_back(score_of(instance.instance, *evaluation));
        }
        if (i == 0) {
            result.first = std::move(*evaluation);
        }
    }
    return result;
}

}  // namespace spikeloom::runtime
