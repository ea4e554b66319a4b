// A report with traffic, made up from nothing but numbers: what the charts and tables of time and traffic are looked at
// with. The links are those of a real graph.
#pragma once

#include "router/parameters.hpp"
#include "runtime/report.hpp"

namespace spikeloom::test {

/// labelled_report() on this board with the traffic of 6400 steps in `windows` windows; `messages`: traced.
[[nodiscard]] runtime::Report traffic_report(const router::Mesh& mesh = {},
                                             const router::NetworkParameters& parameters = {}, std::size_t windows = 50,
                                             bool messages = true);

}  // namespace spikeloom::test
