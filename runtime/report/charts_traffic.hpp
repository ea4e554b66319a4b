// Pictures of time and traffic. As in charts.hpp: pure functions of the value, "" where it lacks what they show.
#pragma once

#include <string>
#include <vector>

#include "runtime/report.hpp"
#include "runtime/report/findings_traffic.hpp"

namespace spikeloom::runtime {

/// Style class of a bound's colour.
[[nodiscard]] std::string style(chip::StepBound bound);

[[nodiscard]] std::string bound_histogram(const Report& report);
/// Phases over the run, means over neighbouring steps, and the longest of these steps.
[[nodiscard]] std::string phase_timeline(const Report& report);
[[nodiscard]] std::string critical_core_chart(const Report& report);
[[nodiscard]] std::string trace_chart(const Report& report);

/// Links on the board, or a tree's in layers: a line each, by how busy it was. `levels` are those of the lines in the
/// picture's order, one digit each (0: unused, 9: as busy as any), for the whole run and then for every window.
struct LinkMap {
    std::string svg;
    std::vector<std::string> levels;
    std::vector<std::string> labels;  ///< "whole run", "steps 0 to 9"
    int block = 1;                    ///< tiles, each way, that a square of the picture stands for
};
[[nodiscard]] LinkMap link_map(const Report& report);

}  // namespace spikeloom::runtime
