// The comparison as text (one table, and below it what would make it too wide), JSON and a page: pure functions of the
// value. Every figure has its unit, its range where it has one, and what it rests on.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "tools/chip_comparison.hpp"

namespace spikeloom::tools {

[[nodiscard]] std::string comparison_text(const ChipComparison& comparison);
[[nodiscard]] boost::json::object comparison_json(const ChipComparison& comparison);
/// One file, nothing from outside, in the style of the report's page.
[[nodiscard]] std::string comparison_html(const ChipComparison& comparison);

/// The page's charts, as inline SVG; "" where no chip has a figure.
[[nodiscard]] std::string accuracy_chart(const ChipComparison& comparison);
[[nodiscard]] std::string energy_chart(const ChipComparison& comparison);
[[nodiscard]] std::string latency_chart(const ChipComparison& comparison);

/// Whether any chip's figures tell of the first label spike.
[[nodiscard]] bool has_decisions(const ChipComparison& comparison);
/// The compiler's first reason in a few words, and how many more there are.
[[nodiscard]] std::string reason_text(const Diagnostics& findings);
/// "2 of 128 cores", "1 run"; "-" where the network doesn't fit.
[[nodiscard]] std::string cores_text(const ChipRow& row);
/// What energy and latency are, and what they leave out: a sentence for each kind of chip that ran.
[[nodiscard]] std::vector<std::string> scopes(const ChipComparison& comparison);
/// "fitted: synaptic_event_sparse.energy_pj (source)": the constant that most of the energy is made of.
[[nodiscard]] std::string energy_footing(const InferencePrice& price);
[[nodiscard]] std::string latency_footing(const ChipRow& row, const InferencePrice& price);

}  // namespace spikeloom::tools
