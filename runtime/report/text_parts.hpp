// Sections of the text report that have a file of their own.
#pragma once

#include <string>

#include "runtime/report.hpp"

namespace spikeloom::runtime::text {

/// Dynamic energy by kind of event, where the range comes from, energy by population and chip, and the run priced
/// again.
[[nodiscard]] std::string energies(const Report& report);

/// What bounds the steps, critical cores and links, latencies, traced messages.
[[nodiscard]] std::string traffic(const Report& report);

}  // namespace spikeloom::runtime::text
