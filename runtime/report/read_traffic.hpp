// The parts of /traffic, each read by one file. Steps, windows and messages are read in slabs; what is kept of them
// does not grow with the run.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/report/source.hpp"

namespace spikeloom::runtime {

inline constexpr std::uint64_t link_limit = std::uint64_t{1} << 22;
inline constexpr std::uint64_t trace_limit = std::uint64_t{1} << 20;  ///< messages whose figures are taken
inline constexpr std::size_t most_timeline_points = 200;
inline constexpr std::size_t most_drawn_windows = 60;
inline constexpr std::uint64_t most_window_links = std::uint64_t{1} << 21;  ///< over all windows

/// /traffic/links: names, ends and totals. False if the rest can't be read without them.
[[nodiscard]] bool read_links(Source& source, TrafficReport& traffic);
/// Windows of the recording that become one of the report.
[[nodiscard]] std::uint64_t merged_windows(const TrafficReport& traffic);
/// Phases, bounds, critical cores and links of all steps; times of the windows and of the samples.
void read_traffic_steps(Source& source, const std::vector<std::uint32_t>& sample_steps, Report& report,
                        TrafficReport& traffic);
/// /traffic/windows, several of the recording's in one where they are many. Needs the links.
void read_windows(Source& source, TrafficReport& traffic);
/// /traffic/trace. Needs the links.
void read_trace(Source& source, const Report& report, TrafficReport& traffic);

/// Sorts the values.
[[nodiscard]] Distribution distribution_of(std::vector<double>& values);

}  // namespace spikeloom::runtime
