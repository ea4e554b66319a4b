// Other prices for the same events: --set, as run, eval and report have it, and a file of cost tables, which report
// prices a recording again with (--costs) and run and eval take instead of the chip's (--cost-tables).
#pragma once

#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "core/base/diagnostics.hpp"
#include "runtime/report.hpp"
#include "tools/command_line.hpp"

namespace spikeloom::tools {

/// `file_option`: what the command calls the file, and `file_help` what it does with it.
void add_cost_options(CommandLine& line, const char* file_option, const char* file_help);

/// What the options ask for; the file is read. One without a table, and one that can't be read, are errors.
[[nodiscard]] Result<runtime::Repricing> repricing_options(const CommandLine& line, const char* file_option);

/// The options applied to a chip's own tables: replaced by those of --cost-tables, then changed by --set.
[[nodiscard]] Result<void> apply_cost_options(const CommandLine& line, chip::ChipSpec& chip);

}  // namespace spikeloom::tools
