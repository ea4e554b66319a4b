// What follows from a report's traffic: which phase bounds the steps and where, what a better network could give, how
// fast the chip is. Text and page take their sentences and rows from here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/report.hpp"
#include "runtime/report/units.hpp"

namespace spikeloom::runtime {

/// "processing"; as /traffic/bound names them.
[[nodiscard]] std::string name(chip::StepBound bound);
/// "messages and synaptic events of the busiest receiver".
[[nodiscard]] std::string meaning(chip::StepBound bound);

/// The largest share by which the run could be shorter if no message ever waited: what spiking takes beyond the
/// busiest core's own work.
[[nodiscard]] double network_share(const TrafficReport& traffic);

/// A core or a link by its index, ranked.
struct Ranked {
    std::uint32_t index = 0;
    double share = 0;  ///< of the steps
};
/// Cores by the steps in which they were done last, most first; those that never were are left out.
[[nodiscard]] std::vector<Ranked> critical_cores(const TrafficReport& traffic, std::size_t most);
/// Links by how long they were busy, most first; unused ones are left out. `share`: of the run's time.
[[nodiscard]] std::vector<Ranked> critical_links(const TrafficReport& traffic, std::size_t most);
/// What bounds most of the steps in which the core was done last.
[[nodiscard]] chip::StepBound main_bound(const CoreTraffic& core);
/// "core 12 (tile 3,0)".
[[nodiscard]] std::string core_name(const Report& report, std::uint32_t core);
/// "tile 3,1 -> 4,1" (unicode: an arrow); "core 5, arriving" for the links between a core and its router.
[[nodiscard]] std::string link_name(const Report& report, std::uint32_t link, Script script);

/// "81 % of the steps are bounded by processing on core 12; ..." without a full stop; "" without traffic.
[[nodiscard]] std::string bound_finding(const Report& report, Script script);
/// On how many links a buffer was full, in a sentence; "" if on none.
[[nodiscard]] std::string full_buffers(const TrafficReport& traffic);
/// Whole sentences: what the time goes into, what a better network could give, which buffers were full.
[[nodiscard]] std::vector<std::string> bound_sentences(const Report& report, Script script);
/// "Times: network model queued, cost table 'silicon'. Under other tables ... free."
[[nodiscard]] std::string times_source(const Report& report, Script script);
[[nodiscard]] std::string latency_finding(const Report& report, Script script);
[[nodiscard]] std::string trace_finding(const Report& report, Script script);

/// A figure of time, with what it means.
struct TimeFigure {
    std::string name;
    std::string value;
    std::string meaning;
};
/// Latency per inference, first spike, throughput, real-time factors: those that the recording gives.
[[nodiscard]] std::vector<TimeFigure> time_figures(const Report& report, Script script);

}  // namespace spikeloom::runtime
