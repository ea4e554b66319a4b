// The part of spikeloom explain for analog chips.
#pragma once

#include "chip/spec/analog_spec.hpp"
#include "tools/command_line.hpp"
#include "tools/subcommand.hpp"

namespace spikeloom::tools {

[[nodiscard]] ExitStatus explain_on_analog(const CommandLine& line, const chip::AnalogSpec& chip);

}  // namespace spikeloom::tools
