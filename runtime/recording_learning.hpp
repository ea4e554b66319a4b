// The /learning group of a recording: for every plastic projection its rule, its weights as a whole over time (mean,
// how many at their limits), the probed weights, delays, tags and traces, and snapshots of all weights.
//
// Rows stand for moments: before the first step, every so many steps, after the last one; `time` says which. Memory:
// a chunk of 256 KiB (or one row) a dataset, and one vector of a projection's weights.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chip/image/plastic_projection.hpp"
#include "chip/spec/chip_spec.hpp"
#include "runtime/recording.hpp"
#include "runtime/recording_parts.hpp"
#include "runtime/session.hpp"

namespace spikeloom::runtime {

/// Rows, at most, of a run of RecordingOptions::planned_steps where the user names no period. Fewer above half a
/// million synapses: the rows' cost shall not grow with them.
inline constexpr std::uint64_t learning_rows = 250;

class LearningLog {
public:
    /// The session's probes stand; it outlives the log.
    LearningLog(const Session& session, const RecordingOptions& options);

    /// Makes the datasets and writes the state before the first step.
    void start(UnitWriter& writer);
    /// After each step; `steps` are those of the recording so far.
    void after_step(UnitWriter& writer, std::uint64_t steps);
    /// The state after the last step, where it is not there already.
    void finish(UnitWriter& writer, std::uint64_t steps);

private:
    struct Projection {
        std::uint32_t profile = 0;
        std::string path;         ///< "/learning/in_e"
        std::uint64_t every = 1;  ///< steps from row to row
        std::uint64_t synapses = 0;
        chip::IntRange limits;                     ///< of weights, as stored
        std::vector<const LearningProbe*> probes;  ///< the session's
        std::uint64_t row_at = 0;                  ///< steps at the last row
        std::uint64_t snapshot_at = 0;
    };

    void start_projection(UnitWriter& writer, Projection& projection, std::uint64_t steps);
    static void start_probe(UnitWriter& writer, const std::string& path, const LearningProbe& probe,
                            const chip::PlasticProjection& plastic);
    void add_row(UnitWriter& writer, Projection& projection, std::uint64_t steps);
    void add_snapshot(UnitWriter& writer, Projection& projection, std::uint64_t steps);
    [[nodiscard]] double time_ms(std::uint64_t steps) const;

    const Session& session_;
    std::uint64_t planned_steps_ = 0;
    std::uint64_t every_ = 0;           ///< 0: by planned_steps_
    std::uint64_t snapshot_every_ = 0;  ///< 0: at the start and the end only
    std::vector<Projection> projections_;
};

}  // namespace spikeloom::runtime
