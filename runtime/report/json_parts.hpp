// The JSON report's larger parts, each in a file of its own; their keys are in README.md beside this file.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <vector>

#include "runtime/report.hpp"

namespace spikeloom::runtime {

/// Time and traffic; null without traffic.
[[nodiscard]] boost::json::value traffic_json(const Report& report);

/// The run under each recorded cost table: energy, time, and what they divide into.
[[nodiscard]] boost::json::array costs_json(const Report& report);
/// The same under other tables, with the differences from the recorded one.
[[nodiscard]] boost::json::array repriced_json(const Report& report);
/// Every constant of the tables with its range, trust and source.
[[nodiscard]] boost::json::array cost_constants_json(const std::vector<chip::CostTable>& costs);

/// By plastic projection: weights before and after, over time, and at their limits.
[[nodiscard]] boost::json::array learning_json(const Report& report);

}  // namespace spikeloom::runtime
