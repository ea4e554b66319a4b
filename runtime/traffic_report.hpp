// What a recording says of time and traffic (/traffic, laid out in RECORDING.md): where the steps' time goes, what
// bounds them, what crossed which link, and what single messages met. Times are those of one cost table under one
// network model; both are named. Everything that grows with the run is thinned to what a page can show.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "chip/step_timing.hpp"
#include "router/graph.hpp"

namespace spikeloom::runtime {

inline constexpr std::size_t bound_count = 6;
inline constexpr std::array<chip::StepBound, bound_count> all_bounds{
    chip::StepBound::generation, chip::StepBound::processing, chip::StepBound::network,
    chip::StepBound::learning,   chip::StepBound::barrier,    chip::StepBound::host};

/// One figure for each chip::StepBound.
template <class T>
struct ByBound {
    std::array<T, bound_count> values{};
    [[nodiscard]] T& operator[](chip::StepBound bound) { return values[static_cast<std::size_t>(bound)]; }
    [[nodiscard]] const T& operator[](chip::StepBound bound) const { return values[static_cast<std::size_t>(bound)]; }
    [[nodiscard]] T sum() const {
        T all{};
        for (const T& value : values) {
            all += value;
        }
        return all;
    }
    friend bool operator==(const ByBound&, const ByBound&) = default;
};

/// A quantity over samples or messages.
struct Distribution {
    std::uint64_t count = 0;
    double least = 0;
    double mean = 0;
    double deviation = 0;  ///< standard deviation; 0 below two values
    double median = 0;
    double p95 = 0;
    double most = 0;
    friend bool operator==(const Distribution&, const Distribution&) = default;
};

/// counts[i] steps lie in [first + i * width, first + (i + 1) * width), by what bounds them; the last bin is closed.
struct BoundHistogram {
    double first = 0;
    double width = 0;
    std::vector<ByBound<std::uint64_t>> counts;
    friend bool operator==(const BoundHistogram&, const BoundHistogram&) = default;
};

/// Means over some steps in a row. `time_ns` parts a step: generation or processing, whichever takes longer; network:
/// what the spiking phase takes beyond that; then learning, barrier, host.
struct TimelinePoint {
    std::uint64_t first_step = 0;
    std::uint64_t steps = 0;
    ByBound<double> time_ns;
    double longest_ns = 0;  ///< step
    friend bool operator==(const TimelinePoint&, const TimelinePoint&) = default;
};

struct CoreTraffic {
    ByBound<std::uint64_t> steps;  ///< in which it was done last, by what bounded them
    std::uint64_t messages_out = 0;
    std::uint64_t messages_in = 0;
    friend bool operator==(const CoreTraffic&, const CoreTraffic&) = default;
};

/// One direction of a link between two routers.
struct LinkTraffic {
    std::string name;  ///< "tile 3,1 -> 4,1"
    std::uint32_t from = 0, to = 0;
    std::int32_t from_column = -1, from_row = -1;  ///< tiles of the board; -1: a tree's switch
    std::int32_t to_column = -1, to_row = -1;
    bool between_chips = false;
    std::uint32_t interval = 1;       ///< cycles a flit
    std::uint64_t flits = 0;          ///< of the run
    std::uint64_t waited = 0;         ///< flit-cycles
    std::uint32_t peak = 0;           ///< flits, the most in a virtual channel's buffer at its end
    std::uint64_t busiest_steps = 0;  ///< steps in which no link was busier
    double busy = 0;                  ///< share of the run in which flits crossed it
    double busy_when_busiest = 0;     ///< the same of those steps, the mean over them
    friend bool operator==(const LinkTraffic&, const LinkTraffic&) = default;
};

struct LinkInWindow {
    std::uint32_t link = 0;
    std::uint32_t peak = 0;
    std::uint64_t flits = 0;
    friend bool operator==(const LinkInWindow&, const LinkInWindow&) = default;
};

/// Some steps in a row: one or several windows of the recording.
struct TrafficWindow {
    std::uint64_t first_step = 0;
    std::uint64_t steps = 0;
    double time_ns = 0;
    std::vector<LinkInWindow> links;  ///< ascending; those that carried something
    friend bool operator==(const TrafficWindow&, const TrafficWindow&) = default;
};

/// Where traced messages waited longest.
struct StallPlace {
    std::uint32_t link = 0;  ///< index in TrafficReport::links; no_link: not a link between routers
    std::uint64_t messages = 0;
    double stalled_ns = 0;  ///< of all of them
    friend bool operator==(const StallPlace&, const StallPlace&) = default;
};

struct MessageTrace {
    std::uint64_t recorded = 0;  ///< messages in the recording
    Distribution latency_ns;     ///< made to arrived; of at most trace_limit messages
    Distribution source_ns;      ///< made to injected
    Distribution network_ns;     ///< injected to arrived
    Distribution receiver_ns;    ///< arrived to processed
    double first_bin_ns = 0;     ///< of the histogram of latencies
    double bin_width_ns = 0;
    std::vector<std::uint64_t> bins;
    double mean_hops = 0;
    std::uint64_t stalled = 0;       ///< messages that waited anywhere
    std::vector<StallPlace> places;  ///< longest sum first, a few
    friend bool operator==(const MessageTrace&, const MessageTrace&) = default;
};

struct TrafficReport {
    std::string model;  ///< "free", "queued" or "flit"
    std::string costs;  ///< the table whose times were used
    double cycle_ns = 0;
    std::uint64_t steps = 0;
    double time_ns = 0;                  ///< of the run
    ByBound<double> time_by_ns;          ///< parts as TimelinePoint does
    ByBound<std::uint64_t> bound_steps;  ///< steps by what bounds them
    BoundHistogram step_times_ns;
    std::vector<TimelinePoint> timeline;
    std::vector<CoreTraffic> cores;  ///< one each of Report::cores
    std::vector<LinkTraffic> links;
    std::uint64_t window_steps = 0;  ///< of one window of the recording
    std::vector<TrafficWindow> windows;
    int planes = 1;
    int buffer_flits = 0;  ///< room of a virtual channel's buffer
    MessageTrace trace;    ///< recorded == 0: none
    // Of labelled samples; count == 0 without.
    Distribution sample_ns;         ///< latency of an inference: its steps one after the other
    Distribution first_spike_ns;    ///< until the step of the answering output's first spike has ended
    std::uint32_t input_steps = 0;  ///< of a sample: those in which input may come; 0: not known
    bool feed_forward = false;      ///< samples could follow one another every input_steps
    double wall_s = 0;              ///< that the emulation took; 0: not known
    friend bool operator==(const TrafficReport&, const TrafficReport&) = default;
};

}  // namespace spikeloom::runtime
