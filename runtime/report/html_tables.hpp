// The tables and lists of the report's page, as HTML; every string of the value is escaped here.
#pragma once

#include <string>

#include "runtime/report.hpp"
#include "runtime/report/findings.hpp"

namespace spikeloom::runtime {

[[nodiscard]] std::string headline_tiles(const Report& report);
[[nodiscard]] std::string population_table(const Report& report);
/// Recall and precision of each class.
[[nodiscard]] std::string class_table(const Report& report);
[[nodiscard]] std::string energy_table(const Report& report);
/// The accuracies from float to chip, then every population.
[[nodiscard]] std::string gap_tables(const Report& report);
[[nodiscard]] std::string losses_table(const Report& report);
[[nodiscard]] std::string neurobench_html(const Report& report);
[[nodiscard]] std::string cost_tables_html(const Report& report);
[[nodiscard]] std::string provenance_html(const Report& report);

}  // namespace spikeloom::runtime
