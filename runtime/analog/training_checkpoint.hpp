// A training between two epochs, on disk: numpy's .npz of doubles, so that a run that was stopped goes on to the very
// bits that it would have reached, and anyone can look at it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/diagnostics.hpp"
#include "runtime/analog/training.hpp"

namespace spikeloom::runtime {

/// The weights that did best on samples that the training didn't learn.
struct BestWeights {
    std::uint64_t epoch = 0;  ///< after this many
    double accuracy = 0;
    std::vector<std::vector<double>> weights;
    friend bool operator==(const BestWeights&, const BestWeights&) = default;
};

struct TrainingCheckpoint {
    std::string settings;  ///< everything that the result depends on, as text, one setting a line
    std::string log;       ///< what was reported so far, a line an epoch
    TrainingState state;
    std::optional<BestWeights> best;
    friend bool operator==(const TrainingCheckpoint&, const TrainingCheckpoint&) = default;
};

/// Replaces what is there, in one go: a crash leaves the old one or the new one.
[[nodiscard]] Result<void> write_checkpoint(const TrainingCheckpoint& checkpoint, const std::string& path);
/// Refuses files that aren't checkpoints: arrays that are missing, of another type or size, numbers out of range.
[[nodiscard]] Result<TrainingCheckpoint> read_checkpoint(const std::string& path);

/// The lines in which two settings differ, as one diagnostic each; empty: they are equal.
[[nodiscard]] Diagnostics compare_settings(const std::string& checkpoint, const std::string& now,
                                           const std::string& where);

}  // namespace spikeloom::runtime
