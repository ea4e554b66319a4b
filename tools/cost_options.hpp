// --costs and --set, as run, eval and report have them: other prices for the same events.
#pragma once

#include <vector>

#include "chip/spec/chip_spec.hpp"
#include "core/base/diagnostics.hpp"
#include "runtime/report.hpp"
#include "tools/command_line.hpp"

namespace spikeloom::tools {

/// `costs_help`: what the command does with the tables of --costs.
void add_cost_options(CommandLine& line, const char* costs_help);

/// What the options ask for; --costs is read. A file without a table, and one that can't be read, are errors.
[[nodiscard]] Result<runtime::Repricing> repricing_options(const CommandLine& line);

/// The options applied to a chip's own tables: replaced by those of --costs, then changed by --set.
[[nodiscard]] Result<void> apply_cost_options(const CommandLine& line, chip::ChipSpec& chip);

}  // namespace spikeloom::tools
