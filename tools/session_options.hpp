// What run and eval have in common: the image, a session on it, a recorder behind it.
#pragma once

#include <memory>
#include <string>

#include "chip/image/image.hpp"
#include "runtime/recording.hpp"
#include "runtime/session.hpp"
#include "tools/command_line.hpp"

namespace spikeloom::tools {

void add_session_options(CommandLine& line);

/// Throws UsageError where --threads is out of range.
[[nodiscard]] Result<runtime::Session> open_session(const chip::Image& image, const CommandLine& line);

/// A recorder on --output; `stimulus` is hashed if it is a file.
[[nodiscard]] Result<std::unique_ptr<runtime::Recorder>> open_recorder(const runtime::Session& session,
                                                                       const CommandLine& line,
                                                                       const std::string& stimulus);

}  // namespace spikeloom::tools
