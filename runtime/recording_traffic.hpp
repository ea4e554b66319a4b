// The /traffic group of a recording: each step's phases and what bounds it; each link's use, of the run and by window;
// traced messages; each core's counters in each step, if they are asked for (RECORDING.md).
//
// Memory: a chunk of 256 KiB a dataset that grows; the totals of every link; and the windows' rows, which are kept
// until the end: when there would be more than `most_recorded_windows` (or `most_rows` rows), windows are merged two by
// two.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/recording.hpp"
#include "runtime/recording_parts.hpp"
#include "runtime/session.hpp"

namespace spikeloom::runtime {

inline constexpr std::uint64_t most_recorded_windows = 250;

class TrafficLog {
public:
    /// The session outlives the log.
    TrafficLog(const Session& session, const RecordingOptions& options);

    void start(UnitWriter& writer);
    /// Counters of a step, for /traffic/core_steps, where steps are not timed.
    void after_step(UnitWriter& writer, const StepView& view);
    void after_timing(UnitWriter& writer, const TimingView& view);
    /// `totals`: of the run, one a core.
    void finish(UnitWriter& writer, const std::vector<Counters>& totals);

private:
    static constexpr std::size_t most_rows = std::size_t{1} << 20;

    /// A link's use in a window.
    struct Row {
        std::uint32_t window = 0;
        std::uint32_t link = 0;
        std::uint32_t flits = 0;  ///< saturates
        std::uint32_t peak = 0;
    };
    struct LinkTotal {
        std::uint64_t flits = 0;
        std::uint64_t waited = 0;
        std::uint32_t peak = 0;
    };

    static void append_core_steps(UnitWriter& writer, Step step, std::span<const Counters> cores);
    void start_trace(UnitWriter& writer) const;
    void append_phases(UnitWriter& writer, const TimingView& view) const;
    void append_trace(UnitWriter& writer, const TimingView& view);
    void add_links(const router::Outcome& outcome);
    void end_window();
    void merge_windows();
    void write_links(UnitWriter& writer) const;
    void write_windows(UnitWriter& writer) const;

    const StepClock* clock_;  ///< null: steps are not timed, and nothing is written
    bool on_ = false;         ///< all but core_steps and the trace
    bool core_steps_ = false;
    std::uint32_t links_ = 0;  ///< between routers
    std::vector<LinkTotal> totals_;
    std::vector<Row> open_;  ///< the running window, by link
    std::uint64_t open_steps_ = 0;
    std::uint64_t window_steps_ = 1;
    std::uint32_t windows_ = 0;  ///< closed
    std::vector<Row> rows_;      ///< of closed windows, ascending by window and link
};

}  // namespace spikeloom::runtime
