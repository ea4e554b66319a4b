// spikeloom compile for chips in continuous time: the same subcommand, another compiler.
#pragma once

#include "chip/spec/analog_spec.hpp"
#include "tools/command_line.hpp"

namespace spikeloom::tools {

void add_analog_compile_options(CommandLine& line);
/// Throws UsageError where the options are for chips with steps.
[[nodiscard]] ExitStatus compile_for_analog(const CommandLine& line, const chip::AnalogSpec& chip);

}  // namespace spikeloom::tools
