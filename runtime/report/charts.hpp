// The page's pictures. Each is a pure function from the report's value to one inline SVG, "" where the value lacks
// what it shows. Every axis has its unit, every mark that can be pointed at a tooltip.
#pragma once

#include <string>
#include <vector>

#include "runtime/report.hpp"
#include "runtime/report/findings.hpp"

namespace spikeloom::runtime {

[[nodiscard]] std::string raster_chart(const Report& report);

/// What a heat map of the floor plan shows of every core in use.
enum class FloorQuantity : std::uint8_t { occupancy, activity, energy };
/// `priced`: which table's energies; ignored but for the energy.
[[nodiscard]] std::string floor_plan(const Report& report, FloorQuantity quantity, std::size_t priced);

[[nodiscard]] std::string dynamic_energy_chart(const Report& report);
[[nodiscard]] std::string static_energy_chart(const Report& report);
[[nodiscard]] std::string energy_range_chart(const Report& report);
[[nodiscard]] std::string latency_range_chart(const Report& report);

[[nodiscard]] std::string utilisation_chart(const Report& report);
[[nodiscard]] std::string step_time_chart(const Report& report, const PricedRun& run);
[[nodiscard]] std::string slowest_core_chart(const Report& report, const PricedRun& run);

[[nodiscard]] std::string layer_gap_chart(const Report& report);
[[nodiscard]] std::string quantisation_chart(const Report& report);
/// Accuracy over steps, and over synaptic events a sample; the ANN's accuracy and multiply-accumulates as dashed lines.
[[nodiscard]] std::string step_curve_chart(const Report& report);
[[nodiscard]] std::string operation_curve_chart(const Report& report);
[[nodiscard]] std::string confusion_chart(const Report& report);

/// Weights before and after, over the same bins.
[[nodiscard]] std::string weight_chart(const ProjectionLearning& learning);
[[nodiscard]] std::string mean_weight_chart(const ProjectionLearning& learning);
/// Share of the weights that sit at a limit, over time; "" where none ever does.
[[nodiscard]] std::string limit_chart(const ProjectionLearning& learning);
/// Accuracy of equal parts of the samples, in their order.
[[nodiscard]] std::string accuracy_chart(const Report& report);
/// The weights onto a few targets at the end, each over the sources' rows and columns.
[[nodiscard]] std::string field_chart(const ProjectionLearning& learning);
[[nodiscard]] std::string series_chart(const LearningSeries& series);

/// Style class of a kind's colour.
[[nodiscard]] std::string style(Kind kind);

}  // namespace spikeloom::runtime
