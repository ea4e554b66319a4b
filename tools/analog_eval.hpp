// spikeloom eval on analog images: the same subcommand with other options, since an analog chip has times, not steps.
#pragma once

#include <span>
#include <string>

#include "tools/subcommand.hpp"

namespace spikeloom::tools {

extern const Subcommand analog_eval_subcommand;
/// The figures of a recorded one, as text or JSON.
[[nodiscard]] ExitStatus print_record(const std::string& path, bool json);
ExitStatus run_analog_eval(const Subcommand& self, std::span<const std::string> arguments);

}  // namespace spikeloom::tools
