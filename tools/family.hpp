// A subcommand that is a family of others, one file each: `spikeloom rule check`, `spikeloom ppu run`.
#pragma once

#include <span>
#include <string>

#include "tools/subcommand.hpp"

namespace spikeloom::tools {

/// Runs the member that the first word names (members are called "FAMILY MEMBER"), or prints what there is.
ExitStatus run_family(const Subcommand& self, std::span<const Subcommand* const> members,
                      std::span<const std::string> arguments);

}  // namespace spikeloom::tools
