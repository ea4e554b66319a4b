// An image from the file that a command line names: compiled already, or a network that is compiled on the way
// (--chip). And what an image says of where it came from.
#pragma once

#include <string>
#include <vector>

#include "chip/image/image.hpp"
#include "compiler/resolution.hpp"
#include "core/base/diagnostics.hpp"
#include "tools/command_line.hpp"

namespace spikeloom::tools {

/// What only the program knows: which file, which options, which rules.
[[nodiscard]] Result<void> add_provenance(chip::Image& image, const std::string& path, const CommandLine& line,
                                          const std::vector<compiler::Resolution>& resolutions);

/// The operand as an image. A network (NIR, netx, text) is compiled to the chip of --chip at the default effort; what
/// its reader and the compiler remark is printed. Needs the options of add_session_options.
[[nodiscard]] Result<chip::Image> image_of(const CommandLine& line);

}  // namespace spikeloom::tools
