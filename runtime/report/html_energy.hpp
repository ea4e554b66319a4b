// The page's sections on what is behind the energy: the constants that its range comes from, populations, chips, and
// the run priced again.
#pragma once

#include "runtime/report.hpp"
#include "runtime/report/html_page.hpp"

namespace spikeloom::runtime {

void add_energy_details(const Report& report, Page& page);

}  // namespace spikeloom::runtime
