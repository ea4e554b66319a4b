// spikeloom run on analog images: real times instead of steps.
#pragma once

#include <span>
#include <string>

#include "tools/subcommand.hpp"

namespace spikeloom::tools {

extern const Subcommand analog_run_subcommand;
ExitStatus run_analog_run(const Subcommand& self, std::span<const std::string> arguments);

}  // namespace spikeloom::tools
