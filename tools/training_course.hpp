// One run of `spikeloom train` after everything is settled: epochs, log, best weights, checkpoints, and the files at
// the end.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/diagnostics.hpp"
#include "runtime/analog/training.hpp"
#include "runtime/analog/training_checkpoint.hpp"
#include "tools/training_setup.hpp"

namespace spikeloom::tools {

struct TrainingSets {
    runtime::TimedSamples training;
    std::optional<runtime::TimedSamples> validation;
    std::optional<runtime::TimedSamples> test;
};

/// Everything that is settled before the first epoch.
struct TrainingJob {
    TrainingSetup setup;
    runtime::Trainer trainer;
    TrainingSets sets;
    std::string folder;
    std::string settings;
    std::string name;
    std::uint64_t epochs = 0;
    std::uint64_t checkpoint_every = 0;
};

/// A training from its first epoch, or from its folder's checkpoint.
class TrainingCourse {
public:
    /// The job outlives the course.
    explicit TrainingCourse(TrainingJob& job) : job_(&job) {}

    /// Refuses checkpoints that were made with other settings.
    [[nodiscard]] Result<void> resume();
    /// To the job's last epoch, or until Ctrl-C; leaves a checkpoint and the log.
    [[nodiscard]] Result<void> run();

    [[nodiscard]] bool interrupted() const { return interrupted_; }
    [[nodiscard]] std::uint64_t epoch() const { return held_.epoch; }
    [[nodiscard]] const std::optional<runtime::BestWeights>& best() const { return best_; }
    /// The best by validation, else the last.
    [[nodiscard]] const std::vector<std::vector<double>>& weights() const {
        return best_ ? best_->weights : held_.weights;
    }
    /// The log's first line: before training.
    [[nodiscard]] boost::json::value first_line() const;

private:
    [[nodiscard]] std::string checkpoint_path() const { return job_->folder + "/checkpoint.npz"; }
    [[nodiscard]] Result<void> measure(boost::json::object line, std::string said);
    [[nodiscard]] Result<void> note(const runtime::EpochFigures& figures);
    [[nodiscard]] Result<void> save() const;

    TrainingJob* job_;
    std::string log_;
    runtime::TrainingState held_;  ///< between the last two epochs
    std::optional<runtime::BestWeights> best_;
    bool interrupted_ = false;
};

/// Writes the network and its image; gives the figures, measured on the weights that were written.
[[nodiscard]] Result<boost::json::object> finish_training(TrainingJob& job, const TrainingCourse& course,
                                                          double seconds);
/// Those figures in a few lines.
[[nodiscard]] std::string training_text(const boost::json::object& figures);

}  // namespace spikeloom::tools
