// The page's sections on time and traffic: what bounds the steps, the links, latencies, traced messages.
#pragma once

#include "runtime/report.hpp"
#include "runtime/report/html_page.hpp"

namespace spikeloom::runtime {

/// Nothing without traffic, but a line that says so.
void add_traffic(const Report& report, Page& page);

}  // namespace spikeloom::runtime
