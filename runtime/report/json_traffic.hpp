// The JSON report's part on time and traffic; its keys are in README.md beside this file.
#pragma once

#include <boost/json/value.hpp>

#include "runtime/report.hpp"

namespace spikeloom::runtime {

/// null without traffic.
[[nodiscard]] boost::json::value traffic_json(const Report& report);

}  // namespace spikeloom::runtime
